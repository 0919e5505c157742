"""Shares alive at named times (a year, two years), and how far groups lie apart there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods._durations import Durations, align_times, drop_uncounted, read_groups
from analysis.methods._durations import read_durations as read
from analysis.methods._risksets import RiskSets
from analysis.methods.survival._influence import row_influence, sum_by_cluster
from analysis.methods.survival._product_limit import survival_interval
from analysis.methods.survival.contrasts import choose_reference, contrast_rows
from analysis.methods.survival.kaplan_meier import survival_curve


@dataclass(frozen=True, slots=True, eq=False)
class Milestones:
    """Shares alive at given times.

    Attributes
    ----------
    table : DataFrame
        `group, term, time, estimate` (share), `std_error, conf_low, conf_high, at_risk, n, note`.
    contrasts : DataFrame
        Each group minus the reference at each time, in shares: `group, reference, term, time,
        estimate, std_error, conf_low, conf_high, p_value, n, note`.
    """

    table: pd.DataFrame
    contrasts: pd.DataFrame


def milestone_differences(
    durations: pd.DataFrame,
    *,
    by: str | None,
    times,
    reference: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> Milestones:
    """Compare the share alive between groups at fixed times (Greenwood, or robust by cluster).

    Past a group's follow-up: NaN and a note.

    Parameters
    ----------
    durations : DataFrame
        `duration` (time units, >= 0), `event` (1 ended, 0 open), optional `entry` and `count`, as
        in `survival_curve`.
    by : str or None
        Column of groups known at time zero.
    times : list of float
        0 or later, in the unit of `duration`.
    reference : str, optional
        Group that the others are compared with; by default the first.
    cluster : str, optional
        Column whose rows belong together (`customer_id`), within and across groups.
    conf_level : float
        Level of the intervals, in (0, 1).
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    Milestones

    References
    ----------
    Klein, Logan, Harhoff & Andersen (2007), Statistics in Medicine 26, 4505-4519.
    """
    curve = survival_curve(durations, by=by, conf_level=conf_level, conf_type=conf_type)
    table = curve.at(times)
    grid = table.loc[table["group"] == curve.groups[0], "time"].to_numpy()
    covariances = [None] * len(grid)
    if cluster is not None:
        counted = drop_uncounted(durations)
        codes = read_groups(counted, by)[0]
        clusters = read_groups(counted, cluster)[0]
        covariances = _cluster_covariances(read(durations), curve, codes, clusters, grid)
        table = _with_robust_errors(table, covariances, conf_level, conf_type)
    base = choose_reference(curve.groups, reference)
    rows = [
        {"time": time, **row}
        for time, covariance in zip(grid, covariances, strict=True)
        for row in contrast_rows(
            table[table["time"] == time], base, conf_level, covariance=covariance
        )
    ]
    return Milestones(table, pd.DataFrame(rows))


def _cluster_covariances(
    columns: Durations, curve, codes: np.ndarray, clusters: np.ndarray, grid: np.ndarray
) -> list[pd.DataFrame]:
    covariances = []
    shares = curve.at(grid)
    for time in grid:
        sums = np.zeros((len(curve.groups), clusters.max() + 1))
        for code, (label, sets) in enumerate(curve.risk_sets.items()):
            here = shares[(shares["group"] == label) & (shares["time"] == time)]
            loads = _loads(sets, time, here["estimate"].iloc[0])
            part = columns.take(codes == code)
            influence = row_influence(part, sets, loads)
            totals = sum_by_cluster(influence, part, clusters[codes == code])
            sums[code, : len(totals)] = totals
        covariances.append(pd.DataFrame(sums @ sums.T, index=curve.groups, columns=curve.groups))
    return covariances


def _loads(sets: RiskSets, time: float, share: float) -> np.ndarray:
    (known,) = align_times(np.array([time]), sets.time)
    return np.where(sets.time <= known, share, 0.0)


def _with_robust_errors(
    table: pd.DataFrame, covariances: list[pd.DataFrame], conf_level: float, conf_type: str
) -> pd.DataFrame:
    errors = np.sqrt(np.array([np.diag(covariance) for covariance in covariances]))
    table = table.assign(std_error=np.where(table["estimate"] > 0, errors.T.ravel(), np.nan))
    share = table["estimate"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        log_error = table["std_error"].to_numpy() / share
    low, high = survival_interval(share, log_error, conf_level, conf_type)
    return table.assign(conf_low=low, conf_high=high)
