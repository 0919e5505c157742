"""Tables for people: headings in words, formatted cells, small groups hidden."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from string import ascii_lowercase
from typing import Any

import pandas as pd

from analysis.notes import Note
from analysis.telling import html
from analysis.telling.cells import as_cells
from analysis.telling.gates import CLOCKS, refuse_private
from analysis.telling.markup import Filled, markdown
from analysis.telling.safe import Safe, tell_safely
from analysis.telling.wording import Column, Wording

LONGEST_COLUMN = 46
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
    base : str
        Whom the table counts: a base of the ledger; empty where it counts nobody.
    blank : bool
        Whether it has columns of numbers and not one number in them.
    suppressed : dict
        How many rows or numbers are not told, by reason: `small` (rows of fewer than `min_cell`,
        or that would give such a row away), `dominated` (rows), `parts` (numbers).
    """

    markdown: str
    csv: str
    caption: str
    columns: list[dict[str, str]]
    base: str = ""
    blank: bool = False
    html: str = ""
    suppressed: dict[str, int] = field(default_factory=dict)

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        data = {"text/markdown": self.markdown, "text/csv": self.csv, "text/html": self.html}
        told = {"caption": self.caption, "columns": self.columns, "base": self.base}
        return data, told | {"suppressed": self.suppressed}


@dataclass(frozen=True, slots=True)
class _Cells:
    """One column of text cells under its head."""

    head: str
    texts: list[str]
    right: bool
    is_note: bool = False


def present(
    table: pd.DataFrame,
    say: Wording,
    *,
    caption: str,
    count: str | None = "n",
    columns: list[str] | None = None,
    base: str = "",
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
        The caption's key in the catalogue; `numbers` fill it. Where it holds `caption` and
        `columns`, the latter are heads that this table has of its own.
    count : str or None
        The column with the customers behind a row: what must not be told of them is hidden in the
        Markdown and in the CSV (`safe.tell_safely`). None only where no row is about a group.
    columns : list of str, optional
        The columns to show, in order; the CSV has the same. All of them by default.
    base : str
        Whom it counts: a base of the ledger.

    Raises
    ------
    ValueError
        The table has a column that the contract calls private.
    """
    refuse_private(table[columns] if columns else table)
    safe = tell_safely(table, count, say.min_cell, dominance=say.dominance)
    shown = safe.table[columns] if columns else safe.table
    shown = shown.drop(columns=[c for c in ("note",) if c in shown and not _any_text(shown[c])])
    known = {name: say.column(name, caption) for name in shown}
    cells, below = _columns(shown, known, say), ""
    if "note" in known and len(cells) > MOST_WITH_NOTES:
        cells, below = _notes_below(cells, say)
    notes = [below, " ".join(say(f"tables.{key}") for key in safe.marks)]
    title = caption if say.has(caption) else f"{caption}.caption"
    told = say.markdown(title, **numbers)
    return Presented(
        "\n\n".join(filter(None, [_markdown(cells), *notes])),
        _csv(shown, known, say),
        told,
        _dictionary(known, safe, say),
        base,
        _is_blank(shown, known),
        _html(cells, told, notes),
        safe.suppressed,
    )


def _dictionary(known: dict[str, Column], safe: Safe, say: Wording) -> list[dict[str, str]]:
    means = {name: column.means for name, column in known.items()}
    for name in safe.stepped:
        if name in means:
            means[name] = f"{means[name].rstrip('.')}; {say('tables.stepped')}"
    return [{"name": n, "head": c.head, "means": means[n]} for n, c in known.items()]


def _is_blank(shown: pd.DataFrame, known: dict[str, Column]) -> bool:
    numbers = [name for name in shown if known[name].format not in WORDS and name not in CLOCKS]
    return bool(numbers) and bool(shown[numbers].isna().all(axis=None))


def _any_text(notes: pd.Series) -> bool:
    return any(isinstance(one, Note) or (isinstance(one, str) and one) for one in notes)


def _csv(shown: pd.DataFrame, known: dict[str, Column], say: Wording) -> str:
    """The table as it is, its remarks in words, counts as whole numbers, texts that none runs."""
    plain = shown.copy()
    for name, column in known.items():
        if any(isinstance(one, Note) for one in plain[name]):
            plain[name] = [say.note(one) if isinstance(one, Note) else one for one in plain[name]]
        elif column.format == "count" and pd.api.types.is_float_dtype(plain[name]):
            whole = plain[name].dropna()
            if (whole == whole.round()).all():
                plain[name] = plain[name].astype("Int64")
    return as_cells(plain).to_csv(index=False)


def _columns(shown: pd.DataFrame, known: dict[str, Column], say: Wording) -> list[_Cells]:
    """Text cells under headings, intervals joined."""
    made = []
    for name in shown:
        if name.endswith("conf_high"):
            continue
        column = known[name]
        if name.endswith("conf_low"):
            highs = shown[name.removesuffix("low") + "high"]
            pairs = zip(shown[name], highs, strict=True)
            texts = [_interval(low, high, column.format, say) for low, high in pairs]
        else:
            texts = [_cell(value, column.format, say) for value in shown[name]]
        made.append(_Cells(column.head, texts, column.format not in WORDS, name == "note"))
    return made


def _notes_below(cells: list[_Cells], say: Wording) -> tuple[list[_Cells], str]:
    """Take the notes out of a wide table: rows carry letters, and the text below says them."""
    (said,) = [column.texts for column in cells if column.is_note]
    notes = [note for note in dict.fromkeys(said) if note not in ("", say.formats.none)]
    if len(notes) > len(ascii_lowercase):
        return cells, ""
    marks = {note: f"^{letter}^" for note, letter in zip(notes, ascii_lowercase, strict=False)}
    first, *others = [column for column in cells if not column.is_note]
    pairs = zip(first.texts, said, strict=True)
    marked = _Cells(first.head, [text + marks.get(note, "") for text, note in pairs], first.right)
    told = (
        say.markdown("tables.note", mark=Filled(mark), note=Filled(_sentence(note)))
        for note, mark in marks.items()
    )
    return [marked, *others], " ".join(told)


def _sentence(note: str) -> str:
    return note[0].upper() + note[1:].rstrip(".")


def _cell(value: Any, kind: str, say: Wording) -> str:
    if isinstance(value, Note):
        return markdown(say.note(value))
    if kind in WORDS and isinstance(value, str):
        return markdown(WORDS[kind](say, value))
    return say.formats.cell(value, "text" if kind in WORDS else kind)


def _interval(low: Any, high: Any, kind: str, say: Wording) -> str:
    if low is None or low != low:
        return say.formats.none
    bare = "points" if kind.startswith("percent") else kind
    if high is None or high != high or high == math.inf:
        return say("tables.open_interval", low=say.formats.cell(low, bare))
    ends = (say.formats.cell(end, bare) for end in (low, high))
    return say("tables.interval", **dict(zip(("low", "high"), ends, strict=True)))


def _html(cells: list[_Cells], caption: str, notes: list[str]) -> str:
    rows = zip(*(map(html.inline, column.texts) for column in cells), strict=True)
    drawn = html.table(
        [html.inline(column.head) for column in cells],
        rows,
        right=[column.right for column in cells],
        caption=html.inline(caption),
    )
    return html.told(drawn, *(html.paragraph(note, "small") for note in notes))


def _markdown(cells: list[_Cells]) -> str:
    """A pipe table whose dashes carry the columns' relative widths."""
    rules = []
    for column in cells:
        longest = max(map(len, [column.head, *column.texts]))
        dashes = "-" * max(min(longest, LONGEST_COLUMN), 3)
        rules.append(f"{dashes}:" if column.right else f":{dashes}")
    rows = zip(*(column.texts for column in cells), strict=True)
    lines = [[column.head for column in cells], rules, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
