"""The one door by which an engine's answers come over, each counted with its size."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa

from analysis.data.located import RECORD
from analysis.data.placing import naming
from analysis.data.problems import told_plainly

OURS = "analysis."
MONEY_DIGITS = 6
DOORS = ("analysis.data.crossing", "analysis.data.tables")


@dataclass(frozen=True, slots=True)
class Crossing:
    """One answer that an engine gave to this process.

    Attributes
    ----------
    purpose : str
        The function that asked, such as 'frames.customers.customer_frame'.
    engine : str
        'duckdb', 'postgres', 'pyspark' …
    rows, columns, size : int
        What came over; the size in bytes.
    """

    purpose: str
    engine: str
    rows: int
    columns: int
    size: int


_ledgers: list[list[Crossing]] = []


@contextmanager
def crossings() -> Iterator[list[Crossing]]:
    """Collect what comes over from the engines while the block runs, in its order."""
    ledger: list[Crossing] = []
    _ledgers.append(ledger)
    try:
        yield ledger
    finally:
        _ledgers[:] = [one for one in _ledgers if one is not ledger]


def fetch(expression: ibis.Table, *, money: Sequence[str] = ()) -> pd.DataFrame:
    """Run an expression in its engine and return its rows; days become datetime64[us].

    The rows are ordered by their columns, from the left, whatever the engine and its collation;
    `money` names the sums of amounts, which are rounded to 1e-6 (parallel sums differ in the last
    bits from run to run and from engine to engine; reports must not).
    """
    with told_plainly("the tables", expression.get_backend().name):
        rows = _come_over(expression)
    frame = rows.to_pandas(date_as_object=False)
    for column, kind in expression.schema().items():
        if kind.is_date() or kind.is_timestamp():
            frame[column] = frame[column].astype("datetime64[us]")
        elif kind.is_string():
            frame[column] = frame[column].astype("str")
        elif kind.is_integer() and frame[column].notna().all():
            frame[column] = frame[column].astype("int64")
    for column in money:
        frame[column] = frame[column].astype(float).round(MONEY_DIGITS) + 0.0  # no -0
    return ordered(frame)


def ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """Order rows by as many columns from the left as tell them apart; missing values come last."""
    columns = list(frame)
    key = next((n for n in range(1, len(columns)) if not frame.duplicated(columns[:n]).any()), None)
    return frame.sort_values(columns[:key], kind="stable", ignore_index=True)


def fetch_rows(expression: ibis.Table) -> list[dict[str, Any]]:
    """Run an expression in its engine and return its rows as they are there, nulls as None."""
    return _come_over(expression).to_pylist()


def fetch_count(table: ibis.Table) -> int:
    """Count the rows of a table in its engine."""
    return int(fetch_rows(table.aggregate(rows=table.count()))[0]["rows"])


def _come_over(expression: ibis.Table) -> pa.Table:
    engine = expression.get_backend().name
    rows = expression.to_pyarrow()
    crossing = Crossing(_asked_by(), engine, rows.num_rows, rows.num_columns, rows.nbytes)
    for ledger in _ledgers:
        ledger.append(crossing)
    _record(crossing)
    return rows


def _record(crossing: Crossing) -> None:
    """Add a line to the file that the run keeps, if it keeps one."""
    if not os.environ.get(RECORD):
        return
    path = Path(os.environ[RECORD])
    path.parent.mkdir(parents=True, exist_ok=True)
    with naming(path), path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        if not stream.tell():
            writer.writerow(field.name for field in fields(Crossing))
        writer.writerow(astuple(crossing))


def _asked_by() -> str:
    """Name the function above the doors that asked."""
    frame = sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module not in DOORS and not frame.f_code.co_name.startswith("<"):
            name = frame.f_code.co_name.strip("_")
            return f"{module.removeprefix(OURS)}.{name}" if module.startswith(OURS) else name
        frame = frame.f_back
    return "a notebook"
