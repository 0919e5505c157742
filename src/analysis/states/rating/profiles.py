"""What the tiers of a rating hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.disclosure import PARTS, largest_parts
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.tiers import Rating


@dataclass(frozen=True, slots=True, eq=False)
class TierProfile:
    """What the tiers hold at the rating.

    Attributes
    ----------
    table : DataFrame of shape (tiers, …)
        `tier, n, share` (of customers), then for each quantity its mean (`mean_amount`) and the
        share of its total that the tier holds (`share_amount`; NaN where the total is not above
        0), `note`, and what one customer, and two, make up of a total at most (`largest_share,
        two_largest_share`); low to high.
    quantities : tuple of str
        In the order of the columns.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    quantities: tuple[str, ...]


def profile_tiers(
    rating: Rating, customers: pd.DataFrame, quantities: Sequence[str]
) -> TierProfile:
    """Describe the tiers by quantities of their customers (cost to serve beside margin, say).

    Columns used: `customer_id` and the quantities. A missing value is left out of its mean. Where
    tiers were summed up in the engine (`sum_by_tier`): `tier`, each quantity's sum and number of
    known values (`<name>_known`), `largest_share, two_largest_share`, one row a tier.
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
    table[list(PARTS)] = sums[list(PARTS)].fillna(0.0).to_numpy(float)
    return TierProfile(table, tuple(quantities))


def _sums(rating: Rating, customers: pd.DataFrame, quantities: Sequence[str]) -> pd.DataFrame:
    joined = join_rated(rating, customers)
    grouped = joined.groupby("tier", observed=False)[list(quantities)]
    parts = pd.concat([largest_parts(joined[name], joined["tier"]) for name in quantities])
    most = parts.groupby(level=0, observed=False).max()
    return grouped.sum().join(grouped.count().add_suffix("_known")).join(most)


def sum_by_tier(rated: RatedPeriods, rows: ibis.Table, names: list[str]) -> pd.DataFrame:
    """Sum up quantities by tier in the engine: `tier`, sums, numbers of known values."""
    sums = {name: rows[name].cast("float64").sum() for name in names}
    sums |= {f"{name}_known": rows[name].count() for name in names}
    fetch = rated.held.tables.fetch
    found = fetch(rows.group_by("level").agg(**sums), money=names).set_index("level")
    parts = pd.concat([fetch(_largest_of(rows, name)).set_index("level") for name in names])
    found = found.join(parts.groupby(level=0).max()).reset_index()
    return found.assign(tier=[rated.present.tiers[level] for level in found.pop("level")])


def _largest_of(rows: ibis.Table, name: str) -> ibis.Table:
    """What one customer, and two, make up of each tier's total, as `largest_parts` says."""
    sized = rows.select("level", size=rows[name].cast("float64").abs().fill_null(0.0))
    own = ibis.window(group_by=sized.level, order_by=sized["size"].desc())
    placed = sized.mutate(place=ibis.row_number().over(own))
    size = placed["size"]
    sums = placed.group_by("level").agg(
        total=size.sum(),
        one=ibis.ifelse(placed.place < 1, size, 0.0).sum(),
        two=ibis.ifelse(placed.place < 2, size, 0.0).sum(),
    )
    total = ibis.ifelse(sums.total > 0, sums.total, 1.0)
    return sums.select(
        "level", **dict(zip(PARTS, (sums.one / total, sums.two / total), strict=True))
    )


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
