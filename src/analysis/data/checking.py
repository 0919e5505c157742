"""Check a mapped table in its engine: all rules in one pass, first places only for what fails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis

from analysis import schemas
from analysis.data.faults import Fault
from analysis.data.mapping import (
    ABSENT,
    FLOAT_ID,
    ID_PADDING,
    SHOWN,
    UNREAD,
    Plan,
    check_filters,
    filter_rows,
    map_rows,
    plan_columns,
)
from analysis.data.problems import told_plainly
from analysis.data.raw import ORIGIN, ROW, RawTable
from analysis.params import Params

FIRST_PLACES = 3
WITHIN = {
    "transactions": ("at",),
    "surveys": ("at",),
    "interactions": ("at",),
    "campaigns": ("at",),
}
NOT_LATER = {
    "customers": ("first_contact_at", "acquired_at"),
    "contracts": ("started_at",),
    "tier_history": ("from_at",),
}
OPEN_ENDS = {"contracts": "ended_at", "tier_history": "to_at"}


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule on the rows of a mapped table: where it is broken, and what to say then."""

    column: str
    sentence: str
    broken: ibis.Column
    remedy: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A table that was checked: its rows, what was found, and what happened to them."""

    name: str
    table: ibis.Table | None
    faults: list[Fault]
    audit: list[tuple[str, str, str, int]]
    raw: RawTable


def check_table(raw: RawTable, params: Params) -> Checked:
    """Map, check and repair one table, as far as its faults allow."""
    with told_plainly(raw.name, raw.origin):
        plan = plan_columns(raw, params)
        plan.faults += check_filters(raw)
        if plan.faults:
            return Checked(raw.name, None, plan.faults, [], raw)
        rows = filter_rows(raw.table, raw.source)
        audit = _count_read(raw, rows)
        if not audit[0][3]:
            came = f"{raw.origin} has no rows"
            return Checked(raw.name, None, [Fault(raw.name, "", "must hold rows", came)], [], raw)
        faults = _check_ids(plan, rows, params, audit)
        return _check_rows(plan, rows, params, faults, audit)


def _count_read(raw: RawTable, rows: ibis.Table) -> list[tuple[str, str, str, int]]:
    read = raw.table.count().to_pyarrow().as_py()
    audit = [(raw.name, "read", raw.origin, read)]
    if raw.source.filters:
        kept = rows.count().to_pyarrow().as_py()
        audit.append((raw.name, "filtered", "rows that the filters leave out", read - kept))
    return audit


def _check_ids(plan: Plan, rows: ibis.Table, params: Params, audit: list) -> list[Fault]:
    """Look at how text ids are written: '17850.0' for 17850, or with blanks around them."""
    ids = rows[plan.origins["customer_id"]]
    if not ids.type().is_string():
        return []
    name, as_float, padded = plan.raw.name, ids.re_search(FLOAT_ID), ids.re_search(ID_PADDING)
    blank = ids.strip() == ""
    asked = {"known": (~blank).sum(), "floats": as_float.sum(), "padded": (padded & ~blank).sum()}
    found = rows.aggregate(**asked).to_pyarrow().to_pylist()[0]
    known, floats, padded = (int(found[key] or 0) for key in asked)
    if floats and floats == known:
        plan.float_ids = True
        audit.append((name, "noticed", "ids written as decimals, read as whole numbers", floats))
        floats = 0
    if params.data.repairs.ids == "clean":
        if floats or padded:
            audit.append((name, "repaired", "ids cleaned of blanks and '.0'", floats + padded))
        return []
    remedy = "set repairs: {ids: clean}, or mend the source"
    faults = []
    if padded:
        rule = "must not begin or end with blanks"
        faults.append(Fault(name, "customer_id", rule, "", padded, known, "", remedy))
    if floats:
        rule = "must be written in one way"
        came = f"{floats:,} of {known:,} ids end in '.0'"
        faults.append(Fault(name, "customer_id", rule, came, floats, known, "", remedy))
    return faults


def _check_rows(plan: Plan, rows, params: Params, faults: list[Fault], audit: list) -> Checked:
    raw, clean = plan.raw, params.data.repairs.ids == "clean"
    mapped = map_rows(plan, rows, clean)
    dropped = _dropped(plan, mapped, params)
    rules = _rules(plan, mapped, params)
    kept = _none_of(dropped.values())
    counts = {"rows": mapped.count()}
    earlier = ibis.literal(False)
    for place, condition in enumerate(dropped.values()):
        counts[f"drop{place}"] = (condition & ~earlier).sum()
        earlier = earlier | condition
    counts |= {f"rule{place}": (rule.broken & kept).sum() for place, rule in enumerate(rules)}
    end = OPEN_ENDS.get(raw.name)
    if end in plan.origins:
        counts["open"] = (mapped[end] > params.observed_until).sum()
    found = mapped.aggregate(**counts).to_pyarrow().to_pylist()[0]
    total = int(found["rows"])
    for place, reason in enumerate(dropped):
        audit.append((raw.name, "repaired", reason, int(found[f"drop{place}"] or 0)))
    if found.get("open"):
        reason = f"{end} after observed_until, read as not ended"
        audit.append((raw.name, "noticed", reason, int(found["open"])))
    for place, rule in enumerate(rules):
        broken = int(found[f"rule{place}"] or 0)
        if broken:
            where = _first_places(plan, params, place)
            faults.append(
                Fault(raw.name, rule.column, rule.sentence, "", broken, total, where, rule.remedy)
            )
    left = total - sum(int(found[f"drop{place}"] or 0) for place in range(len(dropped)))
    if not left:
        came = "filters and repairs left none"
        faults.append(Fault(raw.name, "", "must keep rows", came))
    columns = list(plan.origins)
    table = mapped.filter(kept).select(*columns) if not faults else None
    if table is not None:
        table = _check_duplicates(raw, table, left, params, faults, audit)
    return Checked(raw.name, None if faults else table, faults, audit, raw)


def _dropped(plan: Plan, mapped: ibis.Table, params: Params) -> dict[str, ibis.Column]:
    """Return the repairs that leave rows out, by reason, in the order of their counting."""
    repairs, name = params.data.repairs, plan.raw.name
    dropped = {}
    if repairs.missing == "drop":
        absent = [mapped[ABSENT + column] for column in _required(plan)]
        dropped["rows without a value that is needed"] = ~_none_of(absent)
    if repairs.out_of_period == "drop":
        outside = [broken for _, broken in _outside(plan, mapped, params)]
        if outside:
            dropped["rows outside the observed period"] = ~_none_of(outside)
    if name == "transactions" and plan.raw.source.returns == "drop":
        dropped["returns"] = (mapped.amount < 0).fill_null(False)
    return dropped


def _rules(plan: Plan, mapped: ibis.Table, params: Params) -> list[Rule]:
    """Return every rule of the table: readable, present, in its period, and the schema's own."""
    schema, name = schemas.SCHEMAS[plan.raw.name], plan.raw.name
    rules = []
    for column in plan.origins:
        if plan.kinds[column] != schemas.TEXT:
            rules.append(_readable(plan, mapped, column))
    if params.data.repairs.missing == "refuse":
        remedy = "mend the source or set repairs: {missing: drop}"
        rules += [
            Rule(column, "must not be missing", mapped[ABSENT + column], remedy)
            for column in _required(plan)
        ]
    if params.data.repairs.out_of_period == "refuse":
        within = f"from {params.observed_from} to {params.observed_until}"
        remedy = "mend the period or set repairs: {out_of_period: drop}"
        for column, broken in _outside(plan, mapped, params):
            until = f"must not be after observed_until ({params.observed_until})"
            sentence = f"must lie {within}" if column in WITHIN.get(name, ()) else until
            rules.append(Rule(column, sentence, broken, remedy))
    if "currency" in plan.origins:
        other = (mapped.currency != params.currency).fill_null(False)
        remedy = "convert the amounts, or filter on the currency"
        rules.append(Rule("currency", f"must be {params.currency} in every row", other, remedy))
    if name == "transactions" and plan.raw.source.returns == "refuse":
        negative = (mapped.amount < 0).fill_null(False)
        rules.append(Rule("amount", "must not be negative (returns: refuse)", negative))
    for column in plan.origins:
        for check in schema.columns[column].checks if column in schema.columns else ():
            broken = schemas.broken_rows(check, mapped, column)
            rules.append(Rule(column, check.name, broken, "mend the source or leave the rows out"))
    for check in schema.checks:
        if all(column in plan.origins for column in check.statistics["needs"]):
            broken = schemas.broken_rows(check, mapped, None)
            rules.append(Rule(check.name, check.error, broken, "mend the source"))
    return rules


def _readable(plan: Plan, mapped: ibis.Table, column: str) -> Rule:
    kind, source = plan.kinds[column], plan.raw.source
    if kind == schemas.NUMBER:
        sentence, remedy = "must be a number", 'set decimal: and thousands:, or missing: ["n/a"]'
        if source.decimal == ".":
            remedy = 'set decimal: ",", thousands: or missing: ["n/a"], or mend the source'
    else:
        sentence = f"must be a {kind}"
        sentence += f" like {source.date_format}" if source.date_format else " like 2024-12-31"
        remedy = 'set date_format: "%d.%m.%Y", or mend the source'
    return Rule(column, sentence, mapped[UNREAD + column], remedy)


def _outside(plan: Plan, mapped: ibis.Table, params: Params):
    """Yield each dated column with where it lies outside what the study observes."""
    first, last = _day(params.observed_from), _day(params.observed_until)
    for column in WITHIN.get(plan.raw.name, ()):
        if column in plan.origins:
            day = mapped[column].cast("date")
            yield column, ((day < first) | (day > last)).fill_null(False)
    for column in NOT_LATER.get(plan.raw.name, ()):
        if column in plan.origins:
            yield column, (mapped[column] > last).fill_null(False)


def _check_duplicates(raw: RawTable, table, left: int, params: Params, faults, audit):
    """Count identical rows and rows with the same key; drop the identical ones where asked."""
    wanted, key = params.data.repairs.duplicates, schemas.SCHEMAS[raw.name].metadata["key"]
    distinct = table.distinct()
    same = left - distinct.count().to_pyarrow().as_py()
    remedy = "mend the source" if wanted == "drop" else "set repairs: {duplicates: drop}"
    if wanted == "drop":
        audit.append((raw.name, "repaired", "identical rows", same))
        table, left, same = (distinct if same else table), left - same, 0
    elif wanted == "refuse" and same:
        rule, came = "must not hold identical rows", f"{same:,} of {left:,} rows repeat another"
        faults.append(Fault(raw.name, "", rule, came, same, left, "", remedy))
    elif same and not key:
        audit.append((raw.name, "noticed", "identical rows, kept", same))
    if key and wanted != "refuse" and all(column in table.columns for column in key):
        keys = table.select(*key).distinct().count().to_pyarrow().as_py()
        if keys < left:
            rule = f"must have one row a {' and '.join(key)}"
            came = f"{left - keys:,} of {left:,} rows repeat a key"
            faults.append(Fault(raw.name, key[0], rule, came, left - keys, left, "", remedy))
    audit.append((raw.name, "kept", "", left))
    return table


def _first_places(plan: Plan, params: Params, place: int) -> str:
    """Find the first rows that break a rule; only readable kinds of columns show their values."""
    raw = plan.raw
    numbered = raw.numbered is not None
    rows = filter_rows(raw.numbered() if numbered else raw.table, raw.source)
    mapped = map_rows(plan, rows, params.data.repairs.ids == "clean")
    rule = _rules(plan, mapped, params)[place]
    broken = mapped.filter(rule.broken & _none_of(_dropped(plan, mapped, params).values()))
    shown = [c for c in (ROW, ORIGIN, SHOWN + rule.column) if c in broken.columns]
    if not shown:
        return ""
    broken = broken.select(*shown)
    ordered = broken.order_by([ORIGIN, ROW]) if numbered else broken
    found = ordered.limit(FIRST_PLACES).to_pyarrow().to_pylist()
    places = [_place(row, row.get(SHOWN + rule.column)) for row in found]
    return f"first: {'; '.join(places)}" if numbered else f"such as {', '.join(places)}"


def _place(row: dict, value: str | None) -> str:
    where = f"row {row[ROW]:,} of {row[ORIGIN]}" if ROW in row else ""
    said = "" if value is None else repr(str(value)[:20])
    return ", ".join(part for part in (where, said) if part)


def _required(plan: Plan) -> list[str]:
    columns = schemas.SCHEMAS[plan.raw.name].columns
    return [column for column in plan.origins if column in columns and columns[column].required]


def _none_of(conditions) -> ibis.Column:
    held = ibis.literal(False)
    for condition in conditions:
        held = held | condition
    return ~held


def _day(day: date) -> ibis.Scalar:
    return ibis.literal(day, type="date")
