"""Restricted mean: the average time alive within a horizon, the area under the curve up to it.

It needs no proportional hazards, and its difference reads in time: so many days longer within a
year. Where a curve ends before the horizon, the last share is carried forward, and a note says so.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._durations import (
    Durations,
    align_times,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods._risksets import RiskSets, count_risk_sets
from analysis.methods.intervals import check_level
from analysis.methods.survival._influence import row_influence, sum_by_cluster
from analysis.methods.survival._product_limit import product_limit
from analysis.methods.survival.contrasts import add_interval, choose_reference, contrast_rows
from analysis.notes import Note, note


@dataclass(frozen=True, slots=True, eq=False)
class RestrictedMeans:
    """Average time alive within a horizon.

    Attributes
    ----------
    table : DataFrame
        One row a group: `group, term, estimate, std_error, conf_low, conf_high, n, events, note`;
        time units of `duration`.
    contrasts : DataFrame
        Each group against the reference, `term` difference (time units) or ratio (its std_error is
        of the logarithm): `group, reference, term, estimate, std_error, conf_low, conf_high,
        p_value, n, note`. Empty with one group.
    until : float
        The horizon.
    """

    table: pd.DataFrame
    contrasts: pd.DataFrame
    until: float


def restricted_mean(
    durations: pd.DataFrame,
    *,
    by: str | None = None,
    until: float | None = None,
    reference: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> RestrictedMeans:
    """Estimate the mean time alive up to `until`, and compare groups.

    Parameters
    ----------
    durations : DataFrame
        As in `survival_curve`.
    by : str, optional
        Column of groups known at time zero.
    until : float, optional
        Horizon, > 0; by default the shortest of the groups' longest follow-up.
    reference : str, optional
        Group that the others are compared with; by default the first.
    cluster : str, optional
        Column whose rows belong together (`customer_id`), within and across groups.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    RestrictedMeans

    References
    ----------
    Royston & Parmar (2013), BMC Medical Research Methodology 13, 152; variance: Klein &
    Moeschberger (2003), Survival Analysis, 4.5: sum of A_i^2 d_i / (n_i (n_i - d_i)).
    """
    check_level(conf_level)
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    codes, labels = read_groups(counted, by)
    clusters = None if cluster is None else read_groups(counted, cluster)[0]
    parts = [columns.take(codes == code) for code in range(len(labels))]
    sets = [count_risk_sets(part) for part in parts]
    horizon = _read_horizon(until, sets)
    table = pd.DataFrame(
        [_mean_row(label, part, horizon) for label, part in zip(labels, sets, strict=True)]
    )
    covariance = None
    if clusters is not None:
        covariance = _cluster_covariance(parts, sets, codes, clusters, labels, horizon)
        robust = np.sqrt(np.diag(covariance))
        table["std_error"] = np.where(table["std_error"].notna(), robust, np.nan)
    table = add_interval(table, conf_level)
    contrasts = contrast_rows(
        table, choose_reference(labels, reference), conf_level, covariance=covariance, ratio=True
    )
    return RestrictedMeans(table, pd.DataFrame(contrasts), horizon)


def _read_horizon(until: float | None, sets: list[RiskSets]) -> float:
    horizon = min(part.time[-1] for part in sets) if until is None else float(until)
    if not (np.isfinite(horizon) and horizon > 0):
        raise ParamsError(f"until must be a time above 0, but {horizon!r} came")
    last = np.sort([part.time[-1] for part in sets])
    return float(align_times(np.array([horizon]), last)[0])


def mean_and_areas(sets: RiskSets, until: float) -> tuple[float, float, np.ndarray]:
    """Restricted mean, its standard error (NaN if none ended), and the area right of each exit.

    Parameters
    ----------
    sets : RiskSets
    until : float
        The horizon, in the unit of the times.

    Returns
    -------
    mean, std_error : float
    areas : array, (exits,)
    """
    ends = np.flatnonzero((sets.events > 0) & (sets.time <= until))
    survival, _ = product_limit(sets.at_risk[ends], sets.events[ends])
    times = sets.time[ends]
    widths = np.diff(np.append(times, until))
    right = np.cumsum((survival * widths)[::-1])[::-1]
    mean = (times[0] + right[0]) if len(ends) else until
    n, d = sets.at_risk[ends].astype(float), sets.events[ends]
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = np.where(right > 0, right**2 * d / (n * (n - d)), 0.0).sum()
    areas = np.zeros(len(sets.time))
    areas[ends] = right
    return float(mean), float(np.sqrt(variance)) if len(ends) else np.nan, areas


def _mean_row(label: str, sets: RiskSets, until: float) -> dict:
    mean, std_error, _ = mean_and_areas(sets, until)
    return {
        "group": label,
        "term": note("survival.restricted_mean", until=until),
        "estimate": mean,
        "std_error": std_error,
        "conf_low": np.nan,
        "conf_high": np.nan,
        "n": sets.n,
        "events": int(sets.events.sum()),
        "note": carried_forward(sets, until),
    }


def carried_forward(sets: RiskSets, until: float) -> Note | str:
    """The note for a curve without ends, or that ends above 0 before the horizon.

    Parameters
    ----------
    sets : RiskSets
    until : float
        The horizon, in the unit of the times.

    Returns
    -------
    Note or str
        '' where there is none.
    """
    if not sets.events[sets.time <= until].any():
        return note("survival.nothing_ended_by", until=until)
    last = sets.time[-1]
    if until <= last or sets.events[-1] == sets.at_risk[-1]:
        return ""
    return note("survival.carried_forward", end=last, until=until)


def _cluster_covariance(
    parts: list[Durations],
    sets: list[RiskSets],
    codes: np.ndarray,
    clusters: np.ndarray,
    labels: list[str],
    until: float,
) -> pd.DataFrame:
    sums = np.zeros((len(labels), clusters.max() + 1))
    for code, (part, counts) in enumerate(zip(parts, sets, strict=True)):
        influence = row_influence(part, counts, mean_and_areas(counts, until)[2])
        totals = sum_by_cluster(influence, part, clusters[codes == code])
        sums[code, : len(totals)] = totals
    return pd.DataFrame(sums @ sums.T, index=labels, columns=labels)
