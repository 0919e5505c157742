"""How much each cluster (a customer with several rows) moves a Cox regression."""

import numpy as np

from analysis.methods.hazards._partial_likelihood import RiskRows, RiskSums, score_residuals


def cluster_scores(rows: RiskRows, sums: RiskSums, clusters: np.ndarray) -> np.ndarray:
    """Contribution of each cluster (codes of all rows of the table) to the score, (p, C)."""
    return _by_cluster(rows, score_residuals(rows, sums), clusters)


def cluster_hazards(
    rows: RiskRows, sums: RiskSums, clusters: np.ndarray, stratum: int, passed: np.ndarray
) -> np.ndarray:
    """Pull of each cluster on a stratum's baseline hazard, coefficients held, (T, C).

    `passed` (T,) is how many cells of the stratum lie at or before each time. A row that ends
    raises the hazard by its share of the step; while at risk it lowers every step.
    """
    begin = np.searchsorted(rows.cell_stratum, stratum)
    here = rows.cell_stratum[rows.own] == stratum
    ended = np.zeros(len(rows.own), bool)
    ended[rows.ended] = True
    total = np.insert(np.cumsum(sums.b0), 0, 0.0)
    pulls = []
    for limit in begin + passed:
        first = np.minimum(rows.first, limit)
        at_risk = total[np.clip(rows.own + 1, first, limit)] - total[first]
        own = ended & (rows.own < limit)
        pull = own * (sums.a0 / rows.ends)[rows.own]
        pull -= sums.risk / rows.count * (at_risk - own * sums.b1[rows.own])
        pulls.append(pull * here)
    return _by_cluster(rows, np.array(pulls), clusters)


def _by_cluster(rows: RiskRows, values: np.ndarray, clusters: np.ndarray) -> np.ndarray:
    member, size = clusters[rows.rows], clusters.max() + 1
    return np.vstack(
        [np.bincount(member, weights=line * rows.count, minlength=size) for line in values]
    )
