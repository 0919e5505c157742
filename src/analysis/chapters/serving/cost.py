"""What the contacts of each tier cost, beside what it brings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.profiles import TierProfile, profile_tiers, sum_by_tier

NO_COSTS = "no_costs"


@dataclass(frozen=True, slots=True, eq=False)
class CostToServe:
    """What the contacts of each tier cost, beside what it brings.

    Attributes
    ----------
    table : DataFrame of shape (tiers, 9)
        `tier, n, share` (of customers)`, mean_cost, mean_value` (a customer)`, share_cost,
        share_value, cost_of_value` (cost as a share of the value)`, note`; low to high.
    profile : TierProfile
        The same as shares, for a figure.
    value : str
        'margin' or 'amount'.
    note : str
        Why nothing is told ('no_costs'), or empty.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    profile: TierProfile
    value: str
    note: str


def cost_to_serve(rated: RatedPeriods, tables: Tables) -> CostToServe:
    """Sum the cost of contacts in the period before the latest rating, tier by tier.

    Parameters
    ----------
    rated : RatedPeriods
    tables : Tables
        Uses `interactions`: `customer_id, at, cost`. Costs that are missing count as 0.

    Returns
    -------
    CostToServe
    """
    has_costs = "interactions" in tables and "cost" in tables["interactions"].columns
    if rated.held is not None:
        named, spent = _costs_in_engine(rated, tables, has_costs)
    else:
        frame = rated.present_frame
        cost = _costs(rated, tables) if has_costs else pd.Series(dtype=float)
        named = frame.assign(
            value=frame[rated.value].astype(float),
            cost=cost.reindex(frame["customer_id"]).fillna(0).to_numpy() if has_costs else np.nan,
        )
        spent = float(cost.sum())
    profile = profile_tiers(rated.present, named, ["cost", "value"])
    table = profile.table.copy()
    with np.errstate(divide="ignore", invalid="ignore"):
        table["cost_of_value"] = np.where(
            table["mean_value"] > 0, table["mean_cost"] / table["mean_value"], np.nan
        )
    note = "" if has_costs and spent > 0 else NO_COSTS
    if note:
        table[["mean_cost", "share_cost", "cost_of_value"]] = np.nan
    return CostToServe(table, profile, rated.value, note)


def _costs_in_engine(
    rated: RatedPeriods, tables: Tables, has_costs: bool
) -> tuple[pd.DataFrame, float]:
    rows = rated.held.days[rated.present.rated_at]
    rows = rows.mutate(value=rows[rated.value], cost=ibis.null("float64"))
    if has_costs:
        sums = _cost_sums(rated, tables)
        rows = rows.drop("cost").left_join(sums, "customer_id").drop("customer_id_right")
        rows = rows.mutate(cost=rows.cost.cast("float64").fill_null(0.0))
    found = sum_by_tier(rated, rows, ["cost", "value"])
    return found, float(found["cost"].sum())


def _costs(rated: RatedPeriods, tables: Tables) -> pd.Series:
    sums = tables.fetch(_cost_sums(rated, tables), money=["cost"])
    return sums.set_index("customer_id")["cost"]


def _cost_sums(rated: RatedPeriods, tables: Tables) -> ibis.Table:
    day = pd.Timestamp(rated.present.rated_at)
    start = day - pd.DateOffset(months=rated.months)
    calls = tables["interactions"]
    calls = calls.mutate(day=calls["at"].cast("date"))
    calls = calls.filter((calls.day >= start.date()) & (calls.day < day.date()))
    return calls.group_by("customer_id").agg(cost=calls.cost.sum())
