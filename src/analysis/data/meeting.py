"""Why the ids of one table do not meet those of another: what differs in how they are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ibis

from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.ids import without_zeros

FEW = 0.5
"""The share of ids met below which a cause is looked for, and above which one is believed."""


CAUSES: Mapping[str, Callable[[ibis.Column], ibis.Column]] = {
    "leading zeros differ": without_zeros,
    "capitals differ": lambda ids: ids.lower(),
    "blanks differ": lambda ids: ids.re_replace(r"[ \t\n\r]", ""),
    "some end in '.0'": lambda ids: ids.re_replace(r"\.0+$", ""),
    "letters or signs around the digits differ": lambda ids: without_zeros(
        ids.re_replace("[^0-9]", "").nullif("")
    ),
}
OF_IDS = tuple(CAUSES)[:-1]
"""Causes told of customers: the digits alone of other people's numbers meet by chance."""


def share_met(ids: ibis.Column, known: ibis.Column) -> dict[str, int]:
    """Count distinct ids and those that stand among the known ones: `ids, met`."""
    left = ids.name("id").as_table().filter(lambda t: t.id.notnull()).distinct()
    right = known.name("known").as_table().filter(lambda t: t.known.notnull()).distinct()
    met = left.semi_join(right, left.id == right.known)
    found = left.aggregate(ids=left.count()).cross_join(met.aggregate(met=met.count()))
    return fetch_rows(found)[0]


def why_apart(
    ids: ibis.Column, known: ibis.Column, causes: Sequence[str] = tuple(CAUSES)
) -> tuple[str, int]:
    """Return what differs where few ids meet, and how many would; ('', 0) without an explanation.

    Parameters
    ----------
    ids, known : text columns
        Of two tables of one engine.
    causes : sequence of str
        Those that are looked for.
    """
    for cause in causes:
        found = share_met(CAUSES[cause](ids), CAUSES[cause](known))
        if found["met"] > FEW * found["ids"]:
            return cause, found["met"]
    return "", 0


def apart_fault(
    table: str, ids: ibis.Table, other: str, known: ibis.Table, column: str = "customer_id"
) -> list[Fault]:
    """Find the cause for which few ids of a table meet those of another: how they are written.

    Parameters
    ----------
    table, other : str
        Their names in the contract.
    ids, known : Table
        Both have the column, as text.
    """
    cause, would = why_apart(ids[column], known[column], OF_IDS)
    if not cause:
        return []
    rule = f"must be written as in {other}"
    found = share_met(ids[column], known[column])
    came = f"{cause} between the two tables: {found['met']:,} of {found['ids']:,} ids meet, "
    came += f"{would:,} would if they were written alike"
    return [Fault(table, column, rule, came, remedy=_remedy(cause))]


def _remedy(cause: str) -> str:
    if cause == "leading zeros differ":
        return "set repairs: {leading_zeros: drop}, or export both as text with their zeros"
    if cause in ("blanks differ", "some end in '.0'"):
        return "set repairs: {ids: clean}, or mend the source"
    return "write them alike in the source"
