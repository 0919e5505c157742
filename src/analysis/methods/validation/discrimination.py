"""Discrimination: did those with the higher predicted risk end first?"""

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._concordance import Concordance, count_concordance, pairs_by_row
from analysis.methods._durations import (
    Durations,
    check_columns,
    drop_uncounted,
    raise_faults,
    read_durations,
    read_numbers,
)
from analysis.methods.validation._observation import (
    StepCurve,
    inverse,
    observation_steps,
    read_times,
    refuse_entry,
    survival_steps,
)
from analysis.notes import note


def harrell_concordance(predictions: pd.DataFrame) -> Concordance:
    """Harrell's C of `risk` (higher: expected to end sooner), ties in risk counting half.

    Parameters
    ----------
    predictions : DataFrame
        `duration, event, risk`, optional `entry` and `count`.

    Returns
    -------
    Concordance

    References
    ----------
    Harrell et al. (1982), JAMA 247, 2543-2546; standard error by infinitesimal jackknife, as R's
    survival.
    """
    columns, risk = _read_risk(predictions)
    return count_concordance(columns, risk)


def uno_concordance(
    predictions: pd.DataFrame, *, until: float | None = None, training: pd.DataFrame | None = None
) -> Concordance:
    """Uno's C: as Harrell's, with pairs weighted so that censoring does not decide which count.

    The standard error takes the weights as known.

    Parameters
    ----------
    predictions : DataFrame
        `duration, event, risk`, optional `count`.
    until : float, optional
        Leaves out ends at or after it.
    training : DataFrame, optional
        `duration, event`: gives the chance to be still observed; by default the predicted customers
        themselves.

    Returns
    -------
    Concordance

    Raises
    ------
    DataError
        Nobody is observed any more when the last relationship ends.

    References
    ----------
    Uno et al. (2011), Statistics in Medicine 30, 1105-1117.
    """
    columns, risk = _read_risk(predictions)
    refuse_entry(columns)
    observed = observation_steps(columns, training)
    counts = columns.event & (columns.duration < (np.inf if until is None else until))
    weight = np.zeros(len(risk))
    weight[counts] = inverse(observed.before(columns.duration[counts])) ** 2
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

    Parameters
    ----------
    predictions : DataFrame
        `duration, event, risk` (higher: expected to end sooner), optional `count`.
    times : list of float
        Within follow-up, in the unit of `duration`.
    training : DataFrame, optional
        `duration, event`: gives the chance to be still observed; by default the predicted
        customers.

    Returns
    -------
    DataFrame
        `term, time, estimate, cases, controls, n, note`: one row a time and a last one, `term` mean
        AUC, averaged over the fall of the survival curve.

    References
    ----------
    Uno et al. (2007), JASA 102, 527-537 (cumulative cases, dynamic controls); Lambert & Chevret
    (2016), Statistical Methods in Medical Research 25, 2088-2102 (the mean).
    """
    columns, risk = _read_risk(predictions)
    refuse_entry(columns)
    times = read_times(times)
    observed = observation_steps(columns, training)
    count = np.ones(len(risk)) if columns.count is None else columns.count
    rows = [_auc_at(time, columns, risk, count, observed) for time in times]
    table = pd.DataFrame(rows)
    fall = -np.diff(np.append(1.0, survival_steps(columns).after(times)))
    mean = float(table["estimate"] @ fall / fall.sum()) if fall.sum() > 0 else np.nan
    last = {"term": "mean AUC", "time": np.nan, "estimate": mean, "n": columns.n}
    last["note"] = note("not_estimable") if np.isnan(mean) else ""
    return pd.concat([table, pd.DataFrame([last])], ignore_index=True)


def _auc_at(
    time: float, columns: Durations, risk: np.ndarray, count: np.ndarray, observed: StepCurve
) -> dict:
    case = columns.event & (columns.duration <= time)
    control = columns.duration > time
    cases, controls = int(count[case].sum()), int(count[control].sum())
    row = {"term": "AUC", "time": time, "estimate": np.nan, "cases": cases, "controls": controls}
    row |= {"n": columns.n, "note": ""}
    if not cases or not controls:
        left = note("survival.nobody_left_then")
        return row | {"note": left if cases else note("survival.nobody_ended_then")}
    weight = count[case] * inverse(observed.before(columns.duration[case]))
    order = np.argsort(risk[control])
    ranked = risk[control][order]
    below = np.append(0.0, np.cumsum(count[control][order]))
    wins = below[np.searchsorted(ranked, risk[case], side="left")]
    wins = (wins + below[np.searchsorted(ranked, risk[case], side="right")]) / 2
    return row | {"estimate": float(weight @ wins / (weight.sum() * controls))}


def _read_risk(predictions: pd.DataFrame) -> tuple[Durations, np.ndarray]:
    check_columns(predictions, ["duration", "event", "risk"])
    columns = read_durations(predictions)
    faults: list[str] = []
    risk = read_numbers(drop_uncounted(predictions), "risk", faults)
    raise_faults(faults)
    return columns, risk
