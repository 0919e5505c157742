"""BG/NBD, MBG/NBD and Pareto/NBD."""

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from purchase_data import cdnow_frame, cdnow_summary, simulate_bgnbd, simulate_paretonbd
from scipy import integrate, stats
from scipy.special import beta as beta_function
from scipy.special import gammaln, hyp2f1, roots_jacobi

from analysis.errors import DataError
from analysis.methods.purchases import fit_bgnbd, fit_mbgnbd, fit_paretonbd
from analysis.methods.purchases._betageometric import BetaGeometricLikelihood
from analysis.methods.purchases.paretonbd import _likelihood as pareto_likelihood
from analysis.methods.purchases.paretonbd import alive_probability
from analysis.notes import note

FITS = {"bg": fit_bgnbd, "mbg": fit_mbgnbd, "pareto": fit_paretonbd}


def one(frequency, recency, age):
    return pd.DataFrame({"frequency": [frequency], "recency": [recency], "age": [age]})


@pytest.fixture(scope="module")
def fitted():
    return {name: fit(cdnow_summary()) for name, fit in FITS.items()}


# Published


def test_bgnbd_reproduces_fader_hardie_lee(fitted):
    # Fader, Hardie & Lee (2005), Marketing Science 24, table 2: .243 4.414 .793 2.426, LL -9582.4;
    # four digits: Hardie's worksheet
    model = fitted["bg"]
    assert model.params == pytest.approx([0.2426, 4.4136, 0.7929, 2.4259], abs=2e-4)
    assert model.params == pytest.approx([0.243, 4.414, 0.793, 2.426], abs=5e-4)
    assert model.log_likelihood == pytest.approx(-9582.43, abs=0.006)


def test_bgnbd_reproduces_clvtools_digits():
    # CLVTools tests/testthat/test_correctness_bgnbd.R: seven digits, from unrounded days / 7
    model = fit_bgnbd(cdnow_frame())
    published = [0.2425945, 4.4136019, 0.7929199, 2.4258881]
    assert model.params == pytest.approx(published, rel=1e-5)
    assert model.log_likelihood == pytest.approx(-9582.429, abs=5e-4)


def test_bgnbd_expectation_reproduces_worksheet(fitted):
    # Hardie's BG/NBD worksheet; lifetimes tests/test_estimation.py. 1.8576 is a series cut off.
    times = np.array([0.1429, 1.0, 3.0, 31.8571, 32.0])
    expected = fitted["bg"].expected(times)
    assert expected.round(4) == pytest.approx([0.0078, 0.0532, 0.1506, 1.0405, 1.0437], abs=1e-9)
    assert fitted["bg"].expected(78.0) == pytest.approx(1.858, abs=1e-3)
    # BTYD walkthrough: bgnbd.Expectation(params, t = 52) is 1.444
    assert fitted["bg"].expected(52.0) == pytest.approx(1.444, abs=5e-4)


def test_bgnbd_conditional_reproduces_worksheet(fitted):
    # Hardie's worksheet: E[X(39) | x = 2, t_x = 30.43, T = 38.86] = 1.226
    assert fitted["bg"].conditional(one(2, 30.43, 38.86), 39) == pytest.approx([1.226], abs=5e-4)


def test_bgnbd_forecast_of_the_holdout_is_reproduced():
    # REFERENCE: the 39-week forecast is 1653.4 where 1882 purchases were made
    frame = cdnow_frame()
    assert fit_bgnbd(frame).conditional(frame, 39).sum() == pytest.approx(1653.4, abs=0.05)
    assert frame["holdout"].sum() == 1882


def test_mbgnbd_reproduces_btydplus(fitted):
    # lifetimes tests/test_estimation.py, from BTYDplus: .525 6.183 .891 1.614
    assert fitted["mbg"].params == pytest.approx([0.525, 6.183, 0.891, 1.614], abs=5e-4)


def test_paretonbd_reproduces_fader_hardie(fitted):
    # Fader & Hardie (2005); Fader, Hardie & Lee (2005), table 2
    model = fitted["pareto"]
    assert model.params == pytest.approx([0.553, 10.578, 0.606, 11.669], abs=2e-3)
    assert model.params.round(3) == pytest.approx([0.553, 10.578, 0.606, 11.668], abs=1e-9)
    exact = fit_paretonbd(cdnow_frame())
    assert exact.params == pytest.approx([0.553, 10.578, 0.606, 11.669], abs=5e-4)
    assert exact.log_likelihood == pytest.approx(-9594.98, abs=0.005)
    assert exact.log_likelihood == pytest.approx(-9594.976, abs=5e-4)  # CLVTools


def test_paretonbd_standard_errors_reproduce_clvtools(fitted):
    # CLVTools test_correctness_pnbd.R: .0476264 .8427222 .1872594 6.2105448
    published = [0.0476264, 0.8427222, 0.1872594, 6.2105448]
    found = fit_paretonbd(cdnow_frame()).table["std_error"]
    assert found.to_numpy() == pytest.approx(published, rel=5e-4)


def test_paretonbd_reproduces_btyd_walkthrough(fitted):
    # BTYD walkthrough: E[X(52)] 1.4734; customer 1516 (26, 30.86, 31): 25.46 and .9979
    model, customer = fitted["pareto"], one(26, 30.86, 31)
    assert model.expected(52) == pytest.approx(1.4734, abs=5e-5)
    assert model.conditional(customer, 52) == pytest.approx([25.46], abs=5e-3)
    assert model.alive(customer) == pytest.approx([0.9979], abs=5e-5)


def test_paretonbd_reproduces_the_frequency_paradox(fitted):
    # BTYD walkthrough: t.x = 20, T.cal = 39, T.star = 52; more purchases before a long silence
    # promise fewer after it. Its search stopped at alpha 10.580, beta 11.656: within 2 in 1,000
    customers = pd.DataFrame({"frequency": [10, 15, 20, 25], "recency": 20.0, "age": 39.0})
    published = [0.7062289, 0.1442396, 0.02250658, 0.00309267]
    assert fitted["pareto"].conditional(customers, 52) == pytest.approx(published, rel=2e-3)


def test_paretonbd_alive_is_stable_for_heavy_buyers(fitted):
    # CLVTools: these gave NaN in its hypergeometric form (its parameters, its customers)
    model = replace(fitted["pareto"], params=np.array([0.5143, 2.8845, 0.2856, 14.1087]))
    customers = pd.DataFrame(
        {
            "frequency": [221, 254, 161, 204],
            "recency": [103.42857, 97.14286, 94.71429, 98.57143],
            "age": [103.57143, 97.28571, 98.0, 99.42857],
        }
    )
    alive = model.alive(customers)
    assert np.isfinite(alive).all()
    assert ((alive > 0) & (alive < 1)).all()
    for i, (x, t_x, age) in enumerate(customers.itertuples(index=False)):
        assert alive[i] == pytest.approx(pareto_alive_by_quadrature(model.params, x, t_x, age))


def pareto_alive_by_quadrature(params, x, t_x, age):
    r, alpha, s, beta = params

    def ratio(t):
        shrink = (r + x) * np.log((alpha + age) / (alpha + t))
        return s * np.exp(shrink + s * np.log(beta + age) - (s + 1) * np.log(beta + t))

    died, _ = integrate.quad(ratio, t_x, age, epsabs=0, epsrel=1e-10, limit=500)
    return 1 / (1 + died)


# By hand


def test_bgnbd_alive_by_hand(fitted):
    model = replace(fitted["bg"], params=np.ones(4))
    # odds of death: a / (b + x - 1) ((alpha + T) / (alpha + t_x))^(r + x) = 1 (4 / 2)^2
    assert model.alive(one(1, 1, 3)) == pytest.approx([1 / 5])
    assert model.alive(one(0, 0, 3)) == pytest.approx([1.0])
    coin = replace(fitted["mbg"], params=np.ones(4))
    # a / (b + x) ((alpha + T) / (alpha + t_x))^(r + x): 4 / 2, and for x = 0: 4
    assert coin.alive(one(1, 1, 3)) == pytest.approx([1 / 3])
    assert coin.alive(one(0, 0, 3)) == pytest.approx([1 / 5])


def test_paretonbd_expectation_by_hand(fitted):
    model = replace(fitted["pareto"], params=np.array([2.0, 4.0, 2.0, 3.0]))
    # r beta / (alpha (s - 1)) (1 - beta / (beta + t)) = 1.5 (1 - 3 / 9)
    assert model.expected(6.0) == pytest.approx(1.0)
    steady = replace(fitted["pareto"], params=np.array([2.0, 4.0, 1.0, 3.0]))
    # s = 1: r beta / alpha log((beta + t) / beta)
    assert steady.expected(6.0) == pytest.approx(1.5 * np.log(3), rel=1e-6)


# Second implementations


@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0.0, 5.0), (2, 3.0, 6.0), (4, 5.5, 6.0)])
@pytest.mark.parametrize("first_coin", [0, 1])
def test_bgnbd_likelihood_is_the_mixture(x, t_x, age, first_coin):
    r, alpha, a, b = 0.8, 4.0, 1.3, 2.2

    def history(rate, p):
        stayed = (1 - p) ** (x + first_coin) * np.exp(-rate * age)
        if x > 0 or first_coin:
            stayed += p * (1 - p) ** (x + first_coin - 1) * np.exp(-rate * t_x)
        return stayed * rate**x

    def density(rate, p):
        mixing = alpha**r * rate ** (r - 1) * np.exp(-alpha * rate - gammaln(r))
        return mixing * p ** (a - 1) * (1 - p) ** (b - 1) / beta_function(a, b)

    found, _ = integrate.dblquad(lambda rate, p: history(rate, p) * density(rate, p), 0, 1, 0, 8)
    arrays = (np.array([float(v)]) for v in (x, t_x, age, 1))
    likelihood = BetaGeometricLikelihood(*arrays, first_coin=first_coin)
    assert likelihood(np.array([r, alpha, a, b]))[0] == pytest.approx(np.log(found), rel=1e-5)


def test_paretonbd_likelihood_is_the_hypergeometric_form():
    # Fader & Hardie (2005), note 009, for both orders of alpha and beta
    x, t_x, age = np.array([0.0, 1, 3, 12]), np.array([0.0, 5, 20, 30]), np.array([9.0, 9, 35, 38])
    for r, alpha, s, beta in [(0.6, 10.0, 0.7, 12.0), (1.6, 14.0, 2.1, 5.0)]:
        more = max(alpha, beta)
        second = s + 1 if alpha >= beta else r + x
        k = r + s + x

        def side(t, k=k, second=second, more=more, apart=alpha - beta):
            return hyp2f1(k, second, k + 1, abs(apart) / (more + t)) / (more + t) ** k

        alive = (alpha + age) ** -(r + x) * (beta + age) ** -s
        dead = s / k * (side(t_x) - side(age))
        common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
        value, _ = pareto_likelihood(np.array([r, alpha, s, beta]), x, t_x, age, np.ones(4))
        assert value == pytest.approx((common + np.log(alive + dead)).sum(), rel=1e-10)


@pytest.mark.parametrize("model", ["bg", "mbg"])
@pytest.mark.parametrize("t", [0.5, 39.0, 520.0])
def test_betageometric_expectation_is_the_integral_over_p(fitted, model, t):
    r, alpha, a, b = fitted[model].params
    first = 1 if model == "mbg" else 0
    nodes, weights = roots_jacobi(200, b - 1 + first, a - 1)
    p = (nodes + 1) / 2
    mean = (weights / weights.sum()) @ ((1 - (alpha / (alpha + p * t)) ** r) / p)
    stays = b / (a + b) if first else 1.0
    assert fitted[model].expected(t) == pytest.approx(stays * mean, rel=1e-8)


def test_expectation_is_continuous_where_the_closed_form_is_not(fitted):
    for a, b in [(1.0, 2.0), (0.4, 0.6)]:
        near = [
            replace(fitted["bg"], params=np.array([0.3, 5.0, a + h, b])).expected(30.0)
            for h in (-1e-4, 0.0, 1e-4)
        ]
        assert near[1] == pytest.approx((near[0] + near[2]) / 2, rel=1e-5)


@pytest.mark.parametrize(("a", "b"), [(40.0, 90.0), (29.9, 3.0), (30.1, 3.0), (9e4, 2e4)])
def test_expectation_of_customers_who_are_alike_in_leaving(fitted, a, b):
    r, alpha, t = 2.0, 5.0, 39.0
    model = replace(fitted["bg"], params=np.array([r, alpha, a, b]))
    beta = stats.beta(a, b)
    mean = beta.expect(
        lambda p: (1 - (alpha / (alpha + p * t)) ** r) / p,
        lb=beta.ppf(1e-13),
        ub=beta.ppf(1 - 1e-13),
    )
    assert model.expected(t) == pytest.approx(mean, rel=1e-5)
    assert np.isfinite(model.conditional(cdnow_summary(), t)).all()


def test_analytic_gradients_are_the_slopes():
    frame = cdnow_summary().drop_duplicates(["frequency", "recency", "age"]).head(60)
    arrays = [frame[name].to_numpy(float) for name in ("frequency", "recency", "age")]
    counts = np.arange(1.0, len(frame) + 1)
    params = np.array([0.7, 6.0, 0.8, 2.5])
    for likelihood in (
        BetaGeometricLikelihood(*arrays, counts, first_coin=0),
        BetaGeometricLikelihood(*arrays, counts, first_coin=1),
        lambda p: pareto_likelihood(p, *arrays, counts),
    ):
        for k in range(4):
            step = 1e-5 * (np.arange(4) == k)
            slope = (likelihood(params + step)[0] - likelihood(params - step)[0]) / 2e-5
            assert likelihood(params)[1][k] == pytest.approx(slope, rel=1e-5)


def test_fits_agree_with_lifetimes(fitted):
    import lifetimes

    frame = cdnow_summary()
    columns = (frame["frequency"], frame["recency"], frame["age"])
    for name, peer in [("bg", "BetaGeoFitter"), ("mbg", "ModifiedBetaGeoFitter")]:
        other = getattr(lifetimes, peer)().fit(*columns)
        assert fitted[name].params == pytest.approx(other.params_.to_numpy(), rel=1e-4)
        assert fitted[name].table["std_error"].to_numpy() == pytest.approx(
            other.standard_errors_.to_numpy(), rel=1e-3
        )
        forecast = other.conditional_expected_number_of_purchases_up_to_time(39, *columns)
        assert fitted[name].conditional(frame, 39) == pytest.approx(forecast.to_numpy(), rel=1e-3)


# Properties


SIZES = st.floats(-4.5, 4.5).map(lambda power: 10.0**power)


@settings(max_examples=60, deadline=None)
@given(r=SIZES, alpha=SIZES, s=SIZES, x=st.integers(0, 300), seen=st.floats(0, 1))
def test_alive_where_alpha_is_beta_is_closed(r, alpha, s, x, seen):
    age, t_x = 50.0, 50.0 * seen * (x > 0)
    gone = (r + x + s) * np.log1p((age - t_x) / (alpha + t_x))
    with np.errstate(over="ignore"):
        expected = 1 / (1 + s / (r + x + s) * np.expm1(gone))
    rows = (np.array([value]) for value in (float(x), t_x, age))
    found = alive_probability((r, alpha, s, alpha), *rows)
    assert found == pytest.approx([expected], rel=1e-7, abs=1e-250)


@pytest.mark.parametrize("name", FITS)
def test_counted_rows_give_the_same_fit(name, fitted):
    frame = cdnow_summary()
    counted = frame.groupby(["frequency", "recency", "age"]).size().rename("count").reset_index()
    again = FITS[name](counted)
    assert again.params == pytest.approx(fitted[name].params, rel=1e-7)
    assert again.customers == 2357
    assert again.rows == len(counted) == fitted[name].rows


@settings(max_examples=40, deadline=None)
@given(
    frequency=st.integers(0, 400),
    share=st.floats(0.01, 1.0),
    age=st.floats(0.5, 200),
    time=st.floats(0.1, 150),
)
def test_value_is_monotone_in_the_horizon(frequency, share, age, time):
    customer = one(frequency, share * age if frequency else 0.0, age)
    for model in _models():
        alive = model.alive(customer)[0]
        near, far = model.conditional(customer, time)[0], model.conditional(customer, 2 * time)[0]
        assert 0 <= alive <= 1
        assert 0 <= near <= far * (1 + 1e-9)
        assert model.expected(time) <= model.expected(2 * time)


@cache
def _models():
    return [fit(cdnow_summary()) for fit in FITS.values()]


@pytest.mark.parametrize("name", FITS)
def test_a_later_last_purchase_makes_life_likelier(name, fitted):
    customers = pd.DataFrame({"frequency": 3, "recency": np.linspace(1, 38, 20), "age": 38.86})
    assert (np.diff(fitted[name].alive(customers)) > 0).all()


@pytest.mark.parametrize("name", FITS)
def test_another_unit_of_time_changes_only_the_scale(name, fitted):
    frame = cdnow_summary()
    days = frame.assign(recency=frame["recency"] * 7, age=frame["age"] * 7)
    model = FITS[name](days)
    scale = [1, 7, 1, 7] if name == "pareto" else [1, 7, 1, 1]
    assert model.params == pytest.approx(fitted[name].params * scale, rel=1e-5)
    assert model.conditional(days, 7 * 39).sum() == pytest.approx(
        fitted[name].conditional(frame, 39).sum(), rel=1e-5
    )


# Recovery


@pytest.mark.whole
@pytest.mark.parametrize(
    ("fit", "simulate", "truth"),
    [
        (fit_bgnbd, simulate_bgnbd, (0.8, 6.0, 0.9, 3.0)),
        (fit_mbgnbd, lambda *a, **k: simulate_bgnbd(*a, first_coin=True, **k), (0.8, 6, 0.9, 3)),
        (fit_paretonbd, simulate_paretonbd, (0.8, 6.0, 1.2, 20.0)),
    ],
    ids=FITS,
)
def test_intervals_cover_the_truth(fit, simulate, truth):
    covered, truth = np.zeros(4), np.array(truth)
    for seed in range(200):
        frame = simulate(800, truth, np.random.default_rng(seed), length=52)
        table = fit(frame).table
        covered += (table["conf_low"] < truth) & (truth < table["conf_high"])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered


@pytest.mark.parametrize(
    ("fit", "simulate", "params"),
    [
        (fit_bgnbd, simulate_bgnbd, (0.8, 6.0, 0.9, 3.0)),
        (fit_mbgnbd, lambda *a, **k: simulate_bgnbd(*a, first_coin=True, **k), (0.8, 6, 0.9, 3)),
        (fit_paretonbd, simulate_paretonbd, (0.8, 6.0, 1.2, 20.0)),
    ],
    ids=FITS,
)
def test_forecast_is_right_for_its_own_customers(fit, simulate, params):
    frame = simulate(60_000, params, np.random.default_rng(5), length=40)
    model = fit(frame)
    error = np.sqrt(frame["holdout"].var() * len(frame))
    assert abs(model.conditional(frame, 40).sum() - frame["holdout"].sum()) < 4 * error
    for repeats in (0, 1, 3):
        some = frame[frame["frequency"] == repeats]
        gap = model.conditional(some, 40).mean() - some["holdout"].mean()
        assert abs(gap) < 4 * some["holdout"].std() / np.sqrt(len(some))


@pytest.mark.parametrize("name", FITS)
def test_where_nobody_leaves_the_rate_is_still_estimated(name):
    # without leaving all three models are NBD: x ~ Poisson(lambda T), lambda ~ Gamma(3, 1)
    rng = np.random.default_rng(1)
    frequency = rng.poisson(rng.gamma(3, 1, 2000) * 50.0)
    last = 50 * rng.beta(np.maximum(frequency, 1), 1)
    recency = np.where(frequency > 0, last, 0.0)
    model = FITS[name](pd.DataFrame({"frequency": frequency, "recency": recency, "age": 50.0}))
    assert model.note == note("purchases.at_the_edge", edge=2, all=4)
    table = model.table.set_index("term")
    assert table.loc["r", "conf_low"] < 3 < table.loc["r", "conf_high"]
    assert table.loc["alpha", "conf_low"] < 1 < table.loc["alpha", "conf_high"]
    assert table["std_error"].isna().sum() == 2
    assert model.expected(50.0) == pytest.approx(50 * model.params[0] / model.params[1], rel=1e-3)


# Refusals


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"recency": 50.0}, "recency must lie between 0 and age, but 1 of 3 rows"),
        ({"frequency": 1.5}, "frequency must be a whole number"),
        ({"age": 0.0, "recency": 0.0, "frequency": 0}, "age must be above 0"),
        ({"recency": 0.0}, "recency must be above 0 where frequency is"),
        ({"age": np.nan}, "age must be a finite number"),
        ({"count": 0}, "count must be above 0"),
    ],
)
def test_impossible_histories_are_refused(change, message):
    frame = pd.DataFrame({"frequency": [2, 0, 1], "recency": [3.0, 0, 2], "age": [9.0, 9, 9]})
    frame = frame.assign(count=[1, 1, 1]).astype(float)
    frame.loc[0, list(change)] = list(change.values())
    with pytest.raises(DataError, match=message):
        fit_bgnbd(frame)


def test_absent_columns_and_empty_frames_are_refused():
    with pytest.raises(DataError, match="recency, age is absent"):
        fit_paretonbd(pd.DataFrame({"frequency": [1]}))
    with pytest.raises(DataError, match="at least one row"):
        fit_mbgnbd(cdnow_summary().head(0))


@pytest.mark.parametrize("name", FITS)
def test_one_customer_is_noted_not_raised(name):
    model = FITS[name](one(2, 5.0, 9.0))
    assert np.isnan(model.params).all()
    assert model.note == note("purchases.one_history")
    assert np.isnan(model.conditional(one(2, 5.0, 9.0), 10)).all()


@pytest.mark.parametrize("name", FITS)
def test_nobody_came_back_is_noted(name):
    frame = pd.DataFrame({"frequency": 0, "recency": 0.0, "age": np.arange(1.0, 30)})
    too_few = note("purchases.too_few_repeaters", repeaters=0, customers=29)
    assert FITS[name](frame).note == too_few


def test_customers_who_are_all_alike_have_no_standard_errors():
    frame = pd.DataFrame({"frequency": 4, "recency": np.linspace(7, 9.9, 50), "age": 10.0})
    model = fit_bgnbd(frame)
    assert model.note == note("purchases.flat")
    assert model.table["std_error"].isna().all()
