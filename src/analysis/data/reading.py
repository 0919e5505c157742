"""Read the tables that a params file names: open, map, check, repair, hold."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ibis
import pandas as pd

from analysis.data.checking import Checked, check_table
from analysis.data.completing import complete_tables
from analysis.data.connection import open_connection
from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.faults import Fault, FaultyData
from analysis.data.files import open_files
from analysis.data.located import text_fingerprint
from analysis.data.packages import DESCRIPTIONS, open_package, open_simulated
from analysis.data.problems import told_plainly
from analysis.data.promised import missing_promises
from analysis.data.shared_ids import apart_faults
from analysis.data.store import known_fingerprint, read_stored
from analysis.data.tables import AUDIT_COLUMNS, Description, Tables
from analysis.notes import note
from analysis.params import Params
from analysis.params.folders import study_folder

SOURCES = {
    "files": open_files,
    "connection": open_connection,
    "package": open_package,
    "simulated": open_simulated,
}


def read_tables(params: Params, *, folder: Path | None = None, stored: bool = True) -> Tables:
    """Read, check and repair the tables of a study.

    The tables in the study's folder are used when nothing that they were made from has changed;
    `stored=False` always reads the sources. A connection is asked whether its data have
    changed only when the environment says `REFRESH=1`. The tables of a server or a cluster stay
    there: once they have passed the checks (`make tables`), they are read without checking again.

    Parameters
    ----------
    params : Params
    folder : Path, optional
        The study's folder; `build/<study>` (or the variant's) beside `params/` if none is given.
    stored : bool

    Raises
    ------
    DataError
        All faults of all tables at once, one sentence a line: table, column, rule, how many
        rows, first places, remedy.
    """
    folder = study_folder(params) if folder is None else folder
    fingerprint = known_fingerprint(params, folder)
    ready = read_stored(params, folder, fingerprint) if stored and fingerprint else None
    if ready is not None and ready.by_name:
        return ready
    connection, checked = check_source(params, passed=ready)
    faults = [fault for table in checked for fault in table.faults]
    if faults:
        raise FaultyData(faults)
    by_name = complete_tables({table.name: _hold(connection, table) for table in checked}, params)
    if ready is not None:
        return replace(ready, connection=connection, by_name=by_name)
    audit = [row for table in checked for row in table.audit]
    if any(table.name == "customers" for table in checked):
        audit += _notice_strangers(by_name)
    described = describe(params)
    if params.data.connection is not None:
        fingerprint = _connection_fingerprint(params, by_name)
    audit = pd.DataFrame(audit, columns=list(AUDIT_COLUMNS))
    float_ids = tuple(table.name for table in checked if table.float_ids)
    return Tables(connection, by_name, audit, described, fingerprint, float_ids=float_ids)


def check_source(
    params: Params, *, passed: Tables | None = None
) -> tuple[ibis.BaseBackend, list[Checked]]:
    """Open and check every table; faults are collected, not raised.

    Tables of a server that passed the checks before are opened, and nothing is asked of them.
    """
    source, checked = SOURCES[params.data.kind](params), []
    for name, opener in source.openers.items():
        float_ids = None if passed is None else name in passed.float_ids
        try:
            checked.append(check_table(opener(), params, float_ids=float_ids))
        except FaultyData as error:
            checked.append(Checked(name, None, list(error.faults), [], None))
    if not {"transactions", "contracts", "surveys"} & {table.name for table in checked}:
        came = "neither transactions nor contracts nor surveys came"
        fault = Fault("transactions", "", "must be given", came)
        checked.append(Checked("transactions", None, [fault], [], None))
    if passed is None and not any(table.faults for table in checked):
        own = {table.name: table.table for table in checked if not table.raw.source.counts_rows}
        apart = apart_faults({table.name: table.table for table in checked}, own, params)
        checked += [Checked(fault.table, None, [fault], [], None) for fault in apart]
    if passed is None and all(table.columns for table in checked):
        columns = {table.name: table.columns for table in checked}
        broken = missing_promises(params, {"customers": ()} | columns)
        checked += [Checked(fault.table, None, [fault], [], None) for fault in broken]
    return source.connection, checked


def describe(params: Params) -> Description:
    """Say where the tables come from; what the params file states goes before."""
    source = params.data
    if source.package is not None:
        known = DESCRIPTIONS[source.package]
    elif source.simulated is not None:
        made = source.simulated
        people = {"company": made.company, "people": made.customers, "seed": made.seed}
        title = note("source.simulated", **people)
        known = Description(title, "none needed", "made by this project", "simulated", True)
    else:
        known = Description(params.title, "not stated", "not stated", source.kind)
    return Description(
        title=source.title or known.title,
        licence=source.licence or known.licence,
        citation=source.citation or known.citation,
        kind=source.kind,
        simulated=known.simulated,
        history_complete=known.history_complete and source.history == "complete",
    )


def _hold(connection, checked: Checked) -> ibis.Table:
    """Keep a checked table in the embedded engine; what can be read again cheaply stays there."""
    if checked.raw.lazy:
        return checked.table
    with told_plainly(checked.name, checked.raw.origin):
        held = connection.create_table(checked.name, checked.table)
        for made in (f"raw_{checked.name}", f"raw_{checked.name}_numbered"):
            if made in connection.list_tables() and checked.raw.keep_all:
                connection.con.unregister(made)
    return held


def _notice_strangers(by_name) -> list[tuple[str, str, str, int]]:
    """Count the customers of each table that `customers` lacks."""
    known = by_name["customers"]
    noticed = []
    for name, table in by_name.items():
        if name == "customers":
            continue
        ids = table.select("customer_id").distinct()
        strangers = fetch_count(ids.anti_join(known, "customer_id"))
        if strangers:
            noticed.append((name, "noticed", "customers that the table customers lacks", strangers))
    return noticed


def _connection_fingerprint(params: Params, by_name) -> str:
    """Tell a changed database by row counts and latest days."""
    parts = {}
    for name, table in by_name.items():
        days = [column for column in ("at", "started_at", "from_at") if column in table.columns]
        asked = {"rows": table.count()} | {day: table[day].max() for day in days}
        parts[name] = fetch_rows(table.aggregate(**asked))[0]
    return text_fingerprint({"data": params.data.model_dump(mode="json"), "tables": parts})
