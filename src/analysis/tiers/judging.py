"""Is a rating any good? What its tiers hold, and what they foretell of the next period.

All of it is separation and prediction. Whether a tier's benefits *cause* anything is another
question, which a rating cannot answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration import (
    Discrimination,
    Gain,
    NearThreshold,
    Trend,
    count_near,
    measure_auc,
    measure_gain,
    measure_trend,
)
from analysis.params.tiers import Scheme
from analysis.tiers.rating import Rating

BASELINE = "last_period"
LEVEL = "tier"


@dataclass(frozen=True, slots=True, eq=False)
class TierProfile:
    """What the tiers hold at the rating.

    table : tier, n, share (of customers), then for each quantity its mean (`mean_amount`) and the
    share of its total that the tier holds (`share_amount`; NaN where the total is not above 0),
    note. quantities : in the order of the columns.
    """

    table: pd.DataFrame
    quantities: tuple[str, ...]


def profile_tiers(
    rating: Rating, customers: pd.DataFrame, quantities: Sequence[str]
) -> TierProfile:
    """Describe the tiers by quantities of their customers (cost to serve beside margin, say).

    Columns used: `customer_id` and the quantities. A missing value is left out of its mean.
    """
    absent = [name for name in ("customer_id", *quantities) if name not in customers]
    if absent:
        raise DataError(f"customers must have the columns {', '.join(absent)}, but have not")
    joined = _joined(rating, customers)
    grouped = joined.groupby("tier", observed=False)
    table = rating.summary[["tier", "n", "share"]].copy()
    for name in quantities:
        total = grouped[name].sum().reindex(rating.tiers).to_numpy(float)
        table[f"mean_{name}"] = grouped[name].mean().reindex(rating.tiers).to_numpy(float)
        table[f"share_{name}"] = total / total.sum() if total.sum() > 0 else np.nan
    table["note"] = rating.summary["note"].to_numpy()
    return TierProfile(table, tuple(quantities))


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What tiers foretell of the next period.

    outcome : the trend of the next period's value over the tiers. gain : rank correlation,
    normalised Gini, gain and lift of the tier and of the baseline (last period's value), and the
    tier's difference from it. churn : AUC of the tier for not buying again (mechanical in part
    where churn is inferred from silence), or None. held : tier, n, share, value_share (of the next
    period's value). top_share : the highest tier's part of that value. missed : the share of the
    next period's best customers (as many as the top tier has) who are not in the top tier.
    """

    outcome: Trend
    gain: Gain
    churn: Discrimination | None
    held: pd.DataFrame
    top_share: float
    missed: float


def judge_rating(
    rating: Rating,
    outcomes: pd.DataFrame,
    *,
    value: str,
    rng: np.random.Generator,
    last_period: str | None = None,
    bought_again: str | None = None,
    replications: int = 200,
    conf_level: float = 0.95,
) -> Judgement:
    """Compare the tiers with what customers did in the period after the rating.

    Columns used: `outcomes`: `customer_id`, `value` (spend or margin of the next period),
    `last_period` (the same of the period before: the naive forecast), `bought_again` (True or
    False). Customers of the rating only.
    """
    wanted = [name for name in ("customer_id", value, last_period, bought_again) if name]
    absent = [name for name in wanted if name not in outcomes]
    if absent:
        raise DataError(f"outcomes must have the columns {', '.join(absent)}, but have not")
    joined = _joined(rating, outcomes)
    scores = pd.DataFrame({LEVEL: joined["level"].astype(float)})
    if last_period:
        scores[BASELINE] = joined[last_period].astype(float)
    baseline = BASELINE if last_period else None
    options = {"replications": replications, "conf_level": conf_level}
    gain = measure_gain(scores, joined[value], rng=rng, baseline=baseline, **options)
    trend = measure_trend(joined[value], joined["tier"], order=rating.tiers, conf_level=conf_level)
    churn = None
    if bought_again:
        gone = ~joined[bought_again].astype(bool)
        churn = measure_auc(-joined["level"], gone, conf_level=conf_level)
    held = _held(rating, joined, value)
    return Judgement(
        trend,
        gain,
        churn,
        held,
        float(held["value_share"].iloc[-1]),
        _missed(rating, joined, value),
    )


@dataclass(frozen=True, slots=True, eq=False)
class SchemeComparison:
    """Schemes side by side, each judged by the same outcome.

    table : scheme, tiers, n, top_customers (share in the highest tier), top_share (of the next
    period's value), normalised_gini with conf_low and conf_high, spearman, moved (share of
    customers whose place among the tiers, from 0 to 1, differs from the first scheme's), note.
    """

    table: pd.DataFrame


def compare_schemes(
    ratings: Mapping[str, Rating],
    outcomes: pd.DataFrame,
    *,
    value: str,
    rng: np.random.Generator,
    replications: int = 200,
    conf_level: float = 0.95,
) -> SchemeComparison:
    """Judge several ratings of the same customers on one page; the first is the one in force."""
    if not ratings:
        raise ParamsError("a comparison must have at least one scheme, but none came")
    rows, place = [], None
    for name, rating in ratings.items():
        judged = judge_rating(
            rating, outcomes, value=value, rng=rng, replications=replications, conf_level=conf_level
        )
        lines = judged.gain.table.set_index("term")
        own = rating.table.set_index("customer_id")["level"] / max(len(rating.tiers) - 1, 1)
        place = own if place is None else place
        apart = (own.reindex(place.index) - place).abs() > 1e-9
        rows.append(
            {
                "scheme": name,
                "tiers": len(rating.tiers),
                "n": len(rating.table),
                "top_customers": rating.summary["share"].iloc[-1],
                "top_share": judged.top_share,
                "normalised_gini": lines.loc["normalised_gini", "estimate"],
                "conf_low": lines.loc["normalised_gini", "conf_low"],
                "conf_high": lines.loc["normalised_gini", "conf_high"],
                "spearman": lines.loc["spearman", "estimate"],
                "moved": apart.mean(),
                "note": "; ".join(rating.notes),
            }
        )
    return SchemeComparison(pd.DataFrame(rows))


def coarser(scheme: Scheme) -> Scheme:
    """The same scheme with its two lowest tiers made one."""
    if len(scheme.tiers) < 3:
        raise ParamsError(f"a coarser scheme must come from three tiers, but {scheme.tiers} came")
    tiers = (f"{scheme.tiers[0]} + {scheme.tiers[1]}", *scheme.tiers[2:])
    return _with_cuts(scheme, "coarser", tiers, lambda cuts: cuts[1:])


def finer(scheme: Scheme) -> Scheme:
    """The same scheme with a tier more between each two limits."""
    if len(scheme.tiers) < 3:
        raise ParamsError(f"a finer scheme must come from three tiers, but {scheme.tiers} came")
    tiers = [scheme.tiers[0]]
    for low, high in pairwise(scheme.tiers):
        tiers += [f"{high} -", high] if low != scheme.tiers[0] else [high]

    def between(cuts: tuple[float, ...]) -> tuple[float, ...]:
        middles = [(a + b) / 2 for a, b in pairwise(cuts)]
        return tuple(sorted((*cuts, *middles), reverse=cuts[0] > cuts[-1]))

    return _with_cuts(scheme, "finer", tuple(tiers), between)


def reweighted(scheme: Scheme, dimension: str, *, by: float = 2.0) -> Scheme:
    """A score scheme in which one dimension weighs `by` times as much against the others."""
    if scheme.score is None or dimension not in scheme.score.dimensions:
        raise ParamsError(f"a scheme must have a score with {dimension} to weigh it, but has none")
    weights = {
        name: part.weight * (by if name == dimension else 1.0)
        for name, part in scheme.score.dimensions.items()
    }
    dumped = scheme.model_dump(exclude_none=True)
    for name, weight in weights.items():
        dumped["score"]["dimensions"][name]["weight"] = weight / sum(weights.values())
    return Scheme.model_validate(dumped | {"name": f"more {dimension}"})


def near_thresholds(
    rating: Rating, customers: pd.DataFrame, *, share: float = 0.1, conf_level: float = 0.95
) -> dict[str, NearThreshold]:
    """How many customers sit near the limits of each quantity, and whether they bunch above.

    `share` of the lowest limit is the width on either side. Quantities computed from ranks (a
    score, points) cannot be steered to a limit and are left out.
    """
    if not 0 < share < 1:
        raise ParamsError(f"share must lie between 0 and 1, but {share} came")
    found = {}
    finite = rating.thresholds[np.isfinite(rating.thresholds["limit"].astype(float))]
    for quantity, limits in finite.groupby("quantity", sort=False):
        if quantity not in customers:
            continue
        width = share * limits["limit"].abs().min()
        if width > 0:
            cuts = dict(zip(limits["tier"], limits["limit"], strict=True))
            values = customers[quantity].dropna()
            found[quantity] = count_near(values, cuts, width=width, conf_level=conf_level)
    return found


def _joined(rating: Rating, frame: pd.DataFrame) -> pd.DataFrame:
    joined = rating.table[["customer_id", "tier", "level"]].merge(
        frame.drop(columns=["tier", "level"], errors="ignore"), on="customer_id", how="left",
        validate="one_to_one", indicator="_found",
    )  # fmt: skip
    lost = (joined["_found"] == "left_only").sum()
    if lost:
        raise DataError(
            f"every rated customer must be in the frame, but {lost:,} of {len(joined):,} are not; "
            "take the frame of the same date"
        )
    return joined.drop(columns="_found")


def _held(rating: Rating, joined: pd.DataFrame, value: str) -> pd.DataFrame:
    sums = joined.groupby("tier", observed=False)[value].sum().reindex(rating.tiers)
    total = sums.sum()
    share = sums.to_numpy(float) / total if total > 0 else np.nan
    return rating.summary[["tier", "n", "share"]].assign(
        value_share=share, note=rating.summary["note"]
    )


def _missed(rating: Rating, joined: pd.DataFrame, value: str) -> float:
    top = (joined["level"] == len(rating.tiers) - 1).to_numpy()
    if not top.any():
        return float("nan")
    values = joined[value].to_numpy(float)
    limit = np.sort(values)[-top.sum()]
    best = (values >= limit) & (values > 0)
    return float((best & ~top).sum() / best.sum()) if best.any() else float("nan")


def _with_cuts(scheme: Scheme, word: str, tiers: tuple[str, ...], change) -> Scheme:
    dumped = scheme.model_dump(exclude_none=True)
    if scheme.thresholds:
        limits = dumped["thresholds"]["limits"]
        dumped["thresholds"]["limits"] = {name: change(cuts) for name, cuts in limits.items()}
    elif scheme.quantiles or scheme.rfm or scheme.score:
        dumped[scheme.kind]["cuts"] = change(dumped[scheme.kind]["cuts"])
    else:
        raise ParamsError(f"a {word} scheme must come from limits or cuts, but {scheme.kind} came")
    return Scheme.model_validate(dumped | {"name": f"{scheme.name}, {word}", "tiers": tiers})
