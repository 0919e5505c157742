"""Lay a source's columns under the contract's names and types."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import ibis

from analysis import schemas
from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.meeting import without_zeros
from analysis.data.missing import CODED, check_names, code_held, codes_in, present
from analysis.data.parsing import read_bare_time, read_column, read_number, read_text
from analysis.data.raw import ORIGIN, ROW, RawTable
from analysis.params import Params
from analysis.params.source import ProductOf

FREE_COLUMNS = ("customers", "surveys")  # may carry columns that the contract does not know
UNREAD, ABSENT, SHOWN, BARE = "unread__", "absent__", "shown__", "bare__"
BLANK = r"[ \t\n\r\f\v]"  # engines differ in what \s is
FLOAT_ID = rf"^{BLANK}*[0-9]+\.0+{BLANK}*$"
ID_PADDING = rf"^{BLANK}|{BLANK}$"
VALUE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}([ T].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}|[+-]?\d+[.,]\d+")
ROUNDED_ID = rf"^{BLANK}*[0-9]([.,][0-9]+)?[eE]\+?[0-9]+{BLANK}*$"  # 1.23457E+11: cut by Excel


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
    """

    raw: RawTable
    kinds: dict[str, str] = field(default_factory=dict)
    origins: dict[str, str | ProductOf] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    float_ids: bool = False
    whole: frozenset[str] = frozenset()
    unpadded: bool = False

    def first_part(self, column: str) -> str:
        """The column of the source behind a column, or the first of a product."""
        origin = self.origins[column]
        return origin.product_of[0] if isinstance(origin, ProductOf) else origin

    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def plan_columns(raw: RawTable, params: Params) -> Plan:
    """Decide which source column becomes which column of the contract."""
    unpadded = params.data.repairs.leading_zeros == "drop"
    plan = Plan(raw, unpadded=unpadded, labels=params.group_labels)
    contract = schemas.SCHEMAS[raw.name].columns
    mapped = raw.source.columns
    for column, spec in contract.items():
        if column in mapped or column in raw.table.columns:
            plan.origins[column] = mapped.get(column, column)
            plan.kinds[column] = spec.metadata["kind"]
        elif spec.required:
            plan.faults.append(lacking_column(raw, column, column))
    for column, origin in _extra_columns(raw, params).items():
        if column not in contract:
            plan.origins[column] = origin
            plan.kinds[column] = schemas.NUMBER if column in _scale_items(raw, params) else ""
    for column, origin in list(plan.origins.items()):
        _check_origin(plan, column, origin)
    plan.faults += check_names(raw.name, raw.source, plan.origins, raw.table.columns)
    plan.faults += _strange_formats(plan)
    _infer_kinds(plan, _group_columns(params))
    return plan


def map_rows(plan: Plan, rows: ibis.Table, clean_ids: bool) -> ibis.Table:
    """Read each column; say beside it where a value was absent or could not be read."""
    source, mapped = plan.raw.source, {}
    for column, origin in plan.origins.items():
        kind = plan.kinds[column]
        if isinstance(origin, ProductOf):
            codes = [codes_in(source, column, part) for part in origin.product_of]
            cells = [rows[part] for part in origin.product_of]
            parts = [present(*pair) for pair in zip(cells, codes, strict=True)]
            held = [code_held(*pair) for pair in zip(cells, codes, strict=True) if pair[1]]
            value = read_number(parts[0], source)
            for part in parts[1:]:
                value = value * read_number(part, source)
            absent = parts[0].isnull()
            for part in parts[1:]:
                absent = absent | part.isnull()
            shown = parts[0]
        else:
            own = codes_in(source, column, origin)
            held = [code_held(rows[origin], own)] if own else []
            shown = rows[origin] if column in plan.whole else present(rows[origin], own)
            value, absent = read_column(shown, kind, source.days_of(column)), shown.isnull()
        if source.amounts_in == "cents" and schemas.is_money(plan.raw.name, column):
            value = value / 100
        if kind == schemas.TEXT and column in plan.labels:
            names = plan.labels[column].items()
            value = value.cases(*names, else_=value)
        if column == "customer_id":
            value = _clean_id(value, plan.float_ids or clean_ids, clean_ids)
            value = without_zeros(value) if plan.unpadded else value
            absent = absent | value.isnull()
        mapped |= {column: value, ABSENT + column: absent}
        mapped[UNREAD + column] = ~absent & value.isnull()
        mapped |= {CODED + column: ibis.coalesce(*held)} if held else {}
        if kind != schemas.TEXT:
            mapped[SHOWN + column] = read_text(shown)
        if kind in (schemas.DAY, schemas.TIME):
            bare = read_bare_time(shown, source.days_of(column))
            mapped |= {} if bare is None else {BARE + column: bare}
    numbers = {name: rows[name] for name in (ROW, ORIGIN) if name in rows.columns}
    return rows.select(**mapped, **numbers)


def _clean_id(value: ibis.Column, decimals: bool, padding: bool) -> ibis.Column:
    if decimals:
        value = ibis.ifelse(
            value.re_search(FLOAT_ID), value.re_replace(rf"\.0+{BLANK}*$", ""), value
        )
    if padding:
        value = value.strip().nullif("")
    return value


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
        plan.faults.append(lacking_column(raw, column, lacking[0]))
        del plan.origins[column]
        return
    if isinstance(origin, ProductOf):
        plan.kinds[column] = schemas.NUMBER
    _check_type(plan, column, parts)


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
            cells = present(cells, codes_in(raw.source, column, plan.origins[column]))
            number = read_number(cells, raw.source)
            if number is not None:
                asked[column] = (number.count() == cells.count()) & (cells.count() > 0)
    if asked:
        found = fetch_rows(raw.table.aggregate(**asked))[0]
        plan.kinds |= {column: schemas.NUMBER for column, is_number in found.items() if is_number}


def lacking_column(raw: RawTable, column: str, origin: str, what: str = "a column") -> Fault:
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
