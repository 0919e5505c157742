"""Codes of missing values: what each blanked, and where it may have been a value.

A code belongs to a column: the 6 of 'does not apply' is a 6 of ten elsewhere. So each code is
counted where it blanked a value, and a number that is named for a whole table is refused where it
may be a value of another column.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial

from analysis.data.blanks import numbers_in
from analysis.data.faults import Fault
from analysis.data.mapping import CODED
from analysis.data.planning import Plan
from analysis.data.questions import Judged, Question
from analysis.data.rules import Laid
from analysis.notes import note
from analysis.params import Params

ANYWHERE = "any column"
NPS = range(11)


def ask_codes(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask what each code blanked where; a number that may be a value elsewhere is refused.

    A code that blanked nothing is told too.
    """
    pairs = dict.fromkeys(
        (column, code) for column in plan.origins for own in plan.codes[column] for code in own
    )
    asked = {
        f"code{place}": (laid.mapped[CODED + column] == code).fill_null(False).sum()
        for place, (column, code) in enumerate(pairs)
    }
    return Question(asked, partial(_judge, plan, params, list(pairs)))


def _judge(
    plan: Plan, params: Params, pairs: list[tuple[str, str]], found: Mapping[str, int]
) -> Judged:
    table = plan.raw.name
    by_code: dict[str, dict[str, int]] = defaultdict(dict)
    for place, (column, code) in enumerate(pairs):
        by_code[code][column] = found[f"code{place}"]
    by_column = isinstance(plan.raw.source.missing, Mapping)
    audit, faults = [], []
    for code, counts in by_code.items():
        told = {c: n for c, n in counts.items() if n or by_column} or {ANYWHERE: 0}
        reasons = (
            (note("rows.code_blanked", code=code, column=column), n) for column, n in told.items()
        )
        audit += [(table, "blanked", reason, n) for reason, n in reasons]
        if not by_column and _is_doubtful(table, code, counts, params):
            faults.append(_refusal(table, code, {c: n for c, n in counts.items() if n}))
    return audit, faults


def _is_doubtful(table: str, code: str, counts: Mapping[str, int], params: Params) -> bool:
    """Whether a code of the whole table blanked what may be a value."""
    hit = [column for column, count in counts.items() if count]
    valid = [_is_valid(table, column, code, params) for column in hit]
    return any(valid) or (None in valid and len(hit) > 1)


def _is_valid(table: str, column: str, code: str, params: Params) -> bool | None:
    """Whether a code is a value that its column may hold; None where nothing says so."""
    stated, number = params.satisfaction, next(iter(numbers_in((code,)).values()), None)
    surveyed = table == "surveys"
    ordered = surveyed and stated.answer is not None and column == stated.answer.item
    if ordered and stated.answer.levels:
        return code in stated.answer.levels
    if number is None:
        return False
    if column == "customer_id":
        return True
    if surveyed and column == "nps":
        return number in NPS
    scales = stated.scales.values() if surveyed else ()
    bounds = [(scale.low, scale.high) for scale in scales if column in scale.items]
    return bounds[0][0] <= number <= bounds[0][1] if bounds else None


def _refusal(table: str, code: str, hit: Mapping[str, int]) -> Fault:
    listed = ", ".join(f"{column} ({count:,})" for column, count in hit.items())
    example = next((column for column in hit if column not in ("customer_id", "nps")), "column")
    return Fault(
        table,
        "",
        "must have its codes of missing values by column",
        f"'{code}' blanks {listed}, and may be a value there",
        remedy=f'write missing: {{{example}: ["{code}"]}}, with the columns where it means nothing',
    )
