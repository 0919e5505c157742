"""The rules on the rows of a mapped table: readable, present, in time, and the schema's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

import ibis

from analysis import schemas
from analysis.data.mapping import ABSENT, UNREAD, map_rows
from analysis.data.planning import Plan
from analysis.params import Params
from analysis.params.satisfaction import ScaleParams
from analysis.params.source import SERIAL

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


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One rule on the rows of a mapped table: where it is broken, and what to say then."""

    column: str
    sentence: str
    broken: ibis.Column
    remedy: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """The rows of a source as the contract has them, with what is asked of each.

    Attributes
    ----------
    mapped : Table
        The columns of the contract, and beside them where a value was absent or not read.
    dropped : dict
        The repairs that leave rows out, by reason, in the order of their counting.
    kept : boolean column
        Whether no repair leaves a row out.
    rows : Table
        The rows that are kept, with the columns of the contract alone.
    rules : list of Rule
        What must hold of the rows that are kept.
    """

    mapped: ibis.Table
    dropped: dict[str, ibis.Column]
    kept: ibis.Value
    rows: ibis.Table
    rules: list[Rule]


def lay(plan: Plan, rows: ibis.Table, params: Params) -> Laid:
    """Lay rows of the source under the contract, repaired as the params file asks."""
    mapped = map_rows(plan, rows, params.data.repairs.ids == "clean")
    dropped = dropped_rows(plan, mapped, params)
    kept = ~any_of(dropped.values())
    left = (mapped.filter(kept) if dropped else mapped).select(*plan.origins)
    return Laid(mapped, dropped, kept, left, rules_of(plan, mapped, params))


def rules_of(plan: Plan, mapped: ibis.Table, params: Params) -> list[Rule]:
    """Return every rule that the params file does not turn into a repair."""
    repairs = params.data.repairs
    rules = [
        _readable(plan, mapped, column)
        for column in plan.origins
        if plan.kinds[column] != schemas.TEXT
    ]
    if repairs.missing == "refuse":
        rules += _present(plan, mapped)
    if repairs.out_of_period == "refuse":
        rules += _in_period(plan, mapped, params)
    if plan.raw.name == "surveys":
        rules += _answers(plan, mapped, params)
    return [*rules, *_money(plan, mapped, params), *_of_schema(plan, mapped)]


def dropped_rows(plan: Plan, mapped: ibis.Table, params: Params) -> dict[str, ibis.Column]:
    """Return the repairs that leave rows out, by reason, in the order of their counting."""
    repairs, name = params.data.repairs, plan.raw.name
    dropped = {}
    if repairs.missing == "drop":
        absent = [mapped[ABSENT + column] for column in required_columns(plan)]
        dropped["rows without a value that is needed"] = any_of(absent)
    if repairs.out_of_period == "drop":
        outside = [broken for _, broken in _outside(plan, mapped, params)]
        if outside:
            dropped["rows outside the observed period"] = any_of(outside)
    if name == "transactions" and plan.raw.source.returns == "drop":
        dropped["returns"] = (mapped.amount < 0).fill_null(False)
    return dropped


def required_columns(plan: Plan) -> list[str]:
    """List the columns of a table that may not be missing."""
    columns = schemas.SCHEMAS[plan.raw.name].columns
    return [column for column in plan.origins if column in columns and columns[column].required]


def any_of(conditions: Iterable[ibis.Column]) -> ibis.Column:
    """Whether any condition holds."""
    held = ibis.literal(False)
    for condition in conditions:
        held = held | condition
    return held


def _readable(plan: Plan, mapped: ibis.Table, column: str) -> Rule:
    kind, source = plan.kinds[column], plan.written[column]
    if kind == schemas.NUMBER:
        code = f'missing: {{{column}: ["n/a"]}}'
        sentence, remedy = "must be a number", f"set decimal: and thousands:, or {code}"
        if source.decimal == ".":
            remedy = f'set decimal: ",", thousands: or {code}, or mend the source'
    else:
        sentence = f"must be a {kind}"
        written = source.date_format or "2024-12-31"
        sentence += f" written as {written}" if written in SERIAL else f" like {written}"
        remedy = 'set date_format: "%d.%m.%Y", or mend the source'
        if plan.raw.numbered is None:
            endless = f"nullif({plan.origins[column]}, 'infinity')"
            remedy = f"give sql: that casts it ({endless} where a day has no end)"
    return Rule(column, sentence, mapped[UNREAD + column], remedy)


def _present(plan: Plan, mapped: ibis.Table) -> list[Rule]:
    remedy = "mend the source or set repairs: {missing: drop}"
    return [
        Rule(column, "must not be missing", mapped[ABSENT + column], remedy)
        for column in required_columns(plan)
    ]


def _in_period(plan: Plan, mapped: ibis.Table, params: Params) -> Iterator[Rule]:
    within = f"must lie from {params.observed_from} to {params.observed_until}"
    until = f"must not be after observed_until ({params.observed_until})"
    remedy = "mend the period or set repairs: {out_of_period: drop}"
    for column, broken in _outside(plan, mapped, params):
        sentence = within if column in WITHIN.get(plan.raw.name, ()) else until
        yield Rule(column, sentence, broken, remedy)


def _outside(plan: Plan, mapped: ibis.Table, params: Params) -> Iterator[tuple[str, ibis.Column]]:
    """Yield each dated column with where it lies outside what the study observes."""
    first, last = _day(params.observed_from), _day(params.observed_until)
    for column in WITHIN.get(plan.raw.name, ()):
        if column in plan.origins:
            day = mapped[column].cast("date")
            yield column, ((day < first) | (day > last)).fill_null(False)
    for column in NOT_LATER.get(plan.raw.name, ()):
        if column in plan.origins:
            yield column, (mapped[column] > last).fill_null(False)


def _answers(plan: Plan, mapped: ibis.Table, params: Params) -> Iterator[Rule]:
    """Answers lie on the scales that the params file states."""
    stated = params.satisfaction
    for name, scale in stated.scales.items():
        for item in scale.items:
            if item in plan.origins and plan.kinds[item] == schemas.NUMBER:
                yield _on_scale(mapped, item, name, scale)
    answer = stated.answer
    if answer and answer.levels and answer.item in plan.origins:
        other = mapped[answer.item].cast("string").notin(answer.levels).fill_null(False)
        sentence = f"must be one of {', '.join(answer.levels)} (satisfaction.answer.levels)"
        remedy = f'mend the levels or set missing: {{{answer.item}: ["n/a"]}}'
        yield Rule(answer.item, sentence, other, remedy)


def _on_scale(mapped: ibis.Table, item: str, name: str, scale: ScaleParams) -> Rule:
    sentence = f"must lie from {scale.low:g} to {scale.high:g} (satisfaction.scales.{name})"
    outside = ~mapped[item].between(scale.low, scale.high)
    remedy = f'mend low: and high: of the scale, or set missing: {{{item}: ["99"]}}'
    return Rule(item, sentence, outside.fill_null(False), remedy)


def _money(plan: Plan, mapped: ibis.Table, params: Params) -> Iterator[Rule]:
    if "currency" in plan.origins:
        other = (mapped.currency.strip().upper() != params.currency).fill_null(False)
        remedy = "convert the amounts, or filter on the currency"
        yield Rule("currency", f"must be {params.currency} in every row", other, remedy)
    if plan.raw.name == "transactions" and plan.raw.source.returns == "refuse":
        negative = (mapped.amount < 0).fill_null(False)
        yield Rule("amount", "must not be negative (returns: refuse)", negative)


def _of_schema(plan: Plan, mapped: ibis.Table) -> Iterator[Rule]:
    schema = schemas.SCHEMAS[plan.raw.name]
    for column in plan.origins:
        for check in schema.columns[column].checks if column in schema.columns else ():
            broken = schemas.broken_rows(check, mapped, column)
            yield Rule(column, check.name, broken, "mend the source or leave the rows out")
    for check in schema.checks:
        if all(column in plan.origins for column in check.statistics["needs"]):
            broken = schemas.broken_rows(check, mapped, None)
            yield Rule(check.name, check.error, broken, "mend the source")


def _day(day: date) -> ibis.Scalar:
    return ibis.literal(day, type="date")
