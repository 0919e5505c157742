"""Purchase histories counted in the engine: equal ones once, for studies of many customers."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import count_cells, purchase_days
from analysis.frames.calendar import days_between
from analysis.frames.counted import from_units, money_units
from analysis.params import Params

DAYS = ["recency_days", "silent_days"]
"""Since the first purchase and since the last: cells of these two tell histories apart best."""
MONEY_DIGITS = 6


def count_histories(
    tables: Tables, rows: ibis.Table, *, least_age: float, keys: list[str] | None = None
) -> pd.DataFrame:
    """Count `frequency, recency, age` (weeks) and the keys of the customers of `customer_rows`."""
    keys = ["frequency", *(keys or [])]
    return in_weeks(count_cells(tables, silent(rows), keys=keys, days=DAYS), least_age)


def count_spend(tables: Tables, rows: ibis.Table, *, keys: list[str] | None = None) -> pd.DataFrame:
    """Count `frequency, monetary_value` of those who bought again."""
    again = rows.filter(rows.frequency > 0)
    keys = ["frequency", *(keys or [])]
    found = count_cells(tables, again, keys=keys, money=["repeat_amount"])
    spend = found.pop("repeat_amount") / found["frequency"]
    return found.assign(monetary_value=spend.round(MONEY_DIGITS))


def count_worth(
    tables: Tables, rows: ibis.Table, *, least_age: float, keys: list[str]
) -> pd.DataFrame:
    """Count histories with the mean of `monetary_value` and of its square in each cell.

    What a customer will spend is linear in what she has spent so far, and its variance is a square
    of it, so that the two means say all; who has spent nothing (or less) is counted apart.
    """
    spend = from_units(money_units(rows.repeat_amount)) / rows.frequency.nullif(0)
    rows = rows.mutate(monetary_value=spend.fill_null(0.0))
    rows = rows.mutate(spends=ibis.ifelse(rows.monetary_value > 0, 1, 0))
    keys = ["frequency", "spends", *keys]
    found = count_cells(tables, silent(rows), keys=keys, days=DAYS, means=["monetary_value"])
    return in_weeks(found, least_age)


def silent(rows: ibis.Table) -> ibis.Table:
    """Add the days since the last purchase."""
    return rows.mutate(silent_days=rows.age_days - rows.recency_days)


def in_weeks(counted: pd.DataFrame, least_age: float) -> pd.DataFrame:
    """Turn whole days into the weeks of the models."""
    recency, age = counted[DAYS[0]] / 7, counted[DAYS].sum(axis=1) / 7
    return counted.drop(columns=DAYS).assign(recency=recency, age=np.maximum(age, least_age))


def histories_split(tables: Tables, split: pd.Timestamp) -> ibis.Table:
    """Purchases up to `split` and after it, of those who had bought by then: one row a customer.

    `customer_id, first_at, frequency, recency_days, age_days, repeat_amount` (as in
    `frames.customer_rows`)`, holdout` (purchases after it).
    """
    day = ibis.literal(split.date(), type="date")
    days = purchase_days(tables)
    days = days.filter(days.bought)
    days = days.mutate(began_at=days["at"].min().over(ibis.window(group_by="customer_id")))
    early = days["at"] <= day
    rows = days.group_by("customer_id").agg(
        first_at=days["at"].min(),
        last_at=days["at"].max(where=early),
        made=days.count(where=early),
        repeat_amount=days.amount.sum(where=early & (days["at"] > days.began_at)),
        holdout=days.count(where=~early),
    )
    rows = rows.filter(rows.made > 0)
    return rows.mutate(
        frequency=rows.made - 1,
        recency_days=days_between(rows.last_at, rows.first_at),
        age_days=days_between(day, rows.first_at),
    )


def purchases_by_day(
    tables: Tables, params: Params, split: pd.Timestamp
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """First and repeat purchases of those who had bought by `split`, counted by day.

    Returns
    -------
    starts, repeats : DataFrame
        `start` or `time` (weeks since the observation began)`, count`.
    """
    began = ibis.literal(params.observed_from, type="date")
    days = purchase_days(tables)
    days = days.filter(days.bought)
    first = days.group_by("customer_id").agg(first_at=days["at"].min())
    first = first.filter(first.first_at <= ibis.literal(split.date(), type="date"))
    both = days.join(first, "customer_id")
    both = both.mutate(is_first=ibis.ifelse(both["at"] == both.first_at, 1, 0))
    counted = both.group_by(["is_first", "at"]).agg(count=both.count())
    counted = counted.mutate(day=days_between(counted["at"], began))
    found = tables.fetch(counted.order_by(["is_first", "at"]))
    found["weeks"] = found["day"] / 7
    parts = []
    for kind, name in ((1, "start"), (0, "time")):
        own = found.loc[found["is_first"] == kind, ["weeks", "count"]]
        parts.append(own.rename(columns={"weeks": name}).reset_index(drop=True))
    return tuple(parts)
