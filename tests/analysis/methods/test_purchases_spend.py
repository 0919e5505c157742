"""Gamma-Gamma, and the check of what it assumes."""

import numpy as np
import pandas as pd
import pytest
from purchase_data import cdnow_frame, cdnow_spend
from scipy import integrate, stats

from analysis.errors import DataError
from analysis.methods.purchases import check_spend, fit_gammagamma
from analysis.methods.purchases.gammagamma import _likelihood
from analysis.notes import note

FIRST_TEN = [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17]


def spenders(customers, params, rng):
    """Customers of the Gamma-Gamma model with one to six repeat purchases."""
    p, q, gamma = params
    nu = rng.gamma(q, 1 / gamma, customers)
    frequency = rng.integers(1, 7, customers)
    return pd.DataFrame(
        {"frequency": frequency, "monetary_value": rng.gamma(p * frequency) / nu / frequency}
    )


# Published


def test_gammagamma_reproduces_fader_hardie():
    # Fader & Hardie (2013), note 025: p, q, gamma 6.25 3.74 15.44, LL -4055.92 (946 repeaters).
    # CLVTools test_correctness_gg.R: LL -4055.9177
    model = fit_gammagamma(cdnow_frame())
    assert model.params.round(2) == pytest.approx([6.25, 3.74, 15.44], abs=1e-9)
    assert model.log_likelihood == pytest.approx(-4055.9177, abs=5e-5)
    assert model.customers == 946


def test_gammagamma_on_the_table_rounded_to_cents():
    # the same numbers up to what rounding the mean spend to cents moves
    model = fit_gammagamma(cdnow_spend())
    assert model.params == pytest.approx([6.25, 3.74, 15.44], abs=0.01)
    assert model.log_likelihood == pytest.approx(-4055.92, abs=5e-3)
    assert model.conditional(cdnow_spend().head(10)) == pytest.approx(FIRST_TEN, abs=0.01)


def test_conditional_spend_reproduces_note_025():
    # Hardie's note 025, the first ten customers; mean spend at full precision
    frame = cdnow_frame()
    found = fit_gammagamma(frame).conditional(frame.head(10))
    assert found.round(2) == pytest.approx(FIRST_TEN, abs=1e-9)


def test_spend_and_frequency_correlate_weakly_on_cdnow():
    # Fader & Hardie (2013): the correlation among repeaters is .11
    check = check_spend(cdnow_frame())
    pearson = check.table.set_index("term").loc["pearson"]
    assert pearson["estimate"] == pytest.approx(0.11, abs=5e-3)
    assert check.size == "weak"


# By hand


def test_conditional_spend_by_hand():
    from dataclasses import replace

    model = replace(fit_gammagamma(cdnow_frame()), params=np.array([2.0, 3.0, 10.0]))
    frame = pd.DataFrame({"frequency": [2, 0, 2], "monetary_value": [20.0, 0.0, -5.0]})
    # p (gamma + x z) / (p x + q - 1): 2 (10 + 40) / 6; nothing known: p gamma / (q - 1)
    assert model.conditional(frame) == pytest.approx([100 / 6, 10.0, 10.0])
    assert model.mean == pytest.approx(10.0)
    heavy = replace(model, params=np.array([2.0, 0.9, 10.0]))
    assert np.isnan(heavy.mean)
    assert np.isnan(heavy.conditional(frame)[1])


# Second implementations


def test_likelihood_is_the_mixture():
    p, q, gamma, x, z = 2.5, 3.2, 12.0, 3, 21.0

    def density(nu):
        mean_spend = stats.gamma.pdf(z, p * x, scale=1 / (nu * x))
        return mean_spend * stats.gamma.pdf(nu, q, scale=1 / gamma)

    found, _ = integrate.quad(density, 0, 5, epsabs=0, epsrel=1e-11)
    value, _ = _likelihood((p, q, gamma), np.array([float(x)]), np.array([z]), np.ones(1))
    assert value == pytest.approx(np.log(found), rel=1e-9)


def test_gradient_is_the_slope():
    x, z, counts = np.array([1.0, 2, 9]), np.array([5.0, 60, 22]), np.array([3.0, 1, 2])
    params = np.array([2.0, 3.0, 20.0])
    for k in range(3):
        step = 1e-5 * (np.arange(3) == k)
        ends = [_likelihood(params + s, x, z, counts)[0] for s in (step, -step)]
        slope = (ends[0] - ends[1]) / 2e-5
        assert _likelihood(params, x, z, counts)[1][k] == pytest.approx(slope, rel=1e-6)


def test_fit_agrees_with_lifetimes():
    import lifetimes

    frame = cdnow_spend().query("frequency > 0")
    other = lifetimes.GammaGammaFitter().fit(frame["frequency"], frame["monetary_value"])
    assert fit_gammagamma(frame).params == pytest.approx(other.params_.to_numpy(), rel=1e-3)


def test_correlations_agree_with_scipy_also_when_counted():
    frame = cdnow_frame().query("frequency > 0")
    counted = frame.groupby(["frequency", "monetary_value"]).size().rename("count").reset_index()
    for table in (check_spend(frame).table, check_spend(counted).table):
        found = table["estimate"].to_numpy()
        pair = frame["frequency"], frame["monetary_value"]
        assert found == pytest.approx(
            [stats.pearsonr(*pair).statistic, stats.spearmanr(*pair).statistic], rel=1e-9
        )


# Properties and recovery


def test_conditional_spend_lies_between_own_and_common_mean():
    frame = cdnow_frame().query("frequency > 0")
    model = fit_gammagamma(frame)
    found = model.conditional(frame)
    own = frame["monetary_value"].to_numpy()
    assert (found >= np.minimum(own, model.mean) - 1e-9).all()
    assert (found <= np.maximum(own, model.mean) + 1e-9).all()


def test_another_currency_changes_only_the_scale():
    frame = cdnow_frame()
    cents = frame.assign(monetary_value=100 * frame["monetary_value"])
    one, hundred = fit_gammagamma(frame), fit_gammagamma(cents)
    assert hundred.params == pytest.approx(one.params * [1, 1, 100], rel=1e-6)


def test_intervals_cover_the_truth():
    truth, covered = np.array([3.0, 4.0, 30.0]), np.zeros(3)
    for seed in range(200):
        table = fit_gammagamma(spenders(1000, truth, np.random.default_rng(seed))).table
        covered += (table["conf_low"] < truth) & (truth < table["conf_high"])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered


# Refusals and notes


def test_all_zero_spend_is_noted():
    frame = cdnow_frame().assign(monetary_value=0.0)
    model = fit_gammagamma(frame)
    assert model.note == note("purchases.too_few_spenders", customers=0)
    assert model.left_out == 946
    assert check_spend(frame).size == "not estimable"


def test_customers_with_a_mean_below_zero_are_left_out_and_counted():
    frame = cdnow_frame().copy()
    frame.loc[frame.index[frame["frequency"] > 0][:3], "monetary_value"] = [-1.0, 0.0, -7.5]
    model = fit_gammagamma(frame)
    assert (model.customers, model.left_out) == (943, 3)


def test_the_same_spend_for_all_is_noted():
    frame = pd.DataFrame({"frequency": [1, 2, 3, 4], "monetary_value": 5.0})
    assert fit_gammagamma(frame).note == note("purchases.same_spend")


def test_text_for_money_is_refused():
    with pytest.raises(DataError, match="monetary_value must be a number"):
        fit_gammagamma(pd.DataFrame({"frequency": [1, 2], "monetary_value": ["5", "n/a"]}))
