"""Time, chance and names: the observed days, one stream of chance a table, meaningless ids."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

SECONDS_PER_DAY = 86_400
_LETTERS = np.frombuffer(b"23456789CDFGHJKM", dtype=np.uint8)
_ID_BITS = 36


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the generator of one named part; parts do not move one another."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def company_seed(seed: int, company: str) -> int:
    """Return a seed of its own for a company, so that two companies share no chance."""
    sequence = np.random.SeedSequence([seed, zlib.crc32(company.encode())])
    return int(sequence.generate_state(1, np.uint64)[0])


def make_ids(prefix: str, count: int, seed: int) -> pa.Array:
    """Make distinct text ids that carry no meaning: a bijective mix of 0, 1, 2, …"""
    mask = np.uint64(2**_ID_BITS - 1)
    first = (seed + zlib.crc32(prefix.encode())) % 2**_ID_BITS
    number = np.arange(count, dtype=np.uint64) + np.uint64(first)
    for multiplier, shift in ((0x9E3779B97, 17), (0x5851F42D5, 19)):
        number = (number * np.uint64(multiplier)) & mask
        number ^= number >> np.uint64(shift)
    width = 1 + _ID_BITS // 4
    text = np.empty((count, width), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    for place in range(1, width):
        text[:, place] = _LETTERS[(number >> np.uint64(4 * (place - 1))) & np.uint64(15)]
    offsets = np.arange(count + 1, dtype=np.int64) * width
    wide = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
    return wide.cast(pa.string())


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

    def activity(self, times: np.ndarray) -> np.ndarray:
        """Return the cumulative activity up to each time."""
        day = np.minimum(times.astype(np.int64), self.days - 1)
        return self.weight[day] + (times - day) * (self.weight[day + 1] - self.weight[day])

    def times(self, activity: np.ndarray) -> np.ndarray:
        """Return the time at which the cumulative activity is reached."""
        day = np.searchsorted(self.weight, activity, side="right") - 1
        day = np.clip(day, 0, self.days - 1)
        share = (activity - self.weight[day]) / (self.weight[day + 1] - self.weight[day])
        return day + np.clip(share, 0, 1 - 1e-9)

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

    def rating_days(self) -> list[date]:
        """Return each 1 January and 1 July strictly inside the period."""
        last = self.start + timedelta(days=self.days - 1)
        years = range(self.start.year, last.year + 1)
        days = [date(year, month, 1) for year in years for month in (1, 7)]
        return [day for day in days if self.start < day <= last]
