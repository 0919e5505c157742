"""What the tiers hold at a rating, and what it costs to serve each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.tiers.periods import RatedPeriods
from analysis.tiers.rating import Rating

NO_COSTS = "the study has no contacts with a cost"


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
    joined = join_rated(rating, customers)
    grouped = joined.groupby("tier", observed=False)
    table = rating.summary[["tier", "n", "share"]].copy()
    for name in quantities:
        total = grouped[name].sum().reindex(rating.tiers).to_numpy(float)
        table[f"mean_{name}"] = grouped[name].mean().reindex(rating.tiers).to_numpy(float)
        table[f"share_{name}"] = total / total.sum() if total.sum() > 0 else np.nan
    table["note"] = rating.summary["note"].to_numpy()
    return TierProfile(table, tuple(quantities))


def present_profile(rated: RatedPeriods) -> TierProfile:
    """Customers, purchases and value (margin, else revenue) of each tier at the latest rating."""
    frame = rated.present_frame.assign(value=rated.present_frame[rated.value])
    return profile_tiers(rated.present, frame, ["purchases", "value"])


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
    sums = calls.group_by("customer_id").agg(cost=calls.cost.sum())
    return tables.fetch(sums, money=["cost"]).set_index("customer_id")["cost"]


def join_rated(rating: Rating, frame: pd.DataFrame) -> pd.DataFrame:
    """Tier and level of every rated customer, with the columns of a frame of the same customers."""
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
