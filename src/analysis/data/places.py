"""Where a rule is broken: the first rows, by number and value, as far as they may be shown."""

from __future__ import annotations

from analysis.data.crossing import fetch_rows
from analysis.data.mapping import SHOWN
from analysis.data.planning import Plan
from analysis.data.raw import ORIGIN, ROW
from analysis.data.rules import lay
from analysis.params import Params

FIRST_PLACES = 3
LONGEST_VALUE = 20


def first_places(plan: Plan, params: Params, place: int) -> str:
    """Find the first rows that break a rule; text columns (ids among them) show no values."""
    raw = plan.raw
    numbered = raw.numbered is not None
    laid = lay(plan, raw.numbered() if numbered else raw.table, params)
    rule = laid.rules[place]
    broken = laid.mapped.filter(rule.broken & laid.kept)
    shown = [c for c in (ROW, ORIGIN, SHOWN + rule.column) if c in broken.columns]
    if not shown:
        return ""
    broken = broken.select(*shown)
    ordered = broken.order_by([ORIGIN, ROW]) if numbered else broken
    found = fetch_rows(ordered.limit(FIRST_PLACES))
    places = [_place(row, row.get(SHOWN + rule.column)) for row in found]
    return f"first: {'; '.join(places)}" if numbered else f"such as {', '.join(places)}"


def _place(row: dict, value: str | None) -> str:
    where = f"row {row[ROW]:,} of {row[ORIGIN]}" if ROW in row else ""
    said = "" if value is None else repr(str(value)[:LONGEST_VALUE])
    return ", ".join(part for part in (where, said) if part)
