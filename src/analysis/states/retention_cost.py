"""What keeping customers costs a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ibis
import pandas as pd

from analysis.data import Tables, fetch_count
from analysis.frames import purchase_days
from analysis.frames.relationships import contract_runs
from analysis.notes import Note, note
from analysis.params import Params

COLUMNS = ["spent_on", "spent_year", "n", "spent_each"]
SOURCES = (("contacts", "interactions"), ("campaigns", "campaigns"))


@dataclass(frozen=True, slots=True, eq=False)
class RetentionCost:
    """What contacts and campaigns cost in the last year, by customer kept.

    Attributes
    ----------
    table : DataFrame
        `spent_on` ('contacts', 'campaigns', 'together')`, spent_year, n` (customers kept)`,
        spent_each`. Money in the study's currency.
    contractual : bool
        Whether those kept have an open contract; else they bought within the year.
    note : Note or str
        Why nothing is told; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    contractual: bool
    note: Note | str


def retention_cost(tables: Tables, params: Params) -> RetentionCost:
    """Sum what was spent on customers in the last twelve months, kept or lost in the end.

    Whoever was not a customer by then (a prospect) costs acquisition, not retention.

    Parameters
    ----------
    tables : Tables
        Uses `interactions` and `campaigns`: `customer_id, at, cost`, where there are such.
    params : Params
        Uses `relationship`, `observed_from`, `observed_until`, `followed_until`. Where less than a
        year was observed, nothing is summed.

    Returns
    -------
    RetentionCost
    """
    contractual = params.relationship == "contractual"
    until = pd.Timestamp(params.observed_until)
    start = until - pd.DateOffset(months=12) + pd.Timedelta(days=1)
    customers, kept = (_contracts if contractual else _buyers)(tables, params, start)
    if start < pd.Timestamp(params.observed_from):
        why = note("reasons.not_a_year")
        return RetentionCost(pd.DataFrame(columns=COLUMNS), contractual, why)
    rows = []
    for kind, name in SOURCES:
        if name not in tables or "cost" not in tables[name].columns:
            continue
        table = tables[name]
        day = table["at"].cast("date")
        recent = table.filter((day >= start.date()) & (day <= until.date()))
        spent = recent.semi_join(customers, "customer_id")
        found = tables.fetch(spent.aggregate(cost=spent.cost.sum()), money=["cost"])
        rows.append((kind, float(found["cost"].fillna(0).iloc[0])))
    table = pd.DataFrame(rows, columns=["spent_on", "spent_year"])
    if not len(table) or not kept:
        nobody = "no_contract_kept" if contractual else "nobody_kept"
        why = note(f"reasons.{nobody if len(table) else 'no_costs'}")
        return RetentionCost(pd.DataFrame(columns=COLUMNS), contractual, why)
    total = pd.DataFrame([{"spent_on": "together", "spent_year": table["spent_year"].sum()}])
    table = pd.concat([table, total], ignore_index=True)
    table = table.assign(n=kept, spent_each=table["spent_year"] / kept)
    return RetentionCost(table, contractual, "")


def _contracts(tables: Tables, params: Params, _) -> tuple[ibis.Table, int]:
    runs = contract_runs(tables, params)
    runs = runs.filter(runs.last_at > ibis.literal(params.observed_from, type="date"))
    kept = runs.filter(runs.last_at > ibis.literal(params.followed_until, type="date"))
    return runs.select("customer_id").distinct(), _people(kept)


def _buyers(tables: Tables, params: Params, start: pd.Timestamp) -> tuple[ibis.Table, int]:
    days = purchase_days(tables)
    until, since = (ibis.literal(d, type="date") for d in (params.observed_until, start.date()))
    bought = days.filter(days.bought & (days["at"] <= until))
    return bought.select("customer_id").distinct(), _people(bought.filter(bought["at"] >= since))


def _people(rows: ibis.Table) -> int:
    return fetch_count(rows.select("customer_id").distinct())
