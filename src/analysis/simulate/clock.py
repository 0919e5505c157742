"""Time and chance: the observed days, and one stream of chance a table."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

SECONDS_PER_DAY = 86_400


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one named part; parts do not move one another."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def company_seed(seed: int, company: str) -> int:
    """Return a seed of its own for a company, so that two companies share no chance."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(company.encode())])
    return int(sequence.generate_state(1, np.uint64)[0])


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """Times in a column of a table; the clock writes them when the table is whole.

    `midnight` says where the midnight of the day is meant; `unit` is what moments are cut to.
    """

    times: np.ndarray
    unit: str = "s"
    midnight: np.ndarray | bool = False


Columns = Mapping[str, pa.Array | Moments]


@dataclass(frozen=True, slots=True, eq=False)
class Clock:
    """The observed days; a time is a number of days since the first midnight.

    `weight` is the cumulative activity up to each midnight, of about one a day; `opening[k]` is
    the cumulative share of a day's activity up to hour k, Monday to Friday and at weekends.
    Activity falls between 6 and 24 o'clock, so no local time is one that the clocks skip.
    """

    start: date
    days: int
    weight: np.ndarray
    opening: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, start: date, until: date, season, weekday, opening) -> Clock:
        """Build the clock of the days `start` to `until`, both inside."""
        days = (until - start).days + 1
        dates = np.datetime64(start) + np.arange(days)
        months = dates.astype("datetime64[M]").astype(int) % 12
        weekdays = (dates.astype(int) + 3) % 7
        daily = np.asarray(season)[months] * np.asarray(weekday)[weekdays]
        shares = tuple(np.append(0.0, np.cumsum(hours) / np.sum(hours)) for hours in opening)
        return cls(start, days, np.append(0.0, np.cumsum(daily)), shares)

    def stamp(self, times: np.ndarray, unit: str = "s") -> pa.Array:
        """Write times as local moments, within opening hours; null where a time is NaN."""
        known = np.isfinite(times)
        filled = np.where(known, times, 0.0)
        day = np.floor(filled)
        share = filled - day
        hour = np.arange(25) / 24
        moment = np.interp(share, self.opening[0], hour)
        weekend = (day.astype(np.int64) + self.start.weekday()) % 7 >= 5
        moment[weekend] = np.interp(share[weekend], self.opening[1], hour)
        scale = 1 if unit == "s" else 1_000_000
        ticks = day.astype(np.int64) * SECONDS_PER_DAY * scale
        ticks += np.floor(moment * SECONDS_PER_DAY * scale).astype(np.int64)
        ticks *= 1_000_000 // scale
        ticks += np.datetime64(self.start, "us").astype(np.int64)
        return pa.array(ticks, mask=~known).cast(pa.timestamp("us"))

    def midnights(self, times: np.ndarray) -> pa.Array:
        """Write the midnights at which the days of times begin; null where a time is NaN."""
        known = np.isfinite(times)
        ticks = np.where(known, times, 0.0).astype(np.int64) * SECONDS_PER_DAY * 1_000_000
        ticks += np.datetime64(self.start, "us").astype(np.int64)
        return pa.array(ticks, mask=~known).cast(pa.timestamp("us"))

    def midnight(self, day: date) -> float:
        """Return a calendar day as a time."""
        return float((day - self.start).days)

    def write(self, columns: Columns) -> pa.Table:
        """Write a table, its times as local moments."""
        moments = {name: one for name, one in columns.items() if isinstance(one, Moments)}
        return pa.table(dict(columns) | {name: self._moments(one) for name, one in moments.items()})

    def _moments(self, moments: Moments) -> pa.Array:
        midnight = pa.array(np.array(np.broadcast_to(moments.midnight, moments.times.shape)))
        stamped = self.stamp(moments.times, moments.unit)
        return pc.if_else(midnight, self.midnights(moments.times), stamped)
