"""A table as it may leave the house: the gate that every shown table passes, whatever made it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.methods.disclosure import PARTS
from analysis.methods.suppression import in_steps
from analysis.telling.gates import (
    CLOCKS,
    DOMINANCE,
    blocks_of,
    dominated,
    hidden_rows,
    hide_small,
    step_of,
)
from analysis.telling.parts import COUNTED, PEOPLE, hide_parts

GROUP_NAMES = (
    "group", "tier", "stage", "level", "covariate", "segment", "begins", "quantity", "measure",
    "scale", "question", "from", "reference", "to", *CLOCKS,
)  # fmt: skip
"""Names of a hidden row that stay: what it would be about. Its words (a note, a kind) do not."""


@dataclass(frozen=True, slots=True, eq=False)
class Safe:
    """A table without what must not be told.

    Attributes
    ----------
    table : DataFrame
    suppressed : dict
        Reason to number: of rows (`small`, `dominated`), of numbers in other rows (`parts`).
    stepped : tuple of str
        The columns whose counts are told in steps of `min_cell`.
    """

    table: pd.DataFrame
    suppressed: dict[str, int]
    stepped: tuple[str, ...]

    @property
    def marks(self) -> list[str]:
        """Which sentences stand below the table."""
        rows = "small" in self.suppressed or "dominated" in self.suppressed
        found = {"hidden": rows, "parts": "parts" in self.suppressed, "steps": bool(self.stepped)}
        return [key for key, holds in found.items() if holds]


def tell_safely(
    table: pd.DataFrame,
    count: str | None,
    min_cell: int,
    *,
    dominance: tuple[float, float] = DOMINANCE,
) -> Safe:
    """Hide rows and parts of rows, and tell counts in steps where other tables count the same.

    Parameters
    ----------
    table : DataFrame
    count : str or None
        The column with the people behind a row; None where no row is about people.
    min_cell : int
    dominance : pair of float
        As in `gates.gated`.
    """
    hidden = pd.Series(False, index=table.index)
    if count is not None:
        hidden = hidden_rows(table, count, min_cell, dominance=dominance)
        table = hide_small(table, count, min_cell, dominance=dominance)
    elif "n" in table:
        hidden = table["n"].isna()
    table, parts = hide_parts(table, min_cell)
    large = dominated(table, dominance) & hidden
    number = {"small": int((hidden & ~large).sum()), "dominated": int(large.sum()), "parts": parts}
    stepped = _stepped(table, min_cell) if count is not None else ()
    step = {name: in_steps(table[name].astype(float), min_cell) for name in stepped}
    table = table.assign(**step).drop(columns=list(PARTS), errors="ignore")
    suppressed = {reason: found for reason, found in number.items() if found}
    return Safe(_without_words(table, hidden), suppressed, stepped)


def _stepped(table: pd.DataFrame, min_cell: int) -> tuple[str, ...]:
    if step_of(table, min_cell) == 1:
        return ()
    return tuple(name for name in (*PEOPLE, *COUNTED) if name in table)


def _without_words(table: pd.DataFrame, hidden: pd.Series) -> pd.DataFrame:
    """Hidden rows without the words that stand in them; rows of no group are not there at all.

    Nor are those of a line that is hidden as a whole: their number would say how few are in each.
    """
    if not hidden.any():
        return table
    lines = [table[name].to_numpy() for name in blocks_of(table)]
    whole = hidden.groupby(lines, dropna=False).transform("all") if lines else hidden & hidden.all()
    if not whole.all():
        table, hidden = table[~whole], hidden[~whole]
    if not set(GROUP_NAMES) & set(table.columns) and not hidden.all():
        return table[~hidden]
    texts = [c for c in table if not pd.api.types.is_numeric_dtype(table[c])]
    words = [c for c in texts if c not in GROUP_NAMES]
    emptied = table.astype(dict.fromkeys(words, object))
    emptied.loc[hidden.to_numpy(bool), words] = None
    return emptied
