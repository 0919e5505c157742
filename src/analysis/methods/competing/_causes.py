"""Counts of ends by cause, and what follows from them: shares, variances, times.

Variances are those of the delta method, in cumulative sums (no loop over times).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._durations import (
    Durations,
    check_columns,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods._group_counts import count_by_group


@dataclass(frozen=True, slots=True, eq=False)
class CauseCounts:
    """Counts of one group at its T distinct exit times.

    Attributes
    ----------
    time : ndarray, (T,)
        Distinct exit times.
    at_risk : ndarray, (T,)
        Just before each.
    ends : ndarray, (T, K)
        By cause.
    censored : ndarray, (T,)
        At each time.
    follow_up : float
        The last exit.
    n : int
        Relationships.
    """

    time: np.ndarray
    at_risk: np.ndarray
    ends: np.ndarray
    censored: np.ndarray
    follow_up: float
    n: int

    @property
    def survival(self) -> np.ndarray:
        """Share alive after each time, (T,)."""
        return np.cumprod(1 - self.ends.sum(axis=1) / self.at_risk)

    @property
    def incidence(self) -> np.ndarray:
        """Share ended by each cause after each time, (T, K): Aalen & Johansen (1978)."""
        before = np.append(1.0, self.survival[:-1])
        return np.cumsum((before / self.at_risk)[:, None] * self.ends, axis=0)


def read_causes(
    durations: pd.DataFrame,
) -> tuple[Durations, np.ndarray, list[str], pd.DataFrame]:
    """Checked columns, the code of each row's cause (0 open), the causes, and the counted rows."""
    check_columns(durations, ["duration", "event", "cause"])
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    if not columns.event.any():
        raise DataError("event must be 1 somewhere, but no relationship ended; look further ahead")
    ended = counted["cause"][columns.event]
    if ended.isna().any():
        raise DataError(
            f"cause must be known where event is 1, but {ended.isna().sum():,} of {len(ended):,} "
            "ends have none; give them a cause of their own, or censor them"
        )
    codes, causes = read_groups(counted[columns.event], "cause")
    kind = np.zeros(len(counted), dtype=np.intp)
    kind[columns.event] = codes + 1
    return columns, kind, causes, counted


def count_causes(columns: Durations, kind: np.ndarray, causes: int) -> CauseCounts:
    alone = np.zeros(len(kind), dtype=np.intp)
    time, at_risk, exits = count_by_group(columns, alone, 1, kind, causes + 1, every_exit=True)
    ends, censored = exits[0, 1:].T, exits[0, 0]
    return CauseCounts(time, at_risk[0], ends, censored, float(time[-1]), columns.n)


def _variance_parts(counts: CauseCounts, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, dk = counts.at_risk, counts.ends[:, k]
    d = counts.ends.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        leaving = np.where(n > d, d / (n * (n - d)), 0.0)
    return leaving, dk * (n - dk) / n**3, dk / n**2


def incidence_variance(counts: CauseCounts, k: int) -> np.ndarray:
    # sum (F(t) - F(s))^2 d/(n(n-d)) + S(s-)^2 dk(n-dk)/n^3 - 2 (F(t) - F(s)) S(s-) dk/n^2
    leaving, own, shared = _variance_parts(counts, k)
    before = np.append(1.0, counts.survival[:-1])
    f = counts.incidence[:, k]
    own, shared = own * before**2, shared * before
    quadratic = (
        f**2 * np.cumsum(leaving) - 2 * f * np.cumsum(leaving * f) + np.cumsum(leaving * f**2)
    )
    cross = f * np.cumsum(shared) - np.cumsum(shared * f)
    return np.maximum(quadratic + np.cumsum(own) - 2 * cross, 0)


def restricted_time(counts: CauseCounts, k: int, until: float) -> tuple[float, float]:
    early = counts.time < until
    time, f = counts.time[early], counts.incidence[early, k]
    before = np.append(1.0, counts.survival[:-1])[early]
    widths = np.diff(np.append(time, until))
    after = np.cumsum((f * widths)[::-1])[::-1] - f * (until - time)
    leaving, own, shared = (part[early] for part in _variance_parts(counts, k))
    direct = before * (until - time)
    variance = (after**2 * leaving + direct**2 * own - 2 * after * direct * shared).sum()
    return float(f @ widths), float(np.sqrt(max(variance, 0)))


def naive_share(counts: CauseCounts, k: int, time: float) -> float:
    early = counts.time <= time
    return float(1 - np.prod(1 - counts.ends[early, k] / counts.at_risk[early]))
