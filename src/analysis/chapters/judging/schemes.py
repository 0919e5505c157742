"""Other ways to rate the same customers on the same day, judged by the same outcome."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.judging.comparison import (
    coarser,
    compare_joined,
    compare_schemes,
    finer,
    reweighted,
)
from analysis.chapters.judging.groups import grouped_by
from analysis.errors import DataError, ParamsError
from analysis.params import Params
from analysis.params.tiers import Scheme, preset_scheme
from analysis.states.rating.engine_criteria import known_quantities
from analysis.states.rating.engine_outcomes import outcomes_to_rate, rate_otherwise
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.tiers import Rating, rate_customers

IN_FORCE = "in_force"
SCHEME = "own_scheme"
GROUPS = "k_means"
COLUMNS = [
    "scheme", "tiers", "n", "top_customers", "top_share", "estimate", "conf_low", "conf_high",
    "gain", "gain_conf_low", "gain_conf_high", "p_value", "would_change", "note",
]  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class OtherSchemes:
    """The scheme in force beside others.

    Attributes
    ----------
    table : DataFrame of shape (schemes, 14)
        `scheme, tiers` (number)`, n, top_customers` (share in the highest tier)`, top_share` (its
        part of the next period's value)`, estimate` (normalised Gini of the next period's value by
        tier) with its interval`, gain` with its interval and `p_value` (by how much it sorts the
        same customers better than the scheme in force, paired)`, would_change` (share of customers
        who would enter or leave the highest tier)`, note`; the scheme in force first, no rows
        where no rating can be judged.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame


def compare_other_schemes(
    rated: RatedPeriods,
    outcomes: pd.DataFrame | None,
    params: Params,
    *,
    rng: np.random.Generator,
    replications: int = 100,
) -> OtherSchemes:
    """Judge coarser, finer, re-weighted and preset schemes and k-means on one page.

    All schemes rate the customers of the judged rating from the same frame. Where the company's
    own tiers are in force, the scheme of the params is the first that they are compared with; how
    they would be coarser or finer is not known, as their rule is not.

    Parameters
    ----------
    rated : RatedPeriods
    outcomes : DataFrame or None
        Of `next_period`.
    params : Params
        Uses `tiers`, `conf_level`.
    rng : numpy.random.Generator
        For the bootstrap.
    replications : int
        Bootstrap samples.

    Returns
    -------
    OtherSchemes
    """
    if outcomes is None:
        return OtherSchemes(pd.DataFrame(columns=COLUMNS))
    options = {"rng": rng, "replications": replications, "conf_level": params.conf_level}
    if rated.held is None:
        ratings = {IN_FORCE: rated.judged} | _others(rated, params)
        found = compare_schemes(ratings, outcomes, value="next_value", **options).table
        changes = {name: _would_change(ratings[IN_FORCE], ratings[name]) for name in ratings}
    else:
        found, changes = _compare_counted(rated, outcomes, params, options)
    found["would_change"] = found["scheme"].map(changes)
    return OtherSchemes(found[COLUMNS])


def _compare_counted(
    rated: RatedPeriods, outcomes: pd.DataFrame, params: Params, options: dict
) -> tuple[pd.DataFrame, dict[str, float]]:
    """The same, each scheme rated and counted in the engine."""
    day, scheme, held = rated.judged_at, rated.scheme, rated.held
    ratings = {IN_FORCE: rated.judged}
    joined = {IN_FORCE: outcomes.assign(base_level=outcomes["level"])}
    known = ()
    if scheme is not None and scheme.score:
        known = known_quantities(held.tables, held.days[day], scheme.score)
    rows = outcomes_to_rate(held, day, rated.value, params)
    for name, other in _schemes(scheme, known, params, rated).items():
        try:
            ratings[name], joined[name] = rate_otherwise(held, day, rows, other)
        except DataError:
            continue
    table = compare_joined(
        ratings, joined, value="next_value", rated=rated.judged.customers, **options
    ).table
    tops = len(rated.judged.tiers) - 1
    changes = {}
    for name, rows in joined.items():
        one = (rows["level"] == len(ratings[name].tiers) - 1) != (rows["base_level"] == tops)
        changes[name] = float(rows.loc[one, "count"].sum() / rows["count"].sum())
    return table, changes


def _schemes(
    scheme: Scheme | None, known: Collection[str], params: Params, rated: RatedPeriods
) -> dict[str, Scheme]:
    """The other schemes by name: changed, or that of the params; preset; k-means."""
    own = params.tiers.rated_by
    if scheme is None:
        found = {SCHEME if params.tiers.scheme else f"preset_{own.name}": own}
    else:
        found = _changed(scheme, _dimensions(scheme, known))
    found |= {f"preset_{k}": preset_scheme(k) for k in params.tiers.compare if k != own.name}
    return found | _grouped(rated, own)


def _others(rated: RatedPeriods, params: Params) -> dict[str, Rating]:
    frame, found = rated.frames[rated.judged_at], {}
    known = [name for name in frame if frame[name].notna().any()]
    for name, other in _schemes(rated.scheme, known, params, rated).items():
        try:
            found[name] = rate_customers(frame, other, rated_at=rated.judged_at)
        except DataError:
            continue
    return found


def _grouped(rated: RatedPeriods, scheme: Scheme) -> dict[str, Scheme]:
    """As many groups by k-means as there are tiers."""
    number = len(rated.judged.tiers)
    if scheme.clusters or number < 2:
        return {}
    rule = {"quantities": grouped_by(rated, scheme), "k": number}
    return {GROUPS: Scheme.model_validate({"name": GROUPS, "clusters": rule})}


def _changed(scheme: Scheme, known: list[str]) -> dict[str, Scheme]:
    """Coarser, finer, and each dimension that the study has weighed double."""
    made = {}
    for name, change in (("coarser", coarser), ("finer", finer)):
        try:
            made[name] = change(scheme)
        except ParamsError:
            continue
    for dimension in known:
        if len(known) > 1:
            made[f"more_{dimension}"] = reweighted(scheme, dimension)
    return made


def _dimensions(scheme: Scheme, known: Collection[str]) -> list[str]:
    """The dimensions of a score of which some quantity is known."""
    parts = scheme.score.dimensions if scheme.score else {}
    return [
        name
        for name, part in parts.items()
        if any(quantity.removeprefix("-") in known for quantity in part.quantities)
    ]


def _would_change(one: Rating, other: Rating) -> float:
    """Share of the customers of both who are in the highest tier of one scheme only."""
    top = [
        rating.table.set_index("customer_id")["tier"] == rating.tiers[-1] for rating in (one, other)
    ]
    both = pd.concat(top, axis=1, join="inner")
    return float((both.iloc[:, 0] != both.iloc[:, 1]).mean()) if len(both) else float("nan")
