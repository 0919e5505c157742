"""CSV and JSON lines: everything is read as text, so that every fault can be named and counted."""

from __future__ import annotations

import bz2
import codecs
import csv
import gzip
import io
import itertools
import json
import lzma
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import ibis

from analysis.data.faults import Fault, FaultyData
from analysis.data.located import members
from analysis.data.raw import ORIGIN, ROW, RawTable
from analysis.data.sql import arguments
from analysis.params.source import TableSource

DELIMITERS = (";", "\t", "|", ",")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
DUCKDB_UNPACKS = (".gz", ".zst")
SAMPLED_LINES = 1000


def open_delimited(connection, name: str, source: TableSource, paths: list[Path], origin: str):
    """Open CSV files; those with different heads are laid side by side by column name."""
    groups: dict[tuple, list[Path]] = {}
    origins = {}
    for path in paths:
        readable = _readable(connection, name, source, path)
        origins[str(readable)] = path.name
        head, delimiter = read_head(name, source, path)
        groups.setdefault((tuple(head), delimiter), []).append(readable)
    readers = [
        {
            "files": [str(path) for path in files],
            "auto_detect": False,
            "header": True,
            "delim": delimiter,
            "quote": '"',
            "escape": '"',
            "columns": dict.fromkeys(head, "VARCHAR"),
        }
        for (head, delimiter), files in groups.items()
    ]
    return _open(connection, name, source, origin, ("read_csv", readers, 2, origins))


def open_lines(connection, name: str, source: TableSource, paths: list[Path], origin: str):
    """Open JSON lines; the columns are the keys of the first lines."""
    keys: dict[str, None] = {}
    for path in paths:
        keys |= dict.fromkeys(read_keys(name, source, path))
    reader = {
        "files": [str(path) for path in paths],
        "format": "newline_delimited",
        "columns": dict.fromkeys(keys, "VARCHAR"),
    }
    origins = {str(path): path.name for path in paths}
    return _open(connection, name, source, origin, ("read_json", [reader], 1, origins))


def read_head(name: str, source: TableSource, path: Path) -> tuple[list[str], str]:
    """Read the column names of a CSV file and find its delimiter."""
    with open_text(name, source, path) as stream:
        first = stream.readline()
    if not first.strip():
        raise FaultyData([Fault(name, "", "must have a head and rows", f"{path.name} is empty")])
    found = max(DELIMITERS, key=lambda sign: len(next(csv.reader([first], delimiter=sign))))
    delimiter = source.delimiter or found
    head = [column.strip() for column in next(csv.reader([first], delimiter=delimiter))]
    head = [column or f"column {place}" for place, column in enumerate(head, 1)]
    twice = sorted({column for column in head if head.count(column) > 1})
    alike = sorted({c for c in head if [h.lower() for h in head].count(c.lower()) > 1})
    if alike:
        came = f"{path.name} has {', '.join(repr(column) for column in twice or alike)} twice"
        raise FaultyData([Fault(name, "", "must have columns of different names", came)])
    return head, delimiter


def read_keys(name: str, source: TableSource, path: Path) -> list[str]:
    """Return the keys of the first lines of a JSON lines file."""
    keys: dict[str, None] = {}
    with open_text(name, source, path) as stream:
        for place, line in enumerate(itertools.islice(stream, SAMPLED_LINES), 1):
            try:
                record = json.loads(line) if line.strip() else {}
            except ValueError:
                record = None
            if not isinstance(record, dict):
                came = f"line {place} of {path.name} is not"
                raise FaultyData([Fault(name, "", "must hold one JSON object a line", came)])
            keys |= dict.fromkeys(record)
    if not keys:
        raise FaultyData([Fault(name, "", "must hold rows", f"{path.name} is empty")])
    return list(keys)


@contextmanager
def open_text(name: str, source: TableSource, path: Path) -> Iterator[io.TextIOBase]:
    """Open a file, packed or not, as text in the encoding that the params file names."""
    check_packed(name, path)
    encoding = _encoding(name, source)
    with unpacked(path) as stream:
        start = stream.read(4)
    for mark, marked in MARKS.items():
        if start.startswith(mark):
            encoding = marked
    try:
        with unpacked(path) as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
            yield text
    except UnicodeDecodeError:
        came = f"row {_undecodable_row(path, encoding):,} of {path.name} is not"
        remedy = "set encoding: cp1252, or the one that it was saved in"
        fault = Fault(name, "", f"must be {encoding} text", came, remedy=remedy)
        raise FaultyData([fault]) from None


def _encoding(name: str, source: TableSource) -> str:
    try:
        return codecs.lookup(source.encoding).name
    except LookupError:
        rule = "must have an encoding such as utf-8 or cp1252"
        raise FaultyData([Fault(name, "", rule, f"'{source.encoding}' came")]) from None


def _undecodable_row(path: Path, encoding: str) -> int:
    """Find the first line that is not text in the encoding; the head is row 1."""
    with unpacked(path) as stream:
        for row, line in enumerate(stream, 1):
            try:
                line.decode(encoding)
            except UnicodeDecodeError:
                return row
    return 0


def check_packed(name: str, path: Path) -> None:
    """Refuse an archive of several files: each would have to be named."""
    inside = members(path) if path.suffix.lower() == ".zip" else ["itself"]
    if len(inside) != 1:
        came = f"{path.name} holds {len(inside):,}"
        fault = Fault(name, "", "must hold one file in a .zip", came, remedy="unpack it")
        raise FaultyData([fault])


def unpacked(path: Path):
    """Open a file in binary; packed files are unpacked on the way."""
    match path.suffix.lower():
        case ".gz":
            return gzip.open(path)
        case ".bz2":
            return bz2.open(path)
        case ".xz":
            return lzma.open(path)
        case ".zip":
            return zipfile.ZipFile(path).open(members(path)[0])
        case ".zst":
            import pyarrow as pa

            return pa.input_stream(path, compression="zstd")
        case _:
            return path.open("rb")


def _readable(connection, name: str, source: TableSource, path: Path) -> Path:
    """Return a file that DuckDB reads: the file itself, or a copy of it in UTF-8."""
    check_packed(name, path)
    packed = path.suffix.lower() in (".bz2", ".xz", ".zip")
    if path.suffix.lower() in DUCKDB_UNPACKS:
        _read_through(path)
    with unpacked(path) as stream:
        start = stream.read(4)
    marked = any(start.startswith(mark) for mark, kind in MARKS.items() if kind != "utf-8-sig")
    plain = _encoding(name, source) in ("utf-8", "utf-8-sig", "ascii")
    if plain and not marked and not packed:
        return path
    folder = tempfile.TemporaryDirectory(prefix="analysis-")
    weakref.finalize(connection, folder.cleanup)
    copy = Path(folder.name) / f"{path.name}.csv"
    with open_text(name, source, path) as text, copy.open("w", encoding="utf-8", newline="") as out:
        while block := text.read(2**20):
            out.write(block)
    return copy


def _read_through(path: Path) -> None:
    """Unpack a file to nowhere: DuckDB reads a packed file that was cut off without a word."""
    with unpacked(path) as stream:
        while stream.read(2**20):
            pass


def _open(connection, name, source, origin, reading) -> RawTable:
    function, readers, first_row, origins = reading
    columns = list(dict.fromkeys(column for reader in readers for column in reader["columns"]))

    def table(made: str, extra: dict) -> ibis.Table:
        parts = []
        for place, reader in enumerate(readers):
            view, call = f"{made}_{place}", _call(reader | extra)
            connection.raw_sql(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {function}({call})")
            part = connection.table(view)
            if extra:
                part = part.mutate(**{ROW: ibis.row_number()})
            lacking = {c: ibis.null("string") for c in columns if c not in part.columns}
            part = part.mutate(**lacking)
            parts.append(part.select(*columns, *(c for c in (ROW, ORIGIN) if c in part.columns)))
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    def numbered() -> ibis.Table:
        rows = table(f"raw_{name}_numbered", {"filename": ORIGIN})
        start = rows[ROW].min().over(ibis.window(group_by=rows[ORIGIN]))
        shown = rows[ORIGIN].cases(*origins.items(), else_=rows[ORIGIN])
        return rows.mutate(**{ROW: rows[ROW] - start + first_row, ORIGIN: shown})

    return RawTable(name, table(f"raw_{name}", {}), source, origin, numbered)


def _call(reader: dict) -> str:
    options = {key: value for key, value in reader.items() if key != "files"}
    return f"{arguments({'f': reader['files']})[4:]}, {arguments(options)}"
