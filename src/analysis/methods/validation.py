"""How good predictions of survival are, judged on customers that the model has not seen.

Discrimination (who ends first: concordance, AUC at a time), error (Brier score, against the
Kaplan-Meier curve that knows no covariates) and calibration (do 30 % end where 30 % was said).
Those censored before a horizon are made up for by weighting the others by one over the chance to be
still observed (Graf et al. 1999); this assumes that censoring does not depend on the covariates.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm, rankdata

from analysis.errors import DataError, ParamsError
from analysis.methods._concordance import Concordance, count_concordance, pairs_by_row
from analysis.methods._risksets import (
    Durations,
    check_columns,
    check_level,
    count_risk_sets,
    drop_uncounted,
    raise_faults,
    read_durations,
    read_numbers,
)


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


def harrell_concordance(predictions: pd.DataFrame) -> Concordance:
    """Harrell's C of `risk` (higher: expected to end sooner), ties in risk counting half.

    Columns: `duration, event, risk`, optional `entry, count`. Harrell et al. (1982), JAMA 247,
    2543-2546; standard error by infinitesimal jackknife, as R's survival.
    """
    columns, risk = _read_risk(predictions)
    return count_concordance(columns, risk)


def uno_concordance(
    predictions: pd.DataFrame, *, until: float | None = None, training: pd.DataFrame | None = None
) -> Concordance:
    """Uno's C: as Harrell's, with pairs weighted so that censoring does not decide which count.

    Columns as in `harrell_concordance`, without `entry`. `until` leaves out ends at or after it;
    `training` (`duration, event`) gives the chance to be still observed, by default the predicted
    customers themselves. The standard error takes the weights as known. Uno et al. (2011),
    Statistics in Medicine 30, 1105-1117.
    """
    columns, risk = _read_risk(predictions)
    _refuse_entry(columns)
    observed = _observation(columns, training)
    counts = columns.event & (columns.duration < (np.inf if until is None else until))
    weight = np.zeros(len(risk))
    weight[counts] = _inverse(observed.before(columns.duration[counts])) ** 2
    if not np.isfinite(weight).all():
        raise DataError(
            "someone must still be observed when the last relationship ends, but the training "
            "customers were all censored before; set until to an earlier time"
        )
    first, _ = pairs_by_row(columns, risk)
    count = np.ones(len(risk)) if columns.count is None else columns.count
    higher, same, lower = first @ (weight * count)
    pairs = higher + same + lower
    if not pairs:
        return Concordance(np.nan, np.nan, 0.0, 0.0, 0.0)
    estimate = float((higher + same / 2) / pairs)
    excess = weight * (first[0] + first[1] / 2 - estimate * first.sum(axis=0))
    excess = excess + _as_later(columns, risk, weight, estimate)
    std_error = float(np.sqrt(count @ excess**2) / pairs)
    return Concordance(estimate, std_error, float(higher), float(lower), float(same))


def _as_later(
    columns: Durations, risk: np.ndarray, weight: np.ndarray, estimate: float
) -> np.ndarray:
    count = np.ones(len(risk)) if columns.count is None else columns.count
    weighted = Durations(columns.duration, columns.event, None, count * weight)
    _, second = pairs_by_row(weighted, risk)
    return second[0] + second[1] / 2 - estimate * second.sum(axis=0)


def dynamic_auc(
    predictions: pd.DataFrame, *, times, training: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Chance that one who ended by a time had a higher `risk` than one alive then.

    Columns as in `uno_concordance`. Returns one row a time and a last one, `term` mean AUC,
    averaged over the fall of the survival curve: `term, time, estimate, cases, controls, n, note`.
    Cumulative cases, dynamic controls: Uno et al. (2007), JASA 102, 527-537; Lambert & Chevret
    (2016), Statistical Methods in Medical Research 25, 2088-2102 for the mean.
    """
    columns, risk = _read_risk(predictions)
    _refuse_entry(columns)
    times = _read_times(times)
    observed = _observation(columns, training)
    count = np.ones(len(risk)) if columns.count is None else columns.count
    rows = [_auc_at(time, columns, risk, count, observed) for time in times]
    table = pd.DataFrame(rows)
    fall = -np.diff(np.append(1.0, _survival(columns).after(times)))
    mean = float(table["estimate"] @ fall / fall.sum()) if fall.sum() > 0 else np.nan
    last = {"term": "mean AUC", "time": np.nan, "estimate": mean, "n": columns.n}
    last["note"] = "not estimable" if np.isnan(mean) else ""
    return pd.concat([table, pd.DataFrame([last])], ignore_index=True)


def _auc_at(
    time: float, columns: Durations, risk: np.ndarray, count: np.ndarray, observed: "StepCurve"
) -> dict:
    case = columns.event & (columns.duration <= time)
    control = columns.duration > time
    cases, controls = int(count[case].sum()), int(count[control].sum())
    row = {"term": "AUC", "time": time, "estimate": np.nan, "cases": cases, "controls": controls}
    row |= {"n": columns.n, "note": ""}
    if not cases or not controls:
        return row | {"note": "not estimable: nobody ended by then, or nobody was left"}
    weight = count[case] * _inverse(observed.before(columns.duration[case]))
    order = np.argsort(risk[control])
    ranked = risk[control][order]
    below = np.append(0.0, np.cumsum(count[control][order]))
    wins = below[np.searchsorted(ranked, risk[case], side="left")]
    wins = (wins + below[np.searchsorted(ranked, risk[case], side="right")]) / 2
    return row | {"estimate": float(weight @ wins / (weight.sum() * controls))}


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

    References
    ----------
    Graf, Schmoor, Sauerbrei & Schumacher (1999), Statistics in Medicine 18, 2529-2545.
    """
    check_level(conf_level)
    columns = read_durations(held_out)
    _refuse_entry(columns)
    times = _read_times(times)
    predicted = _read_shares(held_out, survival, len(times))
    reference = columns if training is None else read_durations(training)
    observed, null = _observation(columns, training), _survival(reference).after(times)
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
    reach = norm.ppf((1 + conf_level) / 2) * table["std_error"]
    beyond = ~np.isfinite(table["estimate"]) | (times > columns.duration.max())
    table = table.assign(
        term="Brier score",
        conf_low=table["estimate"] - reach,
        conf_high=table["estimate"] + reach,
        skill=1 - table["estimate"] / table["null"],
    )
    table.loc[beyond, ["estimate", "std_error", "conf_low", "conf_high", "null", "skill"]] = np.nan
    table = table.assign(n=columns.n, note=np.where(beyond, "beyond follow-up", ""))
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

    `held_out` as in `brier_score` (late `entry` allowed); `survival` (n,) predicted at `horizon`.
    Groups with equal predictions are joined. Log-log intervals; NaN and a note where follow-up of a
    group ends before the horizon. D'Agostino & Nam (2003), Handbook of Statistics 23, 1-25.
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
        row = {"group": str(position), "term": f"alive at {horizon:g}"}
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
        return row | {"estimate": np.nan, "note": f"follow-up ends at {sets.time[-1]:g}"}
    if 0 < share < 1:
        log_error = np.sqrt((d / (n * (n - d))).sum())
        factor = np.exp(norm.ppf((1 + conf_level) / 2) * log_error / -np.log(share))
        row |= {"std_error": share * log_error, "conf_low": share**factor}
        row |= {"conf_high": share ** (1 / factor)}
    return row


@dataclass(frozen=True, slots=True, eq=False)
class StepCurve:
    """A falling step function: `share` (T,) from each `time` (T,) on, 1 before."""

    time: np.ndarray
    share: np.ndarray

    def after(self, times: np.ndarray) -> np.ndarray:
        """Value at each time."""
        return np.append(1.0, self.share)[np.searchsorted(self.time, times, side="right")]

    def before(self, times: np.ndarray) -> np.ndarray:
        """Value just before each time."""
        return np.append(1.0, self.share)[np.searchsorted(self.time, times, side="left")]


def _survival(columns: Durations) -> StepCurve:
    sets = count_risk_sets(columns)
    return StepCurve(sets.time, np.cumprod(1 - sets.events / sets.at_risk))


def _observation(columns: Durations, training: pd.DataFrame | None) -> StepCurve:
    # Chance to be still observed: those who end at a time are no longer at risk to be censored.
    sets = count_risk_sets(columns if training is None else read_durations(training))
    left = np.maximum(sets.at_risk - sets.events, 1)
    return StepCurve(sets.time, np.cumprod(1 - sets.censored / left))


def _inverse(share: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 1 / share


def _weights_at(
    time: float, columns: Durations, observed: StepCurve
) -> tuple[np.ndarray, np.ndarray]:
    alive = columns.duration > time
    ended = columns.event & ~alive
    weight = np.zeros(len(alive))
    weight[ended] = _inverse(observed.before(columns.duration[ended]))
    weight[alive] = _inverse(observed.after(np.array([time])))[0]
    return weight, alive.astype(float)


def _time_average(times: np.ndarray, values: pd.Series) -> float:
    if len(times) == 1:
        return float(values.iloc[0])
    return float(np.trapezoid(values, times) / (times[-1] - times[0]))


def _read_risk(predictions: pd.DataFrame) -> tuple[Durations, np.ndarray]:
    check_columns(predictions, ["duration", "event", "risk"])
    columns = read_durations(predictions)
    faults: list[str] = []
    risk = read_numbers(drop_uncounted(predictions), "risk", faults)
    raise_faults(faults)
    return columns, risk


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


def _refuse_entry(columns: Durations) -> None:
    if columns.entry is not None:
        raise DataError(
            "entry must be absent for scores weighted by the chance to be observed, but rows enter "
            "late; judge customers from their start, or use harrell_concordance"
        )


def _read_times(times) -> np.ndarray:
    read = np.atleast_1d(np.asarray(times, dtype=float))
    if read.ndim != 1 or not np.isfinite(read).all() or (np.diff(read) <= 0).any():
        raise ParamsError(f"times must be increasing numbers, but {times!r} came")
    return read
