"""Check a mapped table in its engine: all rules in one pass, first places only for what fails."""

from __future__ import annotations

from dataclasses import dataclass, field

import ibis

from analysis.data.between_rows import check_between_rows
from analysis.data.clocks import ask_clocks
from analysis.data.crossing import fetch_count
from analysis.data.faults import Fault
from analysis.data.filtering import filter_rows
from analysis.data.joining import check_lookups
from analysis.data.keys import check_duplicates, check_ids
from analysis.data.missing import ask_codes
from analysis.data.noticed import notice_rows
from analysis.data.planning import Plan, plan_columns
from analysis.data.problems import told_plainly
from analysis.data.questions import Audit, ask
from analysis.data.raw import RawTable
from analysis.data.repairs import ask_absent, ask_dropped, ask_left, ask_noticed, ask_rules
from analysis.data.rules import lay
from analysis.data.signs import ask_signs
from analysis.params import Params
from analysis.schemas import SCHEMAS

QUESTIONS = (
    *(ask_dropped, ask_noticed, ask_rules, ask_clocks, ask_signs, ask_codes),
    *(ask_left, ask_absent),
)
"""What is asked of every table in one pass, in the order in which it is told."""


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


def check_table(raw: RawTable, params: Params, *, float_ids: bool | None = None) -> Checked:
    """Map, check and repair one table, as far as its faults allow.

    Parameters
    ----------
    raw : RawTable
    params : Params
    float_ids : bool, optional
        Whether the ids are whole numbers written as decimals, where the data passed the checks
        before: then nothing is asked of them.
    """
    with told_plainly(raw.name, raw.origin):
        plan = plan_columns(raw, params)
        columns = tuple(plan.origins)
        met, apart = check_lookups(raw) if float_ids is None else ([], [])
        plan.faults += apart
        if plan.faults:
            return Checked(raw.name, None, plan.faults, [], raw, columns)
        plan.raw = filter_rows(raw)
        if float_ids is not None:
            plan.float_ids = float_ids
            table = lay(plan, plan.raw.table, params).rows
            table = table.distinct() if params.data.repairs.duplicates == "drop" else table
            return Checked(raw.name, table, [], [], raw, columns)
        count, of_ids, faults = check_ids(plan, params)
        audit = [*_count_read(raw, count), *met, *of_ids]
        if not audit[0][3]:
            fault = Fault(raw.name, "", "must hold rows", f"{raw.origin} has no rows")
            return Checked(raw.name, None, [fault], [], raw, columns)
        table, found = _check_rows(plan, params, audit)
        faults += found
        return Checked(
            raw.name, None if faults else table, faults, audit, raw, columns, plan.float_ids
        )


def _count_read(raw: RawTable, left: int) -> Audit:
    if not raw.source.filters:
        return [(raw.name, "read", raw.origin, left)]
    read = fetch_count(raw.table)
    reason = "rows that the filters leave out"
    return [(raw.name, "read", raw.origin, read), (raw.name, "filtered", reason, read - left)]


def _check_rows(plan: Plan, params: Params, audit: Audit) -> tuple[ibis.Table | None, list[Fault]]:
    """Ask all rules in one pass, then what only several rows show; say what is left."""
    raw, laid, faults = plan.raw, lay(plan, plan.raw.table, params), []
    questions = [ask_of(plan, laid, params) for ask_of in QUESTIONS]
    answers = ask(laid, questions)
    for question, found in zip(questions, answers, strict=True):
        told, broken = question.judge(found)
        audit += told
        faults += [] if question.alone and faults else broken
    left, found = answers[0]["left"], []
    if not left:
        faults.append(Fault(raw.name, "", "must keep rows", "filters and repairs left none"))
    if not faults:
        laid = lay(plan, raw.table, params)
    whole = left == answers[0]["rows"]  # a filter that keeps all rows is work for every question
    table = laid.mapped.select(*plan.origins) if whole else laid.rows
    hidden, key = {fault.column for fault in faults}, SCHEMAS[raw.name].metadata["key"]
    if left and (not faults or (key and not hidden & set(key))):
        table, left, found = check_duplicates(raw, table, left, params, audit)
    if left:
        found += check_between_rows(plan, table, params)
    if faults:
        return None, [*faults, *(fault for fault in found if fault.column not in hidden)]
    audit += notice_rows(raw.name, table, params)
    audit.append((raw.name, "kept", "", left))
    return table, found
