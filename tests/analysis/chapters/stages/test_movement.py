"""Movement through the stages: by hand, and beside the methods it is made of."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.chapters.stages.course import stage_course
from analysis.chapters.stages.later import _join_small
from analysis.chapters.stages.moves import monthly_moves
from analysis.chapters.stages.paths import followed_to
from analysis.chapters.stages.stage_time import stage_months, stage_stays
from analysis.methods.multistate import step_probabilities
from analysis.notes import note
from analysis.telling.gates import gated

ORDER = ["new", "mature", "declining", "churned", "won_back"]


def paths_of(*rows):
    names = ["customer_id", "start", "stop", "from", "to", "count", "group"]
    table = pd.DataFrame(rows, columns=names)
    order = pd.CategoricalDtype(ORDER, ordered=True)
    return table.astype({"from": order, "to": order})


@pytest.fixture
def paths():
    return paths_of(
        (0, 0, 3, "new", "mature", 30, "a"), (0, 3, 6, "mature", None, 30, "a"),
        (1, 0, 3, "new", "declining", 20, "a"), (1, 3, 4, "declining", "churned", 20, "a"),
        (1, 4, 6, "churned", None, 20, "a"),
        (2, 0, 3, "new", "declining", 40, "b"), (2, 3, 6, "declining", None, 40, "b"),
        (3, 0, 3, "new", "mature", 4, "b"), (3, 3, 8, "mature", None, 4, "b"),
    )  # fmt: skip


def test_followed_to_is_the_last_month_of_enough_customers(paths):
    assert followed_to(paths, 10) == 6
    assert followed_to(paths, 1) == 6  # group a ends there
    assert followed_to(paths.drop(columns="group"), 4) == 8
    assert followed_to(paths.iloc[:0], 1) == 0


def test_course_by_hand(paths):
    result = stage_course(paths, min_cell=5)
    assert result.reach_months == 6
    six = result.marks[result.marks["months"] == 6].set_index("stage")
    assert six.loc["churned", "estimate"] == pytest.approx(20 / 94)
    assert six.loc["mature", "estimate"] == pytest.approx(34 / 94)
    assert six["observed"].unique().tolist() == [94]


def test_shares_of_few_are_blank_within_their_month(paths):
    rare = paths_of(
        (0, 0, 3, "new", "mature", 50, "a"), (0, 3, 6, "mature", None, 50, "a"),
        (1, 0, 3, "new", "declining", 20, "a"), (1, 3, 6, "declining", None, 20, "a"),
        (2, 0, 3, "new", "churned", 4, "a"), (2, 3, 6, "churned", None, 4, "a"),
    )  # fmt: skip
    hidden = gated(stage_course(rare, min_cell=10), 10).marks
    six = hidden.query("months == 6").set_index("stage")
    assert six["estimate"].isna().to_dict() == {
        "mature": False, "declining": True, "churned": True,
    }  # fmt: skip
    assert gated(stage_course(paths, min_cell=4), 4).marks["estimate"].notna().all()


def test_expected_months_and_differences_by_hand(paths):
    result = stage_months(paths, horizon_months=12, min_cell=10)
    assert result.until_months == 6
    table = result.table.set_index(["group", "stage"])["estimate"]
    assert table["a", "mature"] == pytest.approx(3 * 30 / 50)
    assert table["b", "declining"] == pytest.approx(3 * 40 / 44)
    told = result.differences.set_index("stage")
    assert told.loc["declining", ["group", "reference"]].tolist() == ["b", "a"]
    assert told.loc["declining", "estimate"] == pytest.approx(3 * 40 / 44 - 20 / 50)
    error = np.hypot(3 * np.sqrt(40 * 4 / 44**3), np.sqrt(20 * 30 / 50**3))
    half = told.loc["declining", "conf_high"] - told.loc["declining", "estimate"]
    # mature, declining and churned are compared: three intervals that hold together
    assert half == pytest.approx(norm.ppf(1 - 0.025 / 3) * error, rel=1e-5)
    assert told.loc["new", "note"] == note("stages.by_definition")
    assert list(told.index) == ["new", "mature", "declining", "churned"]


def test_rare_moves_are_counted_with_the_next_rarest(paths):
    whole = step_probabilities(paths).table.set_index(["from", "to"])
    told = step_probabilities(paths, least=25).table.set_index(["from", "to"])
    assert np.isnan(told.loc[("declining", "churned"), "estimate"])
    assert told.loc[("declining", "declining"), "estimate"] == pytest.approx(
        whole.loc["declining"]["estimate"].sum()
    )
    assert told.loc[("declining", "declining"), "note"] == note("multistate.joined")
    assert told.loc[("new", "mature"), "estimate"] == whole.loc[("new", "mature"), "estimate"]
    moves = monthly_moves(paths, min_cell=25).table
    assert set(zip(moves["from"], moves["to"], strict=True)) >= {("declining", "churned")}


def test_a_stage_of_few_customers_is_not_told_at_all():
    alone = paths_of((0, 0, 3, "new", "mature", 4, "a"), (0, 3, 6, "mature", None, 4, "a"))
    assert monthly_moves(alone, min_cell=10).table["estimate"].isna().all()


def test_won_back_by_hand():
    back = paths_of(
        (0, 0, 2, "new", "churned", 30, "a"), (0, 2, 5, "churned", "won_back", 30, "a"),
        (0, 5, 20, "won_back", None, 30, "a"),
        (1, 0, 2, "new", "churned", 70, "a"), (1, 2, 20, "churned", None, 70, "a"),
    )  # fmt: skip
    result = stage_stays(back, min_cell=10)
    assert result.won_back["estimate"] == pytest.approx(0.3)
    assert result.won_back["n"] == 100
    told = result.table.set_index("stage")
    assert told.loc["new", "note"] == note("stages.set_by_rules")
    assert told.loc["churned", "note"] == note("stages.not_reached")
    assert stage_stays(paths_of((0, 0, 2, "new", None, 30, "a"))).won_back is None


def test_small_later_stages_join_the_next_smallest():
    table = pd.DataFrame(
        {
            "to": ["mature", "churned", "won_back"], "estimate": [0.6, 0.36, 0.04],
            "conf_low": 0.1, "conf_high": 0.9, "customers": [60.0, 36.0, 4.0],
            "memoryless": [0.5, 0.4, 0.1], "before": [0.7, 0.2, 0.1],
        }
    )  # fmt: skip
    joined = _join_small(table, 100, 10, 0.95).set_index("to")
    assert list(joined.index) == ["mature", "churned, won_back"]
    row = joined.loc["churned, won_back"]
    assert row[["estimate", "customers", "memoryless", "before"]].tolist() == pytest.approx(
        [0.4, 40, 0.5, 0.3]
    )
    assert row["conf_low"] < 0.4 < row["conf_high"]
