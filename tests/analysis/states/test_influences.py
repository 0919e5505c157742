"""What goes with coming back or ending: by hand, refusals, odd data, and known truth."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.data import read_tables
from analysis.errors import DataError, ParamsError
from analysis.methods.hazards.course import natural_spline, ratio_over_time
from analysis.notes import note
from analysis.params import Params
from analysis.states.covariates import NO_VALUE, group_levels
from analysis.states.influences import influences
from analysis.states.predictability import predictability
from analysis.states.waiting import Waiting, read_ending, read_returning


def study(**changes):
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "contractual", "observed_from": date(2019, 1, 1),
        "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
        "data": {"simulated": {"company": "bank", "customers": 4000, "seed": 2}},
        "segments": ("channel", "age_band"),
    }  # fmt: skip
    return Params.model_validate(values | changes)


@pytest.fixture(scope="module")
def tables():
    return read_tables(study())


@pytest.fixture(scope="module")
def ending(tables):
    return read_ending(tables, study())


def made(table, *, kind="ending", unit="months", horizon=24.0):
    names = [name for name in table if name not in ("duration", "entry", "event")]
    nothing = pd.DataFrame(columns=["covariate", "reason"])
    table = table.assign(event=table["event"].astype(bool))
    return Waiting(table, names, nothing, 0, kind, unit, horizon)


def exponential(rows=800, effect=0.7, seed=4):
    """Ends with a log hazard ratio of `effect` for group b; open where not seen so long."""
    rng = np.random.default_rng(seed)
    group = np.where(np.arange(rows) % 2, "b", "a")
    lasts = rng.exponential(12 / np.exp(effect * (group == "b")))
    seen = rng.uniform(2, 36, rows)
    table = pd.DataFrame({"duration": np.minimum(lasts, seen), "event": lasts < seen})
    return made(table.assign(entry=0.0, group=pd.Categorical(group, ["a", "b"])))


def test_every_characteristic_known_on_the_first_day_is_offered(ending):
    expected = ["channel", "age_band", "region", "city_tier", "gender", "income_band"]
    assert ending.covariates == [*expected, "first_value"]
    assert (ending.kind, ending.unit, ending.horizon) == ("ending", "months", 36)
    assert ending.table["channel"].cat.categories[0] == "online"  # the most frequent


def test_second_purchase_is_the_end_of_the_wait(tables):
    waiting = read_returning(tables, study(covariates=("channel",)))
    assert (waiting.kind, waiting.unit, waiting.horizon) == ("returning", "weeks", 52)
    assert waiting.covariates == ["channel"]
    assert waiting.ended == 3572


@pytest.mark.parametrize("later", ["revenue", "purchases", "recency_weeks", "age_weeks", "last_at"])
def test_covariates_known_only_later_are_refused(tables, later):
    with pytest.raises(ParamsError, match=f"known on the first day, but {later} is known only"):
        read_returning(tables, study(covariates=("channel", later)))


def test_covariates_that_are_no_column_are_refused(tables):
    with pytest.raises(DataError, match="of the customers, but shoe_size is none"):
        read_ending(tables, study(covariates=("shoe_size",)))


def test_a_covariate_twice_is_refused():
    with pytest.raises(ValueError, match="each once"):
        study(covariates=("channel", "channel"))


def test_horizon_has_bounds():
    with pytest.raises(ValueError, match="greater than 0"):
        study(horizon_months=0)


def test_a_covariate_with_one_value_is_left_out_and_said(tables, monkeypatch):
    everybody = tables["customers"].mutate(
        region=ibis.literal("north"), twin=tables["customers"].channel
    )
    monkeypatch.setitem(tables.by_name, "customers", everybody)
    waiting = read_ending(tables, study())
    reasons = waiting.left_out.set_index("covariate")["reason"].to_dict()
    assert reasons == {
        "region": note("influences.one_value"),
        "twin": note("influences.the_same_as_others"),
    }
    assert "region" not in waiting.covariates


def test_free_first_orders_get_an_indicator(tables, monkeypatch):
    bought = tables["transactions"]
    cents = (bought.customer_id.right(1) > "G").ifelse(0.0, bought.amount)
    monkeypatch.setitem(tables.by_name, "transactions", bought.mutate(amount=cents))
    waiting = read_returning(tables, study(covariates=("first_value",), seed=2))
    assert waiting.covariates == ["first_value", NO_VALUE]
    assert waiting.incomplete == 0
    assert influences(waiting).table["level"].tolist() == ["per doubling", "without charge"]


def test_ratio_of_two_groups_by_hand():
    # One end each: b at 1, a at 2 with b open at 3. Score: 1 - r/(1+r) x 2 ... ratio solves
    # d/db [b - log(1 + 2 e^b) - log(1 + e^b)] = 0, that is 1 = 2r/(1+2r) + r/(1+r): r = sqrt(1/2).
    table = pd.DataFrame({"duration": [1.0, 2, 3] * 20, "event": [1, 1, 0] * 20})
    table["group"] = pd.Categorical(["b", "a", "b"] * 20, ["a", "b"])
    result = influences(made(table.assign(entry=0.0)))
    row = result.table.set_index("level").loc["b"]
    assert (row["n"], row["cases"], row["reference"]) == (40, 20, "a")
    # Efron's ties of 20 change the ratio a little; without ties it is sqrt(1/2).
    spread = table.assign(duration=table["duration"] + np.repeat(np.arange(20), 3) * 1e-6)
    one = influences(made(spread.assign(entry=0.0)))
    ratio = one.table.set_index("level").loc["b", "hazard_ratio"]
    assert ratio == pytest.approx(row["hazard_ratio"], rel=0.02)


def test_known_ratio_is_found_and_called_constant():
    result = influences(exponential(), min_cell=10)
    row = result.table.set_index("level").loc["b"]
    assert row["hazard_ratio_conf_low"] < np.exp(0.7) < row["hazard_ratio_conf_high"]
    assert result.doubtful == ""
    assert result.p_constant > 0.05
    course = result.over_time
    assert (course["ratio_conf_low"] < np.exp(0.7)).mean() > 0.9
    assert (course["ratio_conf_high"] > np.exp(0.7)).mean() > 0.9


def test_a_ratio_that_fades_is_called_doubtful_and_its_course_falls():
    rng = np.random.default_rng(8)
    early = np.arange(1200) % 2 == 1
    # Group b ends at thrice the rate in the first six months and at a third of it afterwards.
    first = rng.exponential(10 / np.where(early, 3, 1))
    late = 6 + rng.exponential(10 / np.where(early, 1 / 3, 1))
    lasts = np.where(first < 6, first, late)
    table = pd.DataFrame({"duration": np.minimum(lasts, 30), "event": lasts < 30, "entry": 0.0})
    table["group"] = pd.Categorical(np.where(early, "b", "a"), ["a", "b"])
    result = influences(made(table), min_cell=10)
    assert (result.doubtful, result.watched_level) == ("group", "b")
    assert result.over_time["hazard_ratio"].iloc[3] > 2
    assert result.over_time["hazard_ratio"].iloc[-3] < 0.6
    marks = result.milestones.set_index("time")["estimate"]
    assert marks[6] > 0.2 > marks[24]


def test_milestones_are_differences_of_shares_that_ended():
    table = pd.DataFrame({"duration": [3.0, 20, 20, 20] * 15 + [3.0, 3, 20, 20] * 15})
    table = table.assign(event=table["duration"] < 20, entry=0.0)
    table["group"] = pd.Categorical(["a"] * 60 + ["b"] * 60)
    mark = influences(made(table), min_cell=10).milestones.set_index("time").loc[6]
    assert mark["share"] == pytest.approx(0.5)
    assert mark["estimate"] == pytest.approx(0.25)
    assert mark["conf_low"] < 0.25 < mark["conf_high"]


@pytest.mark.parametrize("ends", [0, 12])
def test_too_few_ends_are_noted(ends):
    table = pd.DataFrame({"duration": np.arange(1, 61.0), "event": np.arange(60) < ends})
    waiting = made(table.assign(entry=0.0, group=["a", "b"] * 30))
    result = influences(waiting, min_cell=10)
    assert result.fit is None
    too_few = note("influences.too_few_ends", least=30)
    assert result.note == too_few
    assert not len(result.table)
    assert predictability(waiting, seed=1).note.key == "influences.too_few_aside"


def test_channel_effects_are_found_again_on_voluntary_ends(tables, ending):
    # Truth: the log hazard of leaving by choice differs by channel: online 0.15, partner 0.25,
    # referral -0.25, branch 0; among them satisfaction and stages vary, which shrinks ratios.
    result = influences(ending, min_cell=10)
    channel = result.table[result.table["covariate"] == "channel"].set_index("level")
    truth = {"branch": -0.15, "partner": 0.10, "referral": -0.40}
    for level, effect in truth.items():
        reach = 3 * channel.loc[level, "std_error"]
        assert channel.loc[level, "log_ratio"] == pytest.approx(effect, abs=reach)
        assert np.sign(channel.loc[level, "log_ratio"]) == np.sign(effect)
    tests = result.tests.set_index("covariate")["p_holm"]
    assert tests["channel"] < 0.001
    assert (tests.drop("channel") > 0.05).all()  # nothing else makes a difference in truth


def test_predictions_are_judged_on_others_and_are_calibrated():
    waiting = exponential(rows=2400, effect=1.2)
    result = predictability(waiting, seed=3, min_cell=10)
    assert result.training + result.held_out == 2400
    assert result.held_out == pytest.approx(720, abs=70)
    # Half of the pairs are tied in risk; of the others r / (1 + r) are right.
    ratio = np.exp(1.2)
    ideal = 0.25 + 0.5 * ratio / (1 + ratio)
    uno = result.value("uno")
    error = (uno["conf_high"] - uno["estimate"]) / 1.96
    assert uno["estimate"] == pytest.approx(ideal, abs=3 * error)
    assert error < 0.02
    assert result.value("skill")["estimate"] > 0.05
    assert result.value("observed_to_expected")["estimate"] == pytest.approx(1, abs=0.08)
    assert len(result.calibration) == 2  # equal predictions are joined


def test_noise_is_not_foreseen():
    waiting = exponential(rows=2000, effect=0.0)
    result = predictability(waiting, seed=3, min_cell=10)
    uno = result.value("uno")
    assert uno["conf_low"] < 0.5 < uno["conf_high"]
    assert result.value("skill")["estimate"] < 0.01


def test_same_seed_same_lot():
    waiting = exponential()
    first, second = (predictability(waiting, seed=5).measures for _ in range(2))
    pd.testing.assert_frame_equal(first, second)
    assert predictability(waiting, seed=6).held_out != 0


def test_late_entrants_are_not_judged():
    waiting = exponential()
    table = waiting.table.copy()
    table.loc[:99, "entry"] = table.loc[:99, "duration"] / 2
    result = predictability(made(table), seed=1)
    assert result.training + result.held_out == 700


@given(st.lists(st.floats(0, 1), min_size=8, max_size=30, unique=True))
@settings(max_examples=25, deadline=None)
def test_natural_spline_is_linear_beyond_its_knots(x):
    knots = np.linspace(0.2, 0.8, 5)
    weights = np.arange(1.0, 6)
    beyond = natural_spline(np.array([0.85, 0.9, 0.95]), knots) @ weights
    assert beyond[0] - 2 * beyond[1] + beyond[2] == pytest.approx(0, abs=1e-9)
    assert natural_spline(np.array(x), knots).shape == (len(x), 5)


@pytest.mark.whole
def test_ratio_over_time_covers_a_constant_ratio():
    held = []
    for seed in range(200):
        result = influences(exponential(rows=240, effect=0.5, seed=seed))
        course = ratio_over_time(result.fit, "group[b]", points=3)
        middle = course.iloc[1]
        held.append(middle["ratio_conf_low"] < np.exp(0.5) < middle["ratio_conf_high"])
    assert 0.895 <= np.mean(held) <= 0.990


@pytest.mark.parametrize(
    ("ends", "levels"),
    [
        ({"a": 90, "b": 60, "c": 40}, {"a", "b", "c"}),
        ({"a": 90, "b": 60, "c": 0}, {"a", "others"}),  # none ended in c alone
        ({"a": 90, "b": 60, "c": 4, "d": 7}, {"a", "b", "others"}),
        ({"a": 90, "b": 3}, {"others"}),
    ],
)
def test_levels_with_few_ends_are_joined_until_they_have_enough(ends, levels):
    column = pd.Series(np.repeat(list(ends), 100), name="plan")
    event = pd.Series(np.concatenate([np.arange(100) < number for number in ends.values()]))
    assert set(group_levels(column, event, 10)) == levels


def test_a_level_that_decides_who_ends_takes_no_chapter_down():
    waiting = exponential(400)
    table = waiting.table.assign(other=np.where(np.arange(400) < 60, "b", "a"))
    table["event"] &= table["other"] == "a"
    waiting = made(table.assign(other=pd.Categorical(table["other"], ["a", "b"])))
    decided = note("reasons.separating", columns=("other: b",))
    assert influences(waiting).note == decided
    assert predictability(waiting, seed=1).note == decided


def test_calibration_has_no_group_too_small_to_be_told():
    waiting = exponential(rows=1200, effect=1.0)
    rare = waiting.table["group"].cat.add_categories("c")
    rare = rare.where(np.arange(1200) % 70 > 0, "c")
    result = predictability(made(waiting.table.assign(group=rare)), seed=3, min_cell=10)
    assert len(result.calibration) == 2
    assert result.calibration["n"].min() >= 10
    assert result.calibration["n"].sum() == result.held_out


def test_nothing_to_compare_is_said():
    waiting = exponential(400)
    alone = made(waiting.table.drop(columns="group"))
    nothing = note("influences.nothing_to_compare")
    assert influences(alone).note == predictability(alone, seed=1).note == nothing
