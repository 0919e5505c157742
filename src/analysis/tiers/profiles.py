"""What the tiers hold at a rating, and what it costs to serve each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ibis
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

    Columns used: `customer_id` and the quantities. A missing value is left out of its mean. Where
    tiers were summed up in the engine: `tier`, and each quantity's sum and number of known values
    (`<name>_known`), one row a tier.
    """
    key = "tier" if "tier" in customers else "customer_id"
    absent = [name for name in (key, *quantities) if name not in customers]
    if absent:
        raise DataError(f"customers must have the columns {', '.join(absent)}, but have not")
    sums = customers.set_index("tier") if key == "tier" else _sums(rating, customers, quantities)
    sums = sums.reindex(rating.tiers)
    table = rating.summary[["tier", "n", "share"]].copy()
    for name in quantities:
        total, known = sums[name].fillna(0).to_numpy(float), sums[f"{name}_known"].to_numpy(float)
        with np.errstate(divide="ignore", invalid="ignore"):
            table[f"mean_{name}"] = total / known
        table[f"share_{name}"] = total / total.sum() if total.sum() > 0 else np.nan
    table["note"] = rating.summary["note"].to_numpy()
    return TierProfile(table, tuple(quantities))


def _sums(rating: Rating, customers: pd.DataFrame, quantities: Sequence[str]) -> pd.DataFrame:
    grouped = join_rated(rating, customers).groupby("tier", observed=False)[list(quantities)]
    return grouped.sum().join(grouped.count().add_suffix("_known"))


def present_profile(rated: RatedPeriods) -> TierProfile:
    """Customers, purchases and value (margin, else revenue) of each tier at the latest rating."""
    if rated.held is not None:
        rows = rated.held.days[rated.present.rated_at]
        sums = _summed(rated, rows.mutate(value=rows[rated.value]), ["purchases", "value"])
        return profile_tiers(rated.present, sums, ["purchases", "value"])
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


def _summed(rated: RatedPeriods, rows: ibis.Table, names: list[str]) -> pd.DataFrame:
    """Sum up quantities by tier in the engine: `tier`, sums, numbers of known values."""
    sums = {name: rows[name].cast("float64").sum() for name in names}
    sums |= {f"{name}_known": rows[name].count() for name in names}
    found = rated.held.tables.fetch(rows.group_by("level").agg(**sums), money=names)
    return found.assign(tier=[rated.present.tiers[level] for level in found.pop("level")])


def _costs_in_engine(
    rated: RatedPeriods, tables: Tables, has_costs: bool
) -> tuple[pd.DataFrame, float]:
    rows = rated.held.days[rated.present.rated_at]
    rows = rows.mutate(value=rows[rated.value], cost=ibis.null("float64"))
    if has_costs:
        sums = _cost_sums(rated, tables)
        rows = rows.drop("cost").left_join(sums, "customer_id").drop("customer_id_right")
        rows = rows.mutate(cost=rows.cost.cast("float64").fill_null(0.0))
    found = _summed(rated, rows, ["cost", "value"])
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


def join_rated(rating: Rating, frame: pd.DataFrame) -> pd.DataFrame:
    """Tier and level of every rated customer, with the columns of a frame of the same customers.

    Counted outcomes have both already.
    """
    if "count" in frame:
        return frame
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
