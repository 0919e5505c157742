"""The months of each relationship: one row a customer and calendar month, in the engine."""

from __future__ import annotations

import ibis

from analysis.data import Tables
from analysis.frames import purchase_days
from analysis.params import Params


def relationship_months(tables: Tables, params: Params) -> ibis.Table:
    """Lay out every calendar month from the first contact (or purchase) to `observed_until`.

    Returns
    -------
    ibis.Table
        `customer_id, month` (its first day), `month_end` (its last observed day), `purchases`
        (purchase days in the month), `amount` (net, also of returns), `first_day, last_day` (first
        and last purchase day in the month; null without one).
    """
    days = purchase_days(tables)
    days = days.filter(days["at"] <= ibis.literal(params.observed_until))
    monthly = days.mutate(month=days["at"].truncate("M").cast("date"))
    bought = monthly.group_by("customer_id", "month").agg(
        purchases=monthly.bought.cast("int64").sum(),
        amount=monthly.amount.sum(),
        first_day=monthly["at"].min(where=monthly.bought),
        last_day=monthly["at"].max(where=monthly.bought),
    )
    grid = _grid(_beginnings(days, tables, params), params)
    months = grid.left_join(bought, ["customer_id", "month"])
    end = months.month + ibis.interval(months=1) - ibis.interval(days=1)
    return months.select(
        "customer_id",
        "month",
        month_end=ibis.least(end.cast("date"), ibis.literal(params.observed_until)),
        purchases=months.purchases.fill_null(0),
        amount=months.amount.fill_null(0.0),
        first_day="first_day",
        last_day="last_day",
    )


def _beginnings(days: ibis.Table, tables: Tables, params: Params) -> ibis.Table:
    """`customer_id, begins`: the first contact or purchase, whichever is earlier."""
    begins = days.filter(days.bought).group_by("customer_id").agg(begins=days["at"].min())
    customers = tables["customers"]
    if "first_contact_at" not in customers.columns:
        return begins
    contact = customers.first_contact_at.cast("date")
    contacts = customers.select("customer_id", begins=contact)
    known = contacts.filter(
        contacts.begins.notnull() & (contacts.begins <= ibis.literal(params.observed_until))
    )
    both = ibis.union(begins, known.cast({"begins": begins.begins.type()}))
    return both.group_by("customer_id").agg(begins=both.begins.min())


def _grid(beginnings: ibis.Table, params: Params) -> ibis.Table:
    """Every month from the later of the beginning and `observed_from`."""
    start = ibis.greatest(beginnings.begins, ibis.literal(params.observed_from)).truncate("M")
    first = beginnings.select("customer_id", first=start.cast("date"))
    number = first["first"].year() * 12 + first["first"].month()
    until = params.observed_until.year * 12 + params.observed_until.month
    steps = first.mutate(step=ibis.range(0, until - number + 1).unnest())
    month = steps["first"] + steps.step.as_interval("M")
    return steps.select("customer_id", month=month.cast("date"))
