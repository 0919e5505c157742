"""Days and months in the engine: made of dates alone, so that no session's clock has a part.

Engines truncate a date, or count days, by way of an instant of the session's time zone. Where a day
has no midnight there (clocks that go forward at it), months come out shorter by a day.
"""

from __future__ import annotations

from datetime import date

import ibis


def days_between(later: ibis.Value, earlier: ibis.Value) -> ibis.Value:
    """Whole days from one date to another; negative where the first is the earlier."""
    return (later - earlier).cast("int64")


def month_number(day: ibis.Value) -> ibis.Value:
    """The months from year 0 to that of the day."""
    return day.year() * 12 + day.month() - 1


def first_day(number: ibis.Value) -> ibis.Value:
    """The first day of the month of a `month_number`."""
    return ibis.date(number // 12, number % 12 + 1, 1)


def month_of(day: ibis.Value) -> ibis.Value:
    """The first day of the day's month."""
    return ibis.date(day.year(), day.month(), 1)


def each_month(rows: ibis.Table, since: ibis.Value, until: date) -> ibis.Table:
    """Repeat each row for every month from that of the day `since` to that of `until`.

    Adds `month_number` (0, 1, 2 …), `month` (its first day) and `month_end` (its last day, or
    `until` where that is earlier). No list of months is sent to the engine, which a reader of a
    database may not be allowed to.
    """
    last = until.year * 12 + until.month - 1
    opening = month_number(since)
    rows = rows.mutate(opening=opening, month_number=ibis.range(0, last + 1 - opening).unnest())
    number = rows.opening + rows.month_number
    month = first_day(number)
    length = days_between(first_day(number + 1), month)
    end = ibis.least(ibis.date(month.year(), month.month(), length), ibis.literal(until))
    named = {"month_number": rows.month_number.cast("int64"), "month": month, "month_end": end}
    return rows.mutate(**named).drop("opening")
