"""Tables for people: headings in words, formatted cells, small groups hidden."""

from __future__ import annotations

from dataclasses import dataclass
from string import ascii_lowercase
from typing import Any

import pandas as pd

from analysis.methods.disclosure import small_rows
from analysis.wording import Column, Wording

LONGEST_COLUMN = 46
BLOCKS = ("segment", "weeks", "months")
MOST_WITH_NOTES = 7
WORDS = {"text": Wording.value, "note": Wording.note, "name": Wording.name}


@dataclass(frozen=True, slots=True, eq=False)
class Presented:
    """A table as Markdown for the report and as CSV for those who check.

    Attributes
    ----------
    markdown, csv, caption : str
    columns : list of dict
        Name, head and meaning of each column of the CSV.
    """

    markdown: str
    csv: str
    caption: str
    columns: list[dict[str, str]]

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = {"text/markdown": self.markdown, "text/csv": self.csv}
        return data, {"caption": self.caption, "columns": self.columns}


def present(
    table: pd.DataFrame,
    say: Wording,
    *,
    caption: str,
    count: str | None = "n",
    columns: list[str] | None = None,
    **numbers: Any,
) -> Presented:
    """Show a result's table.

    Parameters
    ----------
    table : DataFrame
        Tidy, one row a line of the table. `conf_low` and `conf_high` (also with a prefix) become
        one interval column; notes become a last column, or in a wide table the text below it.
    say : Wording
        The catalogue; it must know every column.
    caption : str
        The caption's key in the catalogue; `numbers` fill it.
    count : str or None
        The column with the customers behind a row: rows under the study's `min_cell` are hidden,
        in the Markdown and in the CSV. None only where no row is about a group of customers.
    columns : list of str, optional
        The columns to show, in order; the CSV has the same. All of them by default.
    """
    shown = table[columns] if columns else table
    shown = shown.drop(columns=[c for c in ("note",) if c in shown and not _any_text(shown[c])])
    hidden = pd.Series(False, index=shown.index)
    if count is not None:
        hidden = _small(table, count, say.min_cell)
        values = [c for c in shown if pd.api.types.is_numeric_dtype(shown[c]) and c != "weeks"]
        shown = shown.astype(dict.fromkeys(values, object)).mask(
            pd.DataFrame({c: hidden & (c in values) for c in shown})
        )
    known = {name: say.column(name) for name in shown}
    cells, below = _cells(shown, known, say), ""
    if "note" in known and cells.shape[1] > MOST_WITH_NOTES:
        cells, below = _notes_below(cells, known["note"].head, say)
    parts = [_markdown(cells), below, say("tables.hidden") if hidden.any() else ""]
    markdown = "\n\n".join(filter(None, parts))
    dictionary = [{"name": n, "head": c.head, "means": c.means} for n, c in known.items()]
    return Presented(markdown, shown.to_csv(index=False), say(caption, **numbers), dictionary)


def _small(table: pd.DataFrame, count: str, least: int) -> pd.Series:
    """Which rows to hide, one grouping and one time after the other: the total of each is known."""
    blocks = [name for name in BLOCKS if name in table and table[name].duplicated().any()]
    return small_rows(table[count], least, within=table[blocks] if blocks else None)


def _any_text(notes: pd.Series) -> bool:
    return bool(notes.fillna("").astype(str).str.len().any())


def _cells(shown: pd.DataFrame, known: dict[str, Column], say: Wording) -> pd.DataFrame:
    """Text cells under headings, intervals joined."""
    made: dict[str, list[str]] = {}
    right: list[bool] = []
    for name in shown:
        if name.endswith("conf_high"):
            continue
        column = known[name]
        if name.endswith("conf_low"):
            highs = shown[name.removesuffix("low") + "high"]
            pairs = zip(shown[name], highs, strict=True)
            cells = [_interval(low, high, column.format, say) for low, high in pairs]
        else:
            cells = [_cell(value, column.format, say) for value in shown[name]]
        made[column.head] = cells
        right.append(column.format not in WORDS)
    cells = pd.DataFrame(made)
    cells.attrs["right"] = right
    return cells


def _notes_below(cells: pd.DataFrame, head: str, say: Wording) -> tuple[pd.DataFrame, str]:
    """Take the notes out of a wide table: rows carry letters, and the text below says them."""
    notes = [note for note in cells[head].unique() if note not in ("", say.formats.none)]
    if len(notes) > len(ascii_lowercase):
        return cells, ""
    marks = {note: f"^{letter}^" for note, letter in zip(notes, ascii_lowercase, strict=False)}
    marked = cells.drop(columns=head)
    sides = zip(cells, cells.attrs["right"], strict=True)
    marked.attrs["right"] = [right for name, right in sides if name != head]
    marked[cells.columns[0]] = cells.iloc[:, 0] + cells[head].map(marks).fillna("")
    told = (
        say("tables.note", mark=mark, note=note[0].upper() + note[1:].rstrip("."))
        for note, mark in marks.items()
    )
    return marked, " ".join(told)


def _cell(value: Any, kind: str, say: Wording) -> str:
    if kind in WORDS and isinstance(value, str):
        return WORDS[kind](say, value)
    return say.formats.cell(value, "text" if kind in WORDS else kind)


def _interval(low: Any, high: Any, kind: str, say: Wording) -> str:
    if low is None or low != low:
        return say.formats.none
    bare = "points" if kind.startswith("percent") else kind
    if high is None or high != high:
        return say("tables.open_interval", low=say.formats.cell(low, bare))
    ends = (say.formats.cell(end, bare) for end in (low, high))
    return say("tables.interval", **dict(zip(("low", "high"), ends, strict=True)))


def _markdown(cells: pd.DataFrame) -> str:
    """A pipe table whose dashes carry the columns' relative widths."""
    lines = [list(cells.columns), *cells.to_numpy().tolist()]
    lines = [[str(text).replace("|", "\\|").replace("\n", " ") for text in line] for line in lines]
    widths = [
        min(max(len(line[i]) for line in lines), LONGEST_COLUMN) for i in range(cells.shape[1])
    ]
    rules = [
        "-" * max(width, 3) + ":" if right else ":" + "-" * max(width, 3)
        for width, right in zip(widths, cells.attrs["right"], strict=True)
    ]
    rows = [lines[0], rules, *lines[1:]]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
