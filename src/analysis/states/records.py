"""What a study's tables hold: how much, from when to when, what is missing, what was repaired."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import ibis
import pandas as pd

from analysis.data import Tables, fetch, fetch_count
from analysis.data.shared_ids import count_shared_ids
from analysis.frames import purchase_days
from analysis.frames.calendar import month_of
from analysis.notes import Note, note
from analysis.params import Params
from analysis.schemas import data_dictionary

EVERY = "every table"
TAKEN_ALONG = "as the source has it"
COMPARED = "a group that this report compares"


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Purchases, or contracts begun, by calendar month; months without any included.

    Attributes
    ----------
    table : DataFrame of shape (months, 3)
        `month` ("1997-01"), `events` (purchase days, or contracts begun), `active` (customers).
    of : {'purchases', 'contracts'}
    """

    COUNTED_BY: ClassVar = {"table": "active"}

    table: pd.DataFrame
    of: str = "purchases"

    @property
    def empty_months(self) -> int:
        """Months in which nothing happened, or nothing was recorded."""
        return int((self.table["events"] == 0).sum())


def coverage(tables: Tables, *, observed_from: date, observed_until: date) -> Coverage:
    """Count purchases in every month of the observation; the counting happens in the engine.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`; where there are none, the beginnings of `contracts`.
    observed_from, observed_until : date
        First and last day of the observation.

    Returns
    -------
    Coverage
        One row a calendar month of the observation.
    """
    of = "purchases" if "transactions" in tables else "contracts"
    if of == "purchases":
        days = purchase_days(tables)
    else:
        days = tables["contracts"].mutate(at=lambda row: row.started_at, bought=True)
    by_month = days.group_by(month=month_of(days["at"])).agg(
        events=days.bought.sum(), active=days.customer_id.nunique(where=days.bought)
    )
    counted = tables.fetch(by_month)
    counted.index = pd.to_datetime(counted.pop("month")).dt.to_period("M")
    every = pd.period_range(observed_from, observed_until, freq="M", name="month")
    counted = counted.reindex(every, fill_value=0)
    return Coverage(counted.reset_index().assign(month=every.strftime("%Y-%m")), of)


def where_from(tables: Tables) -> pd.DataFrame:
    """Say where the data come from.

    Parameters
    ----------
    tables : Tables
        Uses its description.

    Returns
    -------
    DataFrame of shape (1, 3)
        `source, licence, citation`, as the params file or the package states them.
    """
    known = tables.description
    told = {"source": known.title, "licence": known.licence, "citation": known.citation}
    return pd.DataFrame([told])


def rows_used(audit: pd.DataFrame) -> pd.DataFrame:
    """Count rows by table: those used are those read less those filtered and dropped.

    Parameters
    ----------
    audit : DataFrame
        `Tables.audit`: `table, step, reason, rows`.

    Returns
    -------
    DataFrame of shape (tables, 5)
        `table, read, filtered, dropped, kept`.
    """
    steps = ["read", "filtered", "dropped", "kept"]
    counts = audit.pivot_table(index="table", columns="step", values="rows", aggfunc="sum")
    counts = counts.reindex(index=audit["table"].unique(), columns=steps).fillna(0).astype(int)
    return counts.reset_index().rename_axis(columns=None)


def repairs(audit: pd.DataFrame) -> pd.DataFrame:
    """What was left out, mended or noticed, and why.

    Identical rows are told also where there are none. Where there is nothing to tell, one row says
    so.

    Parameters
    ----------
    audit : DataFrame
        `Tables.audit`: `table, step, reason, rows`.

    Returns
    -------
    DataFrame
        `table, step, reason, rows`, in the order of the steps.
    """
    found = audit[~audit["step"].isin(["read", "kept"])]
    if len(found):
        return found.reset_index(drop=True)
    nothing = {"table": EVERY, "step": "none", "reason": "nothing needed repair", "rows": 0}
    return pd.DataFrame([nothing])


def customers_shared(tables: Tables) -> pd.DataFrame:
    """How many customers each table of the source has, and how many of them the others know.

    Parameters
    ----------
    tables : Tables

    Returns
    -------
    DataFrame
        `table, customers, other, met`, as `count_shared_ids` counts.
    """
    read = tables.audit["table"].eq("customers") & tables.audit["step"].eq("read")
    given = [name for name in tables if name != "customers" or read.any()]
    return count_shared_ids({name: tables[name] for name in given})


def missing_values(tables: Tables) -> pd.DataFrame:
    """Count missing values; the counting happens in the engine.

    Parameters
    ----------
    tables : Tables

    Returns
    -------
    DataFrame
        `table, column, rows, missing, share` (0 to 1), only columns that have any. Where nothing is
        missing in any table, one row says so.
    """
    found = pd.concat([_missing(name, tables[name]) for name in tables], ignore_index=True)
    if len(found):
        return found
    rows = sum(fetch_count(tables[name]) for name in tables)
    nothing = {"table": EVERY, "column": "none", "rows": rows, "missing": 0, "share": 0.0}
    return pd.DataFrame([nothing])


def _missing(name: str, table: ibis.Table) -> pd.DataFrame:
    sums = {column: table[column].isnull().sum() for column in table.columns}
    counts = fetch(table.aggregate(table.count().name("_rows"), **sums)).iloc[0]
    rows = int(counts.pop("_rows"))
    counts = counts[counts > 0]
    found = pd.DataFrame({"column": counts.index.astype(str), "missing": counts.to_numpy(int)})
    share = found["missing"] / rows if rows else 0.0
    return found.assign(table=name, rows=rows, share=share)[
        ["table", "column", "rows", "missing", "share"]
    ]


def columns_in_use(tables: Tables, params: Params) -> pd.DataFrame:
    """The data dictionary of the study's tables.

    Columns that the contract does not know are told by what the params file makes of them.

    Parameters
    ----------
    tables : Tables
    params : Params
        Uses `segments`, `covariates` and `satisfaction`.

    Returns
    -------
    DataFrame
        `table, column, unit, meaning`.
    """
    known, own = data_dictionary(), _meanings(params)
    rows = [_columns(name, tables[name], known[known["table"] == name], own) for name in tables]
    return pd.concat(rows, ignore_index=True)


def _columns(
    name: str, table: ibis.Table, known: pd.DataFrame, own: Mapping[str, Note | str]
) -> pd.DataFrame:
    added = [column for column in table.columns if column not in set(known["column"])]
    told = pd.DataFrame({"column": added, "meaning": [own.get(c, TAKEN_ALONG) for c in added]})
    listed = pd.concat([known[known["column"].isin(table.columns)], told], ignore_index=True)
    return listed.assign(table=name)[["table", "column", "unit", "meaning"]].fillna("")


def _meanings(params: Params) -> dict[str, Note | str]:
    """What the params file says of columns: segments, items of scales, single questions."""
    told: dict[str, Note | str] = dict.fromkeys(params.segments, COMPARED)
    told |= dict.fromkeys(params.covariates, "known of a customer on the first day")
    for name, scale in params.satisfaction.scales.items():
        for item in scale.items:
            kind = "columns.reversed_item" if item in scale.reverse else "columns.item"
            told[item] = note(kind, scale=name, low=scale.low, high=scale.high)
    answer = params.satisfaction.answer
    if answer and answer.item not in told:
        told[answer.item] = "a question with ordered answers"
    labels = params.satisfaction.labels
    named = {column: labels[column] for column in told if column in labels}
    return told | {
        column: note("columns.labelled", label=label, meaning=told[column])
        for column, label in named.items()
    }
