"""sBG and BdW."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.special import beta as beta_function

from analysis.errors import DataError, ParamsError
from analysis.methods.purchases import fit_bdw, fit_sbg, renewal_rows, renewal_totals
from analysis.methods.purchases.renewal_totals import _variance_of_one
from analysis.notes import note

# Fader & Hardie (2007), table 1, after Berry & Linoff (2004): per cent alive after 0, 1, … 12
# renewals; the model sees the first eight numbers. Scaled to 1,000 customers, as in the paper.
HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1, 46.8, 44.5, 42.7, 40.9, 39.4]
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1, 22.3, 20.7, 19.4, 18.3, 17.3]


def lives(percent, periods):
    return renewal_rows(10 * np.array(percent[: periods + 1]))


# Published


@pytest.mark.parametrize(
    ("percent", "params", "log_likelihood"),
    # log-likelihoods: abdullahau/customer-analytics, the same data and model; to four digits
    [(HIGH_END, [0.668, 3.806], -1611.158), (REGULAR, [0.704, 1.182], -1680.2652)],
)
def test_sbg_reproduces_fader_hardie_2007(percent, params, log_likelihood):
    model = fit_sbg(lives(percent, 7))
    assert model.params.round(3) == pytest.approx(params, abs=1e-9)
    assert model.log_likelihood == pytest.approx(log_likelihood, abs=5e-4)


def test_sbg_residual_life_reproduces_fader_hardie_2010():
    # Fader & Hardie (2010), Marketing Science 29: DERL at 10 % after 7 renewals is 7.530
    assert fit_sbg(lives(HIGH_END, 7)).residual_life(7, 0.10) == pytest.approx(7.530, abs=5e-4)


def test_bdw_reproduces_fader_and_others_2018():
    # Fader, Hardie, Liu, Davin & Steenburgh (2018): High End, first four renewals
    model = fit_bdw(lives(HIGH_END, 4))
    assert model.params.round(4) == pytest.approx([0.2593, 1.7226, 1.5844], abs=1e-9)


def test_sbg_projects_the_holdout_within_two_points():
    # Fader & Hardie (2007), figure 4: the projections stay close to all twelve renewals
    for percent in (HIGH_END, REGULAR):
        ahead = 100 * fit_sbg(lives(percent, 7)).survival(np.arange(8, 13))
        assert np.abs(ahead - percent[8:]).max() < 2.0


# By hand


def test_sbg_by_hand():
    from dataclasses import replace

    model = replace(fit_sbg(lives(REGULAR, 7)), params=np.array([1.0, 1.0]))
    # S(t) = B(1, 1 + t) / B(1, 1) = 1 / (1 + t)
    assert model.survival([0, 1, 4]) == pytest.approx([1, 1 / 2, 1 / 5])
    # DEL at 100 %: sum of 2^-t / (1 + t) = 2 log 2
    assert model.life(1.0) == pytest.approx(2 * np.log(2))


def test_renewal_rows_by_hand():
    rows = renewal_rows([10, 7, 7, 4])
    assert rows.values.tolist() == [[1, True, 3], [3, True, 3], [3, False, 4]]


def test_sbg_likelihood_is_the_mixture():
    alpha, beta = 0.7, 2.3

    def mixed(chance):
        return integrate.quad(
            lambda p: chance(p) * p ** (alpha - 1) * (1 - p) ** (beta - 1), 0, 1, epsabs=1e-12
        )[0] / beta_function(alpha, beta)

    from analysis.methods.purchases.sbg import _likelihood

    t, event, counts = np.array([3.0, 5.0]), np.array([True, False]), np.array([2.0, 4.0])
    found = 2 * np.log(mixed(lambda p: p * (1 - p) ** 2)) + 4 * np.log(
        mixed(lambda p: (1 - p) ** 5)
    )
    assert _likelihood((alpha, beta), t, event, counts)[0] == pytest.approx(found, rel=1e-7)


@pytest.mark.parametrize("module", ["sbg", "bdw"])
def test_gradients_are_the_slopes(module):
    import importlib

    likelihood = importlib.import_module(f"analysis.methods.purchases.{module}")._likelihood
    arrays = np.array([1.0, 2, 3, 3]), np.array([True, True, True, False]), np.array([5.0, 3, 2, 9])
    params = np.array([0.8, 2.0, 1.3][: 2 if module == "sbg" else 3])
    for k in range(len(params)):
        step = 1e-6 * (np.arange(len(params)) == k)
        slope = (
            likelihood(params + step, *arrays)[0] - likelihood(params - step, *arrays)[0]
        ) / 2e-6
        assert likelihood(params, *arrays)[1][k] == pytest.approx(slope, rel=1e-5)


# Properties and recovery


def test_bdw_with_c_of_one_is_sbg():
    from dataclasses import replace

    sbg, bdw = fit_sbg(lives(REGULAR, 7)), fit_bdw(lives(REGULAR, 7))
    assert bdw.log_likelihood >= sbg.log_likelihood
    same = replace(bdw, params=np.append(sbg.params, 1.0))
    periods = np.arange(1, 30)
    assert same.survival(periods) == pytest.approx(sbg.survival(periods))
    for renewals in (0, 7):
        assert same.residual_life(renewals, 0.1) == pytest.approx(sbg.residual_life(renewals, 0.1))


@settings(max_examples=25, deadline=None)
@given(renewals=st.integers(0, 30), rate=st.floats(0.01, 1.0))
def test_who_stayed_longer_is_worth_more(renewals, rate):
    model = fit_sbg(lives(HIGH_END, 7))
    now, later = model.residual_life(renewals, rate), model.residual_life(renewals + 1, rate)
    assert 0 < now < later < (1 + rate) / rate
    assert model.residual_life(renewals, 2 * rate) < now


def test_intervals_cover_the_truth():
    truth, covered = np.array([0.8, 2.5]), np.zeros(2)
    for seed in range(200):
        rng = np.random.default_rng(seed)
        ended = rng.geometric(rng.beta(*truth, 1000))
        frame = pd.DataFrame({"duration": np.minimum(ended, 8), "event": ended <= 8})
        table = fit_sbg(frame).table
        covered += (table["conf_low"] < truth) & (truth < table["conf_high"])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered


def test_bdw_recovers_duration_dependence():
    rng = np.random.default_rng(3)
    theta = rng.beta(0.8, 2.5, 60_000)
    ended = np.floor((np.log(rng.random(60_000)) / np.log1p(-theta)) ** (1 / 1.5)) + 1
    frame = pd.DataFrame({"duration": np.minimum(ended, 9), "event": ended <= 9})
    table = fit_bdw(frame, conf_level=0.999).table
    assert ((table["conf_low"] < [0.8, 2.5, 1.5]) & (table["conf_high"] > [0.8, 2.5, 1.5])).all()


# Refusals


def test_retention_that_rises_is_refused():
    with pytest.raises(DataError, match="never rise"):
        renewal_rows([100, 80, 81])


def test_half_a_period_is_refused():
    with pytest.raises(DataError, match="whole number of periods, 1 or more, but is not in 1 of 2"):
        fit_sbg(pd.DataFrame({"duration": [1, 2.5], "event": [True, False]}))


def test_an_event_of_two_is_refused():
    with pytest.raises(DataError, match="event must be True"):
        fit_bdw(pd.DataFrame({"duration": [1, 2], "event": [1, 2]}))


@pytest.mark.parametrize("rate", [0, -0.1])
def test_a_discount_rate_of_zero_is_refused(rate):
    for model in (fit_sbg(lives(HIGH_END, 7)), fit_bdw(lives(HIGH_END, 7))):
        with pytest.raises(ParamsError, match="must be above 0"):
            model.residual_life(3, rate)
        with pytest.raises(ParamsError, match="renewals must be 0, 1, 2"):
            model.residual_life(-1, 0.1)


def test_too_little_is_noted():
    nobody = pd.DataFrame({"duration": [3, 4], "event": False, "count": 50})
    assert fit_sbg(nobody).note == note("purchases.nobody_left")
    assert fit_bdw(nobody.head(1).assign(count=1)).note == note("purchases.one_history")
    assert fit_bdw(lives(HIGH_END, 2)).note == note("purchases.too_few_periods", periods=2)
    assert fit_sbg(lives(HIGH_END, 1)).note == note("purchases.one_period")


# Totals of what renewals to come are worth


def contracts(renewals, fee):
    return pd.DataFrame({"renewals": renewals, "fee": fee})


def rng():
    return np.random.default_rng(1)


def simulate_life(alpha, beta, renewals, generator):
    """Renewals still made by customers with `renewals` behind them."""
    theta = generator.beta(alpha, beta + np.asarray(renewals, float))
    return generator.geometric(np.maximum(theta, 1e-6)) - 1


def test_totals_of_renewals_are_lives_times_fees():
    model = fit_sbg(lives(HIGH_END, 7))
    table = renewal_totals(model, contracts([0, 7, 7], [10, 20, 30]), rate=0.1, rng=rng()).table
    each = [10 * model.residual_life(0, 0.1), 50 * model.residual_life(7, 0.1)]
    assert table["group"].tolist() == ["0", "7", "all"]
    assert table["n"].tolist() == [1, 2, 3]
    assert table["estimate"].tolist() == pytest.approx([*each, sum(each)])
    assert (table["conf_low"] < table["estimate"]).all()
    assert (table["estimate"] < table["conf_high"]).all()


def test_variance_of_what_a_contract_brings_is_that_of_its_simulated_lives():
    model, rate = fit_sbg(lives(HIGH_END, 7)), 0.1
    for renewals in (0, 5):
        made = simulate_life(*model.params, np.full(400_000, renewals), rng())
        brought = (1 - 1.1 ** -made.astype(float)) / (1 - 1 / 1.1)
        assert model.residual_life(renewals, rate) == pytest.approx(brought.mean(), rel=5e-3)
        variance = _variance_of_one(model, np.array([float(renewals)]), rate)[0]
        assert variance == pytest.approx(brought.var(), rel=1e-2)


@pytest.mark.parametrize("model", [fit_sbg, fit_bdw])
def test_interval_of_totals_narrows_with_the_number_of_contracts(model):
    fitted = model(lives(HIGH_END, 7))
    few, many = (
        renewal_totals(fitted, contracts([3.0] * n, 1.0), rate=0.1, rng=rng()).table.iloc[-1]
        for n in (10, 1000)
    )
    width = [(row["conf_high"] - row["conf_low"]) / row["estimate"] for row in (few, many)]
    assert width[0] > 2 * width[1]


@pytest.mark.whole
def test_intervals_of_totals_cover_what_is_paid():
    generator, held = np.random.default_rng(2), []
    for _ in range(200):
        life = simulate_life(0.7, 3.0, np.zeros(400), generator) + 1
        age = generator.integers(1, 8, 400)
        seen = pd.DataFrame({"duration": np.minimum(life, age), "event": life <= age})
        model = fit_sbg(seen)
        open_now = contracts(
            age[life > age].astype(float), generator.gamma(4, 5, (life > age).sum())
        )
        table = renewal_totals(model, open_now, rate=0.1, rng=generator, draws=200).table
        more = (life - age)[life > age] - 1.0
        paid = open_now["fee"] @ ((1 - 1.1**-more) / (1 - 1 / 1.1))
        held.append(table["conf_low"].iloc[-1] <= paid <= table["conf_high"].iloc[-1])
    assert 0.895 <= np.mean(held) <= 0.990


@pytest.mark.parametrize(
    ("customers", "rate", "message"),
    [
        (contracts([1.5], 1.0), 0.1, "renewals must be 0, 1, 2"),
        (contracts([1.0], -1.0), 0.1, "fee must be 0 or more"),
        (contracts([1.0], 1.0), 0.0, "discount rate of a period must be above 0"),
        (pd.DataFrame({"renewals": [1.0]}), 0.1, "fee is absent"),
    ],
)
def test_impossible_contracts_are_refused(customers, rate, message):
    with pytest.raises((DataError, ParamsError), match=message):
        renewal_totals(fit_sbg(lives(HIGH_END, 7)), customers, rate=rate, rng=rng())


def test_residual_life_holds_where_customers_hardly_differ():
    # geometric lives: sum over t > 0 of .8333^t / 1.1^(t - 1) = .8333 / (1 - .8333 / 1.1)
    from dataclasses import replace

    alike = replace(fit_sbg(lives(HIGH_END, 7)), params=np.array([1e6, 5e6]))
    assert alike.residual_life(3, 0.1) == pytest.approx((5 / 6) / (1 - 5 / 6.6), rel=1e-5)
