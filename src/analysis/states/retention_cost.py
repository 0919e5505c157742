"""What keeping customers costs a year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.data import Tables
from analysis.frames import purchase_days, spells
from analysis.params import Params

SOURCES = (("contacts", "interactions"), ("campaigns", "campaigns"))
NO_COSTS = "the study has no contacts or campaigns with a cost, or kept no customer"


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
    note : str
        Why nothing is told; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    contractual: bool
    note: str


def retention_cost(tables: Tables, params: Params) -> RetentionCost:
    """Sum what was spent on customers in the last twelve months, kept or lost in the end.

    Whoever was not a customer by then (a prospect) costs acquisition, not retention.

    Parameters
    ----------
    tables : Tables
        Uses `interactions` and `campaigns`: `customer_id, at, cost`, where there are such.
    params : Params
        Uses `relationship`, `observed_until`.

    Returns
    -------
    RetentionCost
    """
    contractual = params.relationship == "contractual"
    until = pd.Timestamp(params.observed_until)
    start = until - pd.DateOffset(months=12) + pd.Timedelta(days=1)
    customers, kept = (_contracts if contractual else _buyers)(tables, params, start)
    rows = []
    for kind, name in SOURCES:
        if name not in tables or "cost" not in tables[name].columns:
            continue
        table = tables[name]
        day = table["at"].cast("date")
        recent = table.filter((day >= start.date()) & (day <= until.date()))
        sums = recent.group_by("customer_id").agg(cost=recent.cost.sum())
        spent = tables.fetch(sums, money=["cost"])
        rows.append((kind, float(spent.loc[spent["customer_id"].isin(customers), "cost"].sum())))
    table = pd.DataFrame(rows, columns=["spent_on", "spent_year"])
    if not len(table) or not kept:
        columns = ["spent_on", "spent_year", "n", "spent_each"]
        return RetentionCost(pd.DataFrame(columns=columns), contractual, NO_COSTS)
    total = pd.DataFrame([{"spent_on": "together", "spent_year": table["spent_year"].sum()}])
    table = pd.concat([table, total], ignore_index=True)
    table = table.assign(n=kept, spent_each=table["spent_year"] / kept)
    return RetentionCost(table, contractual, "")


def _contracts(tables: Tables, params: Params, _) -> tuple[pd.Series, int]:
    found = spells(tables, params)
    kept = found.loc[found["ended_at"].isna(), "customer_id"].nunique()
    return found["customer_id"], int(kept)


def _buyers(tables: Tables, params: Params, start: pd.Timestamp) -> tuple[pd.Series, int]:
    days = purchase_days(tables)
    bought = days.filter(days.bought & (days["at"] <= params.observed_until))
    last = tables.fetch(bought.group_by("customer_id").agg(last=bought["at"].max()))
    return last["customer_id"], int((pd.to_datetime(last["last"]) >= start).sum())
