"""Excel and SQLite, whose cells carry their own types: read in Python, held as Arrow."""

from __future__ import annotations

import datetime
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from analysis.data.faults import Fault, FaultyData
from analysis.data.raw import ORIGIN, ROW, name_columns
from analysis.data.unpacking import check_workbook
from analysis.params.source import TableSource

BATCH = 100_000
LONGEST_CELL = 10_000_000  # bytes of a cell of SQLite
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY name"
NUMERIC = (int, float)


def read_excel(name: str, source: TableSource, paths: Sequence[Path]) -> pa.Table:
    """Read the sheets of each workbook, rows numbered as there; the first row is the head."""
    from python_calamine import CalamineWorkbook

    tables = []
    for path in paths:
        check_workbook(name, path)
        workbook = CalamineWorkbook.from_path(str(path))
        sheets = source.sheet if isinstance(source.sheet, tuple) else (source.sheet,)
        for sheet in sheets:
            wanted = chosen(name, source, workbook.sheet_names, path.name, sheet)
            cells = workbook.get_sheet_by_name(wanted)
            rows = cells.to_python(skip_empty_area=True)
            origin = f"sheet '{wanted}' of {path.name}" if len(sheets) > 1 else path.name
            if not rows:
                came = f"sheet '{wanted}' of {path.name} is empty"
                raise FaultyData([Fault(name, "", "must have a head and rows", came)])
            table = arrow_table(name, path.name, rows[0], [rows[1:]])
            tables.append(_numbered(table, origin, cells.start[0] + 2))
    return _stack(tables)


def read_sqlite(name: str, source: TableSource, paths: Sequence[Path]) -> pa.Table:
    """Read a table or query of each SQLite file, opened for reading only."""
    read = [(path, _read_database(name, source, path)) for path in paths]
    return _stack([_numbered(table, path.name, 1) for path, table in read])


def _numbered(table: pa.Table, origin: str, first: int) -> pa.Table:
    numbers = pa.array(range(first, first + len(table)), pa.int64())
    origins = pa.array([origin] * len(table), pa.string())
    return table.append_column(ROW, numbers).append_column(ORIGIN, origins)


def _read_database(name: str, source: TableSource, path: Path) -> pa.Table:
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
    with closing(database):
        database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_CELL)
        known = [row[0] for row in database.execute(SQLITE_TABLES)]
        query = source.sql
        if query is None:
            table = chosen(name, source, known, path.name).replace('"', '""')
            query = f'SELECT * FROM "{table}"'
        cursor = database.execute(query)
        head = [column[0] for column in cursor.description]
        return arrow_table(name, path.name, head, iter(lambda: cursor.fetchmany(BATCH), []))


def names_inside(path: Path, kind: str) -> list[str]:
    """List the sheets of a workbook or the tables of a database file."""
    if kind == "excel":
        from python_calamine import CalamineWorkbook

        check_workbook("proposed", path)
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    if kind == "duckdb":
        import duckdb

        with duckdb.connect(str(path), read_only=True) as database:
            return [row[0] for row in database.execute("SHOW TABLES").fetchall()]
    database = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=1)
    with closing(database):
        return [row[0] for row in database.execute(SQLITE_TABLES)]


def chosen(
    name: str, source: TableSource, known: Sequence[str], origin: str, sheet: str | None = None
) -> str:
    """Return the table (or sheet) that is meant: the named one, or the only one."""
    wanted = sheet or source.table
    if wanted in known:
        return wanted
    if wanted is None and len(known) == 1:
        return known[0]
    came = f"{origin} has {', '.join(known) or 'none'}"
    rule = f"must name a table of {origin}" if wanted is None else f"must find '{wanted}'"
    remedy = "set sheet: or table: to one of them" if known else ""
    raise FaultyData([Fault(name, "", rule, came, remedy=remedy)])


def arrow_table(
    name: str, origin: str, head: Sequence[Any], batches: Iterable[Sequence[Sequence[Any]]]
) -> pa.Table:
    """Make an Arrow table of rows; a column of mixed kinds becomes text."""
    columns = name_columns(head)
    twice = sorted(column for column, count in Counter(columns).items() if count > 1)
    if twice:
        came = f"{origin} has {', '.join(repr(column) for column in twice)} twice"
        raise FaultyData([Fault(name, "", "must have columns of different names", came)])
    chunks: list[list[pa.Array]] = [[] for _ in columns]
    for rows in batches:
        for place, chunk in enumerate(chunks):
            chunk.append(_array([row[place] if place < len(row) else None for row in rows]))
    return pa.table({column: _chunked(c) for column, c in zip(columns, chunks, strict=True)})


def _array(values: list[Any]) -> pa.Array:
    """Type a run of cells: dates, numbers or, where they are mixed, text."""
    values = [None if value == "" else value for value in values]
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {datetime.datetime, datetime.date} and kinds:
        stamps = [
            datetime.datetime(v.year, v.month, v.day) if type(v) is datetime.date else v
            for v in values
        ]
        return pa.array(stamps, pa.timestamp("us"))
    if kinds == {int}:
        return pa.array(values, pa.int64())
    if kinds and kinds <= set(NUMERIC):
        return pa.array([None if v is None else float(v) for v in values], pa.float64())
    return pa.array([None if v is None else _text(v) for v in values], pa.string())


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)


def _chunked(arrays: list[pa.Array]) -> pa.ChunkedArray:
    kinds = {array.type for array in arrays if array.null_count < len(array)}
    if not kinds:
        return pa.chunked_array([array.cast(pa.string()) for array in arrays], pa.string())
    if kinds <= {pa.int64(), pa.float64()}:
        kind = pa.float64() if pa.float64() in kinds else pa.int64()
    else:
        kind = kinds.pop() if len(kinds) == 1 else pa.string()
    return pa.chunked_array(
        [
            pa.nulls(len(array), kind) if array.null_count == len(array) else array.cast(kind)
            for array in arrays
        ],
        kind,
    )


def _stack(tables: list[pa.Table]) -> pa.Table:
    return pa.concat_tables(tables, promote_options="permissive")
