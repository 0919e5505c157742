"""The calendar of a contract: months and periods counted from its first day.

An anniversary falls on the day of the month on which the contract began, or on the last of a month
that has no such day (begun on 31 January: 28 February, 31 March, 30 April). So a year is a year
with or without a 29 February, and a month is one whether it has 28 days or 31.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY, MONTH = "datetime64[D]", "datetime64[M]"
NO_DAY = np.datetime64("1970-01-01")


def calendar_months(since: pd.Series, until: pd.Series | pd.Timestamp) -> pd.Series:
    """Months from one day to another: whole ones to the last anniversary, then a part of a month.

    The part is that of the month from the last anniversary to the next, by days.

    Parameters
    ----------
    since, until : Series of datetime
        Days; `until` may be one day for all. Missing where either is.

    Returns
    -------
    Series of float
        Indexed as `since`; negative where `until` is the earlier.
    """
    start, end, known = _days(since, until)
    whole = _whole_months(start, end)
    last, following = _anniversary(start, whole)[0], _anniversary(start, whole + 1)[0]
    part = (end - last).astype(float) / (following - last).astype(float)
    return pd.Series(np.where(known, whole + part, np.nan), since.index)


def whole_periods(since: pd.Series, until: pd.Series | pd.Timestamp, *, months: int) -> pd.Series:
    """Periods of so many months that were over at the close of a day; 0 where it comes before.

    Where a month has no day of the anniversary, the period is over on the first of the next: by
    then it is whatever custom the company has.

    Returns
    -------
    Series of float
        Whole numbers, missing where a day is; indexed as `since`.
    """
    start, end, known = _days(since, until)
    over = _whole_months(start, end) // months
    day, missing = _anniversary(start, over * months)
    over = np.where(day + missing > end, over - 1, over)
    return pd.Series(np.where(known, np.maximum(over, 0), np.nan), since.index)


def period_of_end(since: pd.Series, ended: pd.Series, *, months: int) -> pd.Series:
    """The period (1, 2 …) whose renewal was not made by a contract that ended on a day.

    A contract that is not renewed may end on the anniversary or on the day before it: by either
    custom it has ended with the period that the anniversary closes.

    Returns
    -------
    Series of float
        Whole numbers, missing where a day is; indexed as `since`.
    """
    start, end, known = _days(since, ended)
    over = _whole_months(start, end) // months
    day, missing = _anniversary(start, over * months)
    own = np.where(end > day + missing, over + 1, over)
    return pd.Series(np.where(known, np.maximum(own, 1), np.nan), since.index)


def _days(since: pd.Series, until: pd.Series | pd.Timestamp) -> tuple[np.ndarray, ...]:
    """Both as days, and where both are known; a day that is missing is counted as none."""
    ends = until if isinstance(until, pd.Series) else pd.Series(until, since.index)
    start, end = (pd.to_datetime(one).to_numpy().astype(DAY) for one in (since, ends))
    known = ~(np.isnat(start) | np.isnat(end))
    return np.where(known, start, NO_DAY), np.where(known, end, NO_DAY), known


def _whole_months(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """The number of the last anniversary on or before a day."""
    between = (end.astype(MONTH) - start.astype(MONTH)).astype(int)
    return np.where(_anniversary(start, between)[0] > end, between - 1, between)


def _anniversary(start: np.ndarray, months: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The day so many months after the first, and how many days (0, 1) its month lacks for it."""
    month = start.astype(MONTH)
    target = month + months
    first = target.astype(DAY)
    last = (target + 1).astype(DAY) - first - np.timedelta64(1, "D")
    day = start - month.astype(DAY)
    return first + np.minimum(day, last), (day > last).astype("timedelta64[D]")
