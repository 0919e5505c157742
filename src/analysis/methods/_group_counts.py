"""Counts by group at common times, for tests that compare groups while they are at risk together."""

import numpy as np

from analysis.methods._risksets import Durations, whole_times


def count_by_group(
    columns: Durations,
    codes: np.ndarray,
    groups: int,
    kind: np.ndarray,
    kinds: int,
    *,
    every_exit: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (T,) at which anyone ended, at risk (T, groups), and exits (T, groups, kinds).

    `kind` (n,) is 0 for a censored row, and 1 to kinds - 1 for the kinds of end; with `every_exit`
    the times at which some were only censored are kept.
    """
    time, position = _rank_times(columns.duration, groups * kinds)
    exits = np.bincount(
        (position * groups + codes) * kinds + kind,
        weights=columns.count,
        minlength=groups * kinds * len(time),
    ).reshape(len(time), groups, kinds)
    left = exits.sum(axis=2)
    at_risk = left.sum(axis=0) - (np.cumsum(left, axis=0) - left)
    rows = np.flatnonzero(exits[:, :, 0 if every_exit else 1 :].any(axis=(1, 2)))
    time, at_risk, exits = time[rows], at_risk[rows].astype(float), exits[rows].astype(float)
    if columns.entry is not None:
        at_risk = at_risk - _not_yet_entered(columns, codes, groups, time)
    return time, at_risk, exits


def _not_yet_entered(
    columns: Durations, codes: np.ndarray, groups: int, time: np.ndarray
) -> np.ndarray:
    position = np.searchsorted(time, columns.entry, side="right")
    cells = np.bincount(
        position * groups + codes, weights=columns.count, minlength=(len(time) + 1) * groups
    ).reshape(-1, groups)
    return cells.sum(axis=0) - np.cumsum(cells, axis=0)[:-1]


def _rank_times(duration: np.ndarray, cells: int) -> tuple[np.ndarray, np.ndarray]:
    position = whole_times(duration, cells)
    if position is not None:
        return np.arange(position.max() + 1.0), position
    order = np.argsort(duration)
    ordered = duration[order]
    first = np.append(True, ordered[1:] != ordered[:-1])
    position = np.empty(len(duration), dtype=np.int64)
    position[order] = np.cumsum(first) - 1
    return ordered[first], position


def split_by(codes: np.ndarray) -> list[np.ndarray]:
    """Positions of the rows of each code."""
    order = np.argsort(codes, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)


def quadratic_form(difference: np.ndarray, variance: np.ndarray) -> tuple[float, int]:
    """Chi-squared and degrees of freedom of differences (k,) that sum to zero, variance (k, k).

    Groups that were never at risk together with another have no variance and are left out.
    """
    spread = np.diag(variance)
    known = np.flatnonzero(spread > 1e-12 * max(spread.max(), 1e-300))
    if len(known) < 2:
        return np.nan, 0
    kept = known[:-1]
    inner = variance[np.ix_(kept, kept)]
    dof = int(np.linalg.matrix_rank(inner, hermitian=True))
    inverse = np.linalg.pinv(inner, hermitian=True)
    return float(difference[kept] @ inverse @ difference[kept]), dof
