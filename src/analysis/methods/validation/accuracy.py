"""Accuracy: how far predicted shares alive lie from what happened (Brier), and calibration."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import Durations, read_durations
from analysis.methods._risksets import count_risk_sets
from analysis.methods.intervals import check_level, critical_value
from analysis.methods.validation._observation import (
    StepCurve,
    inverse,
    observation_steps,
    read_times,
    refuse_entry,
    survival_steps,
)
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class BrierScore:
    """Mean squared error of predicted shares alive; 0 is perfect.

    Attributes
    ----------
    table : DataFrame
        One row a time: `term, time, estimate, std_error, conf_low, conf_high, null` (score of the
        Kaplan-Meier curve), `skill` (1 - estimate / null), `n, note`.
    integrated, integrated_null, skill : float
        Averages over the times given (trapezoid), and 1 - integrated / integrated_null.
    """

    table: pd.DataFrame
    integrated: float
    integrated_null: float
    skill: float


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Predicted against observed shares alive at a horizon.

    Attributes
    ----------
    table : DataFrame
        One row a group of similar predictions, from the lowest: `group, term, predicted` (mean),
        `estimate` (Kaplan-Meier share at the horizon), `std_error, conf_low, conf_high, n, note`.
    observed_to_expected : float
        Ends observed by the horizon (Kaplan-Meier) over ends predicted, among all.
    horizon : float
    """

    table: pd.DataFrame
    observed_to_expected: float
    horizon: float


def brier_score(
    held_out: pd.DataFrame,
    survival: np.ndarray,
    *,
    times,
    training: pd.DataFrame | None = None,
    conf_level: float = 0.95,
) -> BrierScore:
    """Score predicted shares alive against what happened.

    Parameters
    ----------
    held_out : DataFrame
        `duration, event`, optional `count`: customers not used in fitting.
    survival : ndarray, (n, len(times))
        Predicted share alive of each row at each time, in 0-1.
    times : array
        Increasing, within follow-up.
    training : DataFrame, optional
        `duration, event` of those used in fitting: gives the chance to be still observed and the
        Kaplan-Meier curve to beat; by default the held-out customers.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    BrierScore

    References
    ----------
    Graf, Schmoor, Sauerbrei & Schumacher (1999), Statistics in Medicine 18, 2529-2545.
    """
    check_level(conf_level)
    columns = read_durations(held_out)
    refuse_entry(columns)
    times = read_times(times)
    predicted = _read_shares(held_out, survival, len(times))
    reference = columns if training is None else read_durations(training)
    observed, null = observation_steps(columns, training), survival_steps(reference).after(times)
    count = np.ones(len(predicted)) if columns.count is None else columns.count
    rows = []
    for time, shares, share in zip(times, predicted.T, null, strict=True):
        weight, alive = _weights_at(time, columns, observed)
        error = weight * (alive - shares) ** 2
        score = np.average(error, weights=count)
        spread = np.average((error - score) ** 2, weights=count)
        baseline = np.average(weight * (alive - share) ** 2, weights=count)
        rows.append((time, score, np.sqrt(spread / count.sum()), baseline))
    table = pd.DataFrame(rows, columns=["time", "estimate", "std_error", "null"])
    reach = critical_value(conf_level) * table["std_error"]
    beyond = ~np.isfinite(table["estimate"]) | (times > columns.duration.max())
    table = table.assign(
        term="Brier score",
        conf_low=table["estimate"] - reach,
        conf_high=table["estimate"] + reach,
        skill=1 - table["estimate"] / table["null"],
    )
    table.loc[beyond, ["estimate", "std_error", "conf_low", "conf_high", "null", "skill"]] = np.nan
    table = table.assign(n=columns.n, note=np.where(beyond, note("survival.not_followed"), ""))
    mean, mean_null = (_time_average(times, table[name]) for name in ("estimate", "null"))
    order = ["term", "time", "estimate", "std_error", "conf_low", "conf_high", "null", "skill"]
    return BrierScore(table[[*order, "n", "note"]], mean, mean_null, 1 - mean / mean_null)


def calibrate(
    held_out: pd.DataFrame,
    survival: np.ndarray,
    *,
    horizon: float,
    groups: int = 10,
    conf_level: float = 0.95,
) -> Calibration:
    """Compare predicted shares alive at a horizon with Kaplan-Meier, in groups of equal size.

    Groups with equal predictions are joined. Log-log intervals; NaN and a note where follow-up of a
    group ends before the horizon.

    Parameters
    ----------
    held_out : DataFrame
        `duration, event`, optional `entry` and `count`: customers not used in fitting.
    survival : ndarray, (n,)
        Predicted share alive of each row at the horizon, in 0-1.
    horizon : float
        In the unit of `duration`.
    groups : int
        Groups of similar predictions, 1 or more.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Calibration

    Raises
    ------
    ParamsError
        `groups` is no whole number of 1 or more.
    DataError
        A column is wrong, or shares lie outside 0-1.

    References
    ----------
    D'Agostino & Nam (2003), Handbook of Statistics 23, 1-25.
    """
    check_level(conf_level)
    if not (isinstance(groups, int | np.integer) and groups >= 1):
        raise ParamsError(f"groups must be a whole number of at least 1, but {groups!r} came")
    columns = read_durations(held_out)
    predicted = _read_shares(held_out, survival, 1)[:, 0]
    count = np.ones(len(predicted)) if columns.count is None else columns.count
    codes = np.ceil(rankdata(predicted) / len(predicted) * groups).astype(int)
    rows = []
    for position, code in enumerate(np.unique(codes), start=1):
        chosen = codes == code
        row = {"group": str(position), "term": note("survival.alive_at", time=horizon)}
        row["predicted"] = np.average(predicted[chosen], weights=count[chosen])
        rows.append(row | _observed_share(columns.take(chosen), horizon, conf_level))
    overall = _observed_share(columns, horizon, conf_level)["estimate"]
    expected = 1 - np.average(predicted, weights=count)
    ratio = (1 - overall) / expected if expected > 0 else np.nan
    return Calibration(pd.DataFrame(rows), float(ratio), float(horizon))


def _observed_share(columns: Durations, horizon: float, conf_level: float) -> dict:
    sets = count_risk_sets(columns)
    early = (sets.time <= horizon) & (sets.events > 0)
    n, d = sets.at_risk[early].astype(float), sets.events[early]
    share = float(np.prod(1 - d / n))
    row = {"estimate": share, "std_error": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    row |= {"n": columns.n, "note": ""}
    if horizon > sets.time[-1]:
        beyond = note("survival.beyond_follow_up", end=sets.time[-1])
        return row | {"estimate": np.nan, "note": beyond}
    if 0 < share < 1:
        log_error = np.sqrt((d / (n * (n - d))).sum())
        factor = np.exp(critical_value(conf_level) * log_error / -np.log(share))
        row |= {"std_error": share * log_error, "conf_low": share**factor}
        row |= {"conf_high": share ** (1 / factor)}
    return row


def _weights_at(
    time: float, columns: Durations, observed: StepCurve
) -> tuple[np.ndarray, np.ndarray]:
    alive = columns.duration > time
    ended = columns.event & ~alive
    weight = np.zeros(len(alive))
    weight[ended] = inverse(observed.before(columns.duration[ended]))
    weight[alive] = inverse(observed.after(np.array([time])))[0]
    return weight, alive.astype(float)


def _time_average(times: np.ndarray, values: pd.Series) -> float:
    if len(times) == 1:
        return float(values.iloc[0])
    return float(np.trapezoid(values, times) / (times[-1] - times[0]))


def _read_shares(held_out: pd.DataFrame, survival: np.ndarray, columns: int) -> np.ndarray:
    shares = np.asarray(survival, dtype=float).reshape(len(survival), -1)
    if shares.shape != (len(held_out), columns):
        raise DataError(
            f"survival must have {len(held_out):,} rows and {columns} columns, one a customer and "
            f"time, but its shape is {shares.shape}"
        )
    if not ((shares >= 0) & (shares <= 1)).all():
        raise DataError("survival must be shares in 0-1, but some lie outside or are missing")
    if "count" not in held_out.columns:
        return shares
    return shares[pd.to_numeric(held_out["count"]).to_numpy() > 0]
