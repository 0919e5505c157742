"""Parts of groups: numbers of a row that tell of fewer than `min_cell` of its people.

A row of 54 customers of whom 53 bought again tells of the one who did not. So a number between 0
and 1 that, times the people of its row, is a whole number below `min_cell`, or all but so few, is
blank with its interval, whatever its column means; so are counts of a part of the row's people,
and what a head of the row ("the top 1 %") holds where it is fewer. The row itself stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.methods.suppression import in_steps
from analysis.telling.gates import CLOCKS, blank, is_number, step_of

WHOLES = ("n", "customers")
PEOPLE = ("n", "customers", "contacts", "at_risk")
COUNTED = (
    "answered", "cases", "ended", "events", "met", "n_dropped", "n_filled", "open_now",
    "stays_ended", "told", "waiting",
)  # fmt: skip
OF_NOBODY = ("p_value", "rank_stability", "stability")
"""Numbers between 0 and 1 that are shares of draws, not of people."""
SPLITS = (("promoters", "passives", "detractors"),)
BESIDE = {"top_customers": ("top_share",), "answered": ("estimate",)}
TOP = re.compile(r"top_(\d+(?:_\d+)?)_percent")
WHOLE_NUMBER = 1e-6
"""How near a share times its people comes to a whole number by the precision of a CSV file."""


def hide_parts(table: pd.DataFrame, min_cell: int) -> tuple[pd.DataFrame, int]:
    """Blank the numbers about fewer than `min_cell` of a row's people, or all but so few.

    Parameters
    ----------
    table : DataFrame
        Its small rows are hidden already; the people of a row are in `n` or `customers`.
    min_cell : int

    Returns
    -------
    table, number
        How many numbers are blank that were told.
    """
    number = 0
    for columns, few in few_parts(table, min_cell):
        told = few & table[columns[0]].notna()
        if told.any():
            shown = [c for column in columns for c in _enclosing(table, column)]
            number += int(told.sum())
            table = blank(table, few, shown)
    return table, number


def few_parts(table: pd.DataFrame, min_cell: int) -> list[tuple[list[str], pd.Series]]:
    """Columns that are told or hidden together, and the rows in which they tell of too few."""
    whole = next((table[name].astype(float) for name in WHOLES if name in table), None)
    return [] if whole is None or not len(table) else list(_parts(table, whole, min_cell))


def _parts(
    table: pd.DataFrame, whole: pd.Series, min_cell: int
) -> Iterator[tuple[list[str], pd.Series]]:
    told = pd.Series(in_steps(whole, step_of(table, min_cell)), whole.index)
    few = {}
    for name in _columns_of_parts(table):
        values = pd.to_numeric(table[name], errors="coerce").astype(float)
        if name in COUNTED:
            few[name] = _few(values, whole, min_cell)
        elif values.dropna().between(0, 1).all():
            shares = [_few_of(values, of, min_cell) for of in (whole, told)]
            few[name] = shares[0] | shares[1]
    for split in SPLITS:
        if set(split) <= few.keys():
            few |= dict.fromkeys(
                split, pd.concat([few[name] for name in split], axis=1).any(axis=1)
            )
    for name, rows in few.items():
        yield [name, *(c for c in BESIDE.get(name, ()) if c in table)], rows
    yield from _heads(table, whole, min_cell)


def _columns_of_parts(table: pd.DataFrame) -> list[str]:
    return [
        name
        for name in table
        if is_number(table[name])
        and name not in (*CLOCKS, *PEOPLE, *OF_NOBODY)
        and not name.endswith(("conf_low", "conf_high"))
        and not TOP.fullmatch(name)
    ]


def _few(part: pd.Series, of: pd.Series, min_cell: int) -> pd.Series:
    smaller = np.minimum(part, of - part)
    return (smaller > WHOLE_NUMBER) & (smaller < min_cell - WHOLE_NUMBER)


def _few_of(share: pd.Series, of: pd.Series, min_cell: int) -> pd.Series:
    part = share * of
    return _few(part, of, min_cell) & ((part - part.round()).abs() <= 2 * WHOLE_NUMBER)


def _heads(
    table: pd.DataFrame, whole: pd.Series, min_cell: int
) -> Iterator[tuple[list[str], pd.Series]]:
    """Heads of fewer than `min_cell` people: columns and terms named `top_1_percent`."""
    for name in table:
        if top := TOP.fullmatch(name):
            yield [name], whole * _percent(top[1]) < min_cell
    held = [name for name in ("estimate", "held") if name in table]
    for named in {"term", "top_group"} & set(table) if held else ():
        heads = table[named].astype(str).str.extract(TOP.pattern, expand=False)
        few = heads.map(_percent, na_action="ignore").astype(float) * whole < min_cell
        yield held, few


def _percent(text: str) -> float:
    return float(text.replace("_", ".")) / 100


def _enclosing(table: pd.DataFrame, column: str) -> list[str]:
    lead = "" if column == "estimate" else f"{column}_"
    ends = [f"{lead}{end}" for end in ("conf_low", "conf_high")]
    return [column, *(end for end in ends if end in table)]
