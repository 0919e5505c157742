"""A company whose repeat buying has nothing to do with satisfaction, but whose answers come late.

Customers buy at rates of their own (gamma), and stop for good with a chance of their own after each
purchase, or never; the gaps are exponential, or regular (gamma of shape 3). After a purchase some
answer: the worse the score, the longer after it (and whoever has bought again by then answers all
the same). A finding that satisfied customers buy again sooner, or more, is a false one here.

    cd tests; PYTHONPATH=../src python clock_null.py 2000 1000 100

(answers of a company, companies of each kind, bootstrap samples) prints the shares of companies
with a clear finding. With 0 bootstrap samples it is the rate ratio of the regression that is
judged, from which the months follow. What came out stands in docs/clock-null.md.
"""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
from scipy import stats

from analysis.chapters.one_more_point.margin import WORTH, margin_gained
from analysis.chapters.one_more_point.months import months_gained, purchases_after
from analysis.methods.hazards import cox_regression
from analysis.methods.intervals import effective_units
from analysis.methods.scales import Scale
from analysis.params.satisfaction import SatisfactionParams
from analysis.states.answers import HISTORY, SINCE, Answers, _varying, _with_clock
from analysis.states.repeated import without_repeats

NORMAL = 1.959964
DAYS, WINDOW = 900, 182
KINDS = ("poisson", "regular", "stopping")


def company(n: int, rng: np.random.Generator, kind: str) -> Answers:
    """About `n` answers of a company of a kind: one frame, as `read_answers` makes it."""
    rows: list[dict] = []
    customer = 0
    while len(rows) < n:
        customer += 1
        rows += _answers_of(str(customer), rng, kind)
    frame = _with_clock(pd.DataFrame(rows[:n]))
    frame["tier_held"] = pd.Categorical(rng.choice(["low", "gold"], n), ["low", "gold"])
    return Answers(
        frame=frame,
        scales={"satisfaction": Scale(("s",), (), 1, 5)},
        counts=pd.DataFrame(),
        groups=("tier_held",),
        controls=("tier_held",),
        weight=None,
        roles=SatisfactionParams(horizon_months=12),
        followed=True,
        history=_varying(frame, HISTORY),
        since=_varying(frame, SINCE),
    )


def _answers_of(name: str, rng: np.random.Generator, kind: str) -> list[dict]:
    mean_gap = 60 / rng.gamma(1.5, 1 / 1.5)
    stops = rng.beta(1, 3) if kind == "stopping" else 0.0
    at, days = rng.uniform(0, DAYS - 100), []
    while at < DAYS:
        days.append(int(at))
        if rng.random() < stops:
            break
        gap = rng.gamma(3, mean_gap / 3) if kind == "regular" else rng.exponential(mean_gap)
        at += 1 + gap
    spent = np.cumsum(rng.lognormal(3, 0.5, len(days)))
    found = []
    for day in days:
        score = int(rng.integers(1, 6))
        asked = day + int(rng.exponential(4 + 12 * (5 - score)))
        if rng.random() < 0.5 and asked < DAYS - 30:
            found.append(_row(name, asked, score, np.array(days), spent, rng))
    return found


def _row(name: str, asked: int, score: float, days, spent, rng: np.random.Generator) -> dict:
    so_far = days[days <= asked]
    later = days[days > asked]
    within = int(((days > asked) & (days <= asked + WINDOW)).sum())
    return {
        "customer_id": name,
        "at": pd.Timestamp("2022-01-01") + pd.Timedelta(days=asked),
        "satisfaction": float(score),
        "purchases_so_far": len(so_far),
        "revenue_so_far": spent[len(so_far) - 1],
        "weeks_active": (so_far[-1] - so_far[0]) / 7,
        "days_since_purchase": asked - so_far[-1],
        "days_followed": DAYS - asked,
        "days_to_next": float(later[0] - asked) if len(later) else np.nan,
        "observed_26w": DAYS - asked >= WINDOW,
        "purchases_26w": float(within),
        WORTH: float(rng.gamma(2, 10, within).sum()),
    }


def findings(asked: Answers, rng: np.random.Generator, replications: int) -> dict[str, float]:
    """The z-values of the chapter's two findings; without replications that of the rate ratio."""
    frame = asked.frame[asked.frame["observed_26w"]]
    money = {"money": _z(margin_gained(frame, "revenue", asked).table)}
    if not replications:
        return {"rate ratio": rate_ratio(asked)} | money
    sooner = months_gained(purchases_after(asked), asked, rng=rng, replications=replications)
    # The chapter draws 200 samples: few draws know the error less well, by so much.
    few = NORMAL / stats.t.ppf(0.975, replications - 1)
    return {"sooner": few * _z(sooner.table)} | money


def _z(table: pd.DataFrame) -> float:
    if not len(table):
        return np.nan
    row = table.iloc[0]
    return row["estimate"] / (row["conf_high"] - row["conf_low"]) * 2 * NORMAL


def rate_ratio(asked: Answers) -> float:
    """The z-value of the regression behind `sooner`, without the bootstrap."""
    followed = purchases_after(asked)
    covariates = ["satisfaction", *without_repeats(followed, asked.with_history)]
    used = followed.dropna(subset=covariates)
    fit = cox_regression(used, covariates=covariates, cluster="customer_id")
    z = float(fit.table.set_index("term").at["satisfaction", "z"])
    units = effective_units(pd.factorize(used["customer_id"])[0])
    return z * NORMAL / stats.t.ppf(0.975, units - 1)


def main(n: int, companies: int, replications: int) -> None:
    """Print, for each kind of company, the share of clear findings and their mean z."""
    for kind in KINDS:
        rng = np.random.default_rng([n, companies, KINDS.index(kind)])
        found = []
        for _ in range(companies):
            asked = company(n, rng, kind)
            found.append(findings(asked, rng, replications))
        z = pd.DataFrame(found)
        clear = (z.abs() > NORMAL).mean()
        told = ", ".join(f"{name} {clear[name]:.3f} (mean z {z[name].mean():+.2f})" for name in z)
        print(f"{kind}, {n} answers, {companies} companies: {told}", flush=True)


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:3], *(sys.argv[3:] or ["0"])]))
