"""One row a customer and calendar month, known at the end of that month: no look-ahead."""

from __future__ import annotations

import ibis

from analysis.data import Tables
from analysis.frames.calendar import days_between, each_month, month_of
from analysis.frames.counted import nearest
from analysis.frames.purchases import purchase_days
from analysis.params import Params


def customer_months(tables: Tables, params: Params) -> ibis.Table:
    """Return the panel of months, from a customer's first purchase to `observed_until`.

    It stays an Ibis table: one row a customer and calendar month.

    ==================  ===============================================================
    customer_id         text
    month               first day of the calendar month
    month_end           its last day, or `observed_until` where that comes earlier
    month_number        0 in the month of the first purchase, then 1, 2 …
    days                days of the month at risk: from the first purchase to `month_end`
    purchases           purchase days in the month
    amount              amount of the month, returns netted
    purchases_to_date   purchase days up to `month_end`
    amount_to_date      amount up to `month_end`
    first_at, last_at   days of the first and the latest purchase up to `month_end`
    days_since_last     days from the latest purchase to `month_end`
    ==================  ===============================================================

    A customer's months depend on nothing after `month_end`; the last month is short when
    `observed_until` is not the last day of its month (`days` says so).
    """
    stored = tables.stored_path("customer_months", {})
    if stored is not None:
        return tables.connection.read_parquet(str(stored), table_name="customer_months")
    days = purchase_days(tables)
    starts = days.filter(days.bought).group_by("customer_id").agg(first_at=days["at"].min())
    by_month = _by_month(days.join(starts, "customer_id"))
    opening = ibis.greatest(starts.first_at, ibis.literal(params.observed_from))
    panel = each_month(starts, opening, params.observed_until)
    panel = panel.left_join(by_month, ["customer_id", "month"]).drop(
        "customer_id_right", "month_right"
    )
    return _to_date(panel)


def _by_month(days: ibis.Table) -> ibis.Table:
    """Sum a customer's days by month, from the first purchase on."""
    days = days.filter(days["at"] >= days.first_at)
    days = days.mutate(month=month_of(days["at"]))
    return days.group_by(["customer_id", "month"]).agg(
        purchases=days.count(where=days.bought),
        amount=days.amount.sum(),
        latest_at=days["at"].max(where=days.bought),
    )


def _to_date(panel: ibis.Table) -> ibis.Table:
    """Add what has accrued by the end of each month."""
    panel = panel.mutate(
        purchases=panel.purchases.fill_null(0),
        amount=panel.amount.fill_null(0.0),
    )
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="month")
    begins = ibis.ifelse(panel.first_at > panel.month, panel.first_at, panel.month)
    panel = panel.mutate(
        days=days_between(panel.month_end, begins) + 1,
        purchases_to_date=nearest(panel.purchases.cast("float64").sum().over(so_far)),
        amount_to_date=panel.amount.sum().over(so_far),
        last_at=panel.latest_at.max().over(so_far),
    )
    panel = panel.mutate(days_since_last=days_between(panel.month_end, panel.last_at))
    return panel.select(
        "customer_id",
        "month",
        "month_end",
        "month_number",
        "days",
        "purchases",
        "amount",
        "purchases_to_date",
        "amount_to_date",
        "first_at",
        "last_at",
        "days_since_last",
    )
