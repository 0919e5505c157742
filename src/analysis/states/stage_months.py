"""The months of each relationship, with those before it began, in the engine."""

from __future__ import annotations

import ibis

from analysis.data import Tables
from analysis.frames import customer_months, purchase_days
from analysis.frames.calendar import days_between, each_month, month_of
from analysis.params import Params

LEAST_GAP = 0.5  # days: where a gap of none is allowed, a contract that ended has ended at once
PURCHASED = {
    "amount": "amount",
    "purchases": "purchases_to_date",
    "first_at": "first_at",
    "last_at": "last_at",
    "recency_days": "days_since_last",
}


def relationship_months(tables: Tables, params: Params) -> ibis.Table:
    """Return the months from the first contact (where it is known), purchase or contract on.

    =============  =======================================================================
    customer_id    text
    month          first day of the calendar month
    month_end      its last observed day, at which everything else was known
    begun_at       day of the first purchase or contract; null before it
    amount         of the month, net
    purchases      purchase days so far
    first_at, last_at, recency_days   first and last purchase day, and days since; null without one
    lapse_share    silence over the lapse: above 1 the relationship has ended, at the close of the
                   same day as in `frames.spells`. Inferred: days since the last purchase, its own
                   day counted, over `7 * lapse_weeks`. Contractual: days since the last contract
                   ended, that day counted, over `gap_days`; 0 while one runs
    returned       whether a purchase (a contract) of this month came after an end
    =============  =======================================================================

    A month depends on nothing after `month_end`.
    """
    people = _known_from(tables, params)
    opening = ibis.greatest(people.known_at, ibis.literal(params.observed_from))
    months = each_month(people, opening, params.observed_until)
    months = months.select("customer_id", "begun_at", "month", "month_end")
    if "transactions" in tables:
        bought = customer_months(tables, params)
        bought = bought.select("customer_id", "month", **PURCHASED)
        months = months.left_join(bought, ["customer_id", "month"])
        months = months.drop("customer_id_right", "month_right")
    else:
        days = {name: ibis.null("date") for name in ("first_at", "last_at")}
        numbers = {name: ibis.null("int64") for name in ("amount", "purchases", "recency_days")}
        months = months.mutate(**days, **numbers)
    months = months.mutate(
        begun_at=(months.begun_at <= months.month_end).ifelse(months.begun_at, None),
        amount=months.amount.cast("float64").fill_null(0.0),
        purchases=months.purchases.cast("int64").fill_null(0),
        first_at=months.first_at.cast("date"),
        last_at=months.last_at.cast("date"),
        recency_days=months.recency_days.cast("int64"),
    )
    ends = _contract_ends if params.relationship == "contractual" else _inferred_ends
    return ends(months, tables, params)


def beginnings(tables: Tables, params: Params) -> ibis.Table:
    """First purchase, or first contract in a contractual study: `customer_id, begun_at`."""
    begun = []
    if "transactions" in tables:
        days = purchase_days(tables)
        begun.append(days.filter(days.bought).select("customer_id", at=days["at"].cast("date")))
    if params.relationship == "contractual":
        contracts = tables["contracts"]
        begun.append(contracts.select("customer_id", at=contracts.started_at.cast("date")))
    starts = ibis.union(*begun) if len(begun) > 1 else begun[0]
    starts = starts.filter(starts["at"] <= ibis.literal(params.observed_until))
    return starts.group_by("customer_id").agg(begun_at=starts["at"].min())


def _known_from(tables: Tables, params: Params) -> ibis.Table:
    """`customer_id, begun_at, known_at` (the first contact where it is known and earlier)."""
    starts = beginnings(tables, params)
    people = tables["customers"]
    if "first_contact_at" not in people.columns:
        return starts.mutate(known_at=starts.begun_at)
    contacts = people.select("customer_id", contact=people.first_contact_at.cast("date"))
    contacts = contacts.filter(contacts.contact <= ibis.literal(params.observed_until))
    both = contacts.outer_join(starts, "customer_id")
    return both.select(
        customer_id=ibis.coalesce(both.customer_id, both.customer_id_right),
        begun_at="begun_at",
        known_at=ibis.least(
            ibis.coalesce(both.contact, both.begun_at), ibis.coalesce(both.begun_at, both.contact)
        ),
    )


def _inferred_ends(months: ibis.Table, tables: Tables, params: Params) -> ibis.Table:
    lapse_days = 7 * params.lapse_weeks
    days = purchase_days(tables)
    days = days.filter(days.bought)
    before = days["at"].lag(1).over(ibis.window(group_by="customer_id", order_by="at"))
    gap = days_between(days["at"], before)
    days = days.select("customer_id", month=month_of(days["at"]), gap=gap)
    returns = days.filter(days.gap > lapse_days).select("customer_id", "month").distinct()
    months = months.mutate(lapse_share=(months.recency_days + 1) / lapse_days)
    return _with_returns(months, returns)


def _contract_ends(months: ibis.Table, tables: Tables, params: Params) -> ibis.Table:
    contracts = tables["contracts"]
    contracts = contracts.select(
        "customer_id",
        started=contracts.started_at.cast("date"),
        ended=contracts.ended_at.cast("date"),
    )
    open_end = ibis.coalesce(contracts.ended, ibis.date("9999-12-31"))
    earlier = ibis.window(
        group_by="customer_id", order_by=["started", "ended"], preceding=(None, 1)
    )
    returns = contracts.mutate(before=open_end.max().over(earlier))
    returns = returns.mutate(gap=days_between(returns.started, returns.before))
    returns = returns.filter(returns.gap > params.gap_days)
    returns = returns.select("customer_id", month=month_of(returns.started))
    held = months.select("customer_id", "month", "month_end").join(contracts, "customer_id")
    held = held.filter(held.started <= held.month_end)
    over = held.ended.notnull() & (held.ended <= held.month_end)
    status = held.group_by("customer_id", "month").agg(
        runs=(~over).any(), since=(days_between(held.month_end, held.ended)).min(where=over)
    )
    months = months.left_join(status, ["customer_id", "month"])
    months = months.drop("customer_id_right", "month_right")
    quiet = (months.since + 1) / max(params.gap_days, LEAST_GAP)
    months = months.mutate(lapse_share=months.runs.ifelse(0.0, quiet)).drop("runs", "since")
    return _with_returns(months, returns.distinct())


def _with_returns(months: ibis.Table, returns: ibis.Table) -> ibis.Table:
    months = months.left_join(returns.mutate(came=True), ["customer_id", "month"])
    months = months.mutate(returned=months.came.fill_null(False))
    return months.drop("customer_id_right", "month_right", "came")
