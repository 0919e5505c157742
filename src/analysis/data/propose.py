"""Look at a team's files and propose a commented params file (`make new`)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from analysis.data import lists
from analysis.data.delimited import open_text
from analysis.data.engine import open_duckdb
from analysis.data.faults import FaultyData
from analysis.data.files import open_path
from analysis.data.located import file_kind
from analysis.data.parsing import read_day, read_text
from analysis.data.raw import RawTable
from analysis.data.recognise import (
    find_product,
    guess_date_format,
    guess_signs,
    guess_table,
    match_columns,
)
from analysis.errors import DataError
from analysis.params.source import CHAPTER_COLUMNS, TableSource
from analysis.schemas import SCHEMAS

SAMPLE = 2000
UNKNOWN = "???"
HEAD = """# {study}: proposed from {origin}. Read every line, then `make validate STUDY={study}`.
schema_version: 1
study: {study}
title: {title}
author: Customer research          # who signs the report
language: en

relationship: {relationship:<14}       # contractual: the end is seen; else it must be inferred
observed_from: {first}          # first and last day of the observation: found in the data,
observed_until: {last}         # but they are yours to decide
timezone: Europe/Berlin            # where the company counts its days
currency: EUR                      # ISO 4217; not found in the data, please check

data:
  title: {title}
  licence: not stated              # who may use these data, and for what
  citation: not stated
  history: complete                # 'cut' when customers bought before observed_from
  repairs:                         # nothing is mended unless it is named here
    missing: {missing:<22}# drop: leave out rows without id, day or amount
    out_of_period: refuse          # drop: leave out rows outside the observation
    ids: {ids:<26}# clean: ids without blanks around them and without '.0'
  files:                           # paths are relative to this file
"""
TAIL = """
segments: [first_value_third, acquired_month]   # known on the day of the first purchase
horizons_weeks: [4, 13, 26, 52]
lapse_weeks: 26                    # a customer silent for longer counts as lapsed
lapse_grid: [13, 26, 39, 52]
min_cell: 10                       # smaller groups are not shown
"""


@dataclass(slots=True)
class Proposal:
    """What is proposed for one table, with what a person should know about it."""

    name: str
    source: dict[str, Any]
    days: tuple[date, date] | None = None
    missing_ids: bool = False
    padded_ids: bool = False
    notes: list[str] = field(default_factory=list)

    def source_values(self) -> dict[str, Any]:
        """Return the block as `TableSource` takes it."""
        listed = {key: tuple(v) if isinstance(v, list) else v for key, v in self.source.items()}
        return listed | {"columns": {}}


def propose_params(study: str, path: str | Path, params_folder: str | Path) -> str:
    """Propose the text of `params/<study>.yml` for the tables in a file or folder.

    Raises
    ------
    DataError
        If there is nothing to read, or nothing that looks like transactions or contracts.
    """
    path = Path(path)
    proposals: dict[str, Proposal] = {}
    skipped = []
    for file, part in _parts(path):
        try:
            proposal = _propose_table(file, part, Path(params_folder))
        except FaultyData as error:
            skipped.append(str(error.faults[0]))
            continue
        if proposal is None or proposal.name in proposals:
            skipped.append(f"{part or file.name} was not recognised as a table of its own")
        else:
            proposals[proposal.name] = proposal
    if not {"transactions", "contracts"} & set(proposals):
        found = "; ".join(skipped) or "no file of a known kind"
        raise DataError(f"{path} must hold transactions or contracts, but holds none: {found}")
    return _write(study, path, proposals, skipped)


def _parts(path: Path):
    """Yield each file, and each table or sheet inside it."""
    files = sorted(path.iterdir()) if path.is_dir() else [path]
    if not path.exists():
        raise DataError(f"FROM must be a file or folder, but {path} does not exist")
    for file in files:
        kind = file_kind(file)
        if not file.is_file() or not kind:
            continue
        inside = lists.names_inside(file, kind) if kind in ("excel", "sqlite", "duckdb") else []
        for part in inside if len(inside) > 1 else [""]:
            yield file, part


def _propose_table(file: Path, part: str, folder: Path) -> Proposal | None:
    connection = open_duckdb("UTC")
    try:
        kind = file_kind(file)
        options: dict[str, Any] = {"file": os.path.relpath(file, folder)}
        if part:
            options["sheet" if kind == "excel" else "table"] = part
        if kind == "delimited" and not _is_utf8(file):
            options["encoding"] = "cp1252"
        raw = open_path(connection, "proposed", TableSource(**options), file)
        name = guess_table(part or file.name, raw.table.columns)
        return _describe(name, raw, options) if name else None
    finally:
        connection.disconnect()


def _describe(name: str, raw: RawTable, options: dict[str, Any]) -> Proposal:
    sample = raw.table.limit(SAMPLE).to_pyarrow().to_pydict()
    columns, proposal = match_columns(name, raw.table.columns), Proposal(name, options)
    product = find_product(raw.table.columns) if name == "transactions" else None
    if product and columns.get("amount", product[1]) == product[1]:
        columns["amount"] = {"product_of": list(product)}
    contract = SCHEMAS[name].columns
    for column, spec in contract.items():
        if spec.required and column not in columns:
            columns[column] = UNKNOWN
            proposal.notes.append(f"{column}: one of {', '.join(raw.table.columns[:20])}?")
    ordered = [column for column in contract if column in columns]
    options["columns"] = {
        c: columns[c] for c in ordered if columns[c] != c or f"{name}.{c}" in CHAPTER_COLUMNS
    }
    used = [c for c in columns.values() if isinstance(c, str)]
    rest = [c for c in raw.table.columns if c not in used and c not in (product or ())]
    if name in ("customers", "surveys") and rest:
        options["keep"] = rest
    _read_conventions(proposal, columns, sample)
    _look_closer(proposal, raw, columns)
    if not options["columns"]:
        del options["columns"]
    return proposal


def _read_conventions(proposal: Proposal, columns: dict[str, Any], sample: dict) -> None:
    """Find how days and numbers are written."""
    contract = SCHEMAS[proposal.name].columns
    for column, origin in columns.items():
        parts = origin["product_of"] if isinstance(origin, dict) else [origin]
        values = [v for part in parts for v in sample.get(part, []) if isinstance(v, str)]
        kind = contract[column].metadata["kind"]
        if kind.startswith("date") and values and "date_format" not in proposal.source:
            form, fitting = guess_date_format(values)
            if form:
                proposal.source["date_format"] = form
            if len(fitting) > 1 and fitting[0].startswith("%d/") and fitting[1].startswith("%m/"):
                proposal.notes.append(f"{column}: day or month first? Both read; check date_format")
        if kind == "number" and values:
            decimal, thousands = guess_signs(values)
            if decimal != ".":
                proposal.source["decimal"] = decimal
            if thousands:
                proposal.source["thousands"] = thousands


def _look_closer(proposal: Proposal, raw: RawTable, columns: dict[str, Any]) -> None:
    """Ask the whole table for its period, ids that are missing, cancelled invoices."""
    source, table = TableSource(**proposal.source_values()), raw.table
    asked = {}
    day = next((c for c in ("at", "started_at", "from_at") if c in columns), None)
    if day and columns[day] != UNKNOWN:
        read = read_day(table[columns[day]], source)
        if read is not None:
            asked |= {"first": read.min(), "last": read.max()}
    if columns.get("customer_id", UNKNOWN) != UNKNOWN:
        ids = read_text(table[columns["customer_id"]])
        asked["missing"] = (ids.isnull() | (ids.strip() == "")).sum()
        asked["padded"] = (ids.strip() != ids).sum()
    order = columns.get("order_id")
    if order:
        asked["cancelled"] = read_text(table[order]).re_search(r"^C\d+$").sum()
    found = table.aggregate(**asked).to_pyarrow().to_pylist()[0] if asked else {}
    if found.get("first") and found.get("last"):
        proposal.days = (found["first"], found["last"])
    proposal.missing_ids, proposal.padded_ids = (
        bool(found.get("missing")),
        bool(found.get("padded")),
    )
    if found.get("cancelled"):
        rows = f"{int(found['cancelled']):,} rows look like cancelled invoices"
        remedy = f"filters: [{{column: {order}, not_starts_with: C}}]"
        proposal.notes += [f"{rows} ('{order}' begins with C);", f"to leave them out: {remedy}"]


def _write(study: str, path: Path, proposals: dict[str, Proposal], skipped: list[str]) -> str:
    days = [
        p.days for p in proposals.values() if p.days and p.name in ("transactions", "contracts")
    ]
    first = min((d[0] for d in days), default=date(2020, 1, 1))
    last = max((d[1] for d in days), default=date(2020, 12, 31))
    last = max(last, first + timedelta(days=1))
    head = HEAD.format(
        study=study,
        origin=path.name,
        title=study.replace("_", " ").capitalize(),
        relationship="contractual" if "contracts" in proposals else "noncontractual",
        first=first,
        last=last,
        missing="drop" if any(p.missing_ids for p in proposals.values()) else "refuse",
        ids="clean" if any(p.padded_ids for p in proposals.values()) else "refuse",
    )
    blocks = []
    for name in SCHEMAS:
        if name in proposals:
            proposal = proposals[name]
            blocks += [f"    # {note}" for note in proposal.notes]
            text = yaml.safe_dump(
                {name: proposal.source}, sort_keys=False, allow_unicode=True, width=90
            )
            blocks += [f"    {line}" for line in text.splitlines()]
    blocks += [f"    # not used: {reason}" for reason in skipped]
    return head + "\n".join(blocks) + "\n" + TAIL


def _is_utf8(file: Path) -> bool:
    try:
        with open_text("proposed", TableSource(), file) as text:
            while text.read(2**20):
                pass
    except FaultyData:
        return False
    return True
