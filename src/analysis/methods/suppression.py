"""Optimal cell suppression: the fewest cells hidden so that none follows from what is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

ROUNDS = 8
"""How often a two-way pattern is mended before its whole lines are hidden."""
NODES = 2_000
"""Nodes of the search: a bound that does not depend on how fast the machine is."""

Line = Sequence[int]


def in_steps(counts: np.ndarray, step: int) -> np.ndarray:
    """Counts to the nearest multiple of a step, halves up.

    Parameters
    ----------
    counts : array-like of shape (n,)
        People; missing ones stay missing.
    step : int
        At least 1.

    Returns
    -------
    ndarray of shape (n,)
    """
    return step * np.floor(np.asarray(counts, float) / step + 0.5)


def suppress(
    counts: np.ndarray,
    lines: Sequence[Line],
    *,
    least: int,
    unsafe: np.ndarray | None = None,
    step: int = 1,
) -> np.ndarray:
    """Which cells of a table must be hidden.

    Primary: cells of at least one and fewer than `least`, and those that are unsafe otherwise.
    Secondary: so many others that in each line, whose total is taken as known, at least two cells
    are hidden, which together count `2 least` and `least` more than they are cells. Then every
    hidden cell of a line could be any number of a range of at least `least`. Where lines cross,
    ranges are computed from all of them together, and more is hidden until they are as wide.

    The cost that is least: first the number of hidden cells, then the people in them.

    Parameters
    ----------
    counts : ndarray of shape (cells,)
        People in each cell; nobody and missing cells are not hidden.
    lines : sequence of sequences of int
        The cells of each row, column or block whose total is known.
    least : int
        The smallest cell that may be shown.
    unsafe : ndarray of bool of shape (cells,), optional
        Cells that must be hidden whatever they count.
    step : int
        Counts are told in multiples of it. Totals may be told so elsewhere, whatever it is here.

    Returns
    -------
    ndarray of bool of shape (cells,)
        Where a line holds too few people to be protected at all, all of it is hidden, and its total
        must not be told either.

    References
    ----------
    Fischetti & Salazar (2001), Management Science 47, 1008-1027.
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    counts = np.nan_to_num(np.asarray(counts, float))
    primary = (counts > 0) & (counts < least)
    if unsafe is not None:
        primary |= unsafe & (counts > 0)
    if not primary.any():
        return primary
    lines = [line[counts[line] > 0] for line in map(np.asarray, lines) if len(line)]
    strong = [line for line in lines if _enough(counts[line], least)]
    must = primary.copy()
    for line in lines:
        if not _enough(counts[line], least):
            must[line] |= primary[line].any()
    cuts: list[np.ndarray] = []
    every = np.concatenate([np.zeros(0, int), *lines])
    crossing = len(every) > len(np.unique(every))
    for _ in range(ROUNDS):
        hidden = _cheapest(counts, strong, must, cuts, least, step)
        if not (crossing and _narrow(counts, strong, hidden & primary, hidden, least)):
            return hidden
        cut = ~hidden & (counts > 0)
        if not cut.any():
            return hidden
        cuts.append(cut)
    return _whole_lines(strong, hidden)


def ranges(
    counts: np.ndarray, lines: Sequence[Line], hidden: np.ndarray, cells: Sequence[int]
) -> np.ndarray:
    """The range of numbers that hidden cells may hold, given the totals of the lines.

    An intruder's integer programs: the smallest and the largest number of people in each cell that
    agree with all totals, where a hidden cell holds one person at least.

    Parameters
    ----------
    counts : ndarray of shape (cells,)
    lines : sequence of sequences of int
    hidden : ndarray of bool of shape (cells,)
    cells : sequence of int
        The hidden cells that are attacked.

    Returns
    -------
    ndarray of shape (attacked cells, 2)
    """
    known, sums, unknown = _totals(counts, lines, hidden)
    found = []
    for cell in cells:
        way = (unknown == cell).astype(float)
        ends = [_extreme(sign * way, known, sums, whole=True) for sign in (1, -1)]
        found.append([np.inf if end is None else (way @ end) for end in ends])
    return np.array(found).reshape(-1, 2)


def _totals(
    counts: np.ndarray, lines: Sequence[Line], hidden: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is known of hidden cells: which of them each line holds, how many together, and them."""
    unknown = np.flatnonzero(hidden)
    known = np.zeros((len(lines), len(counts)))
    for place, line in enumerate(map(np.asarray, lines)):
        known[place, line] = 1
    known = known[:, unknown][known[:, unknown].any(axis=1)]
    return known, known @ counts[unknown], unknown


def _extreme(
    way: np.ndarray, known: np.ndarray, sums: np.ndarray, *, whole: bool = False
) -> np.ndarray | None:
    """Numbers of the hidden cells that agree with the totals and are the least along a way."""
    solved = milp(
        way,
        constraints=LinearConstraint(known, sums, sums) if len(sums) else (),
        bounds=Bounds(1, np.inf),
        integrality=np.full(len(way), int(whole)),
        options={"node_limit": NODES},
    )
    return None if solved.x is None else np.round(solved.x, 6)


def _enough(counts: np.ndarray, least: int) -> bool:
    """Whether a line holds enough to hide small cells among others of it."""
    total = _least_total(counts, least)
    return len(counts) > 1 and total >= 2 * least and total - len(counts) >= least


def _least_total(counts: np.ndarray, least: int) -> float:
    """The total of a line as it is told at least: exactly, or elsewhere in steps of `least`."""
    return min(counts.sum(), in_steps(counts.sum(), least))


def _cheapest(
    counts: np.ndarray,
    lines: Sequence[np.ndarray],
    must: np.ndarray,
    cuts: Sequence[np.ndarray],
    least: int,
    step: int,
) -> np.ndarray:
    """The cheapest pattern that hides what must be, keeps every line's rules and every cut."""
    cells, used = len(counts), [line for line in lines if len(line)]
    cost = np.concatenate([1 + counts / (counts.sum() + 1), np.zeros(len(used))])
    rows, lower, surely = [], [], np.zeros(len(used))
    for place, line in enumerate(used):
        any_hidden = np.zeros(len(used))
        any_hidden[place] = 1
        surely[place] = must[line].any()
        for held, bound in _rules_of(line, counts, least, step):
            rows.append(np.concatenate([held, -bound * any_hidden]))
        for cell in () if surely[place] else line:
            rows.append(np.concatenate([-1.0 * (np.arange(cells) == cell), any_hidden]))
        lower += [0.0] * (len(rows) - len(lower))
    rows += [np.concatenate([cut, np.zeros(len(used))]) for cut in cuts]
    lower += [1.0] * len(cuts)
    if not rows:
        return must
    upper = np.concatenate([counts > 0, np.ones(len(used))])
    solved = milp(
        cost,
        constraints=LinearConstraint(np.array(rows), lower, np.inf),
        bounds=Bounds(np.concatenate([must, surely]), upper),
        integrality=np.ones(len(cost)),
        options={"node_limit": NODES},
    )
    return counts > 0 if solved.x is None else solved.x[:cells] > 0.5


def _rules_of(
    line: np.ndarray, counts: np.ndarray, least: int, step: int
) -> Iterator[tuple[np.ndarray, float]]:
    """What the hidden cells of a line must come to, where any is: weights and the least sum.

    Both as the people are and as an intruder sees them, whose total may be told in steps.
    """
    inside = np.zeros(len(counts))
    inside[line] = 1
    told = in_steps(counts, step) * inside
    over = told.sum() - _least_total(counts[line], least)
    yield inside, 2
    yield counts * inside, 2 * least
    yield (counts - 1) * inside, least
    yield told, 2 * least + over
    yield told - inside, least + over


def _narrow(
    counts: np.ndarray,
    lines: Sequence[np.ndarray],
    attacked: np.ndarray,
    hidden: np.ndarray,
    least: int,
) -> bool:
    """Whether a hidden cell has too narrow a range, although more of its lines could be hidden.

    Whole numbers need not be asked for: of rows and columns the ends of a range are whole. Every
    solution widens the ranges of all cells, so that few programs are left to solve.
    """
    known, sums, unknown = _totals(counts, lines, hidden)
    low = high = counts[unknown]
    open_lines = [line for line in lines if not hidden[line].all()]
    at_stake = attacked & np.isin(np.arange(len(counts)), np.concatenate([[-1], *open_lines]))
    for place in np.flatnonzero(at_stake[unknown]):
        for sign in (1, -1) if high[place] - low[place] < least else ():
            end = _extreme(sign * (np.arange(len(unknown)) == place), known, sums)
            if end is None:  # no end: as wide as can be
                high = np.where(np.arange(len(unknown)) == place, np.inf, high)
                continue
            low, high = np.minimum(low, end), np.maximum(high, end)
        if high[place] - low[place] < least:
            return True
    return False


def _whole_lines(lines: Sequence[np.ndarray], hidden: np.ndarray) -> np.ndarray:
    found = hidden.copy()
    for line in lines:
        found[line] |= hidden[line].any()
    return found
