"""Check a mapped table in its engine: all rules in one pass, first places only for what fails."""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis

from analysis.data.between_rows import check_between_rows
from analysis.data.clocks import ask_clocks, check_clocks
from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.faults import Fault
from analysis.data.filtering import check_filters, filter_rows
from analysis.data.joining import check_lookups
from analysis.data.keys import Audit, check_duplicates, check_ids, count_rows
from analysis.data.mapping import ABSENT, Plan, map_rows, plan_columns
from analysis.data.missing import ask_codes, check_codes
from analysis.data.parsing import EXACT
from analysis.data.places import first_places
from analysis.data.problems import told_plainly
from analysis.data.raw import RawTable
from analysis.data.reversed import notice_reversed
from analysis.data.rules import any_of, dropped_rows, required_columns, rules_of
from analysis.data.signs import ask_either, check_signs
from analysis.notes import note
from analysis.params import Params
from analysis.schemas import SCHEMAS

OPEN_ENDS = {"contracts": "ended_at", "tier_history": "to_at"}
NOTICED = {
    "finer": "amounts finer than the smallest unit of the currency",
    "begun": "begun before observed_from, followed from its first day on",
    "over": "ended before observed_from, left out of what is told of relationships",
}
RETURNS_ALONE = "customers with returns only, who are in no number of customers"
MISSED = 1e-3  # of a unit: what floating-point numbers of large amounts may miss


@dataclass(frozen=True, slots=True, eq=False)
class Checked:
    """A table that was checked: its rows, what was found, and what happened to them.

    `columns` are those that it has (or would have, had it no faults); `float_ids` says whether its
    ids are whole numbers that were written as decimals.
    """

    name: str
    table: ibis.Table | None
    faults: list[Fault]
    audit: Audit
    raw: RawTable | None
    columns: tuple[str, ...] = field(default=())
    float_ids: bool = False


def check_table(raw: RawTable, params: Params) -> Checked:
    """Map, check and repair one table, as far as its faults allow."""
    with told_plainly(raw.name, raw.origin):
        plan = plan_columns(raw, params)
        plan.faults += check_filters(raw)
        met, apart = check_lookups(raw)
        plan.faults += apart
        if plan.faults:
            return Checked(raw.name, None, plan.faults, [], raw, tuple(plan.origins))
        rows = filter_rows(raw.table, raw.source)
        found = count_rows(plan, rows)
        audit = _count_read(raw, found["rows"]) + met
        if not audit[0][3]:
            fault = Fault(raw.name, "", "must hold rows", f"{raw.origin} has no rows")
            return Checked(raw.name, None, [fault], [], raw, tuple(plan.origins))
        faults = check_ids(plan, found, params, audit)
        table, found_faults = _check_rows(plan, rows, params, audit)
        faults += found_faults
        columns = tuple(plan.origins)
        return Checked(
            raw.name, None if faults else table, faults, audit, raw, columns, plan.float_ids
        )


def trusted_table(raw: RawTable, params: Params, float_ids: bool) -> ibis.Table:
    """Map and repair a table whose data passed the checks before; nothing is asked of them."""
    with told_plainly(raw.name, raw.origin):
        plan = plan_columns(raw, params)
        plan.float_ids = float_ids
        mapped = map_rows(
            plan, filter_rows(raw.table, raw.source), params.data.repairs.ids == "clean"
        )
        kept = ~any_of(dropped_rows(plan, mapped, params).values())
        table = mapped.filter(kept).select(*plan.origins)
        return table.distinct() if params.data.repairs.duplicates == "drop" else table


def _count_read(raw: RawTable, left: int) -> Audit:
    if not raw.source.filters:
        return [(raw.name, "read", raw.origin, left)]
    read = fetch_count(raw.table)
    reason = "rows that the filters leave out"
    return [(raw.name, "read", raw.origin, read), (raw.name, "filtered", reason, read - left)]


def _check_rows(
    plan: Plan, rows: ibis.Table, params: Params, audit: Audit
) -> tuple[ibis.Table | None, list[Fault]]:
    """Ask all rules in one pass; return what is left of the table, and the faults."""
    raw, clean = plan.raw, params.data.repairs.ids == "clean"
    mapped = map_rows(plan, rows, clean)
    dropped, rules = dropped_rows(plan, mapped, params), rules_of(plan, mapped, params)
    found = fetch_rows(mapped.aggregate(**_questions(plan, mapped, params)))[0]
    found = {name: int(count or 0) for name, count in found.items()}
    total, gone = found["rows"], [found[f"drop{place}"] for place in range(len(dropped))]
    audit += [(raw.name, "dropped", *pair) for pair in zip(dropped, gone, strict=True)]
    if found.get("open"):
        reason = note("rows.open_end", column=OPEN_ENDS[raw.name])
        audit.append((raw.name, "noticed", reason, found["open"]))
    audit += [(raw.name, "noticed", NOTICED[key], found[key]) for key in NOTICED if found.get(key)]
    faults = [
        Fault(
            *(raw.name, rule.column, rule.sentence, "", found[f"rule{place}"], total),
            first_places(plan, params, place),
            rule.remedy,
        )
        for place, rule in enumerate(rules)
        if found[f"rule{place}"]
    ]
    faults += check_clocks(plan, found, params, audit) + check_signs(plan, mapped, found)
    blanked, doubtful = check_codes(raw.name, raw.source, plan.origins, found, params)
    audit += blanked
    faults += doubtful
    left = total - sum(gone)
    if not left:
        faults.append(Fault(raw.name, "", "must keep rows", "filters and repairs left none"))
    elif not faults and not found.get("bought", 1):
        faults.append(_only_returns(left))
    elif not faults and not found.get("under_way", 1):
        faults.append(_none_under_way(left, params))
    if faults:
        rows = mapped.filter(~any_of(dropped.values())).select(*plan.origins)
        return None, [*faults, *_more_faults(plan, rows, left, faults, params)]
    plan.whole = frozenset(name for name in plan.origins if not found.get(f"absent_{name}", 1))
    table = map_rows(plan, rows, clean)
    if sum(gone):
        table = table.filter(~any_of(dropped_rows(plan, table, params).values()))
    table = table.select(*plan.origins)
    table, left, faults = check_duplicates(raw, table, left, params, audit)
    audit += notice_reversed(table, params) if raw.name == "surveys" else []
    if raw.name == "transactions":
        audit += _returning_alone(table)
    audit.append((raw.name, "kept", "", left))
    return table, [*faults, *check_between_rows(plan, table, params)]


def _more_faults(
    plan: Plan, rows: ibis.Table, left: int, faults: list[Fault], params: Params
) -> list[Fault]:
    """What is wrong between the rows besides, as far as columns at fault do not hide it."""
    told, key = {fault.column for fault in faults}, SCHEMAS[plan.raw.name].metadata["key"]
    found = check_between_rows(plan, rows, params) if left else []
    if left and key and not told & set(key):
        found += check_duplicates(plan.raw, rows, left, params, [])[2]
    return [fault for fault in found if fault.column not in told]


def _only_returns(rows: int) -> Fault:
    came = f"all {rows:,} rows are returns" if rows > 1 else "the only row is a return"
    remedy = "purchases are positive: mend the signs, or bring the purchases too"
    return Fault("transactions", "amount", "must be 0 or more somewhere", came, remedy=remedy)


def _none_under_way(rows: int, params: Params) -> Fault:
    rule = f"must be under way between {params.observed_from} and {params.followed_until}"
    rule += " (gap_days before observed_until)"
    came = f"none of {rows:,} rows is" if rows > 1 else "the only row is not"
    remedy = "mend the period, or bring the contracts of these days"
    return Fault("contracts", "", rule, came, remedy=remedy)


def _questions(plan: Plan, mapped: ibis.Table, params: Params) -> dict[str, ibis.Scalar]:
    """Count the rows that each repair leaves out (once each) and that break each rule."""
    dropped, earlier = dropped_rows(plan, mapped, params), ibis.literal(False)
    kept, asked = ~any_of(dropped.values()), {"rows": mapped.count()}
    for place, condition in enumerate(dropped.values()):
        asked[f"drop{place}"] = (condition & ~earlier).sum()
        earlier = earlier | condition
    rules = enumerate(rules_of(plan, mapped, params))
    asked |= {f"rule{place}": (rule.broken & kept).sum() for place, rule in rules}
    asked |= {f"absent_{name}": mapped[ABSENT + name].sum() for name in required_columns(plan)}
    asked |= ask_clocks(plan, mapped) | ask_either(plan, mapped)
    asked |= ask_codes(mapped, plan.raw.source, plan.origins)
    if plan.raw.name == "transactions":
        asked["bought"] = (kept & (mapped.amount >= 0)).sum()
        asked["finer"] = (_finer(mapped.amount, params.money_digits) & kept).sum()
    if plan.raw.name == "contracts":
        first = ibis.literal(params.observed_from, type="date")
        asked["begun"] = ((mapped.started_at < first) & kept).sum()
        if "ended_at" in plan.origins:
            asked["over"] = ((mapped.ended_at <= first) & kept).sum()
    end = OPEN_ENDS.get(plan.raw.name)
    if end in plan.origins:
        asked["open"] = (mapped[end] > params.observed_until).sum()
    if plan.raw.name == "contracts" and params.relationship == "contractual":
        runs = mapped.started_at <= params.followed_until
        if end in plan.origins:
            runs = runs & (mapped.ended_at.isnull() | (mapped.ended_at > params.observed_from))
        asked["under_way"] = (kept & runs).sum()
    return asked


def _returning_alone(transactions: ibis.Table) -> Audit:
    """Count the customers who never bought, and only returned."""
    most = transactions.group_by("customer_id").agg(most=transactions.amount.max())
    count = fetch_count(most.filter(most.most < 0))
    return [("transactions", "noticed", RETURNS_ALONE, count)] if count else []


def _finer(amount: ibis.Column, digits: int) -> ibis.Column:
    """Whether an amount is no whole number of the currency's smallest unit."""
    units = amount * 10.0**digits
    units = ibis.ifelse(units.abs() < EXACT, units, 0.0)
    return ((units - (units + 0.5).floor()).abs() > MISSED).fill_null(False)
