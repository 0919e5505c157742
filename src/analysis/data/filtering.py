"""Which rows of a source are kept: the filters of the params file."""

from __future__ import annotations

import ibis

from analysis import schemas
from analysis.data.faults import Fault
from analysis.data.mapping import lacking_column
from analysis.data.parsing import read_column, read_number, read_text
from analysis.data.raw import RawTable
from analysis.params.source import Filter, TableSource


def filter_rows(rows: ibis.Table, source: TableSource) -> ibis.Table:
    """Keep the rows that the params file asks for."""
    for wanted in source.filters:
        rows = rows.filter(_holds(rows[wanted.column], wanted, source))
    return rows


def check_filters(raw: RawTable) -> list[Fault]:
    """Find filters on columns that the source does not have."""
    missing = [f.column for f in raw.source.filters if f.column not in raw.table.columns]
    return [lacking_column(raw, "", column, "a filter's column") for column in missing]


def _holds(column: ibis.Column, wanted: Filter, source: TableSource) -> ibis.Column:
    (comparison, value), *_ = wanted.comparisons().items()
    sample = value[0] if isinstance(value, tuple) else value
    if isinstance(sample, str | bool):
        column = read_text(column)
        value = _lower(value)
    elif isinstance(sample, int | float):
        column = read_number(column, source)
    else:
        column = read_column(column, schemas.DAY, source.days_of(_meant(wanted, source)))
    match comparison:
        case "equals":
            return column == value
        case "not_equals":
            return (column != value) | column.isnull()
        case "is_in":
            return column.isin(value)
        case "not_in":
            return column.notin(value) | column.isnull()
        case "at_least":
            return column >= value
        case "at_most":
            return column <= value
        case "starts_with":
            return read_text(column).startswith(value)
        case _:
            return ~read_text(column).startswith(value) | column.isnull()


def _meant(wanted: Filter, source: TableSource) -> str:
    """The column of the contract that a filter's column becomes."""
    named = {origin: c for c, origin in source.columns.items() if isinstance(origin, str)}
    return named.get(wanted.column, wanted.column)


def _lower(value):
    """Write booleans as the text that `read_text` makes of them."""
    if isinstance(value, tuple):
        return tuple(_lower(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else value
