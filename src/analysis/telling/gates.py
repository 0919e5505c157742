"""The gate for small groups: what is hidden is hidden before anything is told of it.

A result class says in `COUNTED_BY` which column counts the people behind each row of its tables:
`{"within": "n"}`, or for a two-way table the count, the rows and the columns:
`{"table": ("active", "cohort", "months_since")}`; or, where its rows are parts of each other, what
tells the rows to hide: `{"table": small_bases}`. `gated(result, min_cell)` blanks the numbers of
rows that must not be shown. Facts, figures and tables are made of the gated result, so that none
can tell what another hides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from analysis.methods.disclosure import small_cells, small_rows
from analysis.schemas import private_columns

Result = TypeVar("Result")
HiddenRows = Callable[[pd.DataFrame, int], pd.Series]
BLOCKS = ("segment", "weeks", "months", "parts_of", "by")
CLOCKS = ("weeks", "months", "months_since", "time", "period")


def gated(result: Result, min_cell: int) -> Result:
    """A result whose tables hide what is about fewer than `min_cell` people.

    Parameters
    ----------
    result : dataclass, mapping or tuple of results
        Its class, and those of the results inside it, name their counts in `COUNTED_BY`.
    min_cell : int
        The smallest group that may be shown.
    """
    if isinstance(result, Mapping):
        return {name: gated(one, min_cell) for name, one in result.items()}  # type: ignore
    if isinstance(result, tuple):
        return tuple(gated(one, min_cell) for one in result)  # type: ignore
    if not is_dataclass(result):
        return result
    counted_by = getattr(result, "COUNTED_BY", {})
    hidden: dict[str, Any] = {}
    for part in (field.name for field in fields(result)):
        value = getattr(result, part)
        if part in counted_by and value is not None and len(value):
            hidden[part] = hide_small(value, counted_by[part], min_cell)
        elif is_dataclass(value) or isinstance(value, Mapping):
            hidden[part] = gated(value, min_cell)
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


def hide_small(
    table: pd.DataFrame, counted_by: str | tuple[str, str, str] | HiddenRows, min_cell: int
) -> pd.DataFrame:
    """Blank the numbers of the rows that must be hidden; names and clocks stay.

    Rows are hidden by `small_rows`, one grouping and one time (`segment`, `weeks`, `months`) after
    the other; cells of a two-way table by `small_cells`. A hidden row has no count.
    """
    hidden = hidden_rows(table, counted_by, min_cell)
    if not hidden.any():
        return table
    numbers = [c for c in table if pd.api.types.is_numeric_dtype(table[c]) and c not in CLOCKS]
    numbers = [c for c in numbers if not pd.api.types.is_bool_dtype(table[c])]
    if isinstance(counted_by, tuple):
        numbers = [c for c in numbers if c not in counted_by[1:]]
    blank = table.astype(dict.fromkeys(numbers, float))
    blank.loc[hidden.to_numpy(bool), numbers] = np.nan
    return blank


def hidden_rows(
    table: pd.DataFrame, counted_by: str | tuple[str, str, str] | HiddenRows, min_cell: int
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
    blocks = [name for name in BLOCKS if name in table and table[name].duplicated().any()]
    within = table[blocks] if blocks else None
    return small_rows(table[counted_by], min_cell, within=within) | table[counted_by].isna()
