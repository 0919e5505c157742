"""An intruder's attack on a finished report: what its published tables give away of few people.

The intruder knows the rules of this house, `min_cell`, and every file of `results/`. For each
hidden row an integer program tells the smallest and the largest number that agrees with all that
is shown (`methods.suppression.ranges`); a range of few that is narrower than `min_cell` is a fault,
so is a number about fewer than `min_cell` people, and a group that two tables count almost alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from analysis.methods.suppression import ranges
from analysis.telling.gates import GROUPED, blocks_of
from analysis.telling.parts import WHOLES, few_parts
from analysis.telling.safe import GROUP_NAMES

WHOLE_GROUP = ("all", "All")
NAMED = (*GROUP_NAMES, "base", "term", "meaning")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What an intruder could find out.

    Attributes
    ----------
    file : str
    rule : {'range', 'part', 'words', 'tables'}
        A hidden row's number, a number about few of a row, what a hidden row still says, a group
        that two tables count almost alike.
    what : str
        The row and the numbers, as they stand in the file.
    """

    file: str
    rule: str
    what: str


def attack(tables: Mapping[str, pd.DataFrame], *, min_cell: int) -> list[Narrowed]:
    """Attack the tables of one study as an intruder would.

    Parameters
    ----------
    tables : mapping
        The CSV files of `results/` by name, as pandas reads them.
    min_cell : int
        The smallest group that may be shown.

    Returns
    -------
    list of Narrowed
        Empty where nothing could be narrowed down.
    """
    everybody = max(
        (max(counts) for (_, group), counts in _counts(tables).items() if group in WHOLE_GROUP),
        default=None,
    )
    found = [] if min_cell < 2 else list(_across(tables, min_cell))
    for name, table in tables.items():
        found += _parts(name, table, min_cell)
        if "n" in table:
            found += _words(name, table)
            found += _ranges(name, table, everybody, min_cell)
    return found


def _counts(tables: Mapping[str, pd.DataFrame]) -> dict[tuple[str, str], dict[int, str]]:
    """Each group's numbers of people, and a table that tells each."""
    counts: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for name, table in tables.items():
        if set(table.columns) >= GROUPED | {"n"}:
            for row in table.dropna(subset=["n"]).itertuples():
                counts[(str(row.segment), str(row.group))].setdefault(int(row.n), name)
    return counts


def _across(tables: Mapping[str, pd.DataFrame], min_cell: int) -> Iterator[Narrowed]:
    for (segment, group), counts in _counts(tables).items():
        ordered = sorted(counts)
        for less, more in pairwise(ordered):
            if more - less < min_cell:
                files = f"{counts[less]}, {counts[more]}"
                yield Narrowed(files, "tables", f"{segment} {group}: {less:,} and {more:,}")


def _ranges(
    name: str, table: pd.DataFrame, everybody: int | None, min_cell: int
) -> Iterator[Narrowed]:
    """Hidden rows whose number of people follows from the total and the rows that are shown.

    The total is the table's own, and where it has none that of everybody.
    """
    whole = table["group"].isin(WHOLE_GROUP) if "group" in table else pd.Series(False, table.index)
    total = table.loc[whole, "n"].max() if whole.any() else everybody
    table = table[~whole]
    keys = blocks_of(table)
    blocks = table.groupby(keys, sort=False, dropna=False) if keys else [((), table)]
    for _, block in blocks:
        hidden = block["n"].isna().to_numpy()
        known = block["n"].to_numpy(float)
        left = np.nan if total is None else total - np.nansum(known)
        if not hidden.any() or not left >= hidden.sum():
            continue
        low, high = _range(int(hidden.sum()), left)
        if low < min_cell and high - low < min_cell:
            first = _row(block[hidden].iloc[0])
            yield Narrowed(name, "range", f"{first}: {low:g} to {high:g} of the {left:g} not shown")


def _range(hidden: int, left: float) -> tuple[float, float]:
    """The range of one of so many hidden rows that hold so many together: all have the same."""
    counts = np.append(np.ones(hidden - 1), left - hidden + 1)
    found = ranges(counts, [np.arange(hidden)], np.ones(hidden, bool), [0])
    return tuple(found[0])


def _parts(name: str, table: pd.DataFrame, min_cell: int) -> Iterator[Narrowed]:
    for columns, few in few_parts(table, min_cell):
        seen = few & table[columns[0]].notna()
        for _, row in table[seen].iterrows():
            whole = next(row[one] for one in WHOLES if one in row)
            told = f"{columns[0]} {row[columns[0]]} of {whole:g}"
            yield Narrowed(name, "part", f"{_row(row)}: {told}")


def _words(name: str, table: pd.DataFrame) -> Iterator[Narrowed]:
    for _, row in table[table["n"].isna()].iterrows():
        left = [f"{key} {row[key]}" for key in table if key not in NAMED and pd.notna(row[key])]
        if left:
            yield Narrowed(name, "words", f"{_row(row)}: {', '.join(left)}")


def _row(row: pd.Series) -> str:
    return " ".join(str(row[key]) for key in NAMED if key in row and pd.notna(row[key]))
