"""Kaplan-Meier: published values, by hand, properties, refusals, recovery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import KaplanMeierFitter
from numpy.testing import assert_allclose

from analysis.errors import DataError, ParamsError
from analysis.methods.hazards import cox_regression
from analysis.methods.survival import landmark_curve, survival_curve
from analysis.notes import note


def test_survival_curve_reproduces_aml(aml):
    # R survival, tests/doaml.Rout.save
    curve = survival_curve(aml, by="group")
    at = curve.at([9, 13, 18, 23, 31, 34, 48])
    maintained = at[at["group"] == "Maintained"]
    assert_allclose(
        maintained["estimate"], [0.909, 0.818, 0.716, 0.614, 0.491, 0.368, 0.184], atol=5e-4
    )
    assert_allclose(
        maintained["std_error"],
        [0.0867, 0.1163, 0.1397, 0.1526, 0.1642, 0.1627, 0.1535],
        atol=5.1e-5,
    )
    assert curve.medians["estimate"].tolist() == [31, 23]
    assert maintained["at_risk"].tolist() == [11, 10, 8, 7, 5, 4, 2]


def test_survival_curve_reproduces_lung_by_sex(lung):
    # R survival 3.5-3, run: survfit(Surv(time, status) ~ sex, lung, conf.type = "log-log")
    curve = survival_curve(lung, by="sex")
    assert curve.medians[["n", "events"]].to_numpy().tolist() == [[138, 112], [90, 53]]
    assert curve.medians["estimate"].tolist() == [270, 426]
    assert curve.medians["conf_low"].tolist() == [210, 345]
    assert curve.medians["conf_high"].tolist() == [306, 524]
    year = curve.at(365)[["estimate", "conf_low", "conf_high"]].to_numpy()
    assert_allclose(year, [[0.3361, 0.2527, 0.4213], [0.5265, 0.4036, 0.6353]], atol=5e-5)


def test_survival_curve_median_interval_on_the_log_scale(lung):
    # R survival 3.5-3, run: print(survfit(Surv(time, status) ~ sex, lung))
    medians = survival_curve(lung, by="sex", conf_type="log").medians
    assert medians["conf_low"].tolist() == [212, 348]
    assert medians["conf_high"].tolist() == [310, 550]


def test_survival_curve_by_hand():
    table = pd.DataFrame({"duration": [0, 1, 2, 2, 4], "event": [1, 0, 1, 1, 0]})
    curve = survival_curve(table).table
    assert curve["time"].tolist() == [0, 1, 2, 4]
    assert curve["at_risk"].tolist() == [5, 4, 3, 1]
    assert curve["events"].tolist() == [1, 0, 2, 0]
    assert curve["censored"].tolist() == [0, 1, 0, 1]
    assert_allclose(curve["estimate"], [0.8, 0.8, 0.8 / 3, 0.8 / 3])
    greenwood = 0.8 / 3 * np.sqrt(1 / (5 * 4) + 2 / (3 * 1))
    assert_allclose(curve["std_error"].iloc[-1], greenwood)


def test_survival_curve_median_is_the_middle_of_a_flat_half():
    # as R: the curve lies on one half from 2 to 4
    table = pd.DataFrame({"duration": [1, 2, 4, 5], "event": 1})
    assert survival_curve(table).medians["estimate"].item() == 3


def test_survival_curve_with_late_entry_equals_lifelines():
    rng = np.random.default_rng(5)
    entry = rng.integers(0, 8, 200)
    table = pd.DataFrame({"entry": entry, "duration": entry + rng.integers(1, 20, 200)})
    table["event"] = rng.random(200) < 0.6
    peer = KaplanMeierFitter().fit(
        table["duration"], table["event"], entry=np.where(entry > 0, entry, -1)
    )
    curve = survival_curve(table).table
    assert_allclose(curve["estimate"], peer.survival_function_.iloc[:, 0].loc[curve["time"]])
    risk = [((entry < t) & (table["duration"] >= t)).sum() for t in curve["time"]]
    assert curve["at_risk"].tolist() == risk


def test_at_risk_between_times_counts_late_entry():
    table = pd.DataFrame({"entry": [0, 3, 5], "duration": [4, 6, 9], "event": [1, 1, 0]})
    shown = survival_curve(table).at_risk([0, 2, 4, 5, 5.5, 9, 20])
    assert shown["at_risk"].tolist() == [1, 1, 2, 1, 2, 1, 0]
    assert shown["events"].tolist() == [0, 0, 1, 1, 1, 2, 2]
    assert shown["censored"].tolist() == [0, 0, 0, 0, 0, 1, 1]


def test_survival_curve_notes_an_early_risk_set_that_emptied():
    table = pd.DataFrame({"entry": [0, 3, 3], "duration": [1, 5, 6], "event": [1, 1, 0]})
    curve = survival_curve(table)
    assert curve.table["estimate"].tolist() == [0, 0, 0]
    assert [why.key for why in curve.notes] == ["survival.ran_empty"]


def test_survival_curve_keeps_on_where_nobody_is_at_risk():
    table = pd.DataFrame({"entry": [0, 0, 5], "duration": [1, 2, 8], "event": [1, 0, 1]})
    curve = survival_curve(table)
    assert_allclose(curve.table["estimate"], [0.5, 0.5, 0])
    assert curve.at_risk([4])["at_risk"].item() == 0


def test_survival_curve_all_censored_is_noted():
    curve = survival_curve(pd.DataFrame({"duration": [1.5, 2.5], "event": [0, 0]}))
    assert curve.table["estimate"].tolist() == [1, 1]
    assert np.isnan(curve.medians["estimate"].item())
    assert curve.medians["note"].item() == note("survival.not_reached")
    assert [why.key for why in curve.notes] == ["survival.stays_at_one"]


def test_at_past_follow_up_is_missing_and_noted():
    at = survival_curve(pd.DataFrame({"duration": [1, 2], "event": [1, 0]})).at([0, 2, 3])
    assert at["estimate"].tolist()[:2] == [1, 0.5]
    assert np.isnan(at["estimate"].iloc[2])
    assert at["note"].tolist() == ["", "", note("survival.beyond_follow_up", end=2)]


def test_at_past_the_last_end_nobody_is_alive():
    at = survival_curve(pd.DataFrame({"duration": [1, 2], "event": [1, 1]})).at([3])
    assert at["estimate"].tolist() == [0.0]
    assert at["note"].tolist() == [""]


rows = st.lists(
    st.tuples(st.integers(0, 12), st.booleans(), st.integers(0, 3)), min_size=1, max_size=40
).filter(lambda drawn: sum(count for *_, count in drawn) > 0)


@settings(max_examples=40, deadline=None)
@given(rows, st.sampled_from([1.0, 1 / 7]))
def test_survival_curve_counted_rows_equal_repeated_rows(drawn, unit):
    table = pd.DataFrame(drawn, columns=["duration", "event", "count"])
    table["duration"] *= unit
    repeated = table.loc[table.index.repeat(table["count"]), ["duration", "event"]]
    pd.testing.assert_frame_equal(survival_curve(table).table, survival_curve(repeated).table)
    share = survival_curve(table).table["estimate"].to_numpy()
    assert (np.diff(share) <= 1e-12).all()
    assert ((share >= -1e-12) & (share <= 1)).all()


@settings(max_examples=30, deadline=None)
@given(rows)
def test_survival_curve_of_fractions_equals_that_of_whole_days(drawn):
    table = pd.DataFrame(drawn, columns=["duration", "event", "count"]).drop(columns="count")
    days, weeks = survival_curve(table), survival_curve(table.assign(duration=table.duration / 7))
    assert_allclose(days.table["estimate"], weeks.table["estimate"])
    assert_allclose(days.table["time"], weeks.table["time"] * 7)


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ({"duration": [1, -2], "event": [1, 0]}, r"duration must be at least 0, but 1 of 2"),
        ({"duration": [1, np.nan], "event": [1, 0]}, r"duration must be a finite number"),
        ({"duration": ["a", 1], "event": [1, 0]}, r"duration must be a finite number.*'a'"),
        ({"duration": [1, 2], "event": [1, 2]}, r"event must be 1 \(ended\) or 0"),
        ({"duration": [1, -2], "event": [3, 0]}, r"duration must.*; event must"),
        ({"duration": [1, 2], "event": [1, 0], "count": [1, 0.5]}, r"count must be a whole number"),
        ({"duration": [1, 2], "event": [1, 0], "count": [0, 0]}, r"count must be above 0"),
        ({"duration": [1, 2], "event": [1, 0], "entry": [0, 2]}, r"entry must be before duration"),
        ({"duration": [1, 2]}, r"event is missing"),
        ({"duration": [], "event": []}, r"at least one row"),
    ],
)
def test_survival_curve_refuses_wrong_tables(table, match):
    with pytest.raises(DataError, match=match):
        survival_curve(pd.DataFrame(table))


def test_survival_curve_refuses_a_group_without_a_name():
    table = pd.DataFrame({"duration": [1, 2], "event": [1, 0], "plan": ["a", None]})
    with pytest.raises(DataError, match="plan must be known"):
        survival_curve(table, by="plan")


@pytest.mark.parametrize("wrong", [{"conf_level": 95}, {"conf_type": "logit"}])
def test_survival_curve_refuses_wrong_options(aml, wrong):
    with pytest.raises(ParamsError, match="must be"):
        survival_curve(aml, **wrong)


def test_survival_curve_intervals_cover_the_truth():
    rng = np.random.default_rng(11)
    times = np.array([3.0, 8.0, 15.0])
    covered = np.zeros(3)
    for _ in range(200):
        life, seen = rng.exponential(10, 120), rng.uniform(0, 40, 120)
        table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
        at = survival_curve(table).at(times)
        truth = np.exp(-times / 10)
        covered += (at["conf_low"] <= truth) & (truth <= at["conf_high"])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered


def test_times_asked_for_meet_those_that_differ_by_rounding():
    table = pd.DataFrame({"duration": [0.1 + 0.2, 0.3, 0.6 + 0.1, 1.2], "event": [1, 1, 0, 1]})
    curve = survival_curve(table)
    assert curve.table["time"].round(9).tolist() == [0.3, 0.7, 1.2]
    for asked in (0.3, 0.1 + 0.2):
        assert curve.at([asked])["estimate"].tolist() == [0.5]
        assert curve.at([asked])["time"].tolist() == [asked]
        assert curve.at_risk([asked])[["at_risk", "events"]].to_numpy().tolist() == [[4, 2]]
    late = table.assign(duration=[0.3, 0.3, 0.7, 0.7 - 1e-16], event=[1, 1, 0, 0])
    assert survival_curve(late).at([0.7])["note"].tolist() == [""]


def test_whole_times_are_never_tied():
    seconds = pd.DataFrame({"duration": 2_000_000_000 + np.arange(4), "event": 1})
    assert survival_curve(seconds).table["events"].tolist() == [1, 1, 1, 1]


def test_spells_that_meet_but_for_rounding_do_not_overlap():
    spells = pd.DataFrame(
        {
            "customer_id": [1, 1, 2, 3, 4],
            "start": [0.0, 0.3, 0.0, 0.0, 0.0],
            "stop": [0.1 + 0.2, 0.9, 0.3, 0.7, 0.5],
            "event": [0, 1, 1, 0, 1],
            "x": [1.0, 2.0, 2.0, 3.0, 1.0],
        }
    )
    assert cox_regression(spells, covariates=["x"]).events == 3


def test_landmark_at_a_time_but_for_rounding_leaves_nobody_behind():
    table = pd.DataFrame({"duration": [0.3, 0.1 + 0.2, 0.7, 0.9], "event": [1, 1, 1, 0]})
    assert landmark_curve(table, at=0.3).risk_sets["all"].n == 2
