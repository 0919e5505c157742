"""Cells of a CSV file that a spreadsheet opens: text stays text, never a formula.

Excel, LibreOffice and others run a cell that begins with `=`, `+`, `-` or `@`. Such a text gets an
apostrophe before it; so does one that begins with apostrophes before such a sign, so that the first
apostrophe taken away gives the text back. Numbers stand as they are, texts of digits too.
"""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from analysis.telling.markup import one_line

DIGITS = re.compile(r"[+-]?\d[\d.,]*")
RUN = re.compile(r"\s*'*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def as_cell(value: Any) -> Any:
    """A value as a cell holds it: text of one line that no spreadsheet runs."""
    if not isinstance(value, str):
        return value
    text = one_line(value)
    return f"'{text}" if RUN.match(text) and not DIGITS.fullmatch(text) else text


def as_cells(table: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts, its heads too, are cells that no spreadsheet runs."""
    safe = table.copy()
    for place, kind in enumerate(safe.dtypes):
        if not (pd.api.types.is_numeric_dtype(kind) or pd.api.types.is_datetime64_any_dtype(kind)):
            column = safe.iloc[:, place].astype(object)
            safe.isetitem(place, [as_cell(one) for one in column])
    return safe.set_axis([as_cell(name) for name in safe.columns], axis=1)
