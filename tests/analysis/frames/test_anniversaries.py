"""The calendar of contracts: by hand, and as dateutil counts it, whatever the first day."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import example, given
from hypothesis import strategies as st

from analysis.frames.anniversaries import calendar_months, period_of_end, whole_periods

DAYS = st.dates(dt.date(1999, 12, 1), dt.date(2032, 3, 31))
LAST_DAYS = st.dates(dt.date(2000, 1, 29), dt.date(2028, 12, 31)).filter(lambda day: day.day > 28)
PERIODS = st.sampled_from([1, 3, 6, 12, 24])


def of(function, since, until, **options):
    return function(*(pd.Series(pd.to_datetime([day])) for day in (since, until)), **options)[0]


@pytest.mark.parametrize(("since", "until", "months"), [
    ("2023-01-15", "2024-01-15", 12),
    ("2023-03-01", "2024-03-01", 12),  # with a 29 February in it
    ("2024-01-15", "2024-02-01", 17 / 31),
    ("2024-02-15", "2024-03-01", 15 / 29),
    ("2023-02-15", "2023-03-01", 14 / 28),
    ("2023-01-31", "2023-02-28", 1),  # the month has no such day
    ("2023-01-31", "2023-03-01", 1 + 1 / 31),
    ("2023-01-31", "2023-03-31", 2),
    ("2024-02-29", "2025-02-28", 12),
    ("2024-02-29", "2028-02-29", 48),
    ("2023-05-10", "2023-05-10", 0),
    ("2023-05-10", "2023-04-10", -1),
    ("2023-05-10", "2023-05-05", -5 / 30),
])  # fmt: skip
def test_months_of_the_calendar_by_hand(since, until, months):
    assert of(calendar_months, since, until) == pytest.approx(months)


@given(since=DAYS, until=DAYS)
@example(dt.date(2023, 1, 31), dt.date(2023, 2, 28))
@example(dt.date(2024, 2, 29), dt.date(2025, 2, 28))
def test_whole_months_are_those_of_dateutil(since, until):
    whole = int(np.floor(of(calendar_months, since, until)))
    assert since + relativedelta(months=whole) <= until < since + relativedelta(months=whole + 1)


@given(since=DAYS, until=DAYS, later=st.integers(1, 400))
def test_months_grow_with_every_day(since, until, later):
    """Durations are in the order of days, so that tied ends are tied and no others."""
    after = until + dt.timedelta(days=later)
    assert of(calendar_months, since, after) > of(calendar_months, since, until)


@given(since=st.one_of(DAYS, LAST_DAYS), months=PERIODS, period=st.integers(1, 30))
@example(dt.date(2024, 2, 29), 12, 1)
@example(dt.date(2023, 1, 31), 1, 1)
@example(dt.date(2019, 3, 1), 12, 1)
def test_a_declined_renewal_is_that_of_the_period_by_either_custom(since, months, period):
    """It ends on the anniversary or the day before; begun on a 29th to 31st also the day after."""
    anniversary = since + relativedelta(months=months * period)
    customs = [anniversary, anniversary - dt.timedelta(days=1)]
    customs += [anniversary + dt.timedelta(days=1)] if anniversary.day < since.day else []
    for end in customs:
        assert of(period_of_end, since, end, months=months) == period
    followed = [of(whole_periods, since, day, months=months) for day in customs]
    assert followed[1] == period - 1
    assert max(followed) == period
    within = anniversary - dt.timedelta(days=15)
    assert of(period_of_end, since, within, months=months) == period
    following = anniversary + dt.timedelta(days=15)
    assert of(period_of_end, since, following, months=months) == period + 1
    assert of(whole_periods, since, following, months=months) == period


def test_a_missing_day_is_no_period():
    since = pd.Series(pd.to_datetime(["2023-01-31", None, "2023-01-31"]))
    until = pd.Series(pd.to_datetime(["2023-03-01", "2023-03-01", None]), index=since.index)
    for found in (
        calendar_months(since, until),
        whole_periods(since, until, months=1),
        period_of_end(since, until, months=1),
    ):
        assert found.isna().tolist() == [False, True, True]
    assert whole_periods(since[:1], pd.Timestamp("2022-01-01"), months=1)[0] == 0
