"""Segments: tables of several under each other, and how the engine groups customers by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames.customers import THIRDS
from analysis.methods.disclosure import pool_small

MOST_GROUPS = 6
OTHERS, UNKNOWN = "others", "not known"
KEPT, JOINED, MISSING = 0, 1, 2


def stack_segments(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Put the tables of the segments under each other, with a first column `segment`."""
    rows = pd.concat(
        [table.assign(segment=name) for name, table in tables.items()], ignore_index=True
    )
    return rows[["segment", *rows.columns.drop("segment")]]


def require_segment(segment: str, columns) -> None:
    """Raise where a segment is no column of the customers."""
    if segment not in columns:
        known = [name for name in columns if name != "customer_id"]
        raise DataError(
            f"segments must be columns of the customers, but {segment} is none; set segments to "
            f"some of {', '.join(known)}"
        )


def with_unknown(segment: pd.Series) -> pd.Series:
    """A segment without gaps: who is not known is 'not known'."""
    return segment.astype(object).fillna(UNKNOWN) if segment.isna().any() else segment


def as_in_frame(values: pd.Series) -> pd.Series:
    """Values of a segment that came from the engine, with the order that the customer frame has."""
    if values.name != "first_value_third":
        return values
    return values.astype(pd.CategoricalDtype(list(THIRDS), ordered=True))


@dataclass(frozen=True, slots=True, eq=False)
class EngineGroups:
    """A segment with its small groups joined, as the engine can group by it.

    Attributes
    ----------
    segment : str
    sizes : Series
        Customers of each group, in the order of the groups.
    kept : dict
        Value in the table to the group's name, for the groups that stand alone.
    """

    segment: str
    sizes: pd.Series
    kept: Mapping[object, str]

    def add_to(self, rows: ibis.Table) -> ibis.Table:
        """Add `group_value` (null where joined) and `group_kind`, to be grouped by."""
        value = rows[self.segment]
        kept = value.isin(list(self.kept)) if self.kept else ibis.literal(False)
        missing = JOINED if UNKNOWN not in self.sizes.index else MISSING
        return rows.mutate(
            group_value=ibis.ifelse(kept, value, ibis.null(value.type())),
            group_kind=ibis.cases((value.isnull(), missing), (kept, KEPT), else_=JOINED),
        )

    def name_of(self, counted: pd.DataFrame) -> pd.Series:
        """The groups' names of counted rows, an ordered category."""
        names = [
            OTHERS if kind == JOINED else UNKNOWN if kind == MISSING else self.kept[value]
            for value, kind in zip(counted["group_value"], counted["group_kind"], strict=True)
        ]
        return pd.Series(pd.Categorical(names, list(self.sizes.index), ordered=True), counted.index)


def engine_groups(
    tables: Tables, rows: ibis.Table, segment: str, *, least: int, most: int = MOST_GROUPS
) -> EngineGroups:
    """Join the small groups of a segment by their sizes, counted in the engine.

    Parameters
    ----------
    rows : ibis.Table
        One row a customer, of `frames.customer_rows`.
    least, most : int
        As in `pool_small`.
    """
    require_segment(segment, rows.columns)
    levels = rows.group_by(segment).agg(n=rows.count()).order_by(segment)
    found = tables.fetch(levels)
    values = as_in_frame(found[segment])
    pooled = pool_small(with_unknown(values), least, most=most, counts=found["n"])
    alone = (pooled.astype(str) == with_unknown(values).astype(str)) & values.notna()
    names = dict(zip(found.loc[alone, segment], pooled[alone].astype(str), strict=True))
    sizes = found["n"].groupby(pooled, observed=False).sum()
    return EngineGroups(segment, sizes, names)
