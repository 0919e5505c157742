"""What is known of each customer before a day, and what she did from it on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import pandas as pd

from analysis.data import fetch
from analysis.errors import DataError, ParamsError
from analysis.frames.calendar import days_between, month_number
from analysis.frames.money import CENTS, at_minor_unit
from analysis.frames.purchases import purchase_days

COMPLAINT = "complaint"
SUMS = ("amount", "margin")
MONEY = (*SUMS, "average_purchase")


def quantities_before(
    tables: Mapping[str, ibis.Table], *, rated_at: date, months: int | None = None
) -> ibis.Table:
    """Measure customers by what happened before `rated_at` only.

    Columns used: `transactions`: `customer_id, at, amount`, and `margin, product, channel` where
    there are such; `interactions` (`kind`) and `surveys` (`nps`) where there are such tables. One
    row a customer who bought before `rated_at`. What is counted or summed is of the last `months`
    calendar months (all time if None); recency and tenure look back without end.

    Returns
    -------
    ibis.Table
        customer_id, rated_at, last_at, tenure_days (since the first purchase), recency_days (since
        the last), purchases (purchase days), amount (returns netted), active_months (calendar
        months with a purchase); margin, products and channels (different ones), complaints, nps
        (the latest answer; the lowest of that day) where known.

    Raises
    ------
    DataError
        Nobody bought before `rated_at`.
    """
    day = ibis.literal(pd.Timestamp(rated_at).date())
    lines = tables["transactions"]
    lines = lines.mutate(day=lines["at"].cast("date")).filter(lambda t: t.day < day)
    days = _purchase_days(lines)
    ever = (
        days.filter(days.bought)
        .group_by("customer_id")
        .agg(first_at=lambda t: t.day.min(), last_at=lambda t: t.day.max())
    )
    recent = lines if months is None else lines.filter(lambda t: t.day >= _start(rated_at, months))
    found = ever.left_join(_sums(recent), "customer_id").drop("customer_id_right")
    for more in _more(tables, day, rated_at, months):
        found = found.left_join(more, "customer_id").drop("customer_id_right")
    counted = [c for c in found.columns if c not in ("customer_id", "first_at", "last_at", "nps")]
    found = found.mutate(**{c: found[c].fill_null(0) for c in counted})
    return found.mutate(
        rated_at=day,
        tenure_days=days_between(day, found.first_at),
        recency_days=days_between(day, found.last_at),
    ).drop("first_at")


def quantities_frame(
    tables: Mapping[str, ibis.Table],
    *,
    rated_at: date,
    months: int | None = None,
    digits: int = CENTS,
) -> pd.DataFrame:
    """`quantities_before` as a frame in the order of the ids, with average_purchase.

    The average of a customer without a purchase is 0. Money is at the minor unit (`digits`: its
    decimal places), so that it can be compared.
    """
    found = quantities_before(tables, rated_at=rated_at, months=months)
    money = [c for c in SUMS if c in found.columns]
    frame = fetch(found, money=money)
    if frame.empty:
        raise DataError(
            f"customers must have bought before {rated_at} to be rated, but nobody had; "
            "rate at a later date"
        )
    frame[money] = at_minor_unit(frame[money], digits)
    average = (frame["amount"] / frame["purchases"]).where(frame["purchases"] > 0, 0.0)
    return frame.assign(average_purchase=at_minor_unit(average, digits))


def outcomes_after(
    tables: Mapping[str, ibis.Table], *, rated_at: date, months: int, observed_until: date
) -> pd.DataFrame:
    """What customers who had bought before `rated_at` did in the `months` from it on.

    Returns
    -------
    pandas.DataFrame
        customer_id, next_purchases, next_amount, next_margin where known, bought_again (whether
        any purchase followed); one row a customer of `quantities_frame`, in its order.

    Raises
    ------
    ParamsError
        The period ends after `observed_until`: its outcomes are not all observed.
    """
    end = pd.Timestamp(rated_at) + pd.DateOffset(months=months)
    if end - pd.Timedelta(days=1) > pd.Timestamp(observed_until):
        raise ParamsError(
            f"the period after {rated_at} must be observed to its end, {end.date()}, but the data "
            f"end on {observed_until}; rate earlier or take fewer months"
        )
    day = ibis.literal(pd.Timestamp(rated_at).date())
    lines = tables["transactions"]
    lines = lines.mutate(day=lines["at"].cast("date"))
    known = lines.filter(lambda t: (t.day < day) & (t.amount >= 0)).select("customer_id").distinct()
    sums = sums_between(tables, pd.Timestamp(rated_at).date(), end.date())
    kept = [c for c in ("purchases", "amount", "margin") if c in sums.columns]
    found = known.left_join(sums.select("customer_id", *kept), "customer_id")
    frame = fetch(found.drop("customer_id_right"), money=[c for c in SUMS if c in kept])
    frame = frame.fillna(dict.fromkeys(kept, 0)).rename(columns={c: f"next_{c}" for c in kept})
    return frame.assign(
        next_purchases=frame["next_purchases"].astype("int64"),
        bought_again=frame["next_purchases"] > 0,
    )


def sums_between(tables: Mapping[str, ibis.Table], start: date, end: date) -> ibis.Table:
    """Sum up what each customer bought from `start` up to the day before `end`.

    `customer_id, purchases, amount, margin, …` as in `quantities_before`; null where only returns.
    """
    lines = tables["transactions"]
    lines = lines.mutate(day=lines["at"].cast("date"))
    day, until = (ibis.literal(one, type="date") for one in (start, end))
    return _sums(lines.filter(lambda t: (t.day >= day) & (t.day < until)))


def rating_dates(
    *, observed_from: date, observed_until: date, months: int, every: int | None = None
) -> list[date]:
    """Days on which to rate: each with `months` observed before it, one every `every` months."""
    first = pd.Timestamp(observed_from) + pd.DateOffset(months=months)
    last = pd.Timestamp(observed_until) + pd.Timedelta(days=1)
    step = every or months
    if step < 1:
        raise ParamsError(f"ratings must be a month or more apart, but {step} came")
    dates = []
    while (day := first + pd.DateOffset(months=step * len(dates))) <= last:
        dates.append(day.date())
    return dates


def _start(rated_at: date, months: int) -> ibis.Value:
    return ibis.literal((pd.Timestamp(rated_at) - pd.DateOffset(months=months)).date())


def _purchase_days(lines: ibis.Table) -> ibis.Table:
    return purchase_days({"transactions": lines.mutate(at=lines.day)}).rename(day="at")


def _sums(lines: ibis.Table) -> ibis.Table:
    days = _purchase_days(lines)
    bought = (
        days.filter(days.bought)
        .group_by("customer_id")
        .agg(
            purchases=lambda t: t.count(),
            active_months=lambda t: month_number(t.day).nunique(),
        )
    )
    totals = {"amount": lines.amount.sum()}
    if "margin" in lines.columns:
        totals["margin"] = lines.margin.sum()
    for column, name in (("product", "products"), ("channel", "channels")):
        if column in lines.columns:
            totals[name] = lines[column].nunique()
    sums = lines.group_by("customer_id").agg(**totals)
    return sums.left_join(bought, "customer_id").drop("customer_id_right")


def _more(tables, day, rated_at: date, months: int | None) -> list[ibis.Table]:
    found = []
    if "interactions" in tables:
        calls = tables["interactions"]
        calls = calls.mutate(day=calls["at"].cast("date")).filter(lambda t: t.day < day)
        if months is not None:
            calls = calls.filter(lambda t: t.day >= _start(rated_at, months))
        complaints = calls.group_by("customer_id").agg(complaints=(calls.kind == COMPLAINT).sum())
        found.append(complaints)
    if "surveys" in tables and "nps" in tables["surveys"].columns:
        answers = tables["surveys"]
        answers = answers.mutate(day=answers["at"].cast("date"))
        answers = answers.filter(lambda t: (t.day < day) & t.nps.notnull())
        newest = answers.day.max().over(ibis.window(group_by="customer_id"))
        answers = answers.mutate(newest=newest).filter(lambda t: t.day == t.newest)
        found.append(answers.group_by("customer_id").agg(nps=answers.nps.min()))
    return found
