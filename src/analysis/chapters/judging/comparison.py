"""Schemes side by side, judged by the same outcome; and schemes a little changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy import stats

from analysis.chapters.judging.judgement import value_by_tier
from analysis.errors import DataError, ParamsError
from analysis.methods.concentration import Gain, measure_gain
from analysis.notes import joined
from analysis.params.tiers import Scheme
from analysis.states.rating.profiles import join_rated
from analysis.states.rating.tiers import Rating


@dataclass(frozen=True, slots=True, eq=False)
class SchemeComparison:
    """Schemes side by side, each judged by the same outcome.

    Attributes
    ----------
    table : DataFrame of shape (schemes, 14)
        `scheme, tiers, n, top_customers` (share in the highest tier)`, top_share` (of the next
        period's value)`, estimate` (normalised Gini) with `conf_low, conf_high, gain` with its
        interval and `p_value` (how much better than the first scheme it sorts the same customers,
        paired bootstrap; NaN for the first)`, moved` (share of customers whose place among the
        tiers, from 0 to 1, differs from the first scheme's)`, note`.
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
    """Judge several ratings of the same customers on one page; the first is the one in force.

    Columns used: `outcomes`: `customer_id`, `value` (of the next period).
    """
    if not ratings:
        raise ParamsError("a comparison must have at least one scheme, but none came")
    absent = [name for name in ("customer_id", value) if name not in outcomes]
    if absent:
        raise DataError(f"outcomes must have the columns {', '.join(absent)}, but have not")
    base = _levels(next(iter(ratings.values())))
    joined = {}
    for name, rating in ratings.items():
        rows = join_rated(rating, outcomes)
        joined[name] = rows.assign(base_level=base.reindex(rows["customer_id"]).to_numpy())
    options = {"rng": rng, "replications": replications, "conf_level": conf_level}
    return compare_joined(ratings, joined, value=value, rated=len(base), **options)


def compare_joined(
    ratings: Mapping[str, Rating],
    joined: Mapping[str, pd.DataFrame],
    *,
    value: str,
    rated: int,
    rng: np.random.Generator,
    replications: int = 200,
    conf_level: float = 0.95,
) -> SchemeComparison:
    """Judge ratings whose outcomes have been joined: the first is the one in force.

    Columns used: `joined`: `level, base_level` (at the first scheme; missing where not rated by
    it), `value`, optional `count`. `rated` : customers of the first.
    """
    first, rows = next(iter(ratings)), []
    top = max(joined[first]["level"].max(), 1)
    for name, rating in ratings.items():
        own = joined[name]
        scores = pd.DataFrame({name: own["level"].astype(float)})
        if name != first:
            scores[first] = own["base_level"].fillna(-1.0).astype(float)
        found = measure_gain(
            scores, own[value], rng=rng, baseline=None if name == first else first,
            counts=own.get("count"), replications=replications, conf_level=conf_level,
        )  # fmt: skip
        described = _described(rating, own, value) | {"moved": _moved(own, rating, top, rated)}
        rows.append({"scheme": name} | described | _sorted(found))
    return SchemeComparison(pd.DataFrame(rows))


def _levels(rating: Rating) -> pd.Series:
    return rating.table.set_index("customer_id")["level"].astype(float)


def _described(rating: Rating, rows: pd.DataFrame, value: str) -> dict:
    return {
        "tiers": len(rating.tiers),
        "n": rating.customers,
        "top_customers": rating.summary["share"].iloc[-1],
        "top_share": value_by_tier(rating, rows, value)["value_share"].iloc[-1],
        "note": joined(rating.notes),
    }


def _moved(rows: pd.DataFrame, rating: Rating, top: int, rated: int) -> float:
    """Share of the customers of the first scheme whose place, from 0 to 1, is another."""
    place = rows["level"] / max(len(rating.tiers) - 1, 1)
    changed = (place - rows["base_level"] / top).abs() > 1e-9
    count = rows["count"] if "count" in rows else pd.Series(1, rows.index)
    return float(count[changed].sum() / rated)


def _sorted(found: Gain) -> dict:
    own = found.table.set_index("term").loc[["normalised_gini"]].iloc[0]
    row = own[["estimate", "conf_low", "conf_high"]].to_dict()
    names = ("gain", "gain_conf_low", "gain_conf_high", "p_value")
    if not len(found.differences):
        return row | dict.fromkeys(names, np.nan)
    gain = found.differences.set_index("term").loc["normalised_gini"]
    error = gain["std_error"]
    p_value = 2 * stats.norm.sf(abs(gain["estimate"]) / error) if error > 0 else 1.0
    values = (*gain[["estimate", "conf_low", "conf_high"]], p_value)
    return row | dict(zip(names, values, strict=True))


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
    return Scheme.model_validate(dumped | {"name": f"more_{dimension}"})


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
