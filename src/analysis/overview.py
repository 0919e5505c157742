"""What the data are: how much, from when to when, what is missing, who the customers are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import pandas as pd

from analysis.data import Tables, fetch, fetch_count
from analysis.frames import purchase_days
from analysis.params import Params
from analysis.schemas import data_dictionary

EVERY = "every table"
TAKEN_ALONG = "as the source has it"


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """Purchases, or contracts begun, by calendar month; months without any included.

    Attributes
    ----------
    table : DataFrame of shape (months, 3)
        `month` ("1997-01"), `events` (purchase days, or contracts begun), `active` (customers).
    of : {'purchases', 'contracts'}
    """

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
    """
    of = "purchases" if "transactions" in tables else "contracts"
    if of == "purchases":
        days = purchase_days(tables)
    else:
        days = tables["contracts"].mutate(at=lambda row: row.started_at, bought=True)
    by_month = days.group_by(month=days["at"].truncate("M")).agg(
        events=days.bought.sum(), active=days.customer_id.nunique(where=days.bought)
    )
    counted = tables.fetch(by_month)
    counted.index = pd.to_datetime(counted.pop("month")).dt.to_period("M")
    every = pd.period_range(observed_from, observed_until, freq="M", name="month")
    counted = counted.reindex(every, fill_value=0)
    return Coverage(counted.reset_index().assign(month=every.strftime("%Y-%m")), of)


def where_from(tables: Tables) -> pd.DataFrame:
    """Say where the data come from: one row `source, licence, citation`."""
    known = tables.description
    told = {"source": known.title, "licence": known.licence, "citation": known.citation}
    return pd.DataFrame([told])


@dataclass(frozen=True, slots=True, eq=False)
class ContractsHeld:
    """How many contracts a study of contracts is about.

    Attributes
    ----------
    customers, contracts, still_open, before : int
        Customers with a contract; contracts; those that had not ended by `observed_until`; those
        that began before `observed_from`.
    """

    customers: int
    contracts: int
    still_open: int
    before: int


def contracts_held(tables: Tables, *, observed_from: date, observed_until: date) -> ContractsHeld:
    """Count contracts; the counting happens in the engine.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`.
    observed_from, observed_until : date
        First and last day of the observation.
    """
    held = tables["contracts"]
    asked = {
        "customers": held.customer_id.nunique(),
        "contracts": held.count(),
        "still_open": held.count(),
        "before": (held.started_at < observed_from).sum(),
    }
    if "ended_at" in held.columns:
        asked["still_open"] = (held.ended_at.isnull() | (held.ended_at > observed_until)).sum()
    found = tables.fetch(held.aggregate(**asked)).iloc[0]
    return ContractsHeld(**{name: int(count) for name, count in found.items()})


def rows_used(audit: pd.DataFrame) -> pd.DataFrame:
    """Count rows by table: `table, read, filtered, dropped, kept`; the first less the next two.

    Parameters
    ----------
    audit : DataFrame
        `Tables.audit`: `table, step, reason, rows`.
    """
    steps = ["read", "filtered", "dropped", "kept"]
    counts = audit.pivot_table(index="table", columns="step", values="rows", aggfunc="sum")
    counts = counts.reindex(index=audit["table"].unique(), columns=steps).fillna(0).astype(int)
    return counts.reset_index().rename_axis(columns=None)


def repairs(audit: pd.DataFrame) -> pd.DataFrame:
    """What was left out, mended or noticed, and why: `table, step, reason, rows`.

    Identical rows are told also where there are none. Where there is nothing to tell, one row says
    so.
    """
    found = audit[~audit["step"].isin(["read", "kept"])]
    if len(found):
        return found.reset_index(drop=True)
    nothing = {"table": EVERY, "step": "none", "reason": "nothing needed repair", "rows": 0}
    return pd.DataFrame([nothing])


def missing_values(tables: Tables) -> pd.DataFrame:
    """Count missing values: `table, column, rows, missing, share`, only columns that have any.

    Where nothing is missing in any table, one row says so.
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


def segment_sizes(customers: pd.DataFrame, segments: Sequence[str]) -> pd.DataFrame:
    """Count customers by segment: `segment, group, n, share`.

    Parameters
    ----------
    customers : DataFrame
        The customer frame with the columns that `segments` names.
    segments : sequence of str
    """
    return pd.concat([_sizes(customers[name]) for name in segments], ignore_index=True)


def _sizes(segment: pd.Series) -> pd.DataFrame:
    counts = segment.value_counts(sort=False, dropna=False).sort_index()
    groups = [str(group) if pd.notna(group) else "not known" for group in counts.index]
    return pd.DataFrame({"segment": segment.name, "group": groups, "n": counts.to_numpy()}).assign(
        share=lambda sizes: sizes["n"] / len(segment)
    )


def columns_in_use(tables: Tables, params: Params) -> pd.DataFrame:
    """The data dictionary of the study's tables: `table, column, unit, meaning`.

    Columns that the contract does not know are told by what the params file makes of them.

    Parameters
    ----------
    tables : Tables
    params : Params
        Uses `segments` and `satisfaction`.
    """
    known, own = data_dictionary(), _meanings(params)
    rows = [_columns(name, tables[name], known[known["table"] == name], own) for name in tables]
    return pd.concat(rows, ignore_index=True)


def _columns(
    name: str, table: ibis.Table, known: pd.DataFrame, own: Mapping[str, str]
) -> pd.DataFrame:
    added = [column for column in table.columns if column not in set(known["column"])]
    told = pd.DataFrame({"column": added, "meaning": [own.get(c, TAKEN_ALONG) for c in added]})
    listed = pd.concat([known[known["column"].isin(table.columns)], told], ignore_index=True)
    return listed.assign(table=name)[["table", "column", "unit", "meaning"]].fillna("")


def _meanings(params: Params) -> dict[str, str]:
    """What the params file says of columns: segments, items of scales, single questions."""
    told = dict.fromkeys(params.segments, "a group that this report compares")
    told |= dict.fromkeys(params.covariates, "known of a customer on the first day")
    for name, scale in params.satisfaction.scales.items():
        for item in scale.items:
            kind = "a reversed item" if item in scale.reverse else "an item"
            told[item] = f"{kind} of the scale {name}, answers {scale.low:g} to {scale.high:g}"
    answer = params.satisfaction.answer
    if answer and answer.item not in told:
        told[answer.item] = "a question with ordered answers"
    labels = params.satisfaction.labels
    return {column: "; ".join(filter(None, (labels.get(column), told[column]))) for column in told}
