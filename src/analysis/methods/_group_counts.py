"""Counts by group at common times, for tests that compare groups while at risk together."""

import numpy as np

from analysis.methods._durations import Durations
from analysis.methods._risksets import sort_with_codes, whole_times


def count_by_group(
    columns: Durations,
    codes: np.ndarray,
    groups: int,
    kind: np.ndarray,
    kinds: int,
    *,
    every_exit: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (T,) at which anyone ended, at risk (groups, T), and exits (groups, kinds, T).

    `kind` (n,) is 0 for a censored row, and 1 to kinds - 1 for the kinds of end; with `every_exit`
    the times at which some were only censored are kept.
    """
    cell = codes * kinds + kind
    time, exits, left = _count_exits(columns, cell, groups, kinds, 0 if every_exit else 1)
    at_risk = np.bincount(codes, weights=columns.count, minlength=groups)[:, None] - left
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
    return (cells.sum(axis=0) - np.cumsum(cells, axis=0)[:-1]).T


def _count_exits(
    columns: Durations, cell: np.ndarray, groups: int, kinds: int, kept: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Times (T,) with an exit of kind `kept` or above, exits (groups, kinds, T), earlier exits."""
    cells = groups * kinds
    days = whole_times(columns.duration, cells)
    if days is None:
        return _count_sorted(columns, cell, groups, kinds, kept)
    size = int(days.max()) + 1
    days *= cells
    days += cell
    counts = np.bincount(days, weights=columns.count, minlength=size * cells)
    counts = np.ascontiguousarray(counts.reshape(size, cells).T).reshape(groups, kinds, size)
    time = np.flatnonzero(counts[:, kept:].any(axis=(0, 1)))
    exits = counts.sum(axis=1)
    left = np.cumsum(exits, axis=1) - exits
    return time.astype(float), counts[:, :, time].astype(float), left[:, time]


def _count_sorted(
    columns: Durations, cell: np.ndarray, groups: int, kinds: int, kept: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cells = groups * kinds
    if columns.count is None:
        time, cell = sort_with_codes(columns.duration, cell, cells)
        count = None
    else:
        order = np.argsort(columns.duration)
        time, cell, count = columns.duration[order], cell[order], columns.count[order]
    cell = cell.astype(np.min_scalar_type(cells))
    begin, end = _runs(time, (np.arange(cells) % kinds >= kept)[cell])
    exits = np.empty((groups, kinds, len(begin)))
    left = np.zeros((groups, len(begin)))
    for code in range(cells):
        member = cell == code
        total = np.zeros(len(cell) + 1, dtype=np.int32 if count is None else float)
        np.cumsum(member if count is None else member * count, out=total[1:])
        before = total[begin]
        exits[divmod(code, kinds)] = total[end] - before
        left[code // kinds] += before
    return time[begin], exits, left


def _runs(time: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Begin and end of the runs of equal times that hold a wanted row."""
    new = np.empty(len(time), dtype=bool)
    new[0] = True
    np.not_equal(time[1:], time[:-1], out=new[1:])
    if new.all():
        begin = np.flatnonzero(wanted)
        return begin, begin + 1
    begin = np.flatnonzero(new)
    chosen = np.logical_or.reduceat(wanted, begin)
    return begin[chosen], np.append(begin[1:], len(time))[chosen]


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
