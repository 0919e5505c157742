"""Look other tables up by a key: each row keeps its place, the columns found stand beside it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import ibis

from analysis.data.crossing import fetch_rows
from analysis.data.date_systems import SYSTEM_1904
from analysis.data.faults import Fault, FaultyData
from analysis.data.ids import as_key
from analysis.data.meeting import FEW, why_apart
from analysis.data.raw import ORIGIN, ROW, RawTable
from analysis.notes import note
from analysis.params.source import TableSource

KEY = "key__"


@dataclass(frozen=True, slots=True, eq=False)
class Lookup:
    """One join of a table, as it is asked about.

    Attributes
    ----------
    label : str
        Its name under `join:`.
    before, other : Table
        The table without it, and the table that is looked up.
    keys : mapping
        Column of the one to column of the other.
    origin : str
        What to call the table looked up.
    """

    label: str
    before: ibis.Table
    other: ibis.Table
    keys: Mapping[str, str]
    origin: str


def look_up(raw: RawTable, others: Mapping[str, RawTable]) -> RawTable:
    """Join the tables that `join:` names; one may go by a column that another brought.

    Raises
    ------
    FaultyData
        If a key is no column, or workbooks count their days from different days.
    """
    if not others:
        return raw
    table, lookups, waiting = raw.table, [], list(others)
    while waiting:
        label = _next(raw, table, waiting)
        other, keys = others[label], raw.source.join[label].keys
        _see_keys(raw, label, table, other, keys)
        lookups.append(Lookup(label, table, other.table, keys, other.origin))
        table = bring(table, lookups[-1])
        waiting.remove(label)

    def numbered() -> ibis.Table:
        rows = raw.numbered()
        for lookup in lookups:
            rows = bring(rows, lookup)
        return rows

    return replace(
        raw,
        table=table,
        source=_of_one_system(raw, others),
        numbered=numbered if raw.numbered else None,
        lazy=raw.lazy and raw.numbered is None,
        lookups=tuple(lookups),
    )


def bring(rows: ibis.Table, lookup: Lookup) -> ibis.Table:
    """Set the columns of the table looked up beside each row; missing where no row is met."""
    taken = {column.lower() for column in rows.columns if column not in (ROW, ORIGIN)}
    shared = {theirs for ours, theirs in lookup.keys.items() if ours == theirs}
    names = {
        f"{lookup.label}.{column}" if column.lower() in taken else column: column
        for column in lookup.other.columns
        if column not in shared
    }
    keys = {f"{KEY}{place}": key for place, key in enumerate(lookup.keys.values())}
    other = lookup.other.select(
        **{name: lookup.other[column] for name, column in names.items()},
        **{name: as_key(lookup.other[key]) for name, key in keys.items()},
    )
    met = [as_key(rows[ours]) == other[key] for ours, key in zip(lookup.keys, keys, strict=True)]
    return rows.left_join(other, met).select(*rows.columns, *names)


def check_lookups(raw: RawTable) -> tuple[list[tuple[str, str, str, int]], list[Fault]]:
    """Count what meets nothing on either side; refuse keys that stand twice in the table looked up.

    Returns
    -------
    tuple
        Rows of the audit, and the faults.
    """
    audit, faults = [], []
    for lookup in raw.lookups:
        by = " and ".join(lookup.keys)
        ours = _keyed(lookup.before, lookup.keys)
        theirs = _keyed(lookup.other, lookup.keys.values())
        found = _count(ours, theirs)
        if found["twice"]:
            rule = f"must find one row of {lookup.origin} by {by}"
            came = f"{found['twice']:,} of {found['keys']:,} keys stand there on several rows"
            remedy = f"look it up the other way round, or give {lookup.label} one row a key"
            faults.append(Fault(raw.name, "", rule, came, remedy=remedy))
        elif found["met"] <= FEW * found["rows"]:
            faults += _apart(raw, lookup, found, ours[f"{KEY}0"], theirs[f"{KEY}0"])
        where = {"table": lookup.origin, "key": by}
        if lonely := found["rows"] - found["met"]:
            audit.append((raw.name, "noticed", note("rows.meet_none", **where), lonely))
        if found["unmet"]:
            audit.append((raw.name, "noticed", note("rows.not_met", **where), found["unmet"]))
    return audit, faults


def _count(ours: ibis.Table, theirs: ibis.Table) -> dict[str, int]:
    """Ask `rows, met` of a table's keys, and `keys, twice, unmet` of those looked up."""
    names = list(ours.columns)
    keys = theirs.group_by(names).agg(stands=theirs.count())
    met = ours.semi_join(keys, names)
    unmet = theirs.anti_join(ours.distinct(), names)
    parts = (
        ours.aggregate(rows=ours.count()),
        met.aggregate(met=met.count()),
        keys.aggregate(keys=keys.count(), twice=(keys.stands > 1).sum()),
        unmet.aggregate(unmet=unmet.count()),
    )
    return {k: int(v or 0) for part in parts for k, v in fetch_rows(part)[0].items()}


def _keyed(table: ibis.Table, columns) -> ibis.Table:
    keyed = table.select(**{f"{KEY}{n}": as_key(table[c]) for n, c in enumerate(columns)})
    return keyed.filter([keyed[column].notnull() for column in keyed.columns])


def _apart(
    raw: RawTable, lookup: Lookup, found: dict[str, int], ours: ibis.Column, theirs: ibis.Column
) -> list[Fault]:
    """Refuse a join that nothing meets; name the cause where keys are only written otherwise."""
    cause, _ = why_apart(ours, theirs)
    if found["met"] and not cause:
        return []
    rule = f"must meet rows of {lookup.origin} by {' and '.join(lookup.keys)}"
    came = f"{found['met']:,} of {found['rows']:,} rows do"
    came += f": {cause} between the two tables" if cause else ""
    return [Fault(raw.name, "", rule, came, remedy=f"mend join.{lookup.label}.by, or the source")]


def _next(raw: RawTable, table: ibis.Table, waiting: list[str]) -> str:
    """The first join whose keys are there by now; the first of all where none has them."""
    ready = [name for name in waiting if set(raw.source.join[name].keys) <= set(table.columns)]
    return (ready or waiting)[0]


def _see_keys(raw: RawTable, label: str, table: ibis.Table, other: RawTable, keys) -> None:
    """Refuse keys that are no columns."""
    sides = [(table.columns, ours, raw.origin) for ours in keys]
    sides += [(other.table.columns, theirs, other.origin) for theirs in keys.values()]
    for columns, key, where in sides:
        if key not in columns:
            near = difflib.get_close_matches(key, columns, n=3) or columns[:12]
            rule = f"must have the key '{key}' that join.{label}.by names"
            came, remedy = f"{where} has no such column", f"there are: {', '.join(near)}"
            raise FaultyData([Fault(raw.name, "", rule, came, remedy=remedy)])


def _of_one_system(raw: RawTable, others: Mapping[str, RawTable]) -> TableSource:
    """The block of the table; what a workbook looked up states about its days counts too."""
    stated = any(SYSTEM_1904 in other.source.formats for other in others.values())
    return raw.source.counting_from(SYSTEM_1904) if stated else raw.source
