"""How much one relationship moves a Kaplan-Meier summary: the infinitesimal jackknife.

A summary (a share alive, a restricted mean) changes with the hazard at each end by a load; the
influence of a row is its martingale residual, loaded. Sums of influences by customer give standard
errors where a customer has several rows. Without clusters they are Greenwood's, exactly.
"""

import numpy as np

from analysis.methods._durations import Durations
from analysis.methods._risksets import RiskSets


def row_influence(columns: Durations, sets: RiskSets, loads: np.ndarray) -> np.ndarray:
    """Influence of each row (n,), given loads (T,) on the relative hazard at the exit times."""
    stays = sets.at_risk - sets.events
    with np.errstate(divide="ignore", invalid="ignore"):
        per_end = np.where(stays > 0, loads / stays, 0.0) * (sets.events > 0)
        steps = per_end * sets.events / sets.at_risk
    passed = np.append(0.0, np.cumsum(steps))
    exit_position = np.searchsorted(sets.time, columns.duration, side="right")
    expected = passed[exit_position]
    if columns.entry is not None:
        expected = expected - passed[np.searchsorted(sets.time, columns.entry, side="right")]
    return expected - columns.event * per_end[exit_position - 1]


def sum_by_cluster(influence: np.ndarray, columns: Durations, cluster: np.ndarray) -> np.ndarray:
    """Influence of each cluster; `cluster` are codes (n,) of all clusters of the table."""
    weight = influence if columns.count is None else influence * columns.count
    return np.bincount(cluster, weights=weight)
