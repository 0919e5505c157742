"""Look at a team's tables and propose a commented params file (`make new`)."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from analysis.data import connection as databases
from analysis.data.connection import with_placeholders
from analysis.data.crossing import fetch_count
from analysis.data.date_systems import date_system
from analysis.data.engine import open_duckdb
from analysis.data.exports import Part, found_files, parts_of, together
from analysis.data.faults import FaultyData
from analysis.data.problems import told_plainly
from analysis.data.proposal import describe
from analysis.data.proposal_text import write_proposal
from analysis.data.proposed import Proposal
from analysis.data.proposed_joins import Seen, complete_by_joins
from analysis.data.recognise import LASTING
from analysis.errors import DataError
from analysis.params.source import TableSource
from analysis.params.undecided import UNDECIDED
from analysis.schemas import SCHEMAS

ENDS = ("transactions", "contracts", "surveys")


def propose_params(study: str, origin: str | Path, params_folder: str | Path) -> str:
    """Propose the text of `params/<study>.yml` for a file, a folder, a pattern or a database.

    What the data leave open stands there as `???`, with the question and its evidence. Where no
    table looks like one of the contract, the one with most rows is taken for transactions, every
    column listed, for a person to map.

    Raises
    ------
    DataError
        If there is no table to read.
    """
    skipped: list[str] = []
    folder, url = Path(params_folder), ""
    if "://" in str(origin):
        url = with_placeholders(str(origin), study)
        tables, shown = _of_connection(url, folder, skipped), databases.connection_label(url)
    else:
        tables, shown = _of_files(Path(origin), folder, skipped), Path(origin).name
    with tables as seen:
        if not seen:
            why = "; ".join(skipped) or "no file of a known kind"
            raise DataError(
                f"{shown} must hold transactions, contracts or surveys, but none was found: {why}"
            )
        with told_plainly("FROM", shown):
            proposals = _choose(seen, skipped)
            if not set(ENDS) & set(proposals):
                found = _for_a_person(seen, proposals, skipped, bool(url))
                proposals |= {found.name: found}
    return write_proposal(study, shown, url, proposals, skipped)


def _choose(seen: list[Seen], skipped: list[str]) -> dict[str, Proposal]:
    """Take one proposal a table of the contract: complete ones first, those that a join completes.

    What is left out is told, with its columns.
    """
    proposals: dict[str, Proposal] = {}
    used: list[Seen] = []
    for one, proposal, looked_up in complete_by_joins(seen):
        if proposal.name not in proposals:
            proposals[proposal.name] = proposal
            used += [one, *looked_up]
    joined = set(proposals)
    for one in seen:
        if one.proposal is None:
            if one not in used:
                listed = ", ".join(one.raw.table.columns)
                skipped.append(f"{one.label} was not recognised ({listed})")
        elif one in used and one.proposal.name == "customers" and one.proposal.facts["repeated"]:
            skipped.append(f"{one.label} has several rows a customer: it is only looked up")
        elif one.proposal.name not in proposals:
            proposals[one.proposal.name] = one.proposal
        elif one not in used or one.proposal.name not in joined:
            skipped.append(f"{one.label} looks like {one.proposal.name}, but its columns differ")
    return proposals


def _for_a_person(
    seen: list[Seen], proposals: dict[str, Proposal], skipped: list[str], of_database: bool
) -> Proposal:
    """Propose transactions, or contracts where a first and a last day were found, to be mapped."""
    left = [one for one in seen if one.proposal is None]
    if left:
        most = max(left, key=lambda one: fetch_count(one.raw.table))
        skipped[:] = [told for told in skipped if not told.startswith(f"{most.label} was not")]
        lasting = describe(most.label, most.raw, most.block, name="contracts")
        if set(lasting.columns) >= LASTING:
            return lasting
        return describe(most.label, most.raw, most.block, name="transactions")
    needed = [c for c, spec in SCHEMAS["transactions"].columns.items() if spec.required]
    where = "table" if of_database else "file"
    found = ", ".join(proposals)
    note = f"??? only {found} came: where are the purchases (or contracts, or answers)?"
    columns = dict.fromkeys(needed, UNDECIDED)
    return Proposal("transactions", {where: UNDECIDED}, columns, notes=[note])


@contextmanager
def _of_files(origin: Path, folder: Path, skipped: list[str]) -> Iterator[list[Seen]]:
    """See each part of an export: files of one head together, each table and sheet by itself."""
    files = found_files(origin)
    connection = open_duckdb("UTC")
    try:
        opened = []
        for file in files:
            try:
                with told_plainly("FROM", file.name):
                    parts = list(parts_of([file]))
            except FaultyData as error:
                skipped.append(str(error.faults[0]))
                continue
            for part in parts:
                opened += _columns(part, skipped)
        seen = []
        for place, part in enumerate(together(opened)):
            try:
                with told_plainly("FROM", part.label):
                    seen.append(_see_part(connection, part, place, files, folder))
            except FaultyData as error:
                skipped.append(str(error.faults[0]))
        yield seen
    finally:
        connection.disconnect()


def _see_part(connection, part: Part, place: int, files: list[Path], folder: Path) -> Seen:
    raw = part.open(connection, f"proposed_{place}")
    block = {"file": _named(part, files, folder)} | part.source().model_dump(exclude_unset=True)
    systems = {date_system(path) for path in part.paths} if part.kind == "excel" else {None}
    return Seen(part.label, raw, block).look(systems.pop() if len(systems) == 1 else None)


def _columns(part: Part, skipped: list[str]) -> list[tuple[Part, tuple[str, ...]]]:
    connection = open_duckdb("UTC")
    try:
        return [(part, part.open(connection).table.columns)]
    except FaultyData as error:
        skipped.append(str(error.faults[0]).replace("proposed ", f"{part.label} ", 1))
        return []
    finally:
        connection.disconnect()


@contextmanager
def _of_connection(url: str, folder: Path, skipped: list[str]) -> Iterator[list[Seen]]:
    """See each table of a database."""
    connection = databases.connect(url, "UTC", folder)
    try:
        seen = []
        with told_plainly("data.connection", databases.connection_label(url)):
            for label in databases.table_names(connection):
                raw = databases.open_table(connection, label, TableSource(table=label), url)
                seen.append(Seen(label, raw, {"table": label}).look())
        yield seen
    finally:
        connection.disconnect()


def _named(part: Part, known: list[Path], folder: Path) -> str | list[str]:
    """Name files as a person would: one path, a pattern where it catches these alone, or a list."""
    paths = [os.path.relpath(path, folder) for path in part.paths]
    if len(paths) == 1:
        return paths[0]
    shared = os.path.commonprefix  # of letters, not folders
    ending = shared([path[::-1] for path in paths])[::-1]
    pattern = f"{glob.escape(shared(paths).rstrip('0123456789'))}*{glob.escape(ending)}"
    caught = {path for path in known if path.match(Path(pattern).name)}
    return pattern if caught == set(part.paths) else paths
