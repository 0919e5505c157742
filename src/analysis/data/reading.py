"""Read the tables that a params file names: open, map, check, repair, hold."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ibis
import pandas as pd

from analysis.data import connection as databases
from analysis.data import files, packages
from analysis.data.checking import Checked, check_table, trusted_table
from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.engine import open_duckdb
from analysis.data.faults import Fault, FaultyData
from analysis.data.fingerprint import source_fingerprint, text_fingerprint
from analysis.data.located import read_key
from analysis.data.marking import mark_groups
from analysis.data.meeting import FEW, apart_fault
from analysis.data.problems import told_plainly
from analysis.data.promised import OF_CONTRACTS, missing_promises
from analysis.data.raw import RawTable
from analysis.data.shared_ids import apart_faults, count_shared_ids
from analysis.data.store import read_stored
from analysis.data.tables import AUDIT_COLUMNS, Description, Tables
from analysis.notes import note
from analysis.params import Params
from analysis.params.folders import study_folder
from analysis.params.source import TableSource


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
    fingerprint = _known_fingerprint(params, folder)
    ready = read_stored(params, folder, fingerprint) if stored and fingerprint else None
    if ready is not None:
        return ready if ready.by_name else replace(ready, **_trusted(params, ready))
    connection, checked = check_source(params)
    faults = [fault for table in checked for fault in table.faults]
    if faults:
        raise FaultyData(faults)
    by_name = complete_tables({table.name: _hold(connection, table) for table in checked}, params)
    audit = [row for table in checked for row in table.audit]
    if any(table.name == "customers" for table in checked):
        audit += _notice_strangers(by_name)
    if params.data.connection is not None:
        fingerprint = _connection_fingerprint(params, by_name)
    return Tables(
        connection,
        by_name,
        pd.DataFrame(audit, columns=list(AUDIT_COLUMNS)),
        describe(params),
        fingerprint,
        float_ids=tuple(table.name for table in checked if table.float_ids),
    )


def check_source(params: Params) -> tuple[ibis.BaseBackend, list[Checked]]:
    """Open and check every table; faults are collected, not raised."""
    connection = _engine(params)
    checked = []
    for name, opener in _openers(connection, params).items():
        try:
            checked.append(check_table(opener(), params))
        except FaultyData as error:
            checked.append(Checked(name, None, list(error.faults), [], None))
    if not {"transactions", "contracts", "surveys"} & {table.name for table in checked}:
        came = "neither transactions nor contracts nor surveys came"
        fault = Fault("transactions", "", "must be given", came)
        checked.append(Checked("transactions", None, [fault], [], None))
    if not any(table.faults for table in checked):
        shared = count_shared_ids({table.name: table.table for table in checked})
        apart = _apart(checked, shared) or apart_faults(shared, params)
        checked += [Checked(fault.table, None, [fault], [], None) for fault in apart]
    if all(table.columns for table in checked):
        columns = {table.name: table.columns for table in checked}
        broken = missing_promises(params, {"customers": ()} | columns)
        checked += [Checked(fault.table, None, [fault], [], None) for fault in broken]
    return connection, checked


def _apart(checked: list[Checked], shared: pd.DataFrame) -> list[Fault]:
    """Find tables whose ids are written otherwise than those of the customers, or the purchases.

    Ids that are the numbers of rows are nobody's.
    """
    tables = {table.name: table.table for table in checked if not _by_rows(table.raw.source)}
    if not tables:
        return []
    order = ("customers", "transactions", "contracts", "surveys")
    base = next((name for name in order if name in tables), next(iter(tables)))
    met = shared[(shared["other"] == base) & shared["table"].isin(tables)]
    few = met.loc[met["met"] <= FEW * met["customers"], "table"]
    return [f for name in few for f in apart_fault(name, tables[name], base, tables[base])]


def _by_rows(source: TableSource) -> bool:
    named = source.columns.get("customer_id", "customer_id")
    return source.row_number is not None and named == source.row_number


def _trusted(params: Params, ready: Tables) -> dict[str, Any]:
    """Open the tables of a server that were checked when the frames were stored."""
    connection = _engine(params)
    by_name = {
        name: trusted_table(opener(), params, name in ready.float_ids)
        for name, opener in _openers(connection, params).items()
    }
    return {"connection": connection, "by_name": complete_tables(by_name, params)}


def _engine(params: Params) -> ibis.BaseBackend:
    if params.data.connection is not None:
        return databases.open_connection(params)
    return open_duckdb(params.timezone)


def complete_tables(by_name: dict[str, ibis.Table], params: Params) -> dict[str, ibis.Table]:
    """Add what follows from the tables: customers, open ends, the year of the first contract.

    Without a table of customers, they are all who bought, had a contract or answered. Groups of
    customers that are named like words of the catalogue are marked as names.
    """
    if "contracts" in by_name and "ended_at" not in by_name["contracts"].columns:
        open_ends = by_name["contracts"].mutate(ended_at=ibis.null("date"))
        by_name = by_name | {"contracts": open_ends}
    if "customers" not in by_name:
        known = ("transactions", "contracts", "surveys")
        ids = [by_name[name].select("customer_id").distinct() for name in known if name in by_name]
        people = ibis.union(*ids, distinct=True) if len(ids) > 1 else ids[0]
        by_name = by_name | {"customers": people}
    customers = mark_groups(by_name["customers"], params)
    by_name = by_name | {"customers": customers}
    if "contracts" in by_name:
        reasons = mark_groups(by_name["contracts"], params, columns=["ended_reason"])
        by_name = by_name | {"contracts": reasons}
    year = OF_CONTRACTS[0]
    if year in params.segments and "contracts" in by_name and year not in customers.columns:
        first = (
            by_name["contracts"]
            .group_by("customer_id")
            .agg(**{year: lambda rows: rows.started_at.min().year().cast("string")})
        )
        joined = customers.left_join(first, "customer_id")
        by_name = by_name | {"customers": joined.select(*customers.columns, year)}
    return by_name


def describe(params: Params) -> Description:
    """Say where the tables come from; what the params file states goes before."""
    source = params.data
    if source.package is not None:
        known = packages.DESCRIPTIONS[source.package]
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


def _openers(connection, params: Params) -> dict[str, Callable[[], RawTable]]:
    source = params.data
    if source.files is not None:
        return {
            name: lambda name=name, table=table: files.open_files(connection, params, name, table)
            for name, table in source.files.items()
        }
    if source.connection is not None:
        url = source.connection.url
        return {
            name: lambda name=name, table=table: databases.open_table(connection, name, table, url)
            for name, table in source.connection.tables.items()
        }
    if source.simulated is not None:
        arrow, origin = _simulate(params), "the simulator"
    else:
        arrow, origin = packages.read_package(source.package), source.package
    return {
        name: lambda name=name, table=table: _from_arrow(
            connection, name, table, packages.package_source(source.package, name), origin
        )
        for name, table in arrow.items()
    }


def _simulate(params: Params):
    from analysis.simulate import simulate_company

    made = params.data.simulated
    company = simulate_company(
        made.company,
        customers=made.customers,
        seed=made.seed,
        observed_from=params.observed_from,
        observed_until=params.observed_until,
        contractual=params.relationship == "contractual",
    )
    return company.tables


def _from_arrow(connection, name: str, arrow, source: TableSource, origin: str) -> RawTable:
    connection.con.register(f"raw_{name}", arrow)
    held = connection.table(f"raw_{name}")
    numbered = partial(files.number_rows, held, origin)
    return RawTable(name, held, source, origin, numbered, keep_all=True)


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


def _known_fingerprint(params: Params, folder: Path) -> str:
    """Return the fingerprint as far as it is known without opening a connection; else ''."""
    if params.data.connection is None:
        return source_fingerprint(params, folder=folder)
    if os.environ.get("REFRESH") == "1":
        return ""
    return read_key(folder).get("key", {}).get("fingerprint", "")


def _connection_fingerprint(params: Params, by_name) -> str:
    """Tell a changed database by row counts and latest days."""
    parts = {}
    for name, table in by_name.items():
        days = [column for column in ("at", "started_at", "from_at") if column in table.columns]
        asked = {"rows": table.count()} | {day: table[day].max() for day in days}
        parts[name] = fetch_rows(table.aggregate(**asked))[0]
    return text_fingerprint({"data": params.data.model_dump(mode="json"), "tables": parts})
