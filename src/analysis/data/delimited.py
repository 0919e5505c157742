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
import re
import tempfile
import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import ibis

from analysis.data.faults import Fault, FaultyData
from analysis.data.located import members
from analysis.data.raw import ORIGIN, ROW, RawTable, name_columns
from analysis.data.sql import arguments, path_list
from analysis.params.source import TableSource

DELIMITERS = (";", "\t", "|", ",")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLED_LINES = 1000
LINES_OF_A_HEAD = 100
BLOCK = 2**20
STATED_DELIMITER = re.compile(r'"?sep=(.)"?\s*')  # the first line of files that Excel writes


@dataclass(frozen=True, slots=True)
class Head:
    """The column names of a CSV file, their delimiter, the lines before them and of their own."""

    columns: tuple[str, ...]
    delimiter: str
    skip: int
    lines: int


def open_delimited(connection, name: str, source: TableSource, paths: list[Path], origin: str):
    """Open CSV files; those with different heads are laid side by side by column name."""
    groups: dict[Head, list[Path]] = {}
    origins = {}
    for path in paths:
        head = read_head(name, source, path)
        readable = _readable(connection, name, source, path, head.lines > 1)
        origins[str(readable)] = path.name
        groups.setdefault(head, []).append(readable)
    readers = [
        {
            "files": files,
            "first_row": head.skip + 2,
            "auto_detect": False,
            "header": True,
            "skip": head.skip,
            "delim": head.delimiter,
            "quote": '"',
            "escape": '"',
            "columns": dict.fromkeys(head.columns, "VARCHAR"),
        }
        for head, files in groups.items()
    ]
    return _open(connection, name, source, origin, ("read_csv", readers, origins))


def open_lines(connection, name: str, source: TableSource, paths: list[Path], origin: str):
    """Open JSON lines; the columns are the keys of the first lines."""
    keys: dict[str, None] = {}
    for path in paths:
        keys |= dict.fromkeys(read_keys(name, source, path))
    reader = {
        "files": paths,
        "first_row": 1,
        "format": "newline_delimited",
        "columns": dict.fromkeys(keys, "VARCHAR"),
    }
    origins = {str(path): path.name for path in paths}
    raw = _open(connection, name, source, origin, ("read_json", [reader], origins))
    return replace(raw, signs_known=True)


def read_head(name: str, source: TableSource, path: Path) -> Head:
    """Read the column names of a CSV file and find its delimiter.

    Blank lines and Excel's `sep=;` may stand before them; a name may be broken over lines.
    """
    with open_text(name, source, path) as stream:
        lines = list(itertools.islice(stream, LINES_OF_A_HEAD))
    stated, skip = None, 0
    while skip < len(lines) and (
        not lines[skip].strip() or STATED_DELIMITER.fullmatch(lines[skip])
    ):
        stated = STATED_DELIMITER.fullmatch(lines[skip]) or stated
        skip += 1
    if skip == len(lines):
        raise FaultyData([Fault(name, "", "must have a head and rows", f"{path.name} is empty")])
    delimiter = source.delimiter or (stated and stated[1])
    delimiter = delimiter or max(DELIMITERS, key=lambda sign: len(_record(lines[skip:], sign)[0]))
    record, own = _record(lines[skip:], delimiter)
    columns = name_columns(record)
    twice = sorted({column for column in columns if columns.count(column) > 1})
    alike = sorted({c for c in columns if [h.lower() for h in columns].count(c.lower()) > 1})
    if alike:
        came = f"{path.name} has {', '.join(repr(column) for column in twice or alike)} twice"
        raise FaultyData([Fault(name, "", "must have columns of different names", came)])
    return Head(tuple(columns), delimiter, skip, own)


def _record(lines: list[str], delimiter: str) -> tuple[list[str], int]:
    """Return the fields of the first record, and the lines that it takes."""
    reader = csv.reader(lines, delimiter=delimiter)
    try:
        return next(reader), reader.line_num
    except csv.Error:  # a quotation mark that nothing closes
        return next(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)), 1


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


def _readable(connection, name: str, source: TableSource, path: Path, broken: bool) -> Path:
    """Return a file that DuckDB reads: the file itself, or a copy of it in UTF-8.

    `broken` says that the head takes several lines: behind a mark of the encoding DuckDB would
    take its last line for a row.
    """
    check_packed(name, path)
    packed = path.suffix.lower() in (".bz2", ".xz", ".zip")
    with unpacked(path) as stream:
        start = stream.read(4)
    kinds = [kind for mark, kind in MARKS.items() if start.startswith(mark)]
    marked = any(kind != "utf-8-sig" or broken for kind in kinds)
    plain = _encoding(name, source) in ("utf-8", "utf-8-sig", "ascii") and not marked
    if plain and not packed and not _ends_differ(path):
        return path
    folder = tempfile.TemporaryDirectory(prefix="analysis-")
    weakref.finalize(connection, folder.cleanup)
    copy = Path(folder.name) / f"{path.name}.csv"
    with open_text(name, source, path) as text, copy.open("w", encoding="utf-8", newline="") as out:
        text.reconfigure(newline=None)  # lines end in one way
        while block := text.read(BLOCK):
            out.write(block)
    return copy


def _ends_differ(path: Path) -> bool:
    """Whether lines end in more than one way: DuckDB refuses such files, or reads no row of them.

    Reads the file through: of a packed one that was cut off DuckDB would say nothing.
    """
    both = feeds = returns = 0
    before = b""
    with unpacked(path) as stream:
        while block := stream.read(BLOCK):
            both += block.count(b"\r\n") + (before == b"\r" and block[:1] == b"\n")
            feeds, returns = feeds + block.count(b"\n"), returns + block.count(b"\r")
            before = block[-1:]
    return sum(bool(ways) for ways in (both, feeds - both, returns - both)) > 1


def _open(connection, name, source, origin, reading) -> RawTable:
    function, readers, origins = reading
    columns = list(dict.fromkeys(column for reader in readers for column in reader["columns"]))

    def table(made: str, extra: dict) -> ibis.Table:
        parts = []
        for place, reader in enumerate(readers):
            view, call = f"{made}_{place}", _call(reader | extra)
            connection.raw_sql(f"CREATE OR REPLACE VIEW {view} AS SELECT * FROM {function}({call})")
            part = connection.table(view)
            if extra:
                part = _number(part, reader["first_row"], origins)
            lacking = {c: ibis.null("string") for c in columns if c not in part.columns}
            part = part.mutate(**lacking)
            parts.append(part.select(*columns, *(c for c in (ROW, ORIGIN) if c in part.columns)))
        return ibis.union(*parts) if len(parts) > 1 else parts[0]

    numbered = partial(table, f"raw_{name}_numbered", {"filename": ORIGIN})
    return RawTable(name, table(f"raw_{name}", {}), source, origin, numbered)


def _number(rows: ibis.Table, first: int, origins: dict[str, str]) -> ibis.Table:
    """Number the rows of each file, whose first one has the number `first`."""
    rows = rows.mutate(**{ROW: ibis.row_number()})
    start = rows[ROW].min().over(ibis.window(group_by=rows[ORIGIN]))
    shown = rows[ORIGIN].cases(*origins.items(), else_=rows[ORIGIN])
    return rows.mutate(**{ROW: rows[ROW] - start + first, ORIGIN: shown})


def _call(reader: dict) -> str:
    options = {key: value for key, value in reader.items() if key not in ("files", "first_row")}
    return f"{path_list(reader['files'])}, {arguments(options)}"
