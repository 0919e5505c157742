"""Concentration, migration, gain, trend and bunching."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from purchase_data import cdnow_days
from scipy import stats
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration import (
    count_near,
    measure_auc,
    measure_concentration,
    measure_gain,
    measure_migration,
    measure_trend,
    simulate_no_change,
)
from analysis.notes import note

TIERS = ("low", "mid", "high")
# R ineq, help of Gini: ten incomes
INCOMES = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]


def rng(seed=7):
    return np.random.default_rng(seed)


def gini(values, **options):
    return measure_concentration(values, rng=rng(), replications=2, **options).gini


# Concentration


def test_gini_reproduces_ineq():
    # R ineq: Gini(x) = .4620911
    assert gini(INCOMES) == pytest.approx(0.4620911, abs=5e-8)


def test_concentration_reproduces_cdnow():
    # REFERENCE, counted from CDNOW_sample: 244,091.94; Gini .6309; top 20 % 67.4, top 10 % 50.8
    spend = cdnow_days().groupby("id")["amount"].sum()
    found = measure_concentration(spend, rng=rng(), top=(0.1, 0.2), replications=200)
    estimate = found.table.set_index("term")["estimate"]
    assert found.total == pytest.approx(244_091.94)
    assert estimate["gini"] == pytest.approx(0.6309, abs=5e-5)
    assert estimate["top_20_percent"] == pytest.approx(0.674, abs=5e-4)
    assert estimate["top_10_percent"] == pytest.approx(0.508, abs=5e-4)
    assert (
        (found.table["conf_low"] < estimate.array) & (estimate.array < found.table["conf_high"])
    ).all()


def test_gini_by_hand():
    assert gini([1, 1, 1, 1]) == pytest.approx(0)
    assert gini([0, 0, 0, 1]) == pytest.approx(3 / 4)
    # mean absolute difference of 1, 3 is 1; over twice the mean: 1 / 4
    assert gini([1, 3]) == pytest.approx(1 / 4)


def test_gini_is_the_mean_difference():
    values = rng().gamma(0.5, 10, 60)
    apart = np.abs(values[:, None] - values[None, :]).mean()
    assert gini(values) == pytest.approx(apart / 2 / values.mean())


def test_negative_values_follow_the_rule():
    values = [-2.0, 1.0, 5.0]
    assert gini(values) == pytest.approx(gini([0.0, 1.0, 5.0]))
    apart = np.abs(np.subtract.outer(values, values)).sum()
    assert gini(values, negative="absolute") == pytest.approx(apart / (2 * 3 * 8))
    assert measure_concentration(values, rng=rng(), replications=2).negatives == 1
    with pytest.raises(DataError, match="values must be 0 or more, but 1 of 3 are below"):
        gini(values, negative="refuse")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40), st.floats(0.1, 50))
def test_gini_is_bounded_and_free_of_scale(values, factor):
    values = np.array(values, float)
    if values.sum() == 0:
        return
    assert -1e-12 <= gini(values) < 1
    assert gini(values * factor) == pytest.approx(gini(values), abs=1e-9)
    assert gini(np.tile(values, 2)) == pytest.approx(gini(values), abs=1e-9)
    levels, counts = np.unique(values, return_counts=True)
    assert gini(levels, counts=counts) == pytest.approx(gini(values), abs=1e-9)


def test_lorenz_curve_rises_below_the_diagonal():
    curve = measure_concentration(rng().gamma(0.4, size=3000), rng=rng(), replications=2).curve
    assert curve.iloc[[0, -1]].to_numpy().ravel() == pytest.approx([0, 0, 1, 1])
    assert (curve["value"] <= curve["customers"] + 1e-12).all()
    assert (curve["value"].diff().dropna() >= 0).all()


@pytest.mark.whole
def test_bootstrap_interval_of_the_gini_covers():
    # exponential: Gini 1/2; the top fifth holds .2 (1 + log 5)
    truth = np.array([0.5, 0.2 * (1 + np.log(5))])
    covered = np.zeros(2)
    for seed in range(200):
        values = rng(seed).exponential(size=400)
        table = measure_concentration(values, rng=rng(seed), top=(0.2,), replications=200).table
        covered += (table["conf_low"] < truth) & (truth < table["conf_high"])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered


@pytest.mark.parametrize(
    ("values", "why"),
    [([5.0], "one_customer"), ([0, 0, 0], "all_zero"), ([-4, -1], "all_zero")],
)
def test_degenerate_values_are_noted(values, why):
    found = measure_concentration(values, rng=rng())
    assert found.note == note(f"concentration.{why}")
    assert np.isnan(found.gini)


def test_missing_values_are_refused():
    with pytest.raises(DataError, match="finite numbers, but 1 of 2"):
        gini([1.0, np.nan])
    with pytest.raises(ParamsError, match="top must be shares"):
        measure_concentration([1, 2], rng=rng(), top=(20,))


# Migration


def moves():
    before = ["low"] * 60 + ["mid"] * 30 + ["high"] * 10
    after = ["low"] * 45 + ["mid"] * 15 + ["low"] * 6 + ["mid"] * 21 + ["high"] * 3
    return before, after + ["mid"] * 4 + ["high"] * 6


def test_migration_by_hand():
    found = measure_migration(*moves(), tiers=TIERS)
    assert found.matrix().to_numpy() == pytest.approx(
        np.array([[0.75, 0.25, 0], [0.2, 0.7, 0.1], [0, 0.4, 0.6]])
    )
    rates = found.rates.set_index(["group", "term"])["estimate"]
    assert rates["all", "up"] == pytest.approx(0.18)
    assert rates["all", "down"] == pytest.approx(0.10)
    assert rates["mid", "down"] == pytest.approx(0.2)
    # Shorrocks: (3 - .75 - .7 - .6) / 2, its variance a sum of three binomial ones / 4
    mobility = found.mobility.iloc[0]
    assert mobility["estimate"] == pytest.approx(0.475)
    variance = 0.75 * 0.25 / 60 + 0.7 * 0.3 / 30 + 0.6 * 0.4 / 10
    assert mobility["std_error"] == pytest.approx(np.sqrt(variance) / 2)


def test_migration_intervals_are_wilsons():
    cell = (
        measure_migration(*moves(), tiers=TIERS).table.set_index(["from", "to"]).loc["mid", "high"]
    )
    assert (cell["conf_low"], cell["conf_high"]) == pytest.approx(
        proportion_confint(3, 30, method="wilson")
    )


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(TIERS), st.sampled_from(TIERS)), min_size=1, max_size=60))
def test_migration_rows_sum_to_one(pairs):
    before, after = zip(*pairs, strict=True)
    found = measure_migration(before, after, tiers=TIERS)
    sums = found.matrix().sum(axis=1, min_count=1).dropna()
    assert sums.to_numpy() == pytest.approx(np.ones(len(set(before))))
    counted = pd.DataFrame(pairs).value_counts().reset_index()
    again = measure_migration(counted[0], counted[1], tiers=TIERS, counts=counted["count"])
    pd.testing.assert_frame_equal(again.table, found.table)


def test_a_tier_nobody_is_in_is_noted():
    found = measure_migration(["low", "high", "low"], ["low", "high", None], tiers=TIERS)
    row = found.table[found.table["from"] == "mid"]
    assert row["estimate"].isna().all()
    assert set(row["note"]) == {note("concentration.tier_not_held")}
    assert found.mobility["note"][0] == note("concentration.over_tiers", held=2, all=3)
    assert (found.left, found.joined) == (1, 0)


def test_unknown_tiers_are_refused():
    with pytest.raises(DataError, match=r"after must hold only the tiers .* 'gold'"):
        measure_migration(["low"], ["gold"], tiers=TIERS)
    with pytest.raises(DataError, match="one length"):
        measure_migration(["low"], ["low", "mid"], tiers=TIERS)
    with pytest.raises(ParamsError, match="two or more different names"):
        measure_migration(["low"], ["low"], tiers=["low"])


def steady_and_changing(seed, change):
    """Purchases of two years; by `change`, customers' rates are dealt anew for the second."""
    draw = rng(seed)
    rate = draw.gamma(0.8, 5, 1500)
    later = np.where(draw.random(1500) < change, draw.permutation(rate), rate)
    made = draw.poisson(rate), draw.poisson(later)
    ids = [np.repeat(np.arange(1500), n) for n in made]
    return made, pd.DataFrame({"customer_id": np.concatenate(ids), "amount": 1.0})


def by_purchases(sums):
    return np.array(TIERS)[np.searchsorted([2, 7], sums["purchases"], side="right")]


def test_without_change_migration_is_what_chance_gives():
    made, purchases = steady_and_changing(1, 0.0)
    found = simulate_no_change(purchases, by_purchases, tiers=TIERS, rng=rng(), draws=60)
    bought = (made[0] + made[1]) > 0
    rated = [by_purchases(pd.DataFrame({"purchases": n[bought]})) for n in made]
    actual = measure_migration(*rated, tiers=TIERS).mobility["estimate"][0]
    chance = found.mobility.iloc[0]
    assert chance["conf_low"] < actual < chance["conf_high"]
    assert chance["estimate"] > 0.3  # luck alone moves many


def test_real_change_exceeds_what_chance_gives():
    made, purchases = steady_and_changing(2, 0.5)
    found = simulate_no_change(purchases, by_purchases, tiers=TIERS, rng=rng(), draws=60)
    bought = (made[0] + made[1]) > 0
    rated = [by_purchases(pd.DataFrame({"purchases": n[bought]})) for n in made]
    actual = measure_migration(*rated, tiers=TIERS).mobility["estimate"][0]
    assert actual > found.mobility["conf_high"][0]


# Ranking


def test_gain_by_hand():
    scores = pd.DataFrame({"good": [4, 3, 2, 1], "bad": [1, 2, 3, 4], "flat": [1, 1, 1, 1]})
    found = measure_gain(scores, [8, 4, 2, 2], rng=rng(), groups=2, replications=5)
    gini = found.table[found.table["term"] == "normalised_gini"].set_index("group")["estimate"]
    assert gini.to_numpy() == pytest.approx([1, -1, 0])
    good = found.deciles[found.deciles["group"] == "good"]
    assert good["cumulative_share"].tolist() == pytest.approx([0.75, 1])
    assert good["lift"].tolist() == pytest.approx([1.5, 0.5])
    flat = found.deciles[found.deciles["group"] == "flat"]
    assert flat["share"].tolist() == pytest.approx([0.5, 0.5])


def test_rank_correlation_agrees_with_scipy_and_the_baseline_is_beaten():
    value = rng().gamma(1, 10, 2000)
    scores = pd.DataFrame(
        {"last": value + rng(1).normal(0, 40, 2000), "better": value + rng(2).normal(0, 10, 2000)}
    )
    found = measure_gain(scores, value, rng=rng(), baseline="last", replications=100)
    line = found.table.set_index(["group", "term"]).loc[("last", "spearman")]
    assert line["estimate"] == pytest.approx(stats.spearmanr(scores["last"], value).statistic)
    gain = found.differences.set_index("term").loc["normalised_gini"]
    assert gain["conf_low"] > 0
    assert set(found.differences["group"]) == {"better"}


def test_auc_agrees_with_scikit_learn_and_covers():
    truth, covered = stats.norm.cdf(1 / np.sqrt(2)), 0
    for seed in range(200):
        event = rng(seed).random(200) < 0.3
        score = rng(seed + 1000).normal(size=200) + event
        table = measure_auc(score, event).table.iloc[0]
        covered += table["conf_low"] < truth < table["conf_high"]
    assert table["estimate"] == pytest.approx(roc_auc_score(event, score))
    assert 0.895 <= covered / 200 <= 0.990, covered


def test_auc_without_events_is_noted():
    found = measure_auc([1, 2, 3], [0, 0, 1])
    assert found.table["note"][0] == note("concentration.too_few_events")
    with pytest.raises(DataError, match="True or False"):
        measure_auc([1, 2], [1, 3])


def test_trend_by_hand():
    found = measure_trend([1, 2, 3, 4, 5, 6], list("aabbcc"), order=["a", "b", "c"])
    test = found.test.iloc[0]
    # all 12 pairs agree; without ties the variance is (N^2(2N + 3) - sum n^2(2n + 3)) / 72
    assert test["estimate"] == 1
    variance = (36 * 15 - 3 * 4 * 7) / 72
    assert test["statistic"] == pytest.approx((12 - 6) / np.sqrt(variance))
    assert found.table["estimate"].tolist() == [1.5, 3.5, 5.5]


def test_trend_with_ties_agrees_with_permutation():
    values, groups = rng(3).integers(0, 5, 60), rng(4).integers(0, 3, 60)
    order, names = ["a", "b", "c"], np.array(list("abc"))
    z = [
        measure_trend(rng(s).permutation(values), names[groups], order=order).test["statistic"][0]
        for s in range(700)
    ]
    assert np.mean(z) == pytest.approx(0, abs=0.12)
    assert np.std(z) == pytest.approx(1, abs=0.08)


def test_trend_is_kendalls_test_with_ties():
    # R, DescTools::JonckheereTerpstraTest: "the asymptotic version is equivalent to
    # cor.test(x, g, method = 'k')"; scipy has the same test
    values, groups = rng().integers(0, 6, 80), rng().integers(0, 4, 80)
    order = [str(k) for k in range(4)]
    found = measure_trend(values, groups.astype(str), order=order).test.iloc[0]
    peer = stats.kendalltau(values, groups, method="asymptotic")
    assert found["p_value"] == pytest.approx(peer.pvalue, rel=1e-9)


def test_gini_reproduces_desctools_and_acid():
    # DescTools Gini help: c(10, 10, 0, 0, 0), unbiased = FALSE, with and without weights; rdrr.io
    # acid/gini: bias-corrected .5134346 of the incomes, n / (n - 1) times ours
    assert measure_concentration([10, 10, 0, 0, 0], rng=rng()).gini == pytest.approx(0.6)
    weighted = measure_concentration([10, 0], counts=np.array([2, 3]), rng=rng())
    assert weighted.gini == pytest.approx(0.6)
    incomes = [541, 1463, 2445, 3438, 4437, 5401, 6392, 8304, 11904, 22261]
    corrected = measure_concentration(incomes, rng=rng()).gini * 10 / 9
    assert corrected == pytest.approx(0.5134346, abs=5e-8)


def test_trend_of_equal_values_or_a_thin_group_is_noted():
    same = measure_trend([2, 2, 2, 2], list("aabb"), order=["a", "b", "c"])
    assert same.test["note"][0] == note("concentration.all_equal")
    assert same.table["note"].tolist()[-1] == note("concentration.too_few_customers", customers=0)
    with pytest.raises(DataError, match="groups must be one of"):
        measure_trend([1, 2], ["a", "z"], order=["a", "b"])


# Bunching


def test_bunching_is_found_where_it_is_and_only_there():
    draw = rng(9)
    values = draw.gamma(3, 100, 20_000)
    steered = (values > 480) & (values < 500) & (draw.random(20_000) < 0.4)
    values[steered] = 500 + draw.uniform(0, 20, steered.sum())
    table = count_near(values, {"gold": 500.0, "silver": 250.0}, width=20).table
    excess = table[table["term"] == "excess_above"].set_index("group")
    assert excess.loc["gold", "p_value"] < 1e-4
    assert excess.loc["gold", "conf_low"] > 0.1
    assert excess.loc["silver", "p_value"] > 0.01
    shares = table.set_index(["group", "term"])["estimate"]
    assert shares["gold", "just_above"] == pytest.approx(((values >= 500) & (values < 520)).mean())


def test_bunching_test_keeps_its_level():
    p_values = []
    for seed in range(200):
        values = rng(seed).gamma(3, 100, 4000)
        table = count_near(values, {"gold": 350.0}, width=20).table
        p_values.append(table["p_value"].iloc[-1])
    assert 0.01 <= np.mean(np.array(p_values) < 0.05) <= 0.105


def test_bunching_with_few_customers_is_noted():
    table = count_near([1, 2, 3.0], {"gold": 2}, width=0.5).table
    assert table["note"].iloc[-1] == note("concentration.too_few_around")
    with pytest.raises(ParamsError, match="width must be above 0"):
        count_near([1.0, 2], {"gold": 2}, width=0)
