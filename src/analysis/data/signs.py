"""The signs of numbers written as text: which is the decimal sign, shown by the whole table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import ibis

from analysis import schemas
from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.mapping import SHOWN
from analysis.data.parsing import plain_digits
from analysis.data.planning import Plan
from analysis.data.questions import Judged, Question
from analysis.data.rules import Laid
from analysis.params import Params

SHAPES = {
    "dot_decimal": r"^\d*\.(\d{1,2}|\d{4,})$|^(0\d*|\d{4,})\.\d{3}$|\d,\d{3}\.\d*$",
    "comma_decimal": r"^\d*,(\d{1,2}|\d{4,})$|^(0\d*|\d{4,}),\d{3}$|\d\.\d{3},\d*$",
    "dot_thousands": r"^\d{1,3}(\.\d{3}){2,}$|\.\d{3},\d*$",
    "comma_thousands": r"^\d{1,3}(,\d{3}){2,}$|,\d{3}\.\d*$",
    "dot_either": r"^[1-9]\d{0,2}\.\d{3}$",
    "comma_either": r"^[1-9]\d{0,2},\d{3}$",
    "apostrophe": r"\d'\d{3}",
}
EITHER = r"(^|[^\d.,])[1-9]\d{0,2}[.,]\d{3}([^\d.,]|$)"


@dataclass(frozen=True, slots=True)
class Signs:
    """What the values of a table show: the signs, or that they read in two ways.

    Attributes
    ----------
    decimal, thousands : str or None
        None where there is no such sign; both None where no person has decided (`open`).
    open : bool
        Whether every sign stands before three digits, so that 2.046 may be two thousand or two.
    either : str
        The sign that may be both.
    values : int
        The values that read in two ways.
    """

    decimal: str | None
    thousands: str | None
    open: bool = False
    either: str = ""
    values: int = 0


def count_shapes(column: ibis.Column) -> dict[str, ibis.Scalar]:
    """Count the values of a column by what they show of the signs; ask it of the whole table."""
    digits = plain_digits(column).re_replace(r"^[+-]", "")
    return {name: digits.re_search(shape).sum() for name, shape in SHAPES.items()}


def decide_signs(counts: Mapping[str, int]) -> Signs:
    """Decide the signs of a table by the counts of all its columns of numbers.

    One value that reads in one way only decides for all; values that contradict each other, or
    that all read in two ways, leave the question open.
    """
    found = {name for name in SHAPES if counts.get(name)}
    dot = bool(found & {"dot_decimal", "comma_thousands"})
    comma = bool(found & {"comma_decimal", "dot_thousands"})
    apart = "'" if "apostrophe" in found else None
    if dot and not comma:
        return Signs(".", "," if found & {"comma_thousands", "comma_either"} else apart)
    if comma and not dot:
        return Signs(",", "." if found & {"dot_thousands", "dot_either"} else apart)
    either = "." if "dot_either" in found or dot else ","
    values = sum(counts.get(name) or 0 for name in ("dot_either", "comma_either"))
    if dot or found & {"dot_either", "comma_either"}:
        return Signs(None, None, True, either, values)
    return Signs(".", apart)


def ask_signs(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask for numbers that read in two ways, in all columns of a table, with no sign named."""
    asked = {c: laid.mapped[SHOWN + c].re_search(EITHER).sum() for c in _unnamed(plan)}
    return Question(asked, partial(_judge, plan, laid.mapped))


def _judge(plan: Plan, mapped: ibis.Table, found: Mapping[str, int]) -> Judged:
    numbers = _unnamed(plan)
    columns = [column for column in numbers if found[column]]
    if not columns:
        return [], []
    counts: Counter[str] = Counter()
    for column in numbers:
        asked = fetch_rows(mapped.aggregate(**count_shapes(mapped[SHOWN + column])))[0]
        counts.update({name: int(count or 0) for name, count in asked.items()})
    signs = decide_signs(counts)
    if not signs.open:
        return [], []
    other = {".": ",", ",": "."}[signs.either]
    came = f"in all {signs.values:,} values with '{signs.either}' three digits follow it"
    came += ", so that it may stand for thousands"
    remedy = f'set decimal: "{signs.either}", or decimal: "{other}" and thousands: "{signs.either}"'
    rule = "must be numbers that read in one way"
    return [], [Fault(plan.raw.name, columns[0], rule, came, signs.values, 0, "", remedy)]


def _unnamed(plan: Plan) -> list[str]:
    """The columns of numbers that are text, in a table whose params name no decimal sign."""
    raw = plan.raw
    if "decimal" in raw.source.model_fields_set or raw.signs_known:
        return []
    numbers = [c for c in plan.origins if plan.kinds[c] == schemas.NUMBER]
    return [c for c in numbers if raw.table[plan.parts[c][0]].type().is_string()]
