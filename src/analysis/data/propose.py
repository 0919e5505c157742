"""Look at a team's tables and propose a commented params file (`make new`)."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.data import connection as databases
from analysis.data.connection import with_placeholders
from analysis.data.engine import open_duckdb
from analysis.data.exports import Part, found_files, parts_of, together
from analysis.data.faults import FaultyData
from analysis.data.problems import told_plainly
from analysis.data.proposal import Proposal, describe
from analysis.data.proposal_text import write_proposal
from analysis.data.raw import RawTable
from analysis.errors import DataError
from analysis.params.source import TableSource

ENDS = {"transactions", "contracts", "surveys"}


def propose_params(study: str, origin: str | Path, params_folder: str | Path) -> str:
    """Propose the text of `params/<study>.yml` for a file, a folder, a pattern or a database.

    Raises
    ------
    DataError
        If there is nothing to read, or nothing that looks like transactions, contracts or surveys.
    """
    proposals: dict[str, Proposal] = {}
    skipped: list[str] = []
    folder, url = Path(params_folder), ""
    if "://" in str(origin):
        url = with_placeholders(str(origin), study)
        found, shown = _of_connection(url, folder, skipped), databases.connection_label(url)
    else:
        found, shown = _of_files(Path(origin), folder, skipped), Path(origin).name
    for label, proposal in found:
        if proposal.name in proposals:
            skipped.append(f"{label} looks like {proposal.name}, but its columns differ")
        else:
            proposals[proposal.name] = proposal
    if not ENDS & set(proposals):
        why = "; ".join(skipped) or "no file of a known kind"
        raise DataError(
            f"{shown} must hold transactions, contracts or surveys, but none was found: {why}"
        )
    return write_proposal(study, shown, url, proposals, skipped)


def _of_files(origin: Path, folder: Path, skipped: list[str]) -> Iterator[tuple[str, Proposal]]:
    """Propose a table for each part of an export that looks like one of the contract."""
    opened = []
    for file in found_files(origin):
        try:
            with told_plainly("FROM", file.name):
                parts = list(parts_of([file]))
        except FaultyData as error:
            skipped.append(str(error.faults[0]))
            continue
        for part in parts:
            opened += _columns(part, skipped)
    for part in together(opened):
        connection = open_duckdb("UTC")
        try:
            raw = part.open(connection)
            block = raw.source.model_dump(exclude_unset=True)
            block = {"file": _named(part, found_files(origin), folder)} | block
            with told_plainly("FROM", part.label):
                yield from _recognised(part.label, raw, block, skipped)
        except FaultyData as error:
            skipped.append(str(error.faults[0]))
        finally:
            connection.disconnect()


def _columns(part: Part, skipped: list[str]) -> list[tuple[Part, tuple[str, ...]]]:
    connection = open_duckdb("UTC")
    try:
        return [(part, part.open(connection).table.columns)]
    except FaultyData as error:
        skipped.append(str(error.faults[0]).replace("proposed ", f"{part.label} ", 1))
        return []
    finally:
        connection.disconnect()


def _of_connection(url: str, folder: Path, skipped: list[str]) -> Iterator[tuple[str, Proposal]]:
    """Propose a table for each table of a database that looks like one of the contract."""
    connection = databases.connect(url, "UTC", folder)
    try:
        with told_plainly("data.connection", databases.connection_label(url)):
            for label in databases.table_names(connection):
                raw = databases.open_table(connection, label, TableSource(table=label), url)
                yield from _recognised(label, raw, {"table": label}, skipped)
    finally:
        connection.disconnect()


def _recognised(
    label: str, raw: RawTable, block: dict[str, Any], skipped: list[str]
) -> Iterator[tuple[str, Proposal]]:
    proposal = describe(label, raw, block)
    if proposal is None:
        skipped.append(f"{label} was not recognised ({', '.join(raw.table.columns[:8])})")
    else:
        yield label, proposal


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
