"""The tables of a study as they were known on an earlier day: no row and no value of a later one.

Nothing is rewritten: each table stays an expression of its engine. What is cut is declared in the
contract (`schemas.day_of`, `schemas.known_with`):

* a row is known from its own day on (`at`, `started_at`, `from_at`);
* a day that had not come yet is unknown: a contract still runs, a complaint is still open, an offer
  is not redeemed; so is what became known with it (the reason of the end, cost and rating of what
  was still being handled);
* a customer is known from the first day that any table tells of him; whom no table gives a day,
  was always known. Where the study has no table `customers`, it is made of the cut tables;
* what has no day (segments, plan, fee) stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import ibis
import pandas as pd

from analysis import schemas
from analysis.data.completing import complete_tables
from analysis.data.crossing import fetch_rows
from analysis.data.located import text_fingerprint
from analysis.data.problems import told_plainly
from analysis.data.promised import OF_CONTRACTS
from analysis.data.repairs import OPEN_ENDS
from analysis.data.tables import AUDIT_COLUMNS, Tables
from analysis.errors import ParamsError
from analysis.notes import Note, note
from analysis.params import Params

NEVER = "9999-12-31"
OUTSIDE = "rows outside the observed period"


def tables_until(tables: Tables, params: Params) -> Tables:
    """Cut every table of a study to what was known at the end of `params.observed_until`.

    Parameters
    ----------
    tables : Tables
        The study's tables; they may reach further.
    params : Params
        Uses `observed_until`, the last day that is known, and `segments`.

    Returns
    -------
    Tables
        As a source that ends on that day gives them: a table of which nothing was known is left
        out, and `audit` counts the rows that are.

    Raises
    ------
    ParamsError
        If no transaction, contract or answer was known on the day.
    """
    day = params.observed_until
    given = [name for name in tables if name != "customers" or _is_given(tables)]
    known = {name: _known_rows(name, tables, day) for name in given}
    cut = {name: _known_values(name, rows, day) for name, rows in known.items()}
    counts = {name: _count(tables, name, rows, day) for name, rows in known.items()}
    by_name = {name: cut[name] for name in given if counts[name]["kept"]}
    if not {"transactions", "contracts", "surveys"} & set(by_name):
        raise ParamsError(
            f"the study must be asked for a day on which something was known, but {day} came, "
            f"and {params.study} has no transaction, contract or answer from before"
        )
    if "customers" in by_name:
        by_name["customers"] = _without_year(by_name, params)
    fingerprint = text_fingerprint({"whole": tables.fingerprint, "until": day})
    return replace(
        tables,
        by_name=complete_tables(by_name, params),
        audit=_audit(tables.audit, {name: counts[name] for name in by_name}),
        fingerprint=fingerprint,
        stored={},
    )


def _is_given(tables: Tables) -> bool:
    """Whether the source has a table of customers; else it was made of the others."""
    return bool((tables.audit["table"].eq("customers") & tables.audit["step"].eq("read")).any())


def _known_rows(name: str, tables: Tables, day: date) -> ibis.Table:
    """Keep the rows that were known on the day."""
    column = schemas.day_of(name)
    if column is None:
        return _known_customers(tables, day)
    return tables[name].filter(~_later(tables[name][column], day))


def _known_customers(tables: Tables, day: date) -> ibis.Table:
    """Keep the customers of whom any table tells by the day, or none tells a day at all."""
    people = tables["customers"]
    others = [name for name in tables if name != "customers"]
    days = [_days(tables[name], schemas.day_of(name)) for name in others]
    first = ibis.union(*days).group_by("customer_id").agg(first_told=lambda row: row.told.min())
    never = ibis.literal(NEVER).cast("date")
    own = [column for column in ("first_contact_at", "acquired_at") if column in people.columns]
    told = people.left_join(first, "customer_id")
    first_day = ibis.least(never, *(told[c].fill_null(never) for c in ("first_told", *own)))
    kept = told.filter((first_day == never) | ~_later(first_day, day))
    return kept.select(*people.columns)


def _days(table: ibis.Table, column: str) -> ibis.Table:
    return table.select("customer_id", told=table[column].cast("date"))


def _known_values(name: str, rows: ibis.Table, day: date) -> ibis.Table:
    """Blank the days that had not come yet, and what became known with them."""
    later = {
        column: _later(rows[column], day)
        for column, kind in rows.schema().items()
        if (kind.is_date() or kind.is_timestamp()) and column != schemas.day_of(name)
    }
    unknown = later | {
        column: later[with_day]
        for column, with_day in schemas.known_with(name).items()
        if column in rows.columns and with_day in later
    }
    blanked = {
        column: ibis.ifelse(is_unknown, ibis.null(rows[column].type()), rows[column])
        for column, is_unknown in unknown.items()
    }
    return rows.mutate(**blanked) if blanked else rows


def _later(column: ibis.Column, day: date) -> ibis.Column:
    return (column.cast("date") > ibis.literal(day, type="date")).fill_null(False)


def _count(tables: Tables, name: str, rows: ibis.Table, day: date) -> dict[str, int]:
    """Count the rows that are left, and those whose end had not come yet."""
    asked = {"kept": rows.count()}
    end = OPEN_ENDS.get(name)
    if end in rows.columns:
        asked["open"] = _later(rows[end], day).sum()
    with told_plainly(name, tables.connection.name):
        (found,) = fetch_rows(rows.aggregate(**asked))
    return {step: int(count or 0) for step, count in found.items()}


def _without_year(by_name: Mapping[str, ibis.Table], params: Params) -> ibis.Table:
    """Blank the year of the first contract of those who had none by the day."""
    people, year = by_name["customers"], OF_CONTRACTS[0]
    if year not in params.segments or year not in people.columns:
        return people
    if "contracts" not in by_name:
        return people.mutate(**{year: ibis.null(people[year].type())})
    held = people.customer_id.isin(by_name["contracts"].customer_id)
    return people.mutate(**{year: ibis.ifelse(held, people[year], ibis.null(people[year].type()))})


def _is_open_end(reason: Note | str) -> bool:
    return isinstance(reason, Note) and reason.key == "rows.open_end"


def _audit(audit: pd.DataFrame, counts: Mapping[str, Mapping[str, int]]) -> pd.DataFrame:
    """Tell what was cut as rows outside the observed period."""
    rows = []
    for table, found in counts.items():
        own = audit[audit["table"].eq(table)]
        before = int(own.loc[own["step"].eq("kept"), "rows"].sum())
        told = own[~own["step"].eq("kept") & ~own["reason"].map(_is_open_end)]
        rows += told.itertuples(index=False, name=None)
        rows.append((table, "dropped", OUTSIDE, before - found["kept"]))
        if found.get("open"):
            reason = note("rows.open_end", column=OPEN_ENDS[table])
            rows.append((table, "noticed", reason, found["open"]))
        rows.append((table, "kept", "", found["kept"]))
    return pd.DataFrame(rows, columns=list(AUDIT_COLUMNS))
