"""Cox's partial likelihood with Efron's ties, strata and delayed entry, without a loop over ends.

Rows are sorted by stratum and time. The distinct times at which one ended, within strata, are the E
cells; a row is at risk in the cells `first` to `own`, so that sums over risk sets are suffix sums
over cells, and sums over the cells of a row are differences of prefix sums.
"""

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError
from analysis.methods._durations import Durations
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class RiskRows:
    """Rows that are at risk when one ends, sorted by stratum and time.

    Attributes
    ----------
    rows : ndarray of int, (m,)
        Positions in the table given; others are never at risk at an end.
    x : ndarray, (p, m)
        Covariates, one contiguous row each.
    count : ndarray, (m,)
    own, first : ndarray of int, (m,)
        Last and first cell at which the row is at risk.
    late : ndarray of int
        Rows that entered after the first cell of their stratum.
    ended : ndarray of int
        Rows that ended.
    starts, ended_starts : ndarray of int, (E,)
        Where each cell begins, among the rows by `own` and among `ended`.
    cell_time, cell_stratum, ends : ndarray, (E,)
        Time, stratum and number of ends of each cell.
    cell, fraction : ndarray or None
        Efron: the cell of each end and the share of the tied ends that has left; None: no ties.
    """

    rows: np.ndarray
    x: np.ndarray
    count: np.ndarray
    own: np.ndarray
    first: np.ndarray
    late: np.ndarray
    ended: np.ndarray
    starts: np.ndarray
    ended_starts: np.ndarray
    cell_time: np.ndarray
    cell_stratum: np.ndarray
    ends: np.ndarray
    cell: np.ndarray | None
    fraction: np.ndarray | None


@dataclass(frozen=True, slots=True, eq=False)
class RiskSums:
    """Sums over risk sets at one coefficient vector; E cells, p columns.

    Attributes
    ----------
    risk : ndarray, (n,)
        Relative risk of each row times its count.
    s1 : ndarray, (p, E)
        Risk times covariate, summed over those at risk.
    e1 : ndarray, (p, E)
        The same over those that ended.
    a0, a1 : ndarray, (E,)
        With A = s0 - fraction e0 over the tied ends of a cell (s0, e0: the sums of risk): sum of 1
        / A, sum of f / A.
    b0, b1, b2 : ndarray, (E,)
        Sums of 1 / A^2, f / A^2, f^2 / A^2.
    log_likelihood : float
        At the coefficients.
    """

    risk: np.ndarray
    s1: np.ndarray
    e1: np.ndarray
    a0: np.ndarray
    a1: np.ndarray
    b0: np.ndarray
    b1: np.ndarray
    b2: np.ndarray
    log_likelihood: float

    @property
    def score_steps(self) -> np.ndarray:
        """Expected covariates of the ends of each cell, (p, E)."""
        return self.s1 * self.a0 - self.e1 * self.a1


def arrange_rows(columns: Durations, x: np.ndarray, strata: np.ndarray) -> RiskRows:
    """Sort (n, p) covariates by stratum (codes) and time, and find each row's risk sets."""
    order = _sort_order(columns.duration, strata)
    time, stratum = columns.duration[order], strata[order]
    event = columns.event[order]
    new = np.flatnonzero(event)
    if not len(new):
        raise DataError("an end must be observed, but none was", why=note("reasons.no_end"))
    fresh = np.append(True, (np.diff(time[new]) != 0) | (np.diff(stratum[new]) != 0))
    cell_time, cell_stratum = time[new][fresh], stratum[new][fresh]
    own = _last_cell(cell_time, cell_stratum, time, stratum)
    begins = np.searchsorted(cell_stratum, stratum, side="left")
    first = begins
    if columns.entry is not None:
        entry = columns.entry[order]
        first = np.maximum(_last_cell(cell_time, cell_stratum, entry, stratum) + 1, begins)
    kept = np.flatnonzero(own >= first)
    order, own, first, begins = order[kept], own[kept], first[kept], begins[kept]
    ended = np.flatnonzero(event[kept])
    count = np.ones(len(kept)) if columns.count is None else columns.count[order]
    cells = np.arange(len(cell_time))
    ended_starts = np.searchsorted(own[ended], cells)
    ends = np.add.reduceat(count[ended], ended_starts)
    cell, fraction = _spread_ties(ends.astype(np.int64))
    return RiskRows(
        rows=order,
        x=np.ascontiguousarray(x[order].T),
        count=count,
        own=own,
        first=first,
        late=np.flatnonzero(first > begins),
        ended=ended,
        starts=np.searchsorted(own, cells),
        ended_starts=ended_starts,
        cell_time=cell_time,
        cell_stratum=cell_stratum,
        ends=ends,
        cell=cell,
        fraction=fraction,
    )


def _sort_order(time: np.ndarray, strata: np.ndarray) -> np.ndarray:
    return np.lexsort((time, strata)) if strata.any() else np.argsort(time)


def _last_cell(
    cell_time: np.ndarray, cell_stratum: np.ndarray, time: np.ndarray, stratum: np.ndarray
) -> np.ndarray:
    if not cell_stratum[-1] and not stratum.any():
        return np.searchsorted(cell_time, time, side="right") - 1
    distinct = np.unique(cell_time)
    width = len(distinct) + 1
    keys = cell_stratum * width + np.searchsorted(distinct, cell_time, side="right")
    return (
        np.searchsorted(
            keys, stratum * width + np.searchsorted(distinct, time, side="right"), side="right"
        )
        - 1
    )


def _spread_ties(ends: np.ndarray) -> tuple[np.ndarray | None, np.ndarray | None]:
    if (ends == 1).all():
        return None, None
    cell = np.repeat(np.arange(len(ends)), ends)
    fraction = (np.arange(len(cell)) - np.repeat(np.cumsum(ends) - ends, ends)) / ends[cell]
    return cell, fraction


def sum_risk_sets(rows: RiskRows, beta: np.ndarray) -> RiskSums:
    """All sums over risk sets at coefficients beta (p,)."""
    linear = beta @ rows.x
    linear -= linear.max(initial=-np.inf)
    risk = rows.count * np.exp(linear)
    weighted = np.vstack([risk, rows.x * risk])
    sums = _over_risk_sets(rows, weighted)
    gone = np.add.reduceat(weighted[:, rows.ended], rows.ended_starts, axis=1)
    a0, a1, b0, b1, b2, log_sum = _efron_sums(rows, sums[0], gone[0])
    log_likelihood = float(rows.count[rows.ended] @ linear[rows.ended] - log_sum)
    return RiskSums(risk, sums[1:], gone[1:], a0, a1, b0, b1, b2, log_likelihood)


def _over_risk_sets(rows: RiskRows, weighted: np.ndarray) -> np.ndarray:
    sums = np.add.reduceat(weighted, rows.starts, axis=1)
    if len(rows.late):
        left_out = rows.first[rows.late] - 1
        for line, values in zip(sums, weighted, strict=True):
            line -= np.bincount(left_out, weights=values[rows.late], minlength=len(line))
    suffix = np.cumsum(sums[:, ::-1], axis=1)[:, ::-1]
    last = rows.cell_stratum[-1]
    if not last:
        return suffix
    beyond = np.searchsorted(rows.cell_stratum, rows.cell_stratum, side="right")
    return suffix - np.column_stack([suffix, np.zeros(len(suffix))])[:, beyond]


def _efron_sums(rows: RiskRows, s0: np.ndarray, e0: np.ndarray) -> tuple:
    if rows.cell is None:
        a0 = 1 / s0
        zero = np.zeros(len(s0))
        return a0, zero, a0**2, zero, zero, np.log(s0).sum()
    share, starts = rows.fraction, np.searchsorted(rows.cell, np.arange(len(s0)))
    left = s0[rows.cell] - share * e0[rows.cell]
    inverse = 1 / left
    parts = (inverse, share * inverse, inverse**2, share * inverse**2, (share * inverse) ** 2)
    return *(np.add.reduceat(part, starts) for part in parts), np.log(left).sum()


def over_row_cells(rows: RiskRows, steps: np.ndarray) -> np.ndarray:
    """For each row, the sum of (..., E) steps over the cells at which it is at risk: (..., m)."""
    total = np.cumsum(steps, axis=-1)
    sums = total[..., rows.own]
    begins = np.flatnonzero(rows.first)
    sums[..., begins] -= total[..., rows.first[begins] - 1]
    return sums


def score_and_information(
    rows: RiskRows, sums: RiskSums, weight: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """First derivative (p,) and information (p, p), each cell weighted by `weight` (E,) or 1."""
    w = np.ones(len(rows.ends)) if weight is None else weight
    ended = rows.ended
    gain = rows.x[:, ended] @ (rows.count[ended] * w[rows.own[ended]])
    score = gain - sums.score_steps @ w
    row_weight = over_row_cells(rows, w * sums.a0)
    row_weight[ended] -= (w * sums.a1)[rows.own[ended]]
    information = (rows.x * (sums.risk * row_weight)) @ rows.x.T
    information -= (sums.s1 * (w * sums.b0)) @ sums.s1.T
    if rows.cell is not None:
        cross = (sums.s1 * (w * sums.b1)) @ sums.e1.T
        information += cross + cross.T - (sums.e1 * (w * sums.b2)) @ sums.e1.T
    return score, information


def score_residuals(rows: RiskRows, sums: RiskSums) -> np.ndarray:
    """Contribution of each row to the score, (p, m); a row counted c times contributes c times."""
    hazard = over_row_cells(rows, sums.a0)
    drift = over_row_cells(rows, sums.s1 * sums.b0 - sums.e1 * sums.b1)
    ended, own = rows.ended, rows.own[rows.ended]
    hazard[ended] -= sums.a1[own]
    drift[:, ended] -= (sums.s1 * sums.b1 - sums.e1 * sums.b2)[:, own]
    residuals = (drift - rows.x * hazard) * (sums.risk / rows.count)
    residuals[:, ended] += rows.x[:, ended] - (sums.score_steps / rows.ends)[:, own]
    return residuals
