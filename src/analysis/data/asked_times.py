"""In which zone the times of a table are written: as it states, else asked of a person."""

from __future__ import annotations

import re

import ibis

from analysis.data.parsing import OFFSET, SPARK_BARE, reads_text, typeof
from analysis.data.proposed import Proposal
from analysis.params.source import TableSource

STATED = re.compile(r"(?i)(^|[^a-z])(utc|gmt)($|[^a-z])")
WITH_OFFSET = rf"(?i)\d:\d{{2}}(:\d{{2}}(\.\d+)?)?\s*{OFFSET}"
WAYS = ("local", "UTC")


def count_instants(column: ibis.Column, source: TableSource) -> ibis.Scalar | None:
    """Count the times that carry a zone or an offset; None where no value can."""
    kind, written = column.type(), source.date_format or ""
    if kind.is_timestamp():
        if column.get_backend().name == "pyspark":
            return (typeof(column) != SPARK_BARE).sum()
        return column.count() if kind.timezone is not None else None
    if written.startswith("epoch") or "%z" in written.lower():
        return column.count()
    if written or not kind.is_string() or not reads_text(column):
        return None
    return column.re_search(WITH_OFFSET).sum()


def has_clock(proposal: Proposal) -> bool:
    """Whether a table holds times of day or instants, whose day a zone decides."""
    facts = proposal.facts.items()
    hours = any(value is not None for key, value in facts if key.startswith("hour_"))
    return hours or any(value for key, value in facts if key.startswith("instants_"))


def settle_clocks(proposal: Proposal) -> None:
    """Propose `times_in`, or ask for it, where times of day carry no zone."""
    hours = {k.removeprefix("hour_"): h for k, h in proposal.facts.items() if k.startswith("hour_")}
    hours = {column: hour for column, hour in hours.items() if hour is not None}
    if not hours or "times_in" in proposal.block:
        return
    column, hour = next(iter(hours.items()))
    heads = [part for name in hours for part in proposal.origins(name)]
    if all(STATED.search(head) for head in heads):
        proposal.block["times_in"] = "UTC"
        proposal.notes.append(f"{', '.join(heads)}: the heading says in which zone the times are")
        return
    lines = [
        f"The times of {column} carry no zone; most lie from {hour:02}:00 to {hour:02}:59.",
        "Are they local times (of timezone: above), or another zone's?",
        "  local: they are those of the company's clock",
        "  UTC (or another zone): as many servers write them",
    ]
    proposal.ask("times_in", lines, WAYS)
