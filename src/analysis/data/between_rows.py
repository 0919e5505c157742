"""Rules between the rows of one table: a contract has one end, weights are whole, answers ordered.

They are told with all other faults, so that nothing that reads these tables later has to refuse.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis

from analysis import schemas
from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.faults import Fault
from analysis.data.planning import Plan
from analysis.params import Params

WEIGHT = "survey_weight"
FAR = "9999-12-31"


def check_between_rows(plan: Plan, table: ibis.Table, params: Params) -> list[Fault]:
    """Find what only several rows of a table show to be wrong."""
    if plan.raw.name == "contracts" and params.relationship == "contractual":
        return [*_two_ends(table, params), *_reasons_without_end(table)]
    if plan.raw.name == "surveys":
        return [*_part_weights(table), *_answers_in_words(plan, params)]
    return []


def _two_ends(contracts: ibis.Table, params: Params) -> Iterator[Fault]:
    """A contract is told by its customer, plan, first day and, where it has one, its number."""
    if "ended_at" not in contracts.columns:
        return
    names = ("customer_id", "contract_id", "plan", "started_at")
    key = [name for name in names if name in contracts.columns]
    far, until = (ibis.literal(day).cast("date") for day in (FAR, str(params.observed_until)))
    over = contracts.ended_at.notnull() & (contracts.ended_at <= until)
    rows = contracts.mutate(last_at=ibis.ifelse(over, contracts.ended_at, far))
    ends = rows.group_by(key).agg(ends=rows.last_at.nunique())
    count = fetch_count(ends.filter(ends.ends > 1))
    if count:
        number = "contract_id" in key
        remedy = "keep one source of ends" if number else "map the number of a contract, where the"
        remedy += "" if number else " source has one, to contract_id:, or keep one source of ends"
        same = "number, " if number else ""
        noun = "contract has" if count == 1 else "contracts have"
        came = f"{count:,} {noun} two different ends (same customer, {same}plan and start)"
        rule = "must be the same wherever a contract stands"
        yield Fault("contracts", "ended_at", rule, came, remedy=remedy)


def _reasons_without_end(contracts: ibis.Table) -> Iterator[Fault]:
    if "ended_reason" not in contracts.columns:
        return
    unended = contracts.filter(contracts.ended_reason.notnull())
    if "ended_at" in contracts.columns:
        unended = unended.filter(unended.ended_at.isnull())
    count = fetch_count(unended)
    if count:
        noun = "contract has" if count == 1 else "contracts have"
        came = f"{count:,} {noun} a reason and no end"
        rule, remedy = "must be given where ended_reason is", "mend one of the two"
        yield Fault("contracts", "ended_at", rule, came, remedy=remedy)


def _part_weights(surveys: ibis.Table) -> Iterator[Fault]:
    if WEIGHT not in surveys.columns:
        return
    known = surveys[WEIGHT].count()
    found = fetch_rows(surveys.aggregate(known=known, rows=surveys.count()))[0]
    blank = found["rows"] - found["known"]
    if found["known"] and blank:
        came = f"{blank:,} of {found['rows']:,} rows are blank"
        rule, remedy = "must be given in every row, or in none", "fill them or leave the column out"
        yield Fault("surveys", WEIGHT, rule, came, remedy=remedy)


def _answers_in_words(plan: Plan, params: Params) -> Iterator[Fault]:
    """The ordered question holds numbers, or the params file lists its answers."""
    answer = params.satisfaction.answer
    if answer is None or answer.levels or plan.kinds.get(answer.item) != schemas.TEXT:
        return
    rule = "must be a number, or have its answers listed"
    remedy = "list its answers from worst to best under satisfaction.answer.levels"
    yield Fault("surveys", answer.item, rule, "it holds text", remedy=remedy)
