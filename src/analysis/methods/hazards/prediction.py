"""Survival curves that a Cox regression predicts for given covariates."""

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import align_times, check_columns
from analysis.methods.hazards._clusters import cluster_hazards, cluster_scores
from analysis.methods.hazards._partial_likelihood import RiskSums, sum_risk_sets
from analysis.methods.hazards.cox import CoxRegression
from analysis.methods.hazards.design import read_design
from analysis.methods.intervals import check_level, critical_value
from analysis.notes import note


def predict_survival(
    fit: CoxRegression, profiles: pd.DataFrame, *, times, conf_level: float = 0.95
) -> pd.DataFrame:
    """Predict the share alive at given times for each row of covariates.

    Parameters
    ----------
    fit : CoxRegression
        Fitted to covariates that do not change over time.
    profiles : DataFrame
        The covariates of the fit (and its strata column), one row a profile.
    times : array
        In the unit of `duration`, >= 0; past the last follow-up of the stratum: NaN and a note.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        `group` (label of the profile's row in its index), `term, time, estimate, std_error,
        conf_low, conf_high` (log-log), `n, note`.

    Raises
    ------
    DataError
        If the covariates of the fit change within customers: their future is then unknown.

    Notes
    -----
    Where the fit is clustered, so are the errors: those of the coefficients and of the baseline,
    by the infinitesimal jackknife. R's survfit.coxph takes the clusters for the coefficients alone,
    and with customers who have several rows its errors are too small.

    References
    ----------
    Tsiatis (1981), Annals of Statistics 9, 93-108; Efron's baseline, as R's survfit.coxph; Lin &
    Wei (1989), JASA 84, 1074-1078, and Reid & Crépeau (1985), Biometrika 72, 1-9 (by cluster).
    """
    check_level(conf_level)
    if fit.sample.time_varying:
        raise DataError(
            "covariates must be fixed for a survival curve to follow, but they change within "
            "customers; report the hazard ratios, or fit covariates known at time zero"
        )
    times = np.atleast_1d(np.asarray(times, dtype=float))
    if not np.isfinite(times).all() or (times < 0).any():
        raise ParamsError(f"times must be numbers of at least 0, but {times.tolist()} came")
    fitted, maximum = fit.sample.design, fit.maximum
    design = read_design(profiles, fitted.covariates, fitted.levels)
    x = (design.matrix - maximum.center) / maximum.scale
    log_survival, log_error = _cumulative_hazard(fit, x, _strata_of(fit, profiles), times)
    return _prediction_table(fit, profiles.index, times, log_survival, log_error, conf_level)


def _strata_of(fit: CoxRegression, profiles: pd.DataFrame) -> np.ndarray:
    strata = fit.sample.strata
    if strata.column is None:
        return np.zeros(len(profiles), dtype=int)
    check_columns(profiles, [strata.column])
    labels = profiles[strata.column].astype(str)
    unknown = labels[~labels.isin(strata.labels)]
    if len(unknown):
        raise DataError(
            f"{strata.column} must be one of {', '.join(strata.labels)}, "
            f"but {unknown.iloc[0]!r} came"
        )
    return np.array([strata.labels.index(label) for label in labels])


def _cumulative_hazard(
    fit: CoxRegression, x: np.ndarray, strata: np.ndarray, times: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    beta, rows, covariance = fit.maximum.coefficients, fit.maximum.rows, fit.maximum.covariance
    sums = sum_risk_sets(rows, beta)
    relative = np.exp(x @ beta - (beta @ rows.x).max())
    drift = sums.s1 * sums.b0 - sums.e1 * sums.b1
    log_survival = np.full((len(x), len(times)), np.nan)
    log_error = np.full_like(log_survival, np.nan)
    for stratum in np.unique(strata):
        members = np.flatnonzero(strata == stratum)
        cells = np.flatnonzero(rows.cell_stratum == stratum)
        cell_time, followed = rows.cell_time[cells], fit.sample.columns.duration
        passed = np.searchsorted(cell_time, align_times(times, cell_time), side="right")
        hazard, spread, shift = (
            np.insert(np.cumsum(steps[..., cells], axis=-1), 0, 0.0, axis=-1)[..., passed]
            for steps in (sums.a0, sums.b0, drift)
        )
        q = shift[None] - x[members][:, :, None] * hazard
        if fit.sample.cluster is not None:
            spread, shared = _spread_by_cluster(fit, sums, stratum, passed)
            spread = spread - 2 * np.einsum("mpt,pt->mt", q, shared)
        variance = spread + np.einsum("mpt,pq,mqt->mt", q, covariance, q)
        log_survival[members] = -relative[members, None] * hazard
        log_error[members] = relative[members, None] * np.sqrt(variance)
        last = followed[fit.sample.strata.codes == stratum].max(keepdims=True)
        beyond = align_times(times, last) > last
        log_survival[np.ix_(members, beyond)] = np.nan
    return log_survival, log_error


def _spread_by_cluster(
    fit: CoxRegression, sums: RiskSums, stratum: int, passed: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Variance of the baseline hazard (T,), and its covariance with the coefficients (p, T)."""
    rows, codes = fit.maximum.rows, fit.sample.cluster.codes
    shifts = fit.maximum.naive_covariance @ cluster_scores(rows, sums, codes)
    pulls = cluster_hazards(rows, sums, codes, stratum, passed)
    return (pulls**2).sum(axis=1), shifts @ pulls.T


def _prediction_table(
    fit: CoxRegression,
    index: pd.Index,
    times: np.ndarray,
    log_survival: np.ndarray,
    log_error: np.ndarray,
    conf_level: float,
) -> pd.DataFrame:
    survival = np.exp(log_survival)
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = np.exp(critical_value(conf_level) * log_error / -log_survival)
        low, high = np.exp(log_survival * factor), np.exp(log_survival / factor)
    flat = log_survival == 0
    low[flat] = high[flat] = np.nan
    return pd.DataFrame(
        {
            "group": np.repeat(index.astype(str), len(times)),
            "term": "predicted survival",
            "time": np.tile(times, len(index)),
            "estimate": survival.ravel(),
            "std_error": (survival * log_error).ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
            "n": fit.sample.n,
            "note": np.where(np.isnan(survival), note("survival.not_followed"), "").ravel(),
        }
    )
