"""Short forms for who works in a notebook: what a thing is, its main table, what to do with it.

`brief(thing)` makes one, as text and as HTML; a shell of IPython (JupyterLab, VS Code) shows it
once a study was opened (`use_short_forms`). Tables show ten rows and no column that is private.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import singledispatch
from inspect import getdoc
from typing import Any

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.notes import Note
from analysis.params import Params
from analysis.schemas import private_columns
from analysis.telling import html
from analysis.telling.shortly import in_cell, own_verbs, shortly
from analysis.telling.wording import Wording

MOST_ROWS = 10
HIDDEN = "hidden"
WORDS = ("overrides", "path", "schema_version", "data", "title", "subtitle", "author", "language")
"""What is set of a study but is no value that an analysis obeys."""


@dataclass(frozen=True, slots=True)
class Brief:
    """The short form of one thing.

    Attributes
    ----------
    what : str
        What it is, in a line.
    rows : tuple of tuple of str
        Its main table: the heads, then at most ten rows.
    notes : tuple of str
        Further lines.
    then : str
        What can be done with it.
    """

    what: str
    rows: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    then: str = ""

    @property
    def text(self) -> str:
        """The form for a terminal."""
        widths = [max(map(len, column)) for column in zip(*self.rows, strict=True)]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in self.rows
        ]
        return "\n".join(filter(None, [self.what, *lines, *self.notes, self.then]))

    @property
    def html(self) -> str:
        """The form for JupyterLab."""
        drawn = ""
        if self.rows:
            heads, *rows = [[html.plain(cell) for cell in row] for row in self.rows]
            drawn = html.table(heads, rows, right=[False] * len(heads))
        below = [f'<p class="small">{html.plain(one)}</p>' for one in (*self.notes, self.then)]
        kept = [one for one, said in zip(below, (*self.notes, self.then), strict=True) if said]
        return html.told(f"<p><b>{html.plain(self.what)}</b></p>", drawn, *kept)


@singledispatch
def brief(thing: Any) -> Brief | None:
    """Make the short form of a result, study, table or frame; None of anything else."""
    if not is_result(thing):
        return None
    parts = {one.name: getattr(thing, one.name) for one in fields(thing)}
    main, notes = next(iter(_tables_of(parts)), ""), []
    rows: tuple[tuple[str, ...], ...] = ()
    if main:
        rows, notes = _rows(parts[main]), _beyond(parts[main], f".{main}")
    notes += [f".{name}: {shortly(one)}" for name, one in parts.items() if name != main]
    few = "show.gated(…) hides small groups; " if hasattr(thing, "COUNTED_BY") else ""
    verbs = ", ".join(own_verbs(thing))
    then = f"{few}{f'further: {verbs}' if verbs else ''}".removesuffix("; ")
    return Brief(_titled(thing), rows, tuple(notes), then)


def is_result(thing: Any) -> bool:
    """Whether a thing is one of the project's frozen results, and shows no form of its own."""
    kind = type(thing)
    own = kind.__module__.startswith("analysis.") and is_dataclass(kind)
    return own and not hasattr(kind, "_repr_mimebundle_") and not isinstance(thing, Wording | Note)


@brief.register
def _(frame: pd.DataFrame) -> Brief:
    size = f"{len(frame):,} rows, {len(frame.columns)} columns"
    then = "a DataFrame: .query(…), .groupby(…), .describe(), .plot(…)"
    return Brief(f"Table of {size}", _rows(frame), tuple(_beyond(frame, "")), then)


@brief.register
def _(table: ibis.Table) -> Brief:
    columns = [("column", "type"), *((n, str(kind)) for n, kind in table.schema().items())]
    notes = [f"{len(columns) - 1 - MOST_ROWS} further columns"] if len(columns) > 11 else []
    return Brief(
        "Table in the engine; nothing is computed before it is asked for",
        tuple(columns[: MOST_ROWS + 1]),
        tuple(notes),
        "study.tables.fetch(table) brings its rows over; .filter(…), .group_by(…), .agg(…)",
    )


@brief.register
def _(tables: Tables) -> Brief:
    heads = ("table", "rows used", "columns")
    kept = tables.audit[tables.audit["step"] == "kept"].set_index("table")["rows"]
    rows = [
        (name, in_cell(kept.get(name)), ", ".join(tables[name].columns)[:80]) for name in tables
    ]
    then = 'tables["transactions"] is one of them; .audit tells what happened to the rows'
    return Brief(f"Tables of {shortly(tables.description.title)}", (heads, *rows), (), then)


@brief.register
def _(params: Params) -> Brief:
    named = sorted(params.model_fields_set - {*WORDS, "study"})
    shown = [*params.overrides, *(name for name in named if name not in params.overrides)]
    values = {name: getattr(params, name) for name in named} | params.overrides
    rows = [(name, shortly(values[name])) for name in shown[:MOST_ROWS]]
    usual = sorted(set(dir(params)) - {*shown[:MOST_ROWS], "overrides", "path"})
    return Brief(
        str(params),
        (("parameter", "value"), *rows),
        (f"further: {', '.join(usual)}",),
        'another value for one try: open_study("…", {"lapse_weeks": 13})',
    )


@brief.register
def _(things: dict) -> Brief | None:
    return _several(things, "mapping")


@brief.register
def _(things: tuple) -> Brief | None:
    return _several(dict(enumerate(things)), "tuple")


def _several(things: Mapping[Any, Any], kind: str) -> Brief | None:
    """A mapping or tuple of results: one line each."""
    if not any(is_result(one) or isinstance(one, pd.DataFrame) for one in things.values()):
        return None
    rows = [(shortly(name), shortly(one)) for name, one in list(things.items())[:MOST_ROWS]]
    notes = (f"{len(things) - MOST_ROWS} further",) if len(things) > MOST_ROWS else ()
    return Brief(f"{len(things)} in a {kind}", (("key", "value"), *rows), notes)


def _titled(thing: Any) -> str:
    first = (getdoc(type(thing)) or "").split("\n")[0]
    return f"{type(thing).__name__}: {first}"


def _tables_of(parts: Mapping[str, Any]) -> list[str]:
    """The parts that are tables, the one called `table` first."""
    found = [name for name, one in parts.items() if isinstance(one, pd.DataFrame) and len(one)]
    return sorted(found, key=lambda name: name != "table")


def _rows(frame: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    """Heads and the first rows of a frame as text; what is private is hidden."""
    some = frame.head(MOST_ROWS)
    if not isinstance(some.index, pd.RangeIndex):
        names = {name for name in some.index.names if name is not None}
        some = some.reset_index() if names and not names & set(some.columns) else some
    private = private_columns()
    columns = {
        str(name): [HIDDEN if name in private else in_cell(one) for one in some.iloc[:, place]]
        for place, name in enumerate(some.columns)
    }
    return (tuple(columns), *zip(*columns.values(), strict=True))


def _beyond(frame: pd.DataFrame, name: str) -> list[str]:
    further = len(frame) - MOST_ROWS
    return [f"{further:,} further rows{f' in {name}' if name else ''}"] if further > 0 else []


def use_short_forms() -> None:
    """Let the shell of IPython that runs this, where one does, show short forms."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module else None
    if shell is not None:
        shell.display_formatter.mimebundle_formatter.for_type(object, _bundle)


def _bundle(thing: Any) -> Any:
    """What a shell shows of a thing: its short form, or its own."""
    made = brief(thing)
    if made is not None:
        return {"text/plain": made.text, "text/html": made.html}
    own = getattr(type(thing), "_repr_mimebundle_", None)
    return own(thing, include=None, exclude=None) if own else None
