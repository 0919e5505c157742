"""Who sits near a limit of the scheme, and what it costs to serve each tier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.methods.concentration import count_near
from analysis.params.tiers import Scheme
from analysis.tiers.criteria import criteria_of
from analysis.tiers.judging import TierProfile, profile_tiers
from analysis.tiers.periods import RatedPeriods

NEAR_POINTS = 2.0
"""Points of a score (of 100) that count as near."""
NEAR_SHARE = 0.1
"""Share of the lowest limit that counts as near, for a quantity of its own."""
NO_LIMITS = "groups found by clustering have no limits"
NO_COSTS = "the study has no contacts with a cost"


@dataclass(frozen=True, slots=True, eq=False)
class NearLimits:
    """Customers near each limit at the latest rating.

    table : quantity, tier (that begins at the limit), limit, below and above (share of customers
    within `width`), excess with excess_conf_low and excess_conf_high (how many more sit just above
    than a smooth density leads one to expect; only of a quantity that a customer can steer),
    p_value, n, note. near : share of all customers near some limit. note : why nothing is told.
    """

    table: pd.DataFrame
    near: float
    note: str


def near_limits(rated: RatedPeriods, scheme: Scheme, *, conf_level: float = 0.95) -> NearLimits:
    """Count customers within a small width of each limit of the scheme, at the latest rating."""
    columns = ["quantity", "tier", "limit", "width", "below", "above", "excess", "excess_conf_low"]
    columns += ["excess_conf_high", "p_value", "n", "note"]
    if scheme.clusters is not None:
        return NearLimits(pd.DataFrame(columns=columns), np.nan, NO_LIMITS)
    criteria, _ = criteria_of(rated.present_frame, scheme)
    rows, near = [], np.zeros(len(rated.present_frame), bool)
    for criterion in criteria:
        finite = np.isfinite(criterion.cuts)
        own = criterion.name in rated.present_frame
        known = criterion.values[~np.isnan(criterion.values)]
        if not finite.any() or not known.size:
            continue
        width = NEAR_SHARE * np.abs(criterion.cuts[finite]).min() if own else NEAR_POINTS
        if not width > 0:
            continue
        cuts = dict(zip(np.array(scheme.tiers[1:])[finite], criterion.cuts[finite], strict=True))
        found = count_near(known, cuts, width=width, conf_level=conf_level).table
        for tier, cut in cuts.items():
            of = found[found["group"] == tier].set_index("term")
            rows.append(_row(criterion, tier, cut, width, of, own))
            with np.errstate(invalid="ignore"):
                place = np.floor((criterion.values - cut) / width + 1e-9)
            near |= (place == 0) | (place == -1)
    return NearLimits(pd.DataFrame(rows, columns=columns), float(near.mean()), "")


def _row(criterion, tier, cut, width, of, own) -> tuple:
    excess = of.loc["excess_above"]
    told = excess[["estimate", "conf_low", "conf_high", "p_value"]] if own else [np.nan] * 4
    shares = of.loc["just_below", "estimate"], of.loc["just_above", "estimate"]
    note = excess["note"] if own else ""
    head = (criterion.name, tier, criterion.sign * cut, width, *shares)
    return (*head, *told, of.loc["just_below", "n"], note)


@dataclass(frozen=True, slots=True, eq=False)
class CostToServe:
    """What the contacts of each tier cost, beside what it brings.

    table : tier, n, mean_cost and mean_value (a customer), share_cost, share_value, cost_of_value
    (cost as a share of the value), note. profile : the same as shares, for a figure. note : why
    nothing is told. value : 'margin' or 'amount'.
    """

    table: pd.DataFrame
    profile: TierProfile
    value: str
    note: str


def cost_to_serve(rated: RatedPeriods, tables: Tables) -> CostToServe:
    """Sum the cost of contacts in the period before the latest rating, tier by tier.

    Columns used: `interactions`: `customer_id, at, cost`. Costs that are missing count as 0.
    """
    frame = rated.present_frame
    has_costs = "interactions" in tables and "cost" in tables["interactions"].columns
    cost = _costs(rated, tables) if has_costs else pd.Series(dtype=float)
    named = frame.assign(
        value=frame[rated.value].astype(float),
        cost=cost.reindex(frame["customer_id"]).fillna(0).to_numpy() if has_costs else np.nan,
    )
    profile = profile_tiers(rated.present, named, ["cost", "value"])
    table = profile.table.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        table["cost_of_value"] = np.where(
            table["mean_value"] > 0, table["mean_cost"] / table["mean_value"], np.nan
        )
    note = "" if has_costs and float(cost.sum()) > 0 else NO_COSTS
    if note:
        table[["mean_cost", "share_cost", "cost_of_value"]] = np.nan
    return CostToServe(table, profile, rated.value, note)


def _costs(rated: RatedPeriods, tables: Tables) -> pd.Series:
    day = pd.Timestamp(rated.present.rated_at)
    start = day - pd.DateOffset(months=rated.months)
    calls = tables["interactions"]
    calls = calls.mutate(day=calls["at"].cast("date"))
    calls = calls.filter((calls.day >= start.date()) & (calls.day < day.date()))
    sums = tables.fetch(calls.group_by("customer_id").agg(cost=calls.cost.sum()))
    return sums.set_index("customer_id")["cost"].astype(float)


def present_profile(rated: RatedPeriods) -> TierProfile:
    """Customers, purchases and value (margin, else revenue) of each tier at the latest rating."""
    frame = rated.present_frame.assign(value=rated.present_frame[rated.value])
    return profile_tiers(rated.present, frame, ["purchases", "value"])
