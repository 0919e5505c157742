"""What every table is asked: what repairs leave out, which rules are broken, what is left."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import ibis

from analysis.data.faults import Fault
from analysis.data.mapping import ABSENT
from analysis.data.parsing import EXACT
from analysis.data.places import first_places
from analysis.data.planning import Plan
from analysis.data.questions import Judged, Question
from analysis.data.rules import Laid, required_columns
from analysis.notes import note
from analysis.params import Params

OPEN_ENDS = {"contracts": "ended_at", "tier_history": "to_at"}
NOTICED = {
    "finer": "amounts finer than the smallest unit of the currency",
    "begun": "begun before observed_from, followed from its first day on",
    "over": "ended before observed_from, left out of what is told of relationships",
}
MISSED = 1e-3  # of a unit: what floating-point numbers of large amounts may miss


def ask_dropped(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask how many rows each repair leaves out, once each."""
    asked, earlier = {}, ibis.literal(False)
    for reason, condition in laid.dropped.items():
        asked[reason] = (condition & ~earlier).sum()
        earlier = earlier | condition

    def judge(found: Mapping[str, int]) -> Judged:
        return [(plan.raw.name, "dropped", reason, found[reason]) for reason in asked], []

    return Question(asked, judge)


def ask_noticed(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask what is told of the rows though nothing is wrong: open ends, days before the period."""
    name, mapped, kept = plan.raw.name, laid.mapped, laid.kept
    end, asked = OPEN_ENDS.get(name), {}
    if end in plan.origins:
        asked["open"] = (mapped[end] > params.observed_until).sum()
    if name == "transactions":
        asked["finer"] = (_finer(mapped.amount, params.money_digits) & kept).sum()
    if name == "contracts":
        first = ibis.literal(params.observed_from, type="date")
        asked["begun"] = ((mapped.started_at < first) & kept).sum()
        if end in plan.origins:
            asked["over"] = ((mapped.ended_at <= first) & kept).sum()

    def judge(found: Mapping[str, int]) -> Judged:
        reasons = {"open": note("rows.open_end", column=end), **NOTICED}
        told = [(key, reason) for key, reason in reasons.items() if found.get(key)]
        return [(name, "noticed", reason, found[key]) for key, reason in told], []

    return Question(asked, judge)


def ask_rules(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask how many of the rows that are kept break each rule, and where the first ones are."""
    rules = {f"rule{place}": rule for place, rule in enumerate(laid.rules)}
    asked = {name: (rule.broken & laid.kept).sum() for name, rule in rules.items()}

    def judge(found: Mapping[str, int]) -> Judged:
        faults = [
            Fault(
                *(plan.raw.name, rule.column, rule.sentence, "", found[name], found["rows"]),
                first_places(plan, params, place),
                rule.remedy,
            )
            for place, (name, rule) in enumerate(rules.items())
            if found[name]
        ]
        return [], faults

    return Question(asked, judge)


def ask_left(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask whether what is left tells of anybody: a purchase, a contract of the period."""
    name, mapped, kept, asked = plan.raw.name, laid.mapped, laid.kept, {}
    if name == "transactions":
        asked["bought"] = (kept & (mapped.amount >= 0)).sum()
    if name == "contracts" and params.relationship == "contractual":
        runs = mapped.started_at <= params.followed_until
        if "ended_at" in plan.origins:
            runs = runs & (mapped.ended_at.isnull() | (mapped.ended_at > params.observed_from))
        asked["under_way"] = (kept & runs).sum()
    return Question(asked, partial(_judge_left, name, params), alone=True)


def ask_absent(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask which columns have no missing value: blanks are not looked for in them again."""
    asked = {column: laid.mapped[ABSENT + column].sum() for column in required_columns(plan)}

    def judge(found: Mapping[str, int]) -> Judged:
        plan.whole = frozenset(column for column in asked if not found[column])
        return [], []

    return Question(asked, judge)


def _judge_left(name: str, params: Params, found: Mapping[str, int]) -> Judged:
    left = found["left"]
    if left and not found.get("bought", 1):
        came = f"all {left:,} rows are returns" if left > 1 else "the only row is a return"
        remedy = "purchases are positive: mend the signs, or bring the purchases too"
        return [], [Fault(name, "amount", "must be 0 or more somewhere", came, remedy=remedy)]
    if left and not found.get("under_way", 1):
        rule = f"must be under way between {params.observed_from} and {params.followed_until}"
        rule += " (gap_days before observed_until)"
        came = f"none of {left:,} rows is" if left > 1 else "the only row is not"
        remedy = "mend the period, or bring the contracts of these days"
        return [], [Fault(name, "", rule, came, remedy=remedy)]
    return [], []


def _finer(amount: ibis.Column, digits: int) -> ibis.Column:
    """Whether an amount is no whole number of the currency's smallest unit."""
    units = amount * 10.0**digits
    units = ibis.ifelse(units.abs() < EXACT, units, 0.0)
    return ((units - (units + 0.5).floor()).abs() > MISSED).fill_null(False)
