"""The months of each relationship, with those before the first purchase, in the engine."""

from __future__ import annotations

import ibis

from analysis.data import Tables
from analysis.frames import customer_months, purchase_days
from analysis.params import Params


def relationship_months(tables: Tables, params: Params) -> ibis.Table:
    """Return the months from the first contact, where it is known, or the first purchase.

    Returns
    -------
    ibis.Table
        One row a customer and calendar month: `customer_id, month` (its first day), `month_end`
        (its last observed day), `amount` (of the month, net), `purchases, first_at, last_at,
        recency_days` (as known at `month_end`; null before the first purchase, purchases 0) and
        `longest_gap` (days without a purchase before one of this month; null where there is none).
    """
    buying = customer_months(tables, params)
    buying = buying.select(
        "customer_id",
        "month",
        "month_end",
        "amount",
        purchases=buying.purchases_to_date.cast("int64"),
        first_at=buying.first_at.cast("date"),
        last_at=buying.last_at.cast("date"),
        recency_days=buying.days_since_last.cast("int64"),
    )
    buying = buying.left_join(_gaps(tables), ["customer_id", "month"])
    buying = buying.drop("customer_id_right", "month_right")
    if "first_contact_at" not in tables["customers"].columns:
        return buying
    prospects = _before_first_purchase(tables, params)
    blank = {
        name: ibis.null(kind) for name, kind in buying.schema().items() if name not in prospects
    }
    prospects = prospects.mutate(
        **blank | {"purchases": ibis.literal(0), "amount": ibis.literal(0.0)}
    )
    return ibis.union(buying, prospects.select(buying.columns).cast(buying.schema()))


def _gaps(tables: Tables) -> ibis.Table:
    """The longest gap that a purchase of the month ended: `customer_id, month, longest_gap`."""
    days = purchase_days(tables)
    days = days.filter(days.bought)
    before = days["at"].lag(1).over(ibis.window(group_by="customer_id", order_by="at"))
    days = days.select(
        "customer_id",
        month=days["at"].truncate("M").cast("date"),
        gap=days["at"].delta(before, unit="day"),
    )
    return days.group_by("customer_id", "month").agg(longest_gap=days.gap.max())


def _before_first_purchase(tables: Tables, params: Params) -> ibis.Table:
    """Months at whose end the customer was known and had not bought yet."""
    days = purchase_days(tables)
    starts = days.filter(days.bought).group_by("customer_id").agg(first_at=days["at"].min())
    people = tables["customers"]
    people = people.select("customer_id", contact=people.first_contact_at.cast("date"))
    people = people.filter(people.contact <= ibis.literal(params.observed_until))
    people = people.left_join(starts, "customer_id").drop("customer_id_right")
    begin = ibis.greatest(people.contact, ibis.literal(params.observed_from)).truncate("M")
    number = begin.year() * 12 + begin.month()
    until = params.observed_until.year * 12 + params.observed_until.month
    steps = people.mutate(begin=begin, step=ibis.range(0, until - number + 1).unnest())
    month = (steps.begin + steps.step.as_interval("M")).cast("date")
    last_day = (month + ibis.interval(months=1) - ibis.interval(days=1)).cast("date")
    rows = steps.select(
        "customer_id",
        "first_at",
        month=month,
        month_end=ibis.least(last_day, ibis.literal(params.observed_until)),
    )
    rows = rows.filter(rows.first_at.isnull() | (rows.first_at > rows.month_end))
    return rows.drop("first_at")
