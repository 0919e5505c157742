"""Delimited files and JSON lines as text: what encoding they have, and what their heads name."""

from __future__ import annotations

import codecs
import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from analysis.data.faults import Fault, FaultyData
from analysis.data.raw import name_columns
from analysis.data.unpacking import check_packed, unpacked
from analysis.params.source import TableSource

DELIMITERS = (";", "\t", "|", ",")
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
SAMPLED_LINES = 1000
LINES_OF_A_HEAD = 100
BLOCK = 2**20
LONGEST_HEAD = 1_000_000  # characters of a head, and
MOST_COLUMNS = 5_000  # its columns: a table of more is no table of customers
LONGEST_RECORD = 16_000_000  # characters of a line of JSON, as DuckDB reads it
STATED_DELIMITER = re.compile(r'"?sep=(.)"?\s*')  # the first line of files that Excel writes

csv.field_size_limit(LONGEST_HEAD)


@dataclass(frozen=True, slots=True)
class Head:
    """The column names of a CSV file, their delimiter, the lines before them and of their own."""

    columns: tuple[str, ...]
    delimiter: str
    skip: int
    lines: int


def read_head(name: str, source: TableSource, path: Path) -> Head:
    """Read the column names of a CSV file and find its delimiter.

    Blank lines and Excel's `sep=;` may stand before them; a name may be broken over lines.
    """
    with open_text(name, source, path) as stream:
        lines = _first_lines(name, path, stream)
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
    _check_number(name, path, record)
    columns = name_columns(record)
    times, as_written = Counter(map(str.lower, columns)), Counter(columns)
    twice = sorted(column for column, count in as_written.items() if count > 1)
    alike = sorted({column for column in columns if times[column.lower()] > 1})
    if alike:
        came = f"{path.name} has {', '.join(repr(column) for column in twice or alike)} twice"
        raise FaultyData([Fault(name, "", "must have columns of different names", came)])
    return Head(tuple(columns), delimiter, skip, own)


def _first_lines(name: str, path: Path, stream: io.TextIOBase) -> list[str]:
    """The lines that a head may take, none of them without end."""
    lines, held = [], 0
    while len(lines) < LINES_OF_A_HEAD and (line := stream.readline(LONGEST_HEAD)):
        held += len(line)
        if held >= LONGEST_HEAD and not lines:
            came = f"the first line of {path.name} is longer"
            rule = f"must have a head of at most {LONGEST_HEAD:,} characters"
            raise FaultyData([Fault(name, "", rule, came, remedy="see that its lines end")])
        if held >= LONGEST_HEAD:
            break
        lines.append(line)
    return lines


def _check_number(name: str, path: Path, columns: Sequence[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        rule, came = f"must have at most {MOST_COLUMNS:,} columns", f"{len(columns):,} came"
        remedy = "see that delimiter is right, or leave columns out"
        raise FaultyData([Fault(name, "", rule, f"{path.name}: {came}", remedy=remedy)])


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
        for place, line in enumerate(_sampled_lines(stream), 1):
            try:
                record = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError):
                record = None
            if not isinstance(record, dict):
                came = f"line {place} of {path.name} is not"
                raise FaultyData([Fault(name, "", "must hold one JSON object a line", came)])
            keys |= dict.fromkeys(record)
    if not keys:
        raise FaultyData([Fault(name, "", "must hold rows", f"{path.name} is empty")])
    _check_number(name, path, list(keys))
    return list(keys)


def _sampled_lines(stream: io.TextIOBase) -> Iterator[str]:
    """The first lines of JSON; one without end is cut, and so is no JSON."""
    return itertools.islice(iter(partial(stream.readline, LONGEST_RECORD), ""), SAMPLED_LINES)


@contextmanager
def open_text(name: str, source: TableSource, path: Path) -> Iterator[io.TextIOBase]:
    """Open a file, packed or not, as text in the encoding that the params file names."""
    check_packed(name, path)
    encoding = encoding_of(name, source)
    with unpacked(path, name) as stream:
        start = stream.read(4)
    for mark, marked in MARKS.items():
        if start.startswith(mark):
            encoding = marked
    try:
        opened = unpacked(path, name)
        with opened as stream, io.TextIOWrapper(stream, encoding, newline="") as text:
            yield text
    except UnicodeDecodeError:
        came = f"row {_undecodable_row(name, path, encoding):,} of {path.name} is not"
        remedy = "set encoding: cp1252, or the one that it was saved in"
        fault = Fault(name, "", f"must be {encoding} text", came, remedy=remedy)
        raise FaultyData([fault]) from None


def encoding_of(name: str, source: TableSource) -> str:
    try:
        return codecs.lookup(source.encoding).name
    except LookupError:
        rule = "must have an encoding such as utf-8 or cp1252"
        raise FaultyData([Fault(name, "", rule, f"'{source.encoding}' came")]) from None


def _undecodable_row(name: str, path: Path, encoding: str) -> int:
    """Find the first line that is not text in the encoding; the head is row 1."""
    decoder, row = codecs.getincrementaldecoder(encoding)(), 1
    with unpacked(path, name) as stream:
        while block := stream.read(BLOCK):
            try:
                row += decoder.decode(block).count("\n")
            except UnicodeDecodeError as error:
                return row + error.object[: error.start].count(b"\n")
    return row
