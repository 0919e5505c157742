"""Do segments move alike? A test that permutes customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.methods.multistate._paths import Paths, group_labels, read_paths
from analysis.methods.multistate.aalen_johansen import count_moves
from analysis.notes import Note, note

FEWEST_EVENTS = 5


@dataclass(frozen=True, slots=True, eq=False)
class MovementTest:
    """Test that transitions are alike between groups or periods.

    Attributes
    ----------
    table : DataFrame
        `from, to, group` (or `period`)`, observed, expected, ratio, z`: transitions made and
        expected if all were alike, their ratio, and the standardised difference.
    statistic : float
        Chi-squared form.
    df : int
    p_value : float
        Randomised by customer.
    p_value_chi2 : float
        For large samples.
    replications : int
        Randomisations.
    note : Note or str
        What was left out; empty otherwise.
    """

    table: pd.DataFrame
    statistic: float
    df: int
    p_value: float
    p_value_chi2: float
    replications: int
    note: Note | str


def homogeneity_test(
    paths: pd.DataFrame,
    *,
    by: str,
    rng: np.random.Generator,
    replications: int = 500,
) -> MovementTest:
    """Test that all groups have the same transition intensities, whole customers permuted.

    The log-rank scores of every transition, jointly, over the robust covariance by customer. The
    group labels are permuted among customers; the studentised statistic keeps its level when
    groups are followed for different lengths of time (Neuhaus 1993, Ann Stat 21, 1760-1779).
    Permuted labels do not depend on the risk sets, so their scores are the customers' martingale
    residuals times (label - share of the group).
    Transitions with fewer than five events expected in a group are left out, and the note says so.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    by : str
        Column of the group, one value a customer.
    rng : Generator
        Random numbers.
    replications : int
        Permutations.

    Returns
    -------
    MovementTest

    Raises
    ------
    DataError
        The group column is missing, differs within a customer or has one value.
    """
    labels = group_labels(paths, by)
    known = labels.notna().to_numpy()
    whole = read_paths(paths).where(known)
    code, names = pd.factorize(labels[known], sort=True)
    if len(names) < 2:
        raise DataError(f"'{by}' must have at least two groups, but {len(names)} came")
    scores = _LogRankScores(whole, len(names))
    observed, covariance, table = scores.of(code)
    statistic, df = wald(observed, covariance)
    drawn = _permuted(scores.residuals, whole.count, code, replications, rng)
    table["group"] = np.asarray(names)[table["group"]]
    return movement_result(table, statistic, df, drawn, replications, scores.note)


class _LogRankScores:
    """Log-rank scores of all transitions, ready for many labellings of the customers."""

    def __init__(self, paths: Paths, groups: int) -> None:
        risk, moved = count_moves(paths)
        self.paths, self.groups = paths, groups
        self.risk, self.moved = risk[0], moved[0]
        with np.errstate(all="ignore"):
            self.hazard = np.nan_to_num(self.moved / self.risk[:, paths.moves[:, 0]])
        enough = self.moved.sum(axis=0) >= FEWEST_EVENTS * groups
        self.used = np.flatnonzero(enough)
        left = len(enough) - len(self.used)
        self.note = note("multistate.rare_left_out", number=left) if left else ""
        if not len(self.used):
            raise DataError(
                f"at least one transition must have {FEWEST_EVENTS} events a group, but none has; "
                f"join groups or states"
            )

    def of(self, code: np.ndarray) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
        paths = self.paths
        member = np.eye(self.groups)[code]
        at_risk, moved = count_moves(paths, (member * paths.count[:, None]).T)
        with np.errstate(all="ignore"):
            share = np.nan_to_num(at_risk / self.risk).transpose(1, 2, 0)
        columns, rows = [], []
        for move in self.used:
            columns.append(self._parts(move, member, share[:, paths.moves[move, 0]]))
            expected = (self.hazard[:, [move]] * at_risk[:, :, paths.moves[move, 0]].T).sum(axis=0)
            rows += [
                (*paths.moves[move], group, moved[group, :, move].sum(), expected[group])
                for group in range(self.groups)
            ]
        parts = np.concatenate(columns, axis=1)
        total = paths.count @ parts
        weighted = parts * np.sqrt(paths.count)[:, None]
        covariance = weighted.T @ weighted
        table = pd.DataFrame(rows, columns=["from", "to", "group", "observed", "expected"])
        table["z"] = ratio(total, np.sqrt(np.diag(covariance)))
        keep = np.arange(len(total)) % self.groups > 0
        return total[keep], covariance[np.ix_(keep, keep)], name_states(table, paths)

    def _parts(self, move: int, member: np.ndarray, share: np.ndarray) -> np.ndarray:
        paths, hazard = self.paths, self.hazard[:, move]
        shared = np.zeros((len(hazard) + 1, share.shape[1]))
        shared[1:] = (hazard[:, None] * share).cumsum(axis=0)
        total = np.concatenate([[0], hazard.cumsum()])
        rows = np.flatnonzero(paths.source == paths.moves[move, 0])
        whose, first, last = paths.customer[rows], paths.first[rows], paths.last[rows]
        value = shared[last] - shared[first]
        value -= member[whose] * (total[last] - total[first])[:, None]
        made = paths.move[rows] == move
        value[made] += member[whose[made]] - share[last[made] - 1]
        return np.column_stack([np.bincount(whose, one, len(paths.count)) for one in value.T])

    @property
    def residuals(self) -> np.ndarray:
        """Martingale residual of each customer (rows) for each transition in use."""
        everyone = np.ones((len(self.paths.count), 1))
        nobody = np.zeros((len(self.hazard), 1))
        return np.column_stack([self._parts(move, everyone, nobody) for move in self.used])


def _permuted(residuals, count, code, replications, rng) -> np.ndarray:
    times = count.astype(int)
    residuals, code = np.repeat(residuals, times, axis=0), np.repeat(code, times)
    moves, groups = residuals.shape[1], code.max() + 1
    shares = np.bincount(code) / len(code)
    lower = np.tril_indices(moves)
    squares = np.column_stack([residuals, residuals[:, lower[0]] * residuals[:, lower[1]]])
    centred = (np.eye(groups) - shares)[:, 1:]
    statistic = np.empty(replications)
    for replication in range(replications):
        member = np.eye(groups)[rng.permutation(code)]
        sums = member.T @ squares
        inner = np.zeros((groups, moves, moves))
        inner[:, lower[0], lower[1]] = inner[:, lower[1], lower[0]] = sums[:, moves:]
        covariance = np.einsum("ag,ah,atu->tguh", centred, centred, inner)
        total = (centred.T @ sums[:, :moves]).T
        size = total.size
        statistic[replication] = wald(total.ravel(), covariance.reshape(size, size))[0]
    return statistic


def name_states(table: pd.DataFrame, paths: Paths) -> pd.DataFrame:
    """Names for codes, and the ratio of observed to expected.

    Parameters
    ----------
    table : DataFrame
        `from, to` (codes of states), `observed, expected`.
    paths : Paths

    Returns
    -------
    DataFrame
    """
    names = np.array(paths.states, dtype=object)
    table["ratio"] = ratio(table["observed"].to_numpy(), table["expected"].to_numpy())
    return table.assign(**{"from": names[table["from"]], "to": names[table["to"]]})


def wald(total: np.ndarray, covariance: np.ndarray) -> tuple[float, int]:
    """Chi-squared form of a sum and its covariance, and its rank.

    Parameters
    ----------
    total : array, (k,)
    covariance : array, (k, k)

    Returns
    -------
    float, int
    """
    inverse = np.linalg.pinv(covariance, hermitian=True)
    return float(total @ inverse @ total), int(np.linalg.matrix_rank(covariance, hermitian=True))


def movement_result(table, statistic, df, drawn, replications, note) -> MovementTest:
    """Set the statistic beside its randomised values.

    Parameters
    ----------
    table : DataFrame
    statistic : float
    df : int
    drawn : array, (replications,)
        Its values where the labels are drawn by lot.
    replications : int
    note : Note or str

    Returns
    -------
    MovementTest
    """
    return MovementTest(
        table,
        statistic,
        df,
        p_value=float((1 + (drawn >= statistic * (1 - 1e-9)).sum()) / (1 + replications)),
        p_value_chi2=float(stats.chi2.sf(statistic, df)),
        replications=replications,
        note=note,
    )


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Quotient; NaN where there is nothing to divide by.

    Parameters
    ----------
    part, whole : array, (n,)

    Returns
    -------
    array, (n,)
    """
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
