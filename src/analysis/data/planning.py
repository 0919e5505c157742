"""Decide, from the heads and types of a source, what becomes which column of the contract."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from analysis import schemas
from analysis.data.blanks import present
from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.parsing import read_column, read_number
from analysis.data.raw import RawTable
from analysis.params import Params
from analysis.params.missing import Codes
from analysis.params.source import ProductOf, TableSource

FREE_COLUMNS = ("customers", "surveys")  # may carry columns that the contract does not know
VALUE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|[+-]?\d+[.,]\d+")


@dataclass(slots=True)
class Plan:
    """How one source table becomes a table of the contract.

    Attributes
    ----------
    raw : RawTable
    kinds : dict
        Column of the contract to kind ('text', 'number', 'date', 'date and time').
    origins : dict
        Column of the contract to column (or product of columns) of the source.
    faults : list of Fault
        What the heads alone show to be wrong.
    float_ids : bool
        Whether the ids are whole numbers that were written as decimals ('17850.0').
    whole : frozenset of str
        Columns of the contract that are known to have no missing value: blanks are not looked for.
    unpadded : bool
        Whether ids lose the zeros before them.
    labels : mapping
        Column of the contract to the names that its values get.
    parts : dict
        Column of the contract to the columns of the source behind it (several: their product).
    codes : dict
        The same columns to the codes that stand for nothing, of each part.
    written : dict
        The same columns to the block of the source, as it reads the days of that column.
    cents : frozenset of str
        Columns of amounts that are written in cents.
    """

    raw: RawTable
    kinds: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str | ProductOf] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    float_ids: bool = False
    whole: frozenset[str] = frozenset()
    unpadded: bool = False
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    parts: dict[str, tuple[str, ...]] = field(default_factory=dict)
    codes: dict[str, tuple[Codes, ...]] = field(default_factory=dict)
    written: dict[str, TableSource] = field(default_factory=dict)
    cents: frozenset[str] = frozenset()


def plan_columns(raw: RawTable, params: Params) -> Plan:
    """Decide which source column becomes which column of the contract."""
    unpadded = params.data.repairs.leading_zeros == "drop"
    plan = Plan(raw, unpadded=unpadded, labels=params.group_labels)
    contract = schemas.SCHEMAS[raw.name].columns
    mapped = raw.source.columns
    if raw.source.amounts_in == "cents":
        money = (name for name, spec in contract.items() if spec.metadata["unit"] == "currency")
        plan.cents = frozenset(money)
    for column, spec in contract.items():
        if column in mapped or column in raw.table.columns:
            plan.origins[column] = mapped.get(column, column)
            plan.kinds[column] = spec.metadata["kind"]
        elif spec.required:
            plan.faults.append(_lacking(raw, column, column))
    for column, origin in _extra_columns(raw, params).items():
        if column not in contract:
            plan.origins[column] = origin
            plan.kinds[column] = schemas.NUMBER if column in _scale_items(raw, params) else ""
    for column, origin in list(plan.origins.items()):
        _check_origin(plan, column, origin)
    for column, origin in plan.origins.items():
        parts = origin.product_of if isinstance(origin, ProductOf) else (origin,)
        plan.parts[column], plan.written[column] = parts, raw.source.days_of(column)
        plan.codes[column] = tuple(raw.source.codes_of(column, part) for part in parts)
    plan.faults += [*_strange_codes(plan), *_strange_formats(plan)]
    _infer_kinds(plan, _group_columns(params))
    plan.faults += _strange_filters(raw)
    return plan


def _extra_columns(raw: RawTable, params: Params) -> dict[str, str | ProductOf]:
    extra: dict[str, str | ProductOf] = {column: column for column in raw.source.keep}
    extra |= {c: origin for c, origin in raw.source.columns.items()}
    if raw.keep_all:
        extra |= {column: column for column in raw.table.columns}
    else:
        asked = asked_columns(raw.name, params)
        extra |= {c: c for c in asked if c in raw.table.columns and c not in extra}
    return extra


def _scale_items(raw: RawTable, params: Params) -> set[str]:
    scales = params.satisfaction.scales.values() if raw.name == "surveys" else ()
    return {item for scale in scales for item in scale.items}


def asked_columns(table: str, params: Params) -> tuple[str, ...]:
    """List what the params file asks of a table by name outside the `data:` block."""
    if table == "customers":
        return (*params.segments, *params.covariates)
    asked = params.satisfaction.questions if table == "surveys" else ()
    return tuple(column for _, column in asked)


def _check_origin(plan: Plan, column: str, origin: str | ProductOf) -> None:
    raw, contract = plan.raw, schemas.SCHEMAS[plan.raw.name].columns
    free = raw.name in FREE_COLUMNS or raw.keep_all or column in raw.source.keep
    if column not in contract and not free:
        near = difflib.get_close_matches(column, list(contract), n=2)
        remedy = f"did you mean {' or '.join(near)}?" if near else "list it under keep"
        came = f"'{column}' came"
        plan.faults.append(
            Fault(raw.name, "", "must map columns of the contract", came, remedy=remedy)
        )
        del plan.origins[column]
        return
    parts = origin.product_of if isinstance(origin, ProductOf) else (origin,)
    lacking = [part for part in parts if part not in raw.table.columns]
    if lacking:
        plan.faults.append(_lacking(raw, column, lacking[0]))
        del plan.origins[column]
        return
    if isinstance(origin, ProductOf):
        plan.kinds[column] = schemas.NUMBER
    _check_type(plan, column, parts)


def _strange_codes(plan: Plan) -> list[Fault]:
    """Find codes of columns that the table does not have."""
    missing, name = plan.raw.source.missing, plan.raw.name
    named = missing if isinstance(missing, Mapping) else ()
    strangers = [one for one in named if one not in {*plan.origins, *plan.raw.table.columns}]
    rule, remedy = "must be a column, as missing: names it", "mend its name under missing:"
    came = f"there are: {', '.join([*plan.origins][:12])}"
    return [Fault(name, one, rule, came, remedy=remedy) for one in strangers]


def _strange_filters(raw: RawTable) -> list[Fault]:
    """Find filters on columns that the source does not have."""
    missing = [f.column for f in raw.source.filters if f.column not in raw.table.columns]
    return [_lacking(raw, "", column, "a filter's column") for column in missing]


def _strange_formats(plan: Plan) -> list[Fault]:
    """Find columns that `date_format` names and the table has not."""
    written = plan.raw.source.date_format
    strange = set(written) - set(plan.origins) if isinstance(written, dict) else ()
    rule, name = "must be a column that date_format may name", plan.raw.name
    known = ", ".join(c for c in plan.origins if plan.kinds[c].startswith("date"))
    return [Fault(name, c, rule, f"there are: {known or 'none'}") for c in sorted(strange)]


def _check_type(plan: Plan, column: str, parts: tuple[str, ...]) -> None:
    raw, kind = plan.raw, plan.kinds[column]
    for part in parts:
        source_column = raw.table[part]
        if kind and read_column(source_column, kind, raw.source.days_of(column)) is None:
            came = f"'{part}' of {raw.origin} is {source_column.type()}"
            article = "a date" if kind.startswith("date") else f"a {kind}"
            remedy = "set date_format" if kind.startswith("date") else "name another column"
            remedy = "give sql: that casts it" if raw.numbered is None else remedy
            plan.faults.append(Fault(raw.name, column, f"must be {article}", came, remedy=remedy))
            plan.origins.pop(column, None)


def _group_columns(params: Params) -> set[str]:
    """Columns whose values name groups: whole numbers among them are names as well."""
    questions = (column for _, column in params.satisfaction.questions)
    return {*params.segments, *params.group_labels} - {*params.covariates, *questions}


def _infer_kinds(plan: Plan, groups: set[str]) -> None:
    """Extra columns are numbers where they are typed so, or survey items that all read so."""
    raw, asked = plan.raw, {}
    for column in [c for c in plan.origins if plan.kinds[c] == ""]:
        cells = raw.table[plan.origins[column]]
        kind = cells.type()
        plan.kinds[column] = schemas.TEXT
        if column in groups and not kind.is_date():
            continue
        if kind.is_numeric() and not kind.is_boolean():
            plan.kinds[column] = schemas.NUMBER
        elif kind.is_date():
            plan.kinds[column] = schemas.DAY
        elif raw.name == "surveys" and kind.is_string():
            cells = present(cells, plan.codes[column][0])
            number = read_number(cells, raw.source)
            if number is not None:
                asked[column] = (number.count() == cells.count()) & (cells.count() > 0)
    if asked:
        found = fetch_rows(raw.table.aggregate(**asked))[0]
        plan.kinds |= {column: schemas.NUMBER for column, is_number in found.items() if is_number}


def _lacking(raw: RawTable, column: str, origin: str, what: str = "a column") -> Fault:
    """Say that a source lacks a column, with near ones and the cause where it is plain."""
    near = difflib.get_close_matches(origin, raw.table.columns, n=3, cutoff=0.5)
    listed = ", ".join(near or raw.table.columns[:12])
    rule = f"must come from {what} '{origin}'"
    remedy = f"map it under columns: (there are: {listed})"
    came = f"{raw.origin} has none{_why_no_head(raw.table.columns)}"
    return Fault(raw.name, column, rule, came, remedy=remedy)


def _why_no_head(columns: Sequence[str]) -> str:
    """The cause where a head is none: read by another delimiter, or no head at all."""
    signs = [sign for sign in (";", "\t", "|", ",") if sign in columns[0]]
    if len(columns) == 1 and signs:
        return f": all of it is one column, so delimiter: {signs[0]!r} is meant"
    if any(VALUE.fullmatch(column) for column in columns):
        return ": its first row holds values, not names; write names above it"
    return ""
