"""Open the files that a params file names: each becomes a table of the embedded engine."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import partial
from pathlib import Path

import ibis

from analysis.data import delimited, lists
from analysis.data.date_systems import SYSTEM_1900, SYSTEM_1904, date_system
from analysis.data.engine import open_duckdb
from analysis.data.faults import Fault, FaultyData
from analysis.data.joining import look_up
from analysis.data.located import KINDS, file_kind, named_files
from analysis.data.problems import told_plainly
from analysis.data.raw import ORIGIN, ROW, RawTable, Source
from analysis.data.sql import path_list
from analysis.params import Params
from analysis.params.joined import Joined
from analysis.params.source import TableSource


def open_files(params: Params) -> Source:
    """Open the embedded engine for the files that the params file names."""
    connection = open_duckdb(params.timezone)
    tables = params.data.files.items()
    return Source(
        connection, {n: partial(_open_table, connection, params, n, t) for n, t in tables}
    )


def _open_table(connection, params: Params, name: str, source: TableSource) -> RawTable:
    """Open the files of one table; what no file says, the params file may give."""
    paths = named_files(params, name, source)
    others = {
        label: _open_joined(connection, params, f"{name}.join.{label}", one, source)
        for label, one in source.join.items()
    }
    if source.sha256:
        _check_content(name, source, paths)
    return look_up(_with_given(open_paths(connection, name, source, paths)), others)


def _open_joined(connection, params: Params, name: str, one: Joined, source: TableSource):
    """Open the files of a table that is looked up; its conventions are those of the table."""
    own = one.model_dump(exclude={"by"}, exclude_unset=True)
    own = TableSource(**own, date_format=source.date_format)
    made = name.replace(".join.", "_")
    try:
        return open_paths(connection, made, own, named_files(params, name, own))
    except FaultyData as error:
        raise FaultyData([replace(fault, table=name) for fault in error.faults]) from None


def _check_content(name: str, source: TableSource, paths: list[Path]) -> None:
    found = hashlib.sha256(paths[0].read_bytes()).hexdigest() if len(paths) == 1 else ""
    if found != source.sha256:
        came = f"{paths[0].name} has {found[:12] or 'several files'}…"
        rule = f"must be the file whose sha256 begins {source.sha256[:12]}"
        remedy = "get that file, or study the other one under a params file of its own"
        raise FaultyData([Fault(name, "", rule, came, remedy=remedy)])


def _with_given(raw: RawTable) -> RawTable:
    """Add the columns that the params file gives: the row's number, one value for all rows."""
    source, number = raw.source, raw.source.row_number
    if not (number or source.constants):
        return raw
    if number and raw.numbered is None:
        rule, came = "must have numbered rows for row_number", f"{raw.origin} is a database"
        raise FaultyData(
            [Fault(raw.name, number, rule, came, remedy="give a column of the source")]
        )
    given = {name: ibis.literal(value) for name, value in source.constants.items()}
    taken = sorted({*given, *filter(None, [number])} & set(raw.table.columns))
    if taken:
        came = f"{raw.origin} has {', '.join(taken)} already"
        raise FaultyData([Fault(raw.name, "", "must not be given columns it has", came)])

    def with_numbers() -> ibis.Table:
        rows = raw.numbered()
        return rows.mutate(**given, **({number: rows[ROW] - 1} if number else {}))

    table = with_numbers().drop(ROW, ORIGIN) if number else raw.table.mutate(**given)
    return replace(raw, table=table, numbered=with_numbers if raw.numbered else None)


def open_paths(connection, name: str, source: TableSource, paths: list[Path]) -> RawTable:
    """Open files of one kind as one table."""
    kinds = {file_kind(path) for path in paths}
    origin = paths[0].name if len(paths) == 1 else f"{paths[0].name} and {len(paths) - 1} more"
    if len(kinds) > 1 or "" in kinds:
        endings = ", ".join(sorted({path.suffix or path.name for path in paths}))
        came = f"{origin} came with {endings}"
        rule = f"must lie in files of one kind ({', '.join(sorted(KINDS))}, or one of them packed)"
        raise FaultyData([Fault(name, "", rule, came)])
    opener = OPENERS[kinds.pop()]
    with told_plainly(name, origin):
        return opener(connection, name, source, paths, origin)


def _open_parquet(connection, name, source, paths, origin) -> RawTable:
    files, apart = path_list(paths), str(len(paths) > 1).lower()

    def view(select: str, made: str) -> ibis.Table:
        numbers = f"filename = '{ORIGIN}', file_row_number = true, union_by_name = {apart}"
        reader = f"read_parquet({files}, {numbers})"
        connection.raw_sql(f"CREATE OR REPLACE VIEW {made} AS SELECT {select} FROM {reader}")
        return connection.table(made)

    def numbered() -> ibis.Table:
        rows = view(f"*, file_row_number + 1 AS {ROW}", f"raw_{name}_numbered")
        names = {str(path): path.name for path in paths}
        return rows.mutate(**{ORIGIN: rows[ORIGIN].cases(*names.items(), else_=rows[ORIGIN])})

    table = view(f"* EXCLUDE ({ORIGIN}, file_row_number)", f"raw_{name}")
    return RawTable(name, table, source, origin, numbered, lazy=True)


def _open_delimited(connection, name, source, paths, origin) -> RawTable:
    return delimited.open_delimited(connection, name, source, paths, origin)


def _open_lines(connection, name, source, paths, origin) -> RawTable:
    return delimited.open_lines(connection, name, source, paths, origin)


def _open_excel(connection, name, source, paths, origin) -> RawTable:
    stated = {date_system(path) for path in paths}
    if SYSTEM_1900 in source.formats and SYSTEM_1904 in stated:
        if SYSTEM_1900 in stated:
            rule, came = "must count days from one day", f"{origin} count from 1900 and from 1904"
            raise FaultyData([Fault(name, "", rule, came, remedy="give them in one date system")])
        source = source.counting_from(SYSTEM_1904)
    return _hold(connection, name, source, lists.read_excel(name, source, paths), origin)


def _open_sqlite(connection, name, source, paths, origin) -> RawTable:
    return _hold(connection, name, source, lists.read_sqlite(name, source, paths), origin)


def _hold(connection, name, source, table, origin) -> RawTable:
    held = connection.create_table(f"raw_{name}", table, overwrite=True)
    return RawTable(name, held.drop(ROW, ORIGIN), source, origin, lambda: held)


def _open_duckdb(connection, name, source, paths, origin) -> RawTable:
    if len(paths) > 1:
        raise FaultyData([Fault(name, "", "must lie in one DuckDB file", f"{len(paths)} came")])
    catalog = f"source_{name}"
    connection.attach(str(paths[0]), catalog, read_only=True)
    if source.sql:
        table = connection.sql(source.sql)
    else:
        known = connection.list_tables(database=(catalog, "main"))
        wanted = lists.chosen(name, source, known, origin)
        table = connection.table(wanted, database=(catalog, "main"))
    return RawTable(name, table, source, origin, lazy=True)


OPENERS = {
    "delimited": _open_delimited,
    "parquet": _open_parquet,
    "excel": _open_excel,
    "lines": _open_lines,
    "sqlite": _open_sqlite,
    "duckdb": _open_duckdb,
}
