"""Tables that only a join can make: which other table of an export would complete one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from analysis.data.conventions import kind_of_values
from analysis.data.crossing import fetch_rows
from analysis.data.ids import as_key
from analysis.data.joining import Lookup, bring, look_up
from analysis.data.meeting import share_met
from analysis.data.proposal import describe, first_values
from analysis.data.proposed import Proposal
from analysis.data.raw import RawTable
from analysis.data.recognise import guess_table, lacking_columns, plain
from analysis.params.joined import Joined

MOST_TABLES = 30
MOST_JOINS = 2
MET = 0.5
"""The share of keys that must meet."""
NO_KEYS = ("id", "rowid", "row", "index", "no", "nr", "number", "name", "status", "type")
WHOLE = ("transactions", "contracts", "surveys", "interactions", "campaigns", "tier_history")


@dataclass(slots=True)
class Seen:
    """A table of an export: what it is called, how it is opened, what it looks like.

    Attributes
    ----------
    label : str
    raw : RawTable
    block : dict
        Where it lies, as a params file says it.
    kinds : dict
        Column to 'date', 'number', 'text' or 'nothing'.
    proposal : Proposal or None
        None where it looks like no table of the contract.
    """

    label: str
    raw: RawTable
    block: dict[str, Any]
    kinds: dict[str, str] = field(default_factory=dict)
    proposal: Proposal | None = None

    def look(self, system: str | None = None) -> Seen:
        """Describe the table as it stands alone."""
        self.kinds = {c: kind_of_values(values) for c, values in first_values(self.raw).items()}
        self.proposal = describe(self.label, self.raw, self.block, system=system)
        return self


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """A table with what it looks up so far."""

    raw: RawTable
    kinds: Mapping[str, str]
    joins: Mapping[str, Seen]


def complete_by_joins(seen: Sequence[Seen]) -> Iterator[tuple[Seen, Proposal, list[Seen]]]:
    """Yield the tables that others complete: the table, its proposal, the tables looked up."""
    if len(seen) > MOST_TABLES:
        return
    whole = {one.proposal.name for one in seen if one.proposal and not _open(one.proposal)}
    for one in seen:
        if one.proposal is not None and not _open(one.proposal):
            continue
        tried = _try(one, seen)
        name = guess_table(one.label, list(tried.kinds), tried.kinds) if tried.joins else ""
        if name in WHOLE and name not in whole and not _lacking(one, tried):
            yield one, _describe(one, tried, name), list(tried.joins.values())


def _open(proposal: Proposal) -> list[str]:
    return [c for c in proposal.columns if not proposal.origins(c)]


def _try(one: Seen, seen: Sequence[Seen]) -> Tried:
    """Join what completes the table, one after the other, as long as each brings something."""
    tried = Tried(one.raw, one.kinds, {})
    for _ in range(MOST_JOINS):
        lacking = _lacking(one, tried)
        others = [other for other in seen if other is not one and other not in tried.joins.values()]
        if not lacking:
            break
        steps = [step for other in others if (step := _join(tried, other)) is not None]
        steps = [step for step in steps if _lacking(one, step) < lacking]
        if not steps:
            break
        tried = min(steps, key=lambda step: _lacking(one, step))
    return tried


def _lacking(one: Seen, tried: Tried) -> int:
    """Needed columns that the table lacks; many where it looks like none of the contract."""
    name = guess_table(one.label, list(tried.kinds), tried.kinds)
    return len(lacking_columns(name, list(tried.kinds), tried.kinds)) if name in WHOLE else 9


def _join(tried: Tried, other: Seen) -> Tried | None:
    """Look one table up, where a key of both tells its rows apart and most rows meet one."""
    keys = [key for key in _shared(tried, other) if _meets(tried.raw, other.raw, *key)]
    if not keys:
        return None
    ours, theirs = keys[0]
    label = _name(other.label)
    by = ours if ours == theirs else {ours: theirs}
    joins = dict(tried.raw.source.join) | {label: Joined(by=by)}
    lookup = Lookup(label, tried.raw.table, other.raw.table, joins[label].keys, other.raw.origin)
    source = tried.raw.source.model_copy(update={"join": joins})
    raw = replace(tried.raw, source=source, table=bring(tried.raw.table, lookup), numbered=None)
    known = {
        c: other.kinds[c.removeprefix(f"{label}.")] for c in raw.table.columns[len(tried.kinds) :]
    }
    return Tried(raw, {**tried.kinds, **known}, {**tried.joins, label: other})


def _shared(tried: Tried, other: Seen) -> Iterator[tuple[str, str]]:
    """Yield pairs of columns that may be one key: of one name, or order_id and the id of orders."""
    ours = {plain(c): c for c, kind in tried.kinds.items() if kind != "date"}
    stem = plain(_name(other.label)).rstrip("s")
    for theirs, kind in other.kinds.items():
        name = plain(theirs)
        if kind == "date":
            continue
        if name in ours and name not in NO_KEYS:
            yield ours[name], theirs
        if name in ("id", "no", "nr", "number", "name"):
            for alike in (stem, f"{stem}{name}", f"{stem}id", f"{stem}s{name}"):
                if alike in ours:
                    yield ours[alike], theirs


def _meets(raw: RawTable, other: RawTable, ours: str, theirs: str) -> bool:
    key = as_key(other.table[theirs])
    counted = key.name("key").as_table()
    found = fetch_rows(counted.aggregate(rows=counted.count(), keys=counted.key.nunique()))[0]
    if not found["keys"] or found["keys"] < found["rows"]:
        return False
    met = share_met(as_key(raw.table[ours]), key)
    return met["met"] > MET * met["ids"]


def _describe(one: Seen, tried: Tried, name: str) -> Proposal:
    """Describe the joined table; its own columns go before those that it looks up."""
    blocks = {}
    for label, other in tried.joins.items():
        by = tried.raw.source.join[label].by
        blocks[label] = {**other.block, "by": by}
    raw = look_up(
        replace(one.raw, source=tried.raw.source),
        {label: other.raw for label, other in tried.joins.items()},
    )
    block = {**one.block, "join": blocks}
    proposal = describe(one.label, raw, block, name=name, own=tuple(one.kinds))
    looked = " and ".join(other.label for other in tried.joins.values())
    proposal.notes.append(
        f"each row of {one.label} looks up {looked}: check that the keys are right"
    )
    return proposal


def _name(label: str) -> str:
    """Make a name of a join of a file's or table's name: orders.csv is orders."""
    name = re.sub(r"\.\w+$", "", label.rpartition("/")[2]) if "." in label else label
    name = re.sub(r"\W+|_+", "_", name).strip("_").lower()
    name = name.encode("ascii", "ignore").decode()
    return name[:40] if name[:1].isalpha() else f"table_{name}"[:40]
