"""Values in a few words, for tables and lines in a notebook: nobody is named, nothing is long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analysis.notes import Note
from analysis.telling.markup import one_line

LONGEST = 60
MOST = 6
THOUSAND = 1000


def shortly(value: Any) -> str:
    """Tell a value in at most a line."""
    if isinstance(value, pd.DataFrame):
        return f"table of {len(value):,} rows: {_cut(', '.join(map(str, value.columns)))}"
    if isinstance(value, pd.Series):
        return f"column of {len(value):,} values"
    if isinstance(value, ibis.Expr):
        return "in the engine"
    if isinstance(value, np.ndarray):
        return f"array {'×'.join(map(str, value.shape))}"
    if isinstance(value, Mapping):
        return _cut(f"{len(value)} named {', '.join(map(in_cell, list(value)[:MOST]))}")
    if isinstance(value, list | tuple | set | frozenset):
        more = " …" if len(value) > MOST else ""
        return _cut(", ".join(_inside(one) for one in list(value)[:MOST]) + more) or "none"
    return _inside(value)


def _inside(value: Any) -> str:
    """A value within another: a result by its kind and main table alone."""
    if is_dataclass(value) and not isinstance(value, type | Note):
        tables = [getattr(value, one.name) for one in fields(value) if one.name == "table"]
        size = f" with {len(tables[0]):,} rows" if tables and hasattr(tables[0], "__len__") else ""
        return f"{type(value).__name__}{size}"
    return in_cell(value)


def in_cell(value: Any) -> str:
    """Tell a single value as a cell shows it."""
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{int(value):,}"
    if isinstance(value, float | np.floating):
        return f"{value:,.0f}" if abs(value) >= THOUSAND else f"{value:.4g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}" if value == pd.Timestamp(value).normalize() else f"{value}"
    if isinstance(value, date):
        return str(value)
    return _cut(one_line(str(value)))


def own_verbs(thing: Any) -> list[str]:
    """List what a thing can be asked for besides its parts: `.wide()`, `.within`."""
    parts = {one.name for one in fields(thing)}
    said = [name for name in dir(type(thing)) if not name.startswith("_") and name.islower()]
    return [
        f".{name}()" if callable(getattr(type(thing), name)) else f".{name}"
        for name in said
        if name not in parts
    ]


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 2] + " …"
