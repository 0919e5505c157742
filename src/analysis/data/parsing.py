"""Turn what a source holds into the contract's types; what cannot be read becomes missing."""

from __future__ import annotations

import re

import ibis
import ibis.expr.datatypes as dt

from analysis import schemas
from analysis.params.source import TableSource

EXCEL_EPOCH = "1899-12-30"  # day 0 of Excel's serial dates, its false leap day of 1900 included


@ibis.udf.scalar.builtin
def try_strptime(text: str, format: str) -> dt.timestamp:
    """Read a date by its format; missing where it does not fit (DuckDB)."""


def read_text(column: ibis.Column) -> ibis.Column:
    """Read a column as text; numbers without decimals lose their '.0'."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_floating() or kind.is_decimal():
        whole = column.try_cast("int64") if _embedded(column) else column.cast("int64")
        return ibis.ifelse(column == whole, whole.cast("string"), column.cast("string"))
    if kind.is_boolean():
        return ibis.ifelse(column, "true", "false")
    return column.cast("string")


def read_number(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a number by the decimal and thousands signs of the source."""
    kind = column.type()
    if kind.is_numeric() and not kind.is_boolean():
        return column.cast("float64")
    if not kind.is_string() or not _embedded(column):
        return None
    text = column.re_replace(r"[€$£¥\s\x{00A0}\x{202F}]", "")
    text = text.re_replace(r"^(\d.*)-$|^\((\d.*)\)$", r"-\1\2")  # 10,50- and (10.50)
    decimal, thousands = re.escape(source.decimal), source.thousands
    plain = rf"\d+({decimal}\d*)?|{decimal}\d+"
    if thousands and thousands != " ":
        sign = re.escape(thousands)
        shape = rf"^[+-]?({plain}|\d{{1,3}}({sign}\d{{3}})+({decimal}\d*)?)$"
        digits = text.replace(thousands, "")
    else:
        shape, digits = rf"^[+-]?({plain})([eE][+-]?\d+)?$", text
    if source.decimal == ",":
        digits = digits.replace(",", ".")
    return ibis.ifelse(text.re_search(shape), digits, ibis.null("string")).try_cast("float64")


def read_day(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a local day; a time with an offset is counted in the study's time zone."""
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_timestamp():
        return column.cast("date")
    time = read_time(column, source)
    return None if time is None else time.cast("date")


def read_time(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a local date and time."""
    kind, written = column.type(), source.date_format
    if kind.is_timestamp() and kind.timezone is None:
        return column
    if kind.is_timestamp() or kind.is_date():
        return column.cast("timestamp")
    if written == "excel":
        days = read_number(column, source) if _embedded(column) else None
        return None if days is None else _from_serial(days)
    if kind.is_integer() and written:
        column = column.cast("string")
    if not column.type().is_string() or not _embedded(column):
        return None
    if written:
        text = ibis.ifelse(column.re_search(r"\d"), column.strip(), ibis.null("string"))
        return try_strptime(text, written)
    iso = ibis.ifelse(column.re_search(r"^\s*\d{4}-\d{1,2}-\d{1,2}"), column, ibis.null("string"))
    return iso.try_cast(dt.Timestamp(timezone="UTC")).cast("timestamp")


def read_column(column: ibis.Column, kind: str, source: TableSource) -> ibis.Column | None:
    """Read a column as a kind of the contract; None when its type can never be read so."""
    match kind:
        case schemas.NUMBER:
            return read_number(column, source)
        case schemas.DAY:
            return read_day(column, source)
        case schemas.TIME:
            return read_time(column, source)
        case _:
            return read_text(column)


def _from_serial(days: ibis.Column) -> ibis.Column:
    sane = ibis.ifelse(days.between(1, 2_958_465), days, ibis.null("float64"))
    seconds = (sane * 86_400).round().cast("int64")
    return ibis.literal(EXCEL_EPOCH).cast("timestamp") + seconds.as_interval("s")


def _embedded(column: ibis.Column) -> bool:
    """Whether the column lives in DuckDB, where text can be read (a database must type its own)."""
    return column.get_backend().name == "duckdb"
