"""CSV and JSON lines: everything is read as text, so that every fault can be named and counted."""

from __future__ import annotations

import tempfile
import weakref
from dataclasses import replace
from functools import partial
from pathlib import Path

import ibis

from analysis.data.faults import Fault, FaultyData
from analysis.data.heads import (
    LONGEST_RECORD,
    MARKS,
    Head,
    encoding_of,
    open_text,
    read_head,
    read_keys,
)
from analysis.data.raw import ORIGIN, ROW, RawTable
from analysis.data.sql import arguments, path_list
from analysis.data.unpacking import check_packed, unpacked
from analysis.params.source import TableSource

BLOCK = 2**20
LONGEST_LINE = 2_000_000  # bytes, as DuckDB reads it


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
        _ends_differ(name, path, LONGEST_RECORD)
    reader = {
        "files": paths,
        "first_row": 1,
        "format": "newline_delimited",
        "columns": dict.fromkeys(keys, "VARCHAR"),
    }
    origins = {str(path): path.name for path in paths}
    raw = _open(connection, name, source, origin, ("read_json", [reader], origins))
    return replace(raw, signs_known=True)


def _readable(connection, name: str, source: TableSource, path: Path, broken: bool) -> Path:
    """Return a file that DuckDB reads: the file itself, or a copy of it in UTF-8.

    `broken` says that the head takes several lines: behind a mark of the encoding DuckDB would
    take its last line for a row.
    """
    check_packed(name, path)
    packed = path.suffix.lower() in (".bz2", ".xz", ".zip")
    with unpacked(path, name) as stream:
        start = stream.read(4)
    kinds = [kind for mark, kind in MARKS.items() if start.startswith(mark)]
    marked = any(kind != "utf-8-sig" or broken for kind in kinds)
    plain = encoding_of(name, source) in ("utf-8", "utf-8-sig", "ascii") and not marked
    if plain and not packed and not _ends_differ(name, path):
        return path
    folder = tempfile.TemporaryDirectory(prefix="analysis-")
    weakref.finalize(connection, folder.cleanup)
    copy = Path(folder.name) / f"{path.name}.csv"
    with open_text(name, source, path) as text, copy.open("w", encoding="utf-8", newline="") as out:
        text.reconfigure(newline=None)  # lines end in one way
        while block := text.read(BLOCK):
            out.write(block)
    return copy


def _ends_differ(name: str, path: Path, longest: int = LONGEST_LINE) -> bool:
    """Whether lines end in more than one way: DuckDB refuses such files, or reads no row of them.

    Reads the file through: of a packed one that was cut off DuckDB would say nothing, and a line
    without end is found before anything holds it.
    """
    both = feeds = returns = line = 0
    before = b""
    with unpacked(path, name) as stream:
        while block := stream.read(BLOCK):
            both += block.count(b"\r\n") + (before == b"\r" and block[:1] == b"\n")
            feeds, returns = feeds + block.count(b"\n"), returns + block.count(b"\r")
            before, last = block[-1:], max(block.rfind(b"\n"), block.rfind(b"\r"))
            line = len(block) - last - 1 + (line if last < 0 else 0)
            if line > longest:
                came = f"one of {path.name} is longer"
                rule = f"must have lines of at most {longest:,} bytes"
                raise FaultyData([Fault(name, "", rule, came, remedy="see that lines end")])
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
