"""A purchase: a distinct customer-day. Decided once, here."""

from __future__ import annotations

import ibis

from analysis.data import Tables


def purchase_days(tables: Tables) -> ibis.Table:
    """Net the transactions of each customer and day.

    A day counts as a purchase (`bought`) when anything was bought on it, also for an amount of
    zero. A day of returns alone is no purchase; its amount still lowers revenue.

    Returns
    -------
    ibis.Table
        `customer_id, at, amount, bought` and `margin` where it is known: one row a customer-day.
    """
    transactions = tables["transactions"]
    sums = {"amount": transactions.amount.sum()}
    if "margin" in transactions.columns:
        sums["margin"] = transactions.margin.sum()
    by_day = transactions.group_by(["customer_id", "at"])
    return by_day.agg(**sums, bought=transactions.amount.max() >= 0)
