"""Counted rows: what a study of many customers brings back instead of one row each.

Every estimator here takes a column `count`, so that customers who are alike in what it needs cross
once. Where that is still too many rows, days and money are put into cells that stand for their
customers by count and mean: sums are then exact, and the mean of a smooth function is off only by
the square of a cell's width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.data.crossing import fetch_count

LARGE = 500_000
"""Customers from which rows are counted: up to here each chapter holds a gigabyte or two."""
MOST_CELLS = 60_000
"""Rows of one counted table; a chapter asks for a dozen at most, so for under a million."""
MONEY_UNITS = 1e6
"""Money is alike where it is the same to 1e-6, as in the customer frame."""
WIDTHS = (0.02, 0.05, 0.07, 0.1, 0.15, 0.25, 0.5)
"""Widths of cells, tried in turn: a share of the amount, or of the days and `NEAR_DAYS`."""
NEAR_DAYS = 14.0
"""Days from which a cell of days grows: so early, what a day more means changes fast."""
_known_customers: WeakKeyDictionary[Tables, int] = WeakKeyDictionary()


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
    if tables not in _known_customers:
        _known_customers[tables] = fetch_count(tables["customers"])
    return _known_customers[tables] > LARGE


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
        Columns of whole days, 0 or more; a cell is wider the more days there are.
    money : sequence of str
        Columns of amounts; those of 0 are apart, and those below 0 from those above.
    means : sequence of str
        Columns that make no cells; their mean and mean square (`<name>_square`) are told.
    most : int, optional
        `MOST_CELLS` by default; cells of the greatest width may be more.

    Returns
    -------
    DataFrame
        The keys, the mean of each column of days and money in the cell, the `means`, `count`;
        in their order. `attrs["width"]` is the width of the cells, 0 where their rows
        are alike (whole days, money to 1e-6), so that nothing is lost.
    """
    most = MOST_CELLS if most is None else most
    cells = _alike(rows, keys, days, money, means).cache()
    width, found = 0.0, cells
    for wider in WIDTHS if days or money else ():
        if fetch_count(found) <= most:
            break
        width, found = wider, _wider(cells, keys, days, money, means, wider)
    squares = [f"{name}_square" for name in means]
    told = tables.fetch(found.select(*keys, *days, *money, *means, *squares, "count"))
    told.attrs["width"] = width
    return told


def _alike(rows, keys, days, money, means) -> ibis.Table:
    """Rows that are alike, counted."""
    cells = {f"{name}_cell": rows[name].cast("int64") for name in days}
    cells |= {f"{name}_cell": money_units(rows[name]) for name in money}
    numbers = {name: rows[name].cast("float64") for name in means}
    rows = rows.select(*keys, **cells, **numbers)
    sums = {name: rows[name].mean() for name in means}
    sums |= {f"{name}_square": (rows[name] * rows[name]).mean() for name in means}
    counted = rows.group_by([*keys, *cells]).agg(**sums, count=rows.count())
    return counted.mutate(
        **{name: counted[f"{name}_cell"].cast("float64") for name in days},
        **{name: from_units(counted[f"{name}_cell"]) for name in money},
    )


def _wider(cells, keys, days, money, means, width: float) -> ibis.Table:
    """Cells of a width, each with the means of its customers."""
    wide = {f"{name}_cell": _step(1 + cells[name] / NEAR_DAYS, width) for name in days}
    wide |= {f"{name}_cell": money_cell(cells[f"{name}_cell"], width) for name in money}
    averaged = [*days, *money, *means, *(f"{name}_square" for name in means)]
    sums = {name: cells[name] * cells["count"] for name in averaged}
    cells = cells.select(*keys, "count", **wide, **sums)
    size = cells["count"].sum()
    means = {name: cells[name].sum() / size for name in averaged}
    return cells.group_by([*keys, *wide]).agg(**means, count=size)


def money_units(amount: ibis.Value) -> ibis.Value:
    """An amount in whole units of 1e-6."""
    return nearest(amount.cast("float64") * MONEY_UNITS)


def nearest(number: ibis.Value) -> ibis.Value:
    """The nearest whole number; halves go up, since engines round them each in its own way."""
    return (number + 0.5).floor()


def from_units(units: ibis.Value) -> ibis.Value:
    """The amount of whole units of 1e-6."""
    return units.cast("float64") / MONEY_UNITS


def money_cell(units: ibis.Value, width: float) -> ibis.Value:
    """The cell of an amount in units: its sign, and its size in steps of `width`."""
    size = _step(units.abs().nullif(0).cast("float64"), width) + 1
    return ibis.ifelse(units == 0, 0, ibis.ifelse(units > 0, size, -size))


def _step(number: ibis.Value, width: float) -> ibis.Value:
    return (number.nullif(0).ln() / width).floor()
