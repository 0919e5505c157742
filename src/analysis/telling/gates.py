"""The gate for small groups: what is hidden is hidden before anything is told of it.

A result class says in `COUNTED_BY` which column counts the people behind each row of its tables:
`{"within": "n"}`, or for a two-way table the count, the rows and the columns:
`{"cells": ("count", "from", "to")}`; or, where its rows have other totals, what tells the rows to
hide: `{"table": small_bases}`. `gated(result, min_cell)` blanks the numbers of
rows that must not be shown. Facts, figures and tables are made of the gated result, so that none
can tell what another hides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from numbers import Real
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from analysis.methods.disclosure import PARTS, small_cells, small_rows
from analysis.schemas import private_columns

Result = TypeVar("Result")
HiddenRows = Callable[[pd.DataFrame, int], pd.Series]
BLOCKS = ("segment", "weeks", "months")
CLOCKS = ("weeks", "months", "months_since", "time", "period")
GROUPED = {"segment", "group"}
DOMINANCE = (0.5, 0.75)
"""What one customer, and the two largest together, may make up of a total that is told."""


def gated(result: Result, min_cell: int, *, dominance: tuple[float, float] = DOMINANCE) -> Result:
    """A result whose tables hide what is about fewer than `min_cell` people.

    Parameters
    ----------
    result : dataclass, mapping or tuple of results
        Its class, and those of the results inside it, name their counts in `COUNTED_BY`.
    min_cell : int
        The smallest group that may be shown.
    dominance : pair of float
        What one customer, and two together, may make up of a total; tables that tell totals of
        amounts say it of their rows in `largest_share` and `two_largest_share`.
    """
    rule = {"dominance": dominance}
    if isinstance(result, Mapping):
        return {name: gated(one, min_cell, **rule) for name, one in result.items()}  # type: ignore
    if isinstance(result, tuple):
        return tuple(gated(one, min_cell, **rule) for one in result)  # type: ignore
    if not is_dataclass(result):
        return result
    counted_by = getattr(result, "COUNTED_BY", {})
    hidden: dict[str, Any] = {}
    for part in (field.name for field in fields(result)):
        value = getattr(result, part)
        if part in counted_by and value is not None and len(value):
            hidden[part] = hide_small(value, counted_by[part], min_cell, **rule)
        elif is_dataclass(value) or isinstance(value, Mapping):
            hidden[part] = gated(value, min_cell, **rule)
    return replace(result, **hidden)  # type: ignore


def refuse_private(table: pd.DataFrame) -> None:
    """Refuse a table that names persons: no id and no free text of the contract is ever shown.

    Raises
    ------
    ValueError
        A column of the table is private in the contract.
    """
    if private := sorted(private_columns() & set(map(str, table.columns))):
        raise ValueError(
            f"a table that is shown must have no private column, but has {', '.join(private)}; "
            "count the customers instead"
        )


def step_of(table: pd.DataFrame, min_cell: int) -> int:
    """In which steps a table tells how many people are in its rows.

    Several tables of a study count the same groups of a segment, each those whom it can tell
    of. Two exact counts would tell of the few who are in one of them only, so that tables by
    segment and group tell them in steps of `min_cell`; all others tell them exactly.
    """
    return min_cell if set(table.columns) >= GROUPED else 1


def hide_small(
    table: pd.DataFrame,
    counted_by: str | tuple[str, str, str] | HiddenRows,
    min_cell: int,
    *,
    dominance: tuple[float, float] = DOMINANCE,
) -> pd.DataFrame:
    """Blank the numbers of the rows that must be hidden; names and clocks stay.

    Rows are hidden by `small_rows`, one grouping and one time (`segment`, `weeks`, `months`) after
    the other; cells of a two-way table by `small_cells`. A hidden row has no count.
    """
    hidden = hidden_rows(table, counted_by, min_cell, dominance=dominance)
    if not hidden.any():
        return table
    named = counted_by[1:] if isinstance(counted_by, tuple) else ()
    return blank(table, hidden, [c for c in table if is_number(table[c]) and c not in named])


def blank(table: pd.DataFrame, hidden: pd.Series, columns: list[str]) -> pd.DataFrame:
    """The table without the numbers of some columns in some rows."""
    numeric = [c for c in columns if pd.api.types.is_numeric_dtype(table[c])]
    emptied = table.astype(dict.fromkeys(numeric, float))
    emptied.loc[hidden.to_numpy(bool), columns] = np.nan
    return emptied


def is_number(column: pd.Series) -> bool:
    """Whether a column tells numbers that are no clock: also such as stand among objects."""
    if column.name in (*CLOCKS, *PARTS) or pd.api.types.is_bool_dtype(column):
        return False
    if pd.api.types.is_numeric_dtype(column):
        return True
    return column.dtype == object and any(isinstance(one, Real) for one in column.dropna())


def blocks_of(table: pd.DataFrame) -> list[str]:
    """The columns within whose values rows add up: of groups, also what forms them."""
    names = (*BLOCKS, "by", "stage") if "group" in table else BLOCKS
    return [name for name in names if name in table and table[name].duplicated().any()]


def dominated(table: pd.DataFrame, dominance: tuple[float, float] = DOMINANCE) -> pd.Series:
    """Which rows tell totals that one customer, or two together, make up for too large a part."""
    most = zip(PARTS, dominance, strict=True)
    rows = [table[name] > limit for name, limit in most if name in table]
    return pd.Series(np.logical_or.reduce(rows) if rows else False, index=table.index)


def hidden_rows(
    table: pd.DataFrame,
    counted_by: str | tuple[str, str, str] | HiddenRows,
    min_cell: int,
    *,
    dominance: tuple[float, float] = DOMINANCE,
) -> pd.Series:
    """Which rows must be hidden; those that are hidden already (no count) stay so."""
    if callable(counted_by):
        return counted_by(table, min_cell)
    if isinstance(counted_by, tuple):
        count, row, column = counted_by
        counts = table.pivot(index=row, columns=column, values=count)
        few = small_cells(counts, min_cell).stack()
        found = few.reindex(pd.MultiIndex.from_frame(table[[row, column]])).fillna(False)
        return pd.Series(found.to_numpy(bool), index=table.index) | table[count].isna()
    blocks = blocks_of(table)
    hidden = small_rows(
        table[counted_by],
        min_cell,
        within=table[blocks] if blocks else None,
        unsafe=dominated(table, dominance),
        step=step_of(table, min_cell),
    )
    return hidden | table[counted_by].isna()
