"""Harrell's C: of two customers whose order of ending is known, was the riskier one first?

Counting pairs takes n log^2 n steps: rows in order of time are merged pairwise, and at each merge
those of the earlier half are ranked by score among those of the later half.
"""

from dataclasses import dataclass

import numpy as np

from analysis.methods._durations import Durations


@dataclass(frozen=True, slots=True, eq=False)
class Concordance:
    """Share of comparable pairs in which the riskier ended first, ties in risk counting half.

    Attributes
    ----------
    estimate : float
        NaN where no two customers can be compared.
    std_error : float
        The infinitesimal jackknife, as R prints.
    concordant, discordant, tied_risk : float
        Pairs counted.
    """

    estimate: float
    std_error: float
    concordant: float
    discordant: float
    tied_risk: float


def count_concordance(
    columns: Durations,
    risk: np.ndarray,
    *,
    strata: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> Concordance:
    """Count pairs in which one ended while the other was at risk and lasted longer.

    `strata`, `clusters` (n,) are codes: pairs are made within strata, errors summed by cluster.
    """
    n = len(risk)
    totals = np.zeros((3, n))
    layers = np.zeros(n, dtype=np.intp) if strata is None else strata
    order = np.argsort(layers, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(layers[order])) + 1):
        first, second = pairs_by_row(columns.take(rows), risk[rows])
        totals[:, rows] = first + second
    weight = np.ones(n) if columns.count is None else columns.count
    higher, same, lower = totals @ weight / 2
    pairs = higher + same + lower
    if not pairs:
        return Concordance(np.nan, np.nan, 0.0, 0.0, 0.0)
    estimate = (higher + same / 2) / pairs
    influence = (totals[0] + totals[1] / 2 - estimate * totals.sum(axis=0)) / pairs
    if clusters is None:
        variance = weight @ influence**2
    else:
        variance = (np.bincount(clusters, weights=weight * influence) ** 2).sum()
    std_error = float(np.sqrt(variance))
    return Concordance(float(estimate), std_error, float(higher), float(lower), float(same))


def pairs_by_row(columns: Durations, risk: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row, its comparable pairs (3, n) as the one that ended, and as the one that lasted.

    The rows of each array: risk of the ended higher than, equal to, lower than that of the other.
    """
    rank = np.unique(risk, return_inverse=True)[1]
    weight = np.ones(len(risk)) if columns.count is None else columns.count
    ended = np.flatnonzero(columns.event)
    later = _compare(columns.duration, rank, weight, ended, columns.duration, columns.event)
    if columns.entry is None:
        return later
    absent = _compare(
        columns.duration, rank, weight, ended, columns.entry, np.zeros(len(risk), dtype=bool)
    )
    return later[0] - absent[0], later[1] - absent[1]


def _compare(
    time: np.ndarray,
    rank: np.ndarray,
    weight: np.ndarray,
    ended: np.ndarray,
    other_time: np.ndarray,
    ended_too: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    # At the same time: 0 others that ended then too (not comparable), 1 ends, 2 others censored
    # then (they are known to last longer).
    n = len(time)
    all_time = np.concatenate([time[ended], other_time])
    kind = np.concatenate([np.ones(len(ended)), np.where(ended_too, 0, 2)])
    position_order = np.lexsort((kind, all_time))
    ranks = np.concatenate([rank[ended], rank])[position_order]
    is_end = position_order < len(ended)
    weights = np.concatenate([weight[ended], weight])[position_order]
    counts = _merge_counts(ranks, is_end, weights)
    back = np.empty_like(counts)
    back[:, position_order] = counts
    first = np.zeros((3, n))
    first[:, ended] = back[:, : len(ended)]
    return first, back[:, len(ended) :]


def _merge_counts(ranks: np.ndarray, is_end: np.ndarray, weights: np.ndarray) -> np.ndarray:
    total = len(ranks)
    counts = np.zeros((3, total))
    by_rank = np.argsort(ranks, kind="stable")
    width = 1
    while width < total:
        order = by_rank[np.argsort(by_rank // (2 * width), kind="stable")]
        block, late = order // (2 * width), (order // width) % 2 == 1
        lasting, ending = late & ~is_end[order], ~late & is_end[order]
        run = np.append(True, (np.diff(block) != 0) | (np.diff(ranks[order]) != 0))
        below, equal, above = _weights_around(weights[order] * lasting, block, run)
        _add(counts, order, ending, (below, equal, above))
        below, equal, above = _weights_around(weights[order] * ending, block, run)
        _add(counts, order, lasting, (above, equal, below))
        width *= 2
    return counts


def _weights_around(
    weights: np.ndarray, block: np.ndarray, run: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    cumulative = np.append(0.0, np.cumsum(weights))
    run_start = np.flatnonzero(run)
    run_of = np.cumsum(run) - 1
    run_end = np.append(run_start[1:], len(weights))
    block_start = np.flatnonzero(np.append(True, np.diff(block) != 0))
    block_of = np.cumsum(np.append(False, np.diff(block) != 0))
    block_end = np.append(block_start[1:], len(weights))
    low, high = cumulative[run_start][run_of], cumulative[run_end][run_of]
    return (
        low - cumulative[block_start][block_of],
        high - low,
        cumulative[block_end][block_of] - high,
    )


def _add(counts: np.ndarray, order: np.ndarray, chosen: np.ndarray, parts: tuple) -> None:
    for line, part in zip(counts, parts, strict=True):
        line[order[chosen]] += part[chosen]
