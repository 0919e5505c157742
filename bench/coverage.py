"""How often 95 % intervals hold the truth, in simulated data whose truth is known.

Run: python bench/coverage.py                                every quantity, 2,000 replications
     python bench/coverage.py kaplan_meier cox               some of them
     python bench/coverage.py --replications 200             for a look
     python bench/coverage.py cox --store docs/coverage.md   put the rows into the stored table

A quantity is a function `cover_<topic>(rng)` of this file: it simulates one data set, and returns
for each quantity its truth and the interval, `{"share at 12 months": (0.61, low, high)}`. Missing
bounds count as not covering. A topic's seed is its name, so that it gives the same rows however
many others are run. The band is where 99.9 % of correct 95 % intervals would lie.
"""

import argparse
import sys
import time
import warnings
import zlib
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.linalg import expm
from scipy.special import gamma as gamma_function
from scipy.stats import binom, gamma, norm

LEVEL = 0.95
HEADS = ("topic", "quantity", "truth", "replications", "coverage", "band", "within")
INTRODUCTION = """# Coverage of the 95 % intervals

Made by `python bench/coverage.py --store docs/coverage.md`: the share of replications in which the
interval held the truth, and the band in which 99.9 % of correct intervals would lie.
"""

Intervals = dict[str, tuple[float, float, float]]


def cover_kaplan_meier(rng: np.random.Generator) -> Intervals:
    """Exponential lives (mean 20) of 200 customers, followed for 5 to 40 months."""
    from analysis.methods.survival import restricted_mean, survival_curve

    durations = _lives(rng, 200, 20, 5, 40)
    curve = survival_curve(durations)
    shares = curve.at([6, 24])
    median = curve.medians.iloc[0]
    lower = curve.quantiles(0.25).iloc[0]
    mean = restricted_mean(durations, until=24).table.iloc[0]
    return {
        "share alive at 6 months (log-log)": _held(np.exp(-6 / 20), shares.iloc[0]),
        "share alive at 24 months (log-log)": _held(np.exp(-24 / 20), shares.iloc[1]),
        "median life": _held(20 * np.log(2), median, open_ended=True),
        "lower quartile of life": _held(20 * np.log(4 / 3), lower, open_ended=True),
        "restricted mean to 24 months": _held(20 * (1 - np.exp(-24 / 20)), mean),
    }


def cover_late_entry(rng: np.random.Generator) -> Intervals:
    """As above, but half of the customers are seen only from a later month on."""
    from analysis.methods.survival import restricted_mean, survival_curve

    durations = _lives(rng, 800, 20, 5, 40)
    durations["entry"] = np.where(rng.random(800) < 0.5, rng.uniform(0, 10, 800), 0)
    durations = durations[durations["duration"] > durations["entry"]]
    share = survival_curve(durations).at(24).iloc[0]
    mean = restricted_mean(durations, until=24).table.iloc[0]
    return {
        "share alive at 24 months": _held(np.exp(-24 / 20), share),
        "restricted mean to 24 months": _held(20 * (1 - np.exp(-24 / 20)), mean),
    }


def cover_group_differences(rng: np.random.Generator) -> Intervals:
    """Two groups of 150 with mean lives of 15 and 25 months."""
    from analysis.methods.survival import milestone_differences, pairwise_tests, restricted_mean

    parts = [_lives(rng, 150, mean, 5, 40) for mean in (15, 25)]
    durations = pd.concat(parts, keys=["a", "b"], names=["plan"]).reset_index(level=0)
    mean = restricted_mean(durations, by="plan", until=24).contrasts.set_index("term")
    share = milestone_differences(durations, by="plan", times=[12]).contrasts.iloc[0]
    pair = pairwise_tests(durations, by="plan").iloc[0]
    a, b = (life * (1 - np.exp(-24 / life)) for life in (15, 25))
    return {
        "difference of restricted means": _held(b - a, mean.loc["difference"]),
        "ratio of restricted means": _held(b / a, mean.loc["ratio"]),
        "difference of shares at 12 months": _held(np.exp(-12 / 25) - np.exp(-12 / 15), share),
        "hazard ratio of a pair": _held(15 / 25, pair),
    }


def cover_gaps(rng: np.random.Generator) -> Intervals:
    """First and second gap of customers who buy at rates of their own, clustered by customer."""
    from analysis.methods.survival import gap_milestones

    rate = rng.gamma(4, 1 / 40, 300)
    first, second = rng.exponential(1, (2, 300)) / rate
    seen = rng.uniform(5, 60, 300)
    who = np.arange(300)
    begun = first < seen
    gaps = pd.DataFrame(
        {
            "customer_id": np.concatenate([who, who[begun]]),
            "order": np.repeat([1, 2], [300, begun.sum()]),
            "duration": np.minimum(
                np.concatenate([first, second[begun]]),
                np.concatenate([seen, (seen - first)[begun]]),
            ),
            "event": np.concatenate([begun, (first + second < seen)[begun]]),
        }
    )
    table = gap_milestones(gaps, times=[8])[0].table
    return {"share without a second purchase at 8 weeks": _held((40 / 48) ** 4, table.iloc[0])}


def cover_cox(rng: np.random.Generator) -> Intervals:
    """Hazard ratios of a number and a plan, and the share that follows for one profile."""
    from analysis.methods.hazards import cox_regression, predict_survival

    customers = pd.DataFrame({"age": rng.normal(size=200), "plan": rng.choice(["a", "b"], 200)})
    hazard = np.exp(0.5 * customers["age"] - 0.4 * (customers["plan"] == "b")) / 20
    durations = pd.concat([customers, _lives(rng, 200, 1 / hazard.to_numpy(), 5, 40)], axis=1)
    fit = cox_regression(durations, covariates=["age", "plan"])
    profile = pd.DataFrame({"age": [1.0], "plan": ["b"]})
    share = predict_survival(fit, profile, times=[12]).iloc[0]
    return {
        "coefficient of a number": _held(0.5, fit.table.iloc[0]),
        "coefficient of a plan": _held(-0.4, fit.table.iloc[1]),
        "predicted share alive at 12 months": _held(np.exp(-12 * np.exp(0.1) / 20), share),
    }


def cover_cox_clustered(rng: np.random.Generator) -> Intervals:
    """Two spells of each of 150 customers with the same covariate: robust errors by customer."""
    from analysis.methods.hazards import cox_regression

    x = np.repeat(rng.normal(size=150), 2)
    durations = _lives(rng, 300, 20 * np.exp(-0.5 * x), 5, 40)
    durations = durations.assign(x=x, customer_id=np.repeat(np.arange(150), 2))
    copied = np.flatnonzero(rng.random(150) < 0.3) * 2
    for name in ("duration", "event"):
        values = durations[name].to_numpy(copy=True)
        values[copied + 1] = values[copied]
        durations[name] = values
    fit = cox_regression(durations, covariates=["x"], cluster="customer_id")
    return {"coefficient, robust": _held(0.5, fit.table.iloc[0])}


def cover_discrete_hazard(rng: np.random.Generator) -> Intervals:
    """Monthly contracts: complementary log-log of a monthly chance, ends in whole months."""
    from analysis.methods.hazards import discrete_hazard

    x = rng.normal(size=400)
    life = np.ceil(rng.exponential(1, 400) * 12 * np.exp(-0.5 * x))
    seen = rng.integers(3, 18, 400)
    durations = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen, "x": x})
    fit = discrete_hazard(durations, covariates=["x"], baseline="period")
    return {"coefficient": _held(0.5, fit.table.iloc[0])}


def cover_competing_ends(rng: np.random.Generator) -> Intervals:
    """Voluntary (rate .03) and involuntary (.01) ends of 300 contracts."""
    from analysis.methods.competing import cumulative_incidence

    durations = _lives(rng, 300, 25, 5, 40)
    cause = np.where(rng.random(300) < 0.75, "voluntary", "involuntary")
    ends = cumulative_incidence(durations.assign(cause=cause))
    share = ends.at([24]).set_index("cause")
    time_ended = ends.restricted_time(24).set_index("cause")
    ended = 1 - np.exp(-24 / 25)
    return {
        "share ended voluntarily by 24 months": _held(0.75 * ended, share.loc["voluntary"]),
        "share ended involuntarily by 24 months": _held(0.25 * ended, share.loc["involuntary"]),
        "months ended voluntarily within 24": _held(
            0.75 * (24 - 25 * ended), time_ended.loc["voluntary"]
        ),
    }


RATES = np.array([[-0.12, 0.08, 0.04], [0.10, -0.20, 0.10], [0.02, 0.0, -0.02]])
STAGES = ("active", "quiet", "lapsed")


def cover_stages(rng: np.random.Generator) -> Intervals:
    """A reversible chain of three stages in continuous time, 200 customers from the first."""
    from analysis.methods.multistate import (
        expected_time,
        sojourn_times,
        state_occupation,
        transition_probabilities,
    )

    paths = _walk(rng, 200, rng.uniform(10, 30, 200))
    there = expm(RATES * 12)
    share = state_occupation(paths, times=[12]).table.set_index("state")
    months = expected_time(paths, horizon=12).table.set_index("term")
    grid = np.linspace(0, 12, 601)
    spent = np.trapezoid([expm(RATES * at)[0] for at in grid], grid, axis=0)
    stay = sojourn_times(paths).table.set_index("term").loc["quiet"]
    moved = _from_to(transition_probabilities(paths, start=6, times=[12]), "quiet", "active")
    alone = _from_to(
        transition_probabilities(paths, start=6, times=[12], method="landmark"), "quiet", "active"
    )
    later = expm(RATES * 6)[1, 0]
    return {
        "share active at 12 months": _held(there[0, 0], share.loc["active"]),
        "share lapsed at 12 months": _held(there[0, 2], share.loc["lapsed"]),
        "months active within 12": _held(spent[0], months.loc["active"]),
        "months lapsed within 12": _held(spent[2], months.loc["lapsed"]),
        "median stay in quiet": _held(np.log(2) / 0.2, stay, open_ended=True),
        "quiet to active in months 6 to 12, Aalen-Johansen": _held(later, moved),
        "quiet to active in months 6 to 12, landmark": _held(later, alone),
    }


def cover_stages_late_entry(rng: np.random.Generator) -> Intervals:
    """The same chain, customers seen from a later month on (Markov, so still valid)."""
    from analysis.methods.multistate import state_occupation, step_probabilities

    paths = _walk(rng, 300, rng.uniform(15, 30, 300), rng.integers(0, 8, 300))
    share = state_occupation(paths, times=[12], origin=0).table.set_index("state")
    step = _from_to(step_probabilities(paths), "active", "quiet")
    return {
        "share active at 12 months": _held(expm(RATES * 12)[0, 0], share.loc["active"]),
        "active to quiet within a month": _held(expm(RATES)[0, 1], step),
    }


def cover_bgnbd(rng: np.random.Generator) -> Intervals:
    """BG/NBD parameters of 1,000 customers, each followed for 26 to 52 weeks."""
    from analysis.methods.purchases import fit_bgnbd

    table = fit_bgnbd(_buyers(rng, 1000)).table.set_index("term")
    truth = dict(zip(("r", "alpha", "a", "b"), BUYERS, strict=True))
    return {f"BG/NBD {name}": _held(value, table.loc[name]) for name, value in truth.items()}


def cover_spend(rng: np.random.Generator) -> Intervals:
    """Gamma-Gamma parameters of 400 customers with 1 to 8 repeat purchases."""
    from analysis.methods.purchases import fit_gammagamma

    times = rng.integers(1, 9, 400)
    spend = pd.DataFrame({"frequency": times, "monetary_value": _spend(rng, times)[0] / times})
    table = fit_gammagamma(spend).table.set_index("term")
    truth = dict(zip(("p", "q", "gamma"), SPENDERS, strict=True))
    return {f"Gamma-Gamma {name}": _held(value, table.loc[name]) for name, value in truth.items()}


def cover_group_totals(rng: np.random.Generator) -> Intervals:
    """What two groups buy and spend in the 26 weeks after; the truth is what came."""
    from analysis.methods.purchases import fit_bgnbd, fit_gammagamma, group_totals

    customers = _buyers(rng, 1000)
    times = customers["frequency"].to_numpy(int)
    spent, nu = _spend(rng, times)
    customers["monetary_value"] = np.where(times > 0, spent / np.maximum(times, 1), 0.0)
    customers["group"] = np.where(times > 1, "often", "seldom")
    bought = customers["later"].to_numpy()
    customers["paid"] = np.where(bought > 0, rng.gamma(SPENDERS[0] * np.maximum(bought, 1)) / nu, 0)
    models = fit_bgnbd(customers), fit_gammagamma(customers)
    table = group_totals(
        models[0], customers, time=26, rng=rng, by="group", spend=models[1], draws=20
    ).table.set_index(["group", "term"])
    came = customers.groupby("group")[["later", "paid"]].sum()
    return {
        f"{term} ahead, {group}": _held(came.loc[group, column], table.loc[(group, term)])
        for group in ("often", "seldom")
        for term, column in (("purchases", "later"), ("revenue", "paid"))
    }


def cover_renewals(rng: np.random.Generator) -> Intervals:
    """sBG parameters of 600 contracts, and what the open ones still pay (what came)."""
    from analysis.methods.purchases import fit_sbg, renewal_totals

    life = rng.geometric(np.maximum(rng.beta(0.7, 3.0, 600), 1e-6))
    age = rng.integers(1, 9, 600)
    model = fit_sbg(pd.DataFrame({"duration": np.minimum(life, age), "event": life <= age}))
    stayed = life > age
    open_now = pd.DataFrame({"renewals": age[stayed], "fee": rng.gamma(4, 5, stayed.sum())})
    total = renewal_totals(model, open_now, rate=0.1, rng=rng, draws=200).table.iloc[-1]
    more = life[stayed] - age[stayed] - 1.0
    paid = open_now["fee"].to_numpy() @ ((1 - 1.1**-more) / (1 - 1 / 1.1))
    table = model.table.set_index("term")
    return {
        "sBG alpha": _held(0.7, table.loc["alpha"]),
        "sBG beta": _held(3.0, table.loc["beta"]),
        "fees of the renewals to come": _held(paid, total),
    }


def cover_concentration(rng: np.random.Generator) -> Intervals:
    """Gini and share of the best tenth of 400 values from Gamma(2)."""
    from analysis.methods.concentration import measure_concentration

    found = measure_concentration(rng.gamma(2, size=400), rng=rng, replications=300)
    table = found.table.set_index("term")
    gini = gamma_function(2.5) / (np.sqrt(np.pi) * gamma_function(3))
    tenth = gamma.sf(gamma.ppf(0.9, 2), 3)
    return {
        "Gini coefficient (bootstrap)": _held(gini, table.loc["gini"]),
        "share of the best tenth (bootstrap)": _held(tenth, table.loc["top_10_percent"]),
    }


def cover_migration(rng: np.random.Generator) -> Intervals:
    """Moves of 300 customers between three tiers."""
    from analysis.methods.concentration import measure_migration

    names = np.array(["low", "mid", "high"])
    chances = np.array([[0.8, 0.15, 0.05], [0.3, 0.5, 0.2], [0.1, 0.3, 0.6]])
    before = rng.choice(3, 300, p=[0.5, 0.3, 0.2])
    after = (rng.random((300, 1)) > chances[before].cumsum(axis=1)).sum(axis=1)
    found = measure_migration(names[before], names[after], tiers=tuple(names))
    cell = found.table.set_index(["from", "to"])
    up = found.rates.set_index(["group", "term"])
    return {
        "share that stays in the highest tier": _held(0.6, cell.loc[("high", "high")]),
        "share of the middle tier that moves up": _held(0.2, up.loc[("mid", "up")]),
        "mobility index": _held((3 - 1.9) / 2, found.mobility.iloc[0]),
    }


def cover_survey(rng: np.random.Generator) -> Intervals:
    """Two answers of each of 150 customers on a shared mood: NPS, a weighted mean, reliability."""
    from analysis.methods.measurement import (
        estimate_reliability,
        heterotrait_monotrait,
        net_promoter_score,
        survey_means,
    )
    from analysis.methods.scales import Scale

    who = np.repeat(np.arange(150), 2)
    mood = rng.normal(size=150)[who]
    score = np.clip(np.round(7.5 + 2 * mood + rng.normal(size=300)), 0, 10)
    # Those in a bad mood answer three times as rarely, and weigh three times as much.
    kept = (mood > 0) | (rng.random(150) < 1 / 3)[who]
    survey = pd.DataFrame({"nps": score, "mood": mood, "customer_id": who})
    survey["weight"] = np.where(mood > 0, 1.0, 3.0)
    sampled = {"cluster": "customer_id", "weight": "weight"}
    mean = survey_means(survey[kept], columns=["mood"], **sampled).table.iloc[0]
    nps = net_promoter_score(survey, cluster="customer_id").table.iloc[0]
    items, scales = _factors(rng, 200), {
        name: Scale(tuple(f"{name}{k}" for k in (1, 2, 3)), lowest=-9, highest=9) for name in "xy"
    }  # fmt: skip
    drawn = {"replications": 1000, "rng": rng}
    alpha = estimate_reliability(items, scales={"x": scales["x"]}).table.iloc[0]
    omega = estimate_reliability(items, scales={"x": scales["x"]}, **drawn).table.iloc[2]
    htmt = heterotrait_monotrait(items, scales=scales, **drawn).table.iloc[0]
    between = 2 * (0.72 + 0.63 + 0.56)
    spread = norm(7.5, np.sqrt(5))
    common = 2.4**2 / (2.4**2 + 3 - 0.81 - 0.64 - 0.49)
    apart = 0.5 * 2.4**2 / 9 / (between / 6)
    return {
        "net promoter score, by customer": _held(100 * (spread.sf(8.5) - spread.cdf(6.5)), nps),
        "mean with sampling weights, by customer": _held(0.0, mean),
        "alpha": _held(1.5 * (1 - 3 / (3 + between)), alpha),
        "omega (bootstrap)": _held(common, omega),
        "heterotrait-monotrait ratio (bootstrap)": _held(apart, htmt),
    }


def cover_driver_shares(rng: np.random.Generator) -> Intervals:
    """Two drivers that go together, 200 answers: shares of R2."""
    from analysis.methods.drivers import driver_importance

    frame = pd.DataFrame(rng.normal(size=(200, 2)), columns=["a", "b"])
    frame["b"] += 0.6 * frame["a"]
    frame["y"] = frame["a"] + 0.5 * frame["b"] + rng.normal(size=200)
    table = driver_importance(
        frame, outcome="y", drivers=["a", "b"], replications=200, rng=rng
    ).table.set_index("term")
    # R2 of a alone, of b alone, of both; var(y) = 1.3^2 + 0.25 + 1
    total = 1.3**2 + 0.25 + 1
    a, b, both = 1.3**2 / total, (0.6 * 1.3 + 0.5) ** 2 / 1.36 / total, 1 - 1 / total
    return {
        "share of R2 of the first driver": _held((a + both - b) / 2, table.loc["a"]),
        "share of R2 of the second driver": _held((b + both - a) / 2, table.loc["b"]),
    }


def cover_marginal_effects(rng: np.random.Generator) -> Intervals:
    """Logit, counts and spend of 300 answers of 200 customers: effects of one point."""
    from analysis.methods.regression import (
        average_marginal_effects,
        fit_counts,
        fit_logit,
        fit_ordinal,
        fit_two_part,
    )

    frame = _outcomes(rng, 300)
    options = {"drivers": ["x"], "cluster": "customer_id"}
    logit = average_marginal_effects(
        fit_logit(frame, outcome="again", weight="weight", **options)
    ).iloc[0]
    counts = average_marginal_effects(fit_counts(frame, outcome="count", **options)).iloc[0]
    parts = average_marginal_effects(fit_two_part(frame, outcome="spend", **options)).iloc[0]
    ordinal = fit_ordinal(frame, outcome="answer", **options).table.iloc[0]
    truth = _mean_effects(frame["x"], frame["weight"])
    return {
        "effect on a chance (weighted logit)": _held(truth["again"], logit),
        "effect on a count (Poisson, overdispersed)": _held(truth["count"], counts),
        "effect on spend (two parts)": _held(truth["spend"], parts),
        "coefficient of an ordered logit": _held(0.8, ordinal),
    }


def cover_mediation(rng: np.random.Generator) -> Intervals:
    """A driver, what it runs through, and an outcome, 150 answers."""
    from analysis.methods.mediation import mediate

    frame = pd.DataFrame({"quality": rng.normal(size=150)})
    frame["satisfaction"] = 0.6 * frame["quality"] + rng.normal(size=150)
    frame["loyalty"] = 0.5 * frame["satisfaction"] + 0.1 * frame["quality"] + rng.normal(size=150)
    table = mediate(
        frame, driver="quality", mediator="satisfaction", outcome="loyalty", replications=500,
        rng=rng,
    ).table.set_index("term")  # fmt: skip
    return {
        "indirect effect (BCa)": _held(0.3, table.loc["indirect"]),
        "direct effect (BCa)": _held(0.1, table.loc["direct"]),
        "share mediated (BCa)": _held(0.75, table.loc["share mediated"]),
    }


def cover_paths(rng: np.random.Generator) -> Intervals:
    """A path between two composites of three items each, 200 answers."""
    from analysis.methods.pathmodel import estimate_path_model

    found = estimate_path_model(
        _factors(rng, 200), model=_factor_model(), replications=300, rng=rng
    )
    loading = found.items[found.items["term"].eq("loading")].iloc[0]
    path, first = _composites()
    return {
        "path between composites (bootstrap)": _held(path, found.table.iloc[0]),
        "loading (bootstrap)": _held(first, loading),
    }


def cover_one_more_point(rng: np.random.Generator) -> Intervals:
    """Months within 24 of 400 customers, as answered and a point up; spend standardised."""
    from analysis.methods.hazards.standardised import standardised_life
    from analysis.methods.regression import fit_spend
    from analysis.methods.standardisation import one_more_point

    customers, rate = _satisfied(rng, 400)
    life, seen = rng.exponential(1 / rate), rng.uniform(20, 40, 400)
    durations = customers.assign(duration=np.minimum(life, seen), event=life <= seen)
    table = standardised_life(
        durations, driver="score", highest=10.0, horizon=24.0, covariates=["tier"], rng=rng,
        replications=200,
    ).table.set_index("term")  # fmt: skip
    spend = customers.assign(spend=rng.gamma(0.5, 2 * np.exp(0.2 * customers["score"])))
    fit = fit_spend(spend, outcome="spend", drivers=["score"])
    gain = one_more_point(fit, driver="score", highest=10.0).table.set_index("term")
    truth = _one_point_truth()
    return {
        "months longer, one point up (bootstrap)": _held(truth[0], table.loc["difference"]),
        "months as answered (bootstrap)": _held(truth[1], table.loc["as answered"]),
        "spend more, one point up": _held(truth[2], gain.loc["difference"]),
    }


def _factors(rng, n: int) -> pd.DataFrame:
    """Items of two common factors, loadings .9 .8 .7, the second half-explained by the first."""
    cause = rng.normal(size=n)
    effect = 0.5 * cause + np.sqrt(0.75) * rng.normal(size=n)
    return pd.DataFrame(
        {
            f"{name}{k}": loading * factor + np.sqrt(1 - loading**2) * rng.normal(size=n)
            for name, factor in (("x", cause), ("y", effect))
            for k, loading in enumerate((0.9, 0.8, 0.7), 1)
        }
    )


def _factor_model():
    from analysis.methods.pathmodel import PathModel
    from analysis.methods.scales import Scale

    items = {name: tuple(f"{name}{k}" for k in (1, 2, 3)) for name in "xy"}
    scales = {name: Scale(own, lowest=-9, highest=9) for name, own in items.items()}
    return PathModel(scales, {"x": ["y"]})


@cache
def _composites() -> tuple[float, float]:
    """The path and the first loading of the composites, from the factors' own correlations."""
    from analysis.methods.pathmodel._solve import solve

    loadings = np.array([0.9, 0.8, 0.7] * 2)
    tie = np.kron([[1, 0.5], [0.5, 1]], np.ones((3, 3)))
    matrix = tie * np.outer(loadings, loadings)
    np.fill_diagonal(matrix, 1)
    found = solve(matrix[None], _factor_model(), "path", True)
    return float(found.paths[0, 0, 1]), float(found.outer.loadings[0, 0, 0])


def _outcomes(rng, n: int) -> pd.DataFrame:
    frame = pd.DataFrame({"x": rng.normal(size=n)})
    frame["customer_id"] = np.arange(n) * 2 // 3
    frame["weight"] = rng.uniform(0.5, 2, n)
    frame["again"] = (rng.random(n) < 1 / (1 + np.exp(-0.3 - 0.7 * frame["x"]))).astype(int)
    frame["count"] = rng.poisson(rng.gamma(1, np.exp(0.2 + 0.4 * frame["x"])))
    frame["spend"] = frame["again"] * rng.gamma(2, 5 * np.exp(0.3 * frame["x"]))
    frame["answer"] = np.digitize(0.8 * frame["x"] + rng.logistic(size=n), [-1, 0, 1.5])
    return frame


def _mean_effects(x: pd.Series, weight: pd.Series) -> dict[str, float]:
    """Mean slopes over the customers as they are."""
    chance = 1 / (1 + np.exp(-0.3 - 0.7 * x))
    amount, slope = 10 * np.exp(0.3 * x), 0.7 * chance * (1 - chance)
    return {
        "again": float(np.average(slope, weights=weight)),
        "count": float((0.4 * np.exp(0.2 + 0.4 * x)).mean()),
        "spend": float((slope * amount + chance * 0.3 * amount).mean()),
    }


def _satisfied(rng, n: int) -> tuple[pd.DataFrame, np.ndarray]:
    customers = pd.DataFrame({"score": rng.uniform(1, 10, n), "tier": rng.choice(["a", "b"], n)})
    rate = 0.05 * np.exp(-0.3 * (customers["score"] - 5.5) - 0.4 * (customers["tier"] == "b"))
    return customers, rate.to_numpy()


@cache
def _one_point_truth() -> tuple[float, float, float]:
    """Means over the scores from 1 to 10 and both tiers, raised to 10 at most."""
    score = np.linspace(1, 10, 9001)
    raised = np.minimum(score + 1, 10)
    means = []
    for at in (score, raised):
        rates = 0.05 * np.exp(-0.3 * (at[:, None] - 5.5) - np.array([0, 0.4]))
        within = ((1 - np.exp(-rates * 24)) / rates).mean(axis=1)
        means.append(np.trapezoid([within, np.exp(0.2 * at)], score, axis=1) / 9)
    (before, spent), (after, more) = means
    return float(after - before), float(before), float(more - spent)


BUYERS = (0.8, 5.0, 0.8, 2.5)
SPENDERS = (6.0, 4.0, 15.0)


def _buyers(rng, customers: int) -> pd.DataFrame:
    """Histories of customers of BG/NBD, and their purchases in the 26 weeks after (`later`)."""
    r, alpha, a, b = BUYERS
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    age = rng.uniform(26, 52, customers)
    frequency, recency, later, clock = (np.zeros(customers) for _ in range(4))
    alive = np.ones(customers, bool)
    while alive.any():
        clock = clock + rng.exponential(size=customers) / rate
        alive &= clock < age + 26
        now = alive & (clock <= age)
        frequency[now] += 1
        recency[now] = clock[now]
        later[alive & ~now] += 1
        alive &= rng.random(customers) >= leaving
    return pd.DataFrame({"frequency": frequency, "recency": recency, "age": age, "later": later})


def _spend(rng, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What each customer spends on so many purchases (Gamma-Gamma), and her rate nu."""
    p, q, scale = SPENDERS
    nu = rng.gamma(q, 1 / scale, len(times))
    return rng.gamma(p * np.maximum(times, 1)) / nu, nu


def _lives(rng, customers: int, mean, earliest: float, latest: float) -> pd.DataFrame:
    life = rng.exponential(1, customers) * mean
    seen = rng.uniform(earliest, latest, customers)
    return pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})


def _walk(rng, customers: int, until: np.ndarray, entry: np.ndarray | None = None) -> pd.DataFrame:
    rows = []
    for who in range(customers):
        at, state = 0.0, 0
        first = 0.0 if entry is None else float(entry[who])
        while at < until[who]:
            stop = at - np.log(rng.random()) / -RATES[state, state]
            odds = np.where(np.arange(3) == state, 0, RATES[state]) / -RATES[state, state]
            into = int(rng.choice(3, p=odds))
            seen = min(stop, until[who])
            if seen > first:
                target = STAGES[into] if stop <= until[who] else None
                rows.append((who, max(at, first), seen, STAGES[state], target))
            at, state = stop, into
    paths = pd.DataFrame(rows, columns=["customer_id", "start", "stop", "from", "to"])
    return paths.assign(**{"from": pd.Categorical(paths["from"], STAGES)})


def _from_to(result, source: str, target: str) -> pd.Series:
    table = result.table
    return table[(table["from"] == source) & (table["to"] == target)].iloc[0]


def _held(truth: float, row: pd.Series, *, open_ended: bool = False) -> tuple[float, float, float]:
    """Truth and bounds of a row; `open_ended`: a bound that was not reached lies above all."""
    low, high = float(row["conf_low"]), float(row["conf_high"])
    if open_ended:
        low, high = (np.inf if np.isnan(bound) else bound for bound in (low, high))
    return truth, low, high


def topics() -> dict:
    """The functions of this file that cover a topic, by its name."""
    return {name[6:]: each for name, each in globals().items() if name.startswith("cover_")}


def measure(topic: str, replications: int) -> pd.DataFrame:
    """Replicate one topic and count, for each of its quantities, how often the truth is held."""
    cover = topics()[topic]
    seeds = np.random.SeedSequence(zlib.crc32(topic.encode())).spawn(replications)
    drawn = [cover(np.random.default_rng(seed)) for seed in seeds]
    low, high = binom.ppf([0.0005, 0.9995], replications, LEVEL) / replications
    rows = []
    for quantity in drawn[0]:
        truth, lows, highs = np.array([each[quantity] for each in drawn]).T
        share = ((lows <= truth) & (truth <= highs)).mean()
        within = "yes" if low <= share <= high else "no"
        band = f"{low:.3f} to {high:.3f}"
        shown = f"{truth[0]:.4g}" if np.ptp(truth) == 0 else "what came"
        rows.append((topic, quantity, shown, f"{replications:,}", f"{share:.3f}", band, within))
    return pd.DataFrame(rows, columns=HEADS)


def to_markdown(table: pd.DataFrame) -> str:
    """The rows as a pipe table."""
    lines = [HEADS, ("---",) * len(HEADS), *table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def store(table: pd.DataFrame, path: Path) -> None:
    """Replace the stored rows of the topics measured; others stay."""
    lines = path.read_text().splitlines() if path.exists() else []
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    found = [row for row in cells if len(row) == len(HEADS) and row[0] in topics()]
    kept = [row for row in found if row[0] not in set(table["topic"])]
    joined = pd.concat([pd.DataFrame(kept, columns=HEADS), table], ignore_index=True)
    order = joined["topic"].map({name: place for place, name in enumerate(topics())})
    joined = joined.loc[order.sort_values(kind="stable").index]
    path.write_text(f"{INTRODUCTION}\n{to_markdown(joined)}")


def main() -> None:
    """Measure the topics asked for, print their rows, and store them if asked."""
    parser = argparse.ArgumentParser(description="coverage of 95 % intervals")
    parser.add_argument("topics", nargs="*", metavar="topic", help=", ".join(topics()))
    parser.add_argument("--replications", type=int, default=2000)
    parser.add_argument("--store", type=Path)
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.topics) - set(topics()))
    if unknown:
        parser.error(f"topics must be of {', '.join(topics())}, but {', '.join(unknown)} came")
    warnings.simplefilter("ignore")
    tables = []
    for topic in chosen.topics or topics():
        begin = time.perf_counter()
        tables.append(measure(topic, chosen.replications))
        print(f"{topic}: {time.perf_counter() - begin:.0f} s", file=sys.stderr, flush=True)
        if chosen.store:
            store(tables[-1], chosen.store)
    print(to_markdown(pd.concat(tables, ignore_index=True)))


if __name__ == "__main__":
    main()
