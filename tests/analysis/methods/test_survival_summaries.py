"""Restricted means, milestones, landmarks, remaining life, follow-up, gaps."""

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from analysis.errors import DataError, ParamsError
from analysis.methods.survival import (
    follow_up,
    gap_milestones,
    landmark_curve,
    milestone_differences,
    remaining_life,
    restricted_mean,
    survival_curve,
)
from analysis.notes import note


def test_restricted_mean_reproduces_lung(lung):
    # survminer pull request 827
    means = restricted_mean(lung, by="sex", until=965)
    assert_allclose(means.table["estimate"], [324.0484, 455.9041], atol=5.1e-5)
    assert_allclose(means.table["std_error"], [22.29794, 32.91742], atol=5.1e-6)
    difference = means.contrasts[means.contrasts["term"] == "difference"].iloc[0]
    assert difference["estimate"] == pytest.approx(131.8557, abs=5.1e-5)
    assert difference["std_error"] == pytest.approx(39.7587, abs=5.1e-5)
    assert_allclose(
        difference[["conf_low", "conf_high"]].astype(float), [53.930, 209.781], atol=5e-4
    )
    assert difference["p_value"] == pytest.approx(0.0009118595, abs=5e-11)


def test_restricted_mean_defaults_to_the_shortest_follow_up(lung):
    assert restricted_mean(lung, by="sex").until == 965


def test_restricted_mean_by_hand():
    table = pd.DataFrame({"duration": [1, 3, 4], "event": [1, 1, 0]})
    row = restricted_mean(table, until=4).table.iloc[0]
    assert row["estimate"] == pytest.approx(1 + 2 * 2 / 3 + 1 / 3)
    variance = (4 / 3 + 1 / 3) ** 2 / (3 * 2) + (1 / 3) ** 2 / (2 * 1)
    assert row["std_error"] == pytest.approx(np.sqrt(variance))


def test_restricted_mean_past_follow_up_is_carried_forward_and_noted(aml):
    table = restricted_mean(aml, by="group", until=200).table
    assert table["note"].tolist() == [
        note("survival.carried_forward", end=161, until=200),
        "",
    ]


def test_restricted_mean_by_cluster_of_single_rows_is_greenwood(lung):
    table = lung.assign(customer_id=np.arange(len(lung)))
    robust = restricted_mean(table, by="sex", cluster="customer_id").table
    assert_allclose(robust["std_error"], restricted_mean(lung, by="sex").table["std_error"])


def test_restricted_mean_by_cluster_of_doubled_rows_is_that_of_single_ones(lung):
    table = lung.assign(customer_id=np.arange(len(lung)))
    doubled = restricted_mean(pd.concat([table, table]), by="sex", cluster="customer_id")
    assert_allclose(doubled.table["std_error"], restricted_mean(lung, by="sex").table["std_error"])


def test_restricted_mean_intervals_cover_the_truth():
    rng = np.random.default_rng(12)
    truth, covered = 10 * (1 - np.exp(-1.5)), 0
    for _ in range(200):
        life, seen = rng.exponential(10, 150), rng.uniform(0, 50, 150)
        table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
        row = restricted_mean(table, until=15).table.iloc[0]
        covered += row["conf_low"] <= truth <= row["conf_high"]
    assert 0.895 <= covered / 200 <= 0.990


def test_milestone_differences_are_differences_of_the_curves(lung):
    result = milestone_differences(lung, by="sex", times=[365, 1000])
    year = result.contrasts.iloc[0]
    assert year["estimate"] == pytest.approx(0.5265 - 0.3361, abs=1e-4)
    errors = result.table.loc[result.table["time"] == 365, "std_error"]
    assert year["std_error"] == pytest.approx(np.hypot(*errors))
    assert np.isnan(result.contrasts["estimate"].iloc[1])
    assert result.contrasts["note"].iloc[1] == note("survival.beyond_follow_up", end=965)


def test_milestone_differences_by_cluster_of_single_rows_are_greenwood(lung):
    table = lung.assign(customer_id=np.arange(len(lung)))
    robust = milestone_differences(table, by="sex", times=[200, 700], cluster="customer_id")
    plain = milestone_differences(lung, by="sex", times=[200, 700])
    for name in ("std_error", "conf_low", "conf_high"):
        assert_allclose(robust.table[name], plain.table[name])
        assert_allclose(robust.contrasts[name], plain.contrasts[name])


def test_milestone_differences_refuse_an_unknown_reference(lung):
    with pytest.raises(ParamsError, match="reference must be one of 1, 2"):
        milestone_differences(lung, by="sex", times=[365], reference="3")


def test_groups_in_which_nothing_ended_have_no_error_and_no_test():
    table = pd.DataFrame({"duration": [1, 2, 3, 3], "event": [1, 1, 0, 0], "plan": list("aabb")})
    means = restricted_mean(table, by="plan")
    assert np.isnan(means.table["std_error"].iloc[1])
    assert means.table["note"].iloc[1] == note("survival.nothing_ended_by", until=2)
    assert means.contrasts["p_value"].isna().all()
    step = milestone_differences(table, by="plan", times=[1]).contrasts.iloc[0]
    assert step["estimate"] == 0.5
    assert np.isnan(step["p_value"])
    reasons = (step["note"], *step["note"].also)
    assert "survival.no_test" in [reason.key for reason in reasons]


def test_landmark_curve_is_the_conditional_share(lung):
    later = landmark_curve(lung, at=100).at(265)["estimate"].item()
    shares = survival_curve(lung).at([100, 365])["estimate"]
    assert later == pytest.approx(shares[1] / shares[0])


def test_landmark_curve_with_late_entry_is_the_conditional_share(veteran):
    entry = np.where(veteran["age"] > 60, np.minimum(veteran["duration"] / 2, 20), 0)
    table = veteran.assign(entry=entry)
    later = landmark_curve(table, at=10).at(90)["estimate"].item()
    shares = survival_curve(table).at([10, 100])["estimate"]
    assert later == pytest.approx(shares[1] / shares[0])


def test_landmark_curve_refuses_a_landmark_past_follow_up(lung):
    with pytest.raises(DataError, match="someone must be active"):
        landmark_curve(lung, at=2000)


def test_remaining_life_of_memoryless_lives_is_the_same_at_every_age():
    rng = np.random.default_rng(4)
    table = pd.DataFrame({"duration": rng.exponential(10, 20_000), "event": 1})
    rows = remaining_life(table, at=[0, 10], horizon=10)
    median = rows[rows["term"] == "median remaining"]
    assert_allclose(median["estimate"], 10 * np.log(2), rtol=0.05)
    mean = rows[rows["term"] == note("survival.remaining_mean", until=10)]
    assert_allclose(mean["estimate"], 10 * (1 - np.exp(-1)), rtol=0.05)
    assert (median["conf_low"] < median["estimate"]).all()


def test_follow_up_swaps_ended_and_open():
    table = pd.DataFrame({"duration": [1, 2, 3, 4], "event": [1, 0, 0, 1]})
    row = follow_up(table).iloc[0]
    assert row["estimate"] == 3
    assert row["events"] == 2


def test_gap_milestones_are_by_order_with_errors_by_customer():
    rng = np.random.default_rng(8)
    rate = rng.gamma(2, 0.5, 400)
    gaps = pd.DataFrame(
        {
            "customer_id": np.tile(np.arange(400), 2),
            "order": np.repeat([1, 2], 400),
            "duration": rng.exponential(1 / np.tile(rate, 2)),
            "event": 1,
        }
    )
    result, notes = gap_milestones(gaps, times=[1.0])
    independent = np.hypot(*result.table["std_error"])
    assert result.contrasts["std_error"].item() < independent
    assert notes == (note("survival.later_gaps"),)


def test_gap_milestones_refuse_pooled_gaps():
    gaps = pd.DataFrame({"customer_id": [1, 1], "order": 1, "duration": [2, 3], "event": 1})
    with pytest.raises(DataError, match="one gap of each order"):
        gap_milestones(gaps, times=[1])
