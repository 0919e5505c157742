"""Which rows of a source are kept: the filters of the params file."""

from __future__ import annotations

from dataclasses import replace

import ibis

from analysis import schemas
from analysis.data.parsing import read_column, read_number, read_text
from analysis.data.raw import RawTable
from analysis.params.source import Filter, TableSource


def filter_rows(raw: RawTable) -> RawTable:
    """Keep the rows that the params file asks for."""
    if not raw.source.filters:
        return raw

    def kept(rows: ibis.Table) -> ibis.Table:
        for wanted in raw.source.filters:
            rows = rows.filter(_holds(rows[wanted.column], wanted, raw.source))
        return rows

    numbered = None if raw.numbered is None else lambda: kept(raw.numbered())
    return replace(raw, table=kept(raw.table), numbered=numbered)


def _holds(column: ibis.Column, wanted: Filter, source: TableSource) -> ibis.Column:
    (comparison, value), *_ = wanted.comparisons().items()
    sample = value[0] if isinstance(value, tuple) else value
    named = {origin: c for c, origin in source.columns.items() if isinstance(origin, str)}
    meant = source.days_of(named.get(wanted.column, wanted.column))
    if isinstance(sample, str | bool):
        column = read_text(column)
        value = _lower(value)
    elif isinstance(sample, int | float):
        column = read_number(column, source)
    else:
        column = read_column(column, schemas.DAY, meant)
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


def _lower(value):
    """Write booleans as the text that `read_text` makes of them."""
    if isinstance(value, tuple):
        return tuple(_lower(one) for one in value)
    return str(value).lower() if isinstance(value, bool) else value
