"""Turn what a source holds into the contract's types; what cannot be read becomes missing."""

from __future__ import annotations

import re

import ibis
import ibis.expr.datatypes as dt

from analysis import schemas
from analysis.params.source import SERIAL, TableSource

EXCEL_EPOCHS = {
    "excel": "1899-12-30",  # day 0 of the 1900 date system, its false leap day of 1900 included
    "excel1904": "1904-01-01",
}
EPOCH_PARTS = {"epoch_s": 1, "epoch_ms": 1000}  # a second
LAST_SERIAL = 2_958_465  # 9999-12-31
LAST_SECOND = 4_102_444_800  # 2100-01-01
OFFSET = r"([+-]\d{2}(?::?\d{2})?|Z|UTC|GMT)\s*$"
BARE_TIME = r"^\s*\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*$"
SPARK_BARE = "timestamp_ntz"
ENDLESS = ("duckdb", "postgres")  # engines whose days may be infinite
EXACT = 2**53  # whole numbers below it are exact as a float


@ibis.udf.scalar.builtin
def try_strptime(text: str, format: str) -> dt.timestamp:
    """Read a date by its format; missing where it does not fit (DuckDB)."""


@ibis.udf.scalar.builtin(
    name="try_strptime", signature=((dt.string, dt.string), dt.Timestamp(timezone="UTC"))
)
def try_strptime_with_zone(text, format):
    """Read a date by a format that holds %z or %Z (DuckDB)."""


@ibis.udf.scalar.builtin(signature=((dt.float64,), dt.Timestamp(timezone="UTC")))
def to_timestamp(seconds):
    """The instant so many seconds after 1970 (DuckDB)."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.timestamp), dt.Timestamp(timezone="UTC")))
def timezone(zone, time):
    """Read a time without a zone as one of the zone (DuckDB, PostgreSQL)."""


@ibis.udf.scalar.builtin(signature=((dt.string, dt.string, dt.timestamp), dt.timestamp))
def convert_timezone(zone, other, time):
    """Move a time without a zone from a zone to another (Spark)."""


@ibis.udf.scalar.builtin(signature=((dt.timestamp,), dt.string))
def typeof(time):
    """Name the type of a time (Spark)."""


@ibis.udf.scalar.builtin
def current_timezone() -> str:
    """Name the time zone of the session (Spark)."""


@ibis.udf.scalar.builtin
def isfinite(day: dt.date) -> bool:
    """Whether a day or time is no 'infinity' (DuckDB, PostgreSQL)."""


def read_text(column: ibis.Column) -> ibis.Column:
    """Read a column as text; numbers without decimals lose their '.0'."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_decimal():  # of up to 38 digits: not by way of a whole number
        return column.cast("string").re_replace(r"\.0+$", "")
    if kind.is_floating():
        whole = ibis.ifelse(column.abs() < EXACT, column, ibis.null(kind)).floor()
        return ibis.ifelse(column == whole, whole.cast("string"), column.cast("string"))
    if kind.is_boolean():
        return ibis.ifelse(column, "true", "false")
    if kind.is_timestamp() and kind.timezone is not None:
        column = column.cast("timestamp")  # as the study's clock shows it
    return column.cast("string")


def read_number(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a number by the decimal and thousands signs of the source."""
    kind = column.type()
    if kind.is_numeric() and not kind.is_boolean():
        return column.cast("float64")
    if not kind.is_string() or not reads_text(column):
        return None
    text = plain_digits(column)
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


def plain_digits(column: ibis.Column) -> ibis.Column:
    """Write numbers without currency signs and blanks, negative ones with a minus before them."""
    text = column.re_replace(r"[€$£¥￥\s\x{00A0}\x{202F}]", "")
    return text.re_replace(r"^(\d.*)-$|^\((\d.*)\)$", r"-\1\2")  # 10,50- and (10.50)


def read_day(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a local day; a time with an offset is counted in the study's time zone."""
    kind = column.type()
    if kind.is_date():
        return _finite(column)
    if kind.is_timestamp() and source.clock_zone is None:
        return _finite(column).cast("date")
    time = read_time(column, source)
    return None if time is None else time.cast("date")


def read_time(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read a column as a local date and time; times without a zone are those of `times_in`."""
    time, bare = _read_time(column, source), None
    if source.clock_zone is not None and time is not None:
        bare = read_bare_time(column, source)
    if bare is None:
        return time
    return ibis.coalesce(_local_time(bare, source.clock_zone), time)


def read_bare_time(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    """Read the times that carry no zone as they are written.

    Missing where a value has an offset or is a day alone; None where no value can be such a time.
    """
    kind, written = column.type(), source.date_format
    if kind.is_timestamp():
        if kind.timezone is not None:
            return None
        if column.get_backend().name == "pyspark":  # both of its kinds come without a zone
            return ibis.ifelse(typeof(column) == SPARK_BARE, column, ibis.null("timestamp"))
        return _finite(column)
    if kind.is_date() or (written and written not in EXCEL_EPOCHS and not _has_clock(written)):
        return None
    if written or not kind.is_string():
        return _read_time(column, source)
    bare = ibis.ifelse(column.re_search(BARE_TIME), column, ibis.null("string"))
    return bare.try_cast("timestamp") if reads_text(column) else None


def _read_time(column: ibis.Column, source: TableSource) -> ibis.Column | None:
    kind, written = column.type(), source.date_format
    if kind.is_timestamp() and kind.timezone is None:
        return _finite(column)
    if kind.is_timestamp() or kind.is_date():
        return _finite(column).cast("timestamp")
    if written in SERIAL:
        number = read_number(column, source) if reads_text(column) else None
        return None if number is None else _from_serial(number, written)
    if kind.is_integer() and written:
        column = column.cast("string")
    if not column.type().is_string() or not reads_text(column):
        return None
    if written:
        text = ibis.ifelse(column.re_search(r"\d"), column.strip(), ibis.null("string"))
        if "%z" in written.lower():
            return try_strptime_with_zone(text, written).cast("timestamp")
        return try_strptime(text, written)
    iso = ibis.ifelse(column.re_search(r"^\s*\d{4}-\d{1,2}-\d{1,2}"), column, ibis.null("string"))
    return _plain_offset(iso).try_cast(dt.Timestamp(timezone="UTC")).cast("timestamp")


def _plain_offset(iso: ibis.Column) -> ibis.Column:
    """Write an offset as DuckDB reads it: after the seconds, without a blank before it."""
    iso = iso.upper().re_replace(r"(\d)\s*(UTC|GMT)\s*$", r"\1Z")
    whole = iso.re_replace(rf"([T ]\d{{1,2}}:\d{{2}})\s*{OFFSET}", r"\1:00\2")
    return whole.re_replace(rf"(:\d{{2}}(?:\.\d+)?)\s+{OFFSET}", r"\1\2")


def fetchable(column: ibis.Column) -> ibis.Column:
    """A column as a source has it, for a look at its first values.

    Days without end are missing; decimals are floats, since Arrow holds no others.
    """
    kind = column.type()
    if kind.is_decimal():
        return column.cast("float64")
    return _finite(column) if kind.is_date() or kind.is_timestamp() else column


def _finite(column: ibis.Column) -> ibis.Column:
    """Read a day without end ('infinity') as missing."""
    if column.get_backend().name not in ENDLESS:
        return column
    return ibis.ifelse(isfinite(column), column, ibis.null(column.type()))


def _has_clock(date_format: str) -> bool:
    """Whether a format reads a time of day that has no zone."""
    return re.search(r"%-?[HIcXT]", date_format) is not None and "%z" not in date_format.lower()


def _local_time(bare: ibis.Column, zone: str) -> ibis.Column:
    """Move times written in a zone to the zone of the session, which is the study's."""
    if bare.get_backend().name == "pyspark":
        return convert_timezone(zone, current_timezone(), bare)
    return timezone(zone, bare).cast("timestamp")


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


def _from_serial(number: ibis.Column, written: str) -> ibis.Column:
    if written in EXCEL_EPOCHS:
        sane = ibis.ifelse(number.between(1, LAST_SERIAL), number, ibis.null("float64"))
        seconds = (sane * 86_400).round().cast("int64")
        return ibis.literal(EXCEL_EPOCHS[written]).cast("timestamp") + seconds.as_interval("s")
    seconds = number / EPOCH_PARTS[written]
    sane = ibis.ifelse(seconds.between(1, LAST_SECOND), seconds, ibis.null("float64"))
    return to_timestamp(sane).cast("timestamp")


def reads_text(data: ibis.Expr) -> bool:
    """Whether data live in DuckDB, where text can be read (a database must type its own)."""
    return data.get_backend().name == "duckdb"
