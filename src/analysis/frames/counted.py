"""Counted rows: what a study of many customers brings back instead of one row each.

Every estimator here takes a column `count`, so that customers who are alike in what it needs cross
once. Where that is still too many rows, days and money are put into cells that stand for their
customers by count and mean: sums are then exact, and a smooth function of them is wrong only by
the square of a cell's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import ibis
import pandas as pd

from analysis.data import Tables

LARGE = 2_000_000
"""Customers from which rows are counted: up to here a frame takes a gigabyte and a minute."""
MOST_CELLS = 80_000
"""Rows of one counted table; a chapter asks for a dozen at most, so for under a million."""
MONEY_UNITS = 1e6
"""Money is alike where it is the same to 1e-6, as in the customer frame."""


class Grid(NamedTuple):
    """How wide a cell is: `days`, and money as a share of the amount (None: not rounded)."""

    days: int
    money: float | None


GRIDS = (
    Grid(1, None),
    Grid(7, 0.01),
    Grid(14, 0.02),
    Grid(28, 0.05),
    Grid(56, 0.1),
    Grid(91, 0.2),
    Grid(182, 0.5),
)


@dataclass(frozen=True, slots=True, eq=False)
class EngineLabels:
    """What each customer is as of a day (a tier, a stage), kept in the engine.

    Attributes
    ----------
    table : ibis.Table
        `customer_id` and `label`; one row a customer.
    order : tuple of str
        The labels in their order.
    """

    table: ibis.Table
    order: tuple[str, ...]


def is_large(tables: Tables) -> bool:
    """Whether the study has more than `LARGE` customers, so that rows are counted."""
    return _known_customers(tables) > LARGE


@lru_cache(maxsize=4)
def _known_customers(tables: Tables) -> int:
    return row_count(tables, tables["customers"])


def row_count(tables: Tables, rows: ibis.Table) -> int:
    """Count rows in the engine."""
    return int(tables.fetch(rows.aggregate(n=rows.count()))["n"].iloc[0])


def count_cells(
    tables: Tables,
    rows: ibis.Table,
    *,
    keys: Sequence[str] = (),
    days: Sequence[str] = (),
    money: Sequence[str] = (),
    means: Sequence[str] = (),
    most: int | None = None,
) -> pd.DataFrame:
    """Count the rows of a table in the engine, in the finest cells that are `most` at most.

    Parameters
    ----------
    rows : ibis.Table
    keys : sequence of str
        Columns that are told apart exactly.
    days : sequence of str
        Columns of whole days; cells are `Grid.days` wide.
    money : sequence of str
        Columns of amounts; cells are a share of the amount wide, those of 0 apart, and amounts
        below 0 apart from those above.
    means : sequence of str
        Columns that make no cells; their mean and mean square (`<name>_square`) are told.
    most : int, optional
        `MOST_CELLS` by default; the widest grid may hold more.

    Returns
    -------
    DataFrame
        The keys, the mean of each column of days and money in the cell, the `means`, `count`;
        ordered by keys and cells. In the finest grid (whole days, money to 1e-6) the rows of a
        cell are alike, so that nothing is lost. `attrs["grid"]` is the grid taken.
    """
    most = MOST_CELLS if most is None else most
    for grid in GRIDS:
        cells = _cells(rows, keys, days, money, means, grid)
        if not (days or money) or grid == GRIDS[-1] or row_count(tables, cells) <= most:
            break
    found = tables.fetch(cells.order_by([*keys, *(f"{name}_cell" for name in (*days, *money))]))
    if grid.money is None:
        found = found.assign(**{name: found[f"{name}_cell"] / MONEY_UNITS for name in money})
    squares = [f"{name}_square" for name in means]
    found = found[[*keys, *days, *money, *means, *squares, "count"]]
    found.attrs["grid"] = grid
    return found


def _cells(rows, keys, days, money, means, grid: Grid) -> ibis.Table:
    numbers = {name: rows[name].cast("float64") for name in (*days, *money, *means)}
    cells = {f"{name}_cell": (rows[name].cast("int64") // grid.days) for name in days}
    cells |= {f"{name}_cell": money_cell(numbers[name], grid.money) for name in money}
    rows = rows.select(*keys, **cells, **numbers)
    sums = {name: rows[name].mean() for name in numbers}
    sums |= {f"{name}_square": (rows[name] * rows[name]).mean() for name in means}
    return rows.group_by([*keys, *cells]).agg(**sums, count=rows.count())


def money_cell(amount: ibis.Value, share: float | None) -> ibis.Value:
    """Which cell an amount is in: its 1e-6 units, or its logarithm in steps of `share`."""
    units = (amount * MONEY_UNITS).round().cast("int64")
    if share is None:
        return units
    size = (units.abs().nullif(0).cast("float64").ln() / share).floor().cast("int64") + 1
    return ibis.ifelse(units == 0, 0, ibis.ifelse(units > 0, size, -size))
