"""No estimate depends on the unit of a column: VND or millions of it, years or seconds."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from analysis.methods.drivers import driver_importance
from analysis.methods.hazards import cox_regression, discrete_hazard, predict_survival
from analysis.methods.mediation import mediate
from analysis.methods.purchases.gammagamma import fit_gammagamma
from analysis.methods.regression import (
    average_marginal_effects,
    calibrate,
    check_proportional_odds,
    compare_shapes,
    diagnose,
    fit_counts,
    fit_linear,
    fit_logit,
    fit_ordinal,
    fit_spend,
    fit_two_part,
)
from analysis.states.slopes import interaction_p

FACTORS = st.floats(-8, 12).map(lambda power: 10.0**power)
COLUMNS = st.sampled_from(["score", "income", "tenure"])
NAMES = {"drivers": ["score", "income"], "controls": ["tenure", "city"]}
BY = {"cluster": "customer_id", "weight": "survey_weight"}


def customers(n: int = 300) -> pd.DataFrame:
    """Customers of known habits, with an outcome of every kind."""
    rng = np.random.default_rng(11)
    frame = pd.DataFrame(
        {
            "score": rng.integers(1, 11, n).astype(float),
            "income": rng.lognormal(0, 0.7, n),
            "tenure": rng.gamma(2, 3, n),
            "city": rng.choice(["north", "south", "west"], n),
            "customer_id": rng.integers(0, 120, n),
            "survey_weight": rng.uniform(0.5, 2, n),
            "weeks": rng.uniform(10, 50, n),
        }
    )
    push = 0.25 * frame["score"] + 0.4 * frame["income"] - 0.05 * frame["tenure"] - 1.5
    mean = np.exp(push / 2)
    frame["intention"] = push + rng.normal(size=n)
    frame["renewed"] = (rng.random(n) < 1 / (1 + np.exp(-push))).astype(float)
    frame["purchases"] = rng.negative_binomial(2, 2 / (2 + mean)).astype(float)
    frame["spend"] = rng.gamma(2, mean)
    frame["any_spend"] = frame["spend"] * frame["renewed"]
    frame["answer"] = np.digitize(push + rng.logistic(size=n), [-1, 0.5, 2])
    life = 8 * rng.exponential(np.exp(-push / 2))
    frame["duration"] = np.ceil(np.clip(life, 0.1, 12))
    frame["event"] = (life < 12).astype(int)
    return frame


CUSTOMERS = customers()
REGRESSIONS = {
    "linear": lambda f: fit_linear(f, outcome="intention", **NAMES),
    "linear, errors of the model": lambda f: fit_linear(
        f, outcome="intention", errors="model", **NAMES
    ),
    "linear, by customer": lambda f: fit_linear(f, outcome="intention", **NAMES, **BY),
    "moderated": lambda f: fit_linear(
        f, outcome="intention", drivers=["score", "income"], moderator="city", controls=["tenure"]
    ),
    "logit": lambda f: fit_logit(f, outcome="renewed", **NAMES),
    "logit, by customer": lambda f: fit_logit(f, outcome="renewed", **NAMES, **BY),
    "poisson": lambda f: fit_counts(f, outcome="purchases", overdispersed=False, **NAMES),
    "negative binomial": lambda f: fit_counts(
        f, outcome="purchases", overdispersed=True, exposure="weeks", **NAMES
    ),
    "gamma": lambda f: fit_spend(f, outcome="spend", **NAMES),
    "two parts": lambda f: fit_two_part(f, outcome="any_spend", **NAMES),
    "ordinal logit": lambda f: fit_ordinal(f, outcome="answer", **NAMES),
    "ordinal probit": lambda f: fit_ordinal(f, outcome="answer", link="probit", **NAMES),
    "ordinal, by customer": lambda f: fit_ordinal(f, outcome="answer", **NAMES, **BY),
    "cox": lambda f: cox_regression(f, covariates=["score", "income", "tenure", "city"]),
    "cox, by customer": lambda f: cox_regression(
        f, covariates=["score", "income", "tenure"], strata="city", cluster="customer_id"
    ),
    "discrete": lambda f: discrete_hazard(f, covariates=["score", "income", "tenure", "city"]),
    "discrete, by customer": lambda f: discrete_hazard(
        f, covariates=["score", "income", "tenure"], baseline="log", cluster="customer_id"
    ),
}
OTHER = settings(max_examples=4, deadline=None)


@cache
def as_given(family: str):
    return REGRESSIONS[family](CUSTOMERS)


def in_unit(column: str, factor: float) -> pd.DataFrame:
    return CUSTOMERS.assign(**{column: CUSTOMERS[column] * factor})


def assert_same(found: pd.DataFrame, expected: pd.DataFrame, column: str, factor: float) -> None:
    """The column's own rows are per unit of it; all others, and every test, stay."""
    own = found["term"].str.split(" × ").str[0].eq(column).to_numpy()
    unit = np.where(own, factor, 1.0)
    for name in ("estimate", "std_error"):
        assert_allclose(found[name] * unit, expected[name], rtol=1e-7, atol=1e-11, err_msg=name)
    assert_allclose(found["p_value"], expected["p_value"], rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("family", REGRESSIONS)
@OTHER
@given(column=COLUMNS, factor=FACTORS)
def test_regression_does_not_depend_on_the_unit_of_a_column(family, column, factor):
    found = REGRESSIONS[family](in_unit(column, factor))
    assert_same(found.table, as_given(family).table, column, factor)


@pytest.mark.parametrize("family", ["logit", "gamma", "two parts", "ordinal logit"])
@OTHER
@given(column=COLUMNS, factor=FACTORS)
def test_marginal_effects_do_not_depend_on_the_unit_of_a_column(family, column, factor):
    expected = average_marginal_effects(as_given(family), by="city")
    found = average_marginal_effects(REGRESSIONS[family](in_unit(column, factor)), by="city")
    assert_same(found, expected, column, factor)


@pytest.mark.parametrize(
    ("family", "outcome"), [("linear", "intention"), ("gamma", "spend"), ("two parts", "any_spend")]
)
@OTHER
@given(factor=FACTORS)
def test_regression_follows_the_unit_of_its_outcome(family, outcome, factor):
    found, expected = REGRESSIONS[family](in_unit(outcome, factor)), as_given(family)
    effects = [average_marginal_effects(fit) for fit in (found, expected)]
    for name in ("estimate", "std_error"):
        assert_allclose(effects[0][name], effects[1][name] * factor, rtol=1e-7)
    slopes = ~expected.table["term"].eq("intercept")
    assert_allclose(found.table.loc[slopes, "p_value"], expected.table.loc[slopes, "p_value"])


@OTHER
@given(factor=FACTORS)
def test_weights_and_exposure_have_any_unit(factor):
    for family in ("linear, by customer", "ordinal, by customer"):
        found = REGRESSIONS[family](in_unit("survey_weight", factor))
        assert_same(found.table, as_given(family).table, "survey_weight", 1.0)
    found = REGRESSIONS["negative binomial"](in_unit("weeks", factor)).table.set_index("term")
    expected = as_given("negative binomial").table.set_index("term")
    assert_allclose(found["std_error"], expected["std_error"], rtol=1e-7)
    moved = found["estimate"] - expected["estimate"]
    assert_allclose(moved["intercept"], -np.log(factor), rtol=1e-7, atol=1e-9)
    assert_allclose(moved.drop("intercept"), 0, atol=1e-8)


@OTHER
@given(column=COLUMNS, factor=FACTORS)
def test_checks_of_a_regression_do_not_depend_on_the_unit(column, factor):
    moved = in_unit(column, factor)
    for family in ("linear", "logit", "negative binomial", "gamma"):
        found, expected = diagnose(REGRESSIONS[family](moved)), diagnose(as_given(family))
        assert_allclose(found["estimate"], expected["estimate"], rtol=1e-7)
    found = calibrate(REGRESSIONS["logit"](moved))
    assert found.slope == pytest.approx(calibrate(as_given("logit")).slope, rel=1e-7)
    fits = REGRESSIONS["ordinal logit"](moved), as_given("ordinal logit")
    found, expected = (check_proportional_odds(fit) for fit in fits)
    assert_allclose(found.table["estimate"], expected.table["estimate"], rtol=1e-6)
    assert not found.table["note"].any()
    fits = REGRESSIONS["moderated"](moved), as_given("moderated")
    assert interaction_p(fits[0], "income") == pytest.approx(interaction_p(fits[1], "income"))


@OTHER
@given(factor=FACTORS)
def test_shapes_do_not_depend_on_the_unit(factor):
    how = {"outcome": "renewed", "driver": "income", "family": "logit", "controls": ["tenure"]}
    found = compare_shapes(in_unit("income", factor), **how)
    expected = compare_shapes(CUSTOMERS, **how)
    for name in ("log_likelihood", "aic", "p_value"):
        assert_allclose(found.table[name], expected.table[name], rtol=1e-7)
    assert_allclose(found.curve["std_error"], expected.curve["std_error"], rtol=1e-6)


@OTHER
@given(column=COLUMNS, factor=FACTORS)
def test_cox_tests_and_curves_do_not_depend_on_the_unit(column, factor):
    moved = in_unit(column, factor)
    found, expected = REGRESSIONS["cox"](moved), as_given("cox")
    assert_allclose(found.tests["chi2"], expected.tests["chi2"])
    one, other = found.proportional_hazards.table, expected.proportional_hazards.table
    assert_allclose(one["chi2"], other["chi2"])
    one, other = (
        predict_survival(fit, rows.head(3), times=[1, 6])
        for fit, rows in ((found, moved), (expected, CUSTOMERS))
    )
    assert_allclose(one["std_error"], other["std_error"])


@OTHER
@given(column=COLUMNS, factor=FACTORS)
def test_shares_and_mediation_do_not_depend_on_the_unit(column, factor):
    def shares(frame):
        drivers = ["score", "income", "tenure"]
        return driver_importance(
            frame, outcome="intention", drivers=drivers, controls=["city"],
            replications=20, rng=np.random.default_rng(1),
        ).table  # fmt: skip

    def paths(frame):
        return mediate(
            frame, driver="score", mediator="income", outcome="intention", controls=["tenure"],
            replications=20, rng=np.random.default_rng(1),
        ).table.set_index("term")  # fmt: skip

    moved = in_unit(column, factor)
    found, expected = shares(moved), shares(CUSTOMERS)
    for name in ("estimate", "std_error"):
        assert_allclose(found[name], expected[name], rtol=1e-7)
    found, expected = paths(moved), paths(CUSTOMERS)
    name = "share mediated"
    assert found.at[name, "estimate"] == pytest.approx(expected.at[name, "estimate"], rel=1e-7)


@OTHER
@given(factor=FACTORS)
def test_gamma_gamma_is_in_the_currency_of_the_frame(factor):
    rng = np.random.default_rng(3)
    spend = pd.DataFrame({"frequency": rng.integers(1, 8, 300)})
    spend["monetary_value"] = rng.gamma(6 * spend["frequency"]) / spend["frequency"]
    spend["monetary_value"] /= rng.gamma(4, 0.1, 300)
    expected = fit_gammagamma(spend)
    spend["monetary_value"] *= factor
    found = fit_gammagamma(spend)
    assert_allclose(found.params, expected.params * [1, 1, factor], rtol=1e-6)
    assert_allclose(found.covariance, expected.covariance, rtol=1e-4)
    assert found.log_likelihood == pytest.approx(expected.log_likelihood - 300 * np.log(factor))
    assert found.note == expected.note == ""


@OTHER
@given(column=COLUMNS, shift=st.floats(3, 5.5).map(lambda power: 10.0**power))
def test_regression_does_not_depend_on_where_a_column_begins(column, shift):
    # years since 0 or since the first purchase: the slopes stay
    moved = CUSTOMERS.assign(**{column: CUSTOMERS[column] + shift})
    for family in ("linear", "logit", "gamma", "ordinal logit", "cox", "discrete"):
        found, expected = REGRESSIONS[family](moved).table, as_given(family).table
        row = expected["term"].eq(column)
        for name in ("estimate", "std_error"):
            assert_allclose(found.loc[row, name], expected.loc[row, name], rtol=1e-5)
