"""Who is at risk when: counts those at risk, ended and censored at each time."""

from dataclasses import dataclass, replace

import numpy as np

from analysis.methods._durations import Durations


@dataclass(frozen=True, slots=True, eq=False)
class RiskSets:
    """Counts of one group at its T distinct exit times.

    Attributes
    ----------
    time : ndarray, (T,)
        Distinct exit times.
    at_risk : ndarray, (T,)
        Just before each.
    events, censored : ndarray, (T,)
        Ended, and last seen, at each.
    entries : ndarray, (E,)
        Sorted late entries.
    entered : ndarray, (E + 1,)
        How many late entrants came before each of `entries`, and in all.
    n : int
        Relationships.
    """

    time: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    censored: np.ndarray
    entries: np.ndarray
    entered: np.ndarray
    n: int

    def at_risk_at(self, times: np.ndarray) -> np.ndarray:
        """Number at risk just before each of `times` (entered earlier, not yet left)."""
        left = np.concatenate([[0], np.cumsum(self.events + self.censored)])
        gone = left[np.searchsorted(self.time, times, side="left")]
        return self.n - self.not_yet(times) - gone

    def not_yet(self, times: np.ndarray) -> np.ndarray:
        """Number whose late entry is at or after each of `times`."""
        return self.entered[-1] - self.entered[np.searchsorted(self.entries, times, side="left")]


def count_risk_sets(durations: Durations) -> RiskSets:
    """Count those at risk, ended and censored at every distinct exit time."""
    time, events, censored = _count_exits(durations)
    entries, entered = _count_entries(durations)
    exits = events + censored
    at_risk = np.cumsum(exits)
    at_risk -= exits
    n = durations.n
    np.subtract(n, at_risk, out=at_risk)
    table = RiskSets(time, at_risk, events, censored, entries, entered, n)
    if not len(entries):
        return table
    return replace(table, at_risk=table.at_risk - table.not_yet(time))


def _count_entries(durations: Durations) -> tuple[np.ndarray, np.ndarray]:
    if durations.entry is None:
        return np.empty(0), np.zeros(1, dtype=np.int64)
    late = np.isfinite(durations.entry)
    order = np.argsort(durations.entry[late], kind="stable")
    counts = np.ones(late.sum()) if durations.count is None else durations.count[late]
    entered = np.concatenate([[0], np.cumsum(counts[order])]).astype(np.int64)
    return durations.entry[late][order], entered


def _count_exits(durations: Durations) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    days = whole_times(durations.duration)
    if days is not None:
        days += days
        days += durations.event
        cells = np.bincount(days, weights=durations.count)
        cells = np.append(cells, np.zeros(len(cells) % 2, cells.dtype)).astype(np.int64)
        by_day = cells.reshape(-1, 2)
        time = np.flatnonzero(by_day.any(axis=1))
        return time.astype(float), by_day[time, 1], by_day[time, 0]
    if durations.count is None:
        return _count_sorted(durations.duration, durations.event)
    time, codes = np.unique(durations.duration, return_inverse=True)
    cells = np.bincount(
        2 * codes + durations.event, weights=durations.count, minlength=2 * len(time)
    ).astype(np.int64)
    return time, cells[1::2], cells[::2]


def _count_sorted(
    duration: np.ndarray, event: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    time, ended = sort_with_codes(duration, event, 2)
    new = time[1:] != time[:-1]
    if new.all():
        return time, ended, 1 - ended
    last = np.append(np.flatnonzero(new), len(time) - 1)
    events = np.diff(np.cumsum(ended)[last], prepend=0)
    return time[last], events, np.diff(last, prepend=-1) - events


def sort_with_codes(
    duration: np.ndarray, codes: np.ndarray, size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Durations in order, and their codes (0 to size - 1) alongside."""
    # Floats >= 0 (not -0.0) order as their bits do. Their range rarely fills 64 bits: what is left
    # carries the code, so that one plain sort orders both, faster than an argsort and two gathers.
    keys = (duration + 0.0).view(np.uint64)
    low, width = keys.min(), (size - 1).bit_length()
    if int(keys.max() - low).bit_length() + width > 64:
        order = np.argsort(duration)
        return duration[order], codes[order].astype(np.int64)
    keys -= low
    keys <<= np.uint64(width)
    keys |= codes.astype(np.uint64)
    keys.sort()
    carried = (keys & np.uint64(2**width - 1)).view(np.int64)
    keys >>= np.uint64(width)
    keys += low
    return keys.view(float), carried


def whole_times(duration: np.ndarray, cells: int = 1) -> np.ndarray | None:
    """The durations as integers where all are whole and few enough to be counted in one array.

    `cells` is how many counts are kept for each time.
    """
    if duration.max() * cells > 4 * len(duration) + 4096:
        return None
    days = duration.astype(np.int64)
    return days if (days == duration).all() else None
