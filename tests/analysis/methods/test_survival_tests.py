"""Log-rank family and pairwise comparisons."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines.statistics import multivariate_logrank_test
from numpy.testing import assert_allclose
from statsmodels.duration.survfunc import survdiff

from analysis.errors import DataError, ParamsError
from analysis.methods.survival import logrank_test, pairwise_tests
from analysis.notes import note


def test_logrank_test_reproduces_aml(aml):
    # R survival, tests/doaml.Rout.save
    test = logrank_test(aml, by="group")
    assert test.chi2 == pytest.approx(3.40, abs=5e-3)
    assert test.table["observed"].tolist() == [7, 11]
    assert_allclose(test.table["expected"], [10.69, 7.31], atol=5e-3)


@pytest.mark.parametrize(
    ("weights", "chi2"),
    [
        ("logrank", 10.3267),
        ("gehan", 12.4721),
        ("tarone-ware", 12.4555),
        (("fleming-harrington", 1, 0), 12.7142),
        (("fleming-harrington", 0, 1), 3.4600),
    ],
)
def test_logrank_test_reproduces_lung(lung, weights, chi2):
    # lifelines and statsmodels agree
    test = logrank_test(lung, by="sex", weights=weights)
    assert test.chi2 == pytest.approx(chi2, abs=5.1e-5)
    if weights == "logrank":
        assert test.p_value == pytest.approx(0.00131, abs=5e-6)


def test_logrank_test_reproduces_ovarian(ovarian):
    # R survival 3.5-3, run: survdiff(Surv(futime, fustat) ~ rx, ovarian)
    test = logrank_test(ovarian, by="rx")
    assert_allclose(test.table["expected"], [5.23, 6.77], atol=5e-3)
    assert test.p_value == pytest.approx(0.303, abs=5e-4)


def test_logrank_test_reproduces_lung_within_institutions(lung):
    # R survival 3.5-3, run: survdiff(Surv(time, status) ~ pat.karno + strata(inst), lung): 21.4
    known = lung.dropna(subset=["pat.karno", "inst"])
    test = logrank_test(known, by="pat.karno", strata="inst")
    assert test.dof == 7
    assert test.p_value == pytest.approx(0.00326, abs=5e-6)


def test_logrank_test_of_four_groups_equals_lifelines_and_r(veteran):
    # R survival 3.5-3, run: survdiff(Surv(time, status) ~ celltype, veteran): 25.4 on 3
    test = logrank_test(veteran, by="celltype")
    peer = multivariate_logrank_test(veteran["duration"], veteran["celltype"], veteran["event"])
    assert test.chi2 == pytest.approx(peer.test_statistic, rel=1e-10)
    assert test.dof == 3
    assert round(test.chi2, 1) == 25.4


@pytest.mark.parametrize("scale", [1, 1 / 7])
def test_logrank_test_within_strata_equals_statsmodels(veteran, scale):
    table = veteran.assign(duration=veteran["duration"] * scale)
    test = logrank_test(table, by="trt", strata="celltype")
    chi2, p_value = survdiff(
        table["duration"], table["event"], table["trt"], strata=table["celltype"]
    )
    assert_allclose([test.chi2, test.p_value], [chi2, p_value], rtol=1e-10)


@pytest.mark.parametrize("scale", [1, 1 / 7])
def test_logrank_test_with_late_entry_counts_who_is_there(veteran, scale):
    entry = np.where(veteran["age"] > 60, np.floor(np.minimum(veteran["duration"] / 2, 20)), 0)
    table = veteran.assign(entry=entry * scale, duration=veteran["duration"] * scale)
    expected, spread = 0.0, 0.0
    for time in np.unique(table.loc[table["event"] == 1, "duration"]):
        there = table[(table["duration"] >= time) & ((table["entry"] < time) | (entry == 0))]
        ended = ((there["duration"] == time) & (there["event"] == 1)).sum()
        share, n = (there["trt"] == 1).mean(), len(there)
        expected += ended * share
        spread += ended * share * (1 - share) * (n - ended) / max(n - 1, 1)
    test = logrank_test(table, by="trt")
    assert test.table["expected"].iloc[0] == pytest.approx(expected)
    observed = table.loc[table["trt"] == 1, "event"].sum()
    assert test.chi2 == pytest.approx((observed - expected) ** 2 / spread)


def test_logrank_test_by_hand():
    table = pd.DataFrame(
        {"duration": [1, 2, 3, 4], "event": [1, 1, 1, 0], "plan": ["a", "b", "a", "b"]}
    )
    # expected of a: 2/4 + 1/3 + 1/2; variance: 1/4 + 2/9 + 1/4
    test = logrank_test(table, by="plan")
    assert test.table["expected"].iloc[0] == pytest.approx(4 / 3)
    assert test.chi2 == pytest.approx((2 - 4 / 3) ** 2 / (13 / 18))


def test_logrank_test_of_groups_never_at_risk_together_is_noted():
    table = pd.DataFrame(
        {"entry": [0, 0, 5, 5], "duration": [2, 3, 7, 8], "event": 1, "plan": list("aabb")}
    )
    test = logrank_test(table, by="plan")
    assert np.isnan(test.p_value)
    assert test.note == note("survival.never_together")


def test_logrank_test_with_nothing_ended_is_noted():
    table = pd.DataFrame({"duration": [1, 2], "event": 0, "plan": ["a", "b"]})
    assert logrank_test(table, by="plan").note == note("survival.never_together")


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.booleans(), st.sampled_from("abc"), st.integers(1, 3)),
        min_size=2,
        max_size=30,
    ).filter(lambda drawn: len({group for _, _, group, _ in drawn}) > 1)
)
def test_logrank_test_counted_rows_equal_repeated_rows(drawn):
    table = pd.DataFrame(drawn, columns=["duration", "event", "plan", "count"])
    repeated = table.loc[table.index.repeat(table["count"])].drop(columns="count")
    counted = logrank_test(table, by="plan")
    for other in (repeated, repeated.assign(duration=repeated["duration"] / 7)):
        test = logrank_test(other, by="plan")
        assert_allclose(counted.chi2, test.chi2, rtol=1e-8, atol=1e-10)
        assert_allclose(counted.table["expected"], test.table["expected"])


def test_logrank_test_refuses_one_group(lung):
    with pytest.raises(DataError, match="must have two groups or more"):
        logrank_test(lung.assign(plan="a"), by="plan")


def test_logrank_test_refuses_unknown_weights(lung):
    with pytest.raises(ParamsError, match="weights must be one of"):
        logrank_test(lung, by="sex", weights="peto")


def test_pairwise_tests_reproduce_cox_and_holm(veteran):
    from lifelines import CoxPHFitter

    pairs = pairwise_tests(veteran, by="celltype")
    assert len(pairs) == 6
    two = veteran[veteran["celltype"].isin(["adeno", "large"])]
    two = two.assign(large=(two["celltype"] == "large") * 1.0)[["duration", "event", "large"]]
    peer = CoxPHFitter().fit(two, "duration", "event")
    first = pairs.iloc[0]
    assert first["estimate"] == pytest.approx(peer.hazard_ratios_["large"], rel=1e-5)
    assert first["std_error"] == pytest.approx(peer.standard_errors_["large"], rel=1e-5)
    ordered = pairs.sort_values("p_value")
    assert ordered["p_holm"].iloc[0] == pytest.approx(6 * ordered["p_value"].iloc[0])
    assert ordered["p_holm"].is_monotonic_increasing


def test_pairwise_tests_note_a_group_in_which_nothing_ended():
    table = pd.DataFrame(
        {"duration": [1, 2, 3, 4], "event": [1, 1, 0, 0], "plan": ["a", "a", "b", "b"]}
    )
    pair = pairwise_tests(table, by="plan").iloc[0]
    assert np.isnan(pair["estimate"])
    assert pair["note"] == note("survival.group_without_ends")


def test_logrank_test_keeps_its_level():
    rng = np.random.default_rng(3)
    rejected = 0
    for _ in range(200):
        life, seen = rng.exponential(10, 100), rng.uniform(0, 25, 100)
        table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
        rejected += logrank_test(table.assign(plan=np.arange(100) % 2), by="plan").p_value < 0.05
    assert 0.010 <= rejected / 200 <= 0.105
