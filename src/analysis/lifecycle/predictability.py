"""How well is it foreseen, from the first day, who comes back or ends? Judged on others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.errors import DataError
from analysis.lifecycle.waiting import Waiting
from analysis.methods.hazards import cox_regression, predict_survival
from analysis.methods.survival import survival_curve
from analysis.methods.validation import (
    Calibration,
    brier_score,
    calibrate,
    dynamic_auc,
    harrell_concordance,
    uno_concordance,
)

LEAST_ENDS = 50
MARKS = {"weeks": (4, 13, 26, 52, 104, 156), "months": (6, 12, 24, 36, 60, 120)}
GRID = 20
GROUP_SIZE = 50
MEASURE_COLUMNS = ["measure", "value", "value_conf_low", "value_conf_high", "n", "note"]
TIME_COLUMNS = ["time", "cases", "auc", "brier", "null", "skill", "n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictability:
    """Predictions for customers kept aside, set against what they did.

    Attributes
    ----------
    measures : DataFrame
        `measure, value, value_conf_low, value_conf_high, n, note`: Harrell's and Uno's concordance
        (0.5 is chance), mean AUC, integrated Brier score and its skill against the Kaplan-Meier
        curve (0: no better), ends observed over expected.
    by_time : DataFrame
        `time, cases, auc, brier, null` (score of the Kaplan-Meier curve)`, skill, n, note`.
    calibration : Calibration or None
        Predicted against observed shares still waiting at `until`; None where nothing was judged.
    until : float
        The horizon that enough customers reach.
    training, held_out : int
    kind, unit : str
    """

    measures: pd.DataFrame
    by_time: pd.DataFrame
    calibration: Calibration | None
    until: float
    training: int
    held_out: int
    kind: str
    unit: str

    def value(self, measure: str) -> pd.Series:
        """One row of `measures`."""
        return self.measures.set_index("measure").loc[measure]


def predictability(
    waiting: Waiting,
    *,
    seed: int,
    training_share: float = 0.7,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> Predictability:
    """Fit on some customers, by lot, and judge the predictions on the others.

    Parameters
    ----------
    waiting : Waiting
        Of `read_returning` or `read_ending`; customers who were first seen later than their first
        day are left out, since the scores need everybody from the start.
    seed : int
        Of the lot.
    training_share : float
        Between 0 and 1.

    References
    ----------
    Harrell et al. (1982), JAMA 247, 2543-2546; Uno et al. (2011), Statistics in Medicine 30,
    1105-1117; Uno et al. (2007), JASA 102, 527-537; Graf et al. (1999), Statistics in Medicine 18,
    2529-2545.
    """
    whole = waiting.table[waiting.table["entry"] <= 0].drop(columns="entry")
    chosen = np.random.default_rng(seed).random(len(whole)) < training_share
    training, held_out = (whole[rows].reset_index(drop=True) for rows in (chosen, ~chosen))
    until = min(waiting.horizon, _reach(training, min_cell), _reach(held_out, min_cell))
    ended = whole["event"] & (whole["duration"] <= until)
    few = min(ended[chosen].sum(), 2 * ended[~chosen].sum()) < LEAST_ENDS
    if few or until <= 0:
        return _not_judged(waiting, training, held_out, "too few ends")
    if not waiting.covariates:
        return _not_judged(waiting, training, held_out, "nothing to compare")
    marks = [time for time in MARKS[waiting.unit] if time < until] + [until]
    grid = np.linspace(until / GRID, until, GRID)
    times = np.unique([*grid, *marks])
    try:
        fit = cox_regression(training, covariates=waiting.covariates)
        predicted = predict_survival(fit, held_out[waiting.covariates], times=times)
    except DataError:  # such as a level that the lot put among those judged only
        return _not_judged(waiting, training, held_out, "not estimable")
    shares = predicted["estimate"].to_numpy().reshape(len(held_out), len(times))
    judged = held_out[["duration", "event"]].assign(risk=1 - shares[:, -1])
    known = training[["duration", "event"]]
    at = np.searchsorted(times, marks)
    options = {"times": np.array(marks), "training": known}
    scores = brier_score(judged, shares[:, at], **options, conf_level=conf_level)
    over = brier_score(judged, shares[:, np.searchsorted(times, grid)], times=grid, training=known)
    auc = dynamic_auc(judged, **options)
    groups = int(np.clip(len(judged) // max(GROUP_SIZE, min_cell), 1, 10))
    calibration = calibrate(
        judged, shares[:, -1:], horizon=until, groups=groups, conf_level=conf_level
    )
    rows = [
        _concordance("harrell", harrell_concordance(judged), conf_level),
        _concordance("uno", uno_concordance(judged, until=until, training=known), conf_level),
        {"measure": "mean_auc", "value": auc["estimate"].iloc[-1]},
        {"measure": "integrated_brier", "value": over.integrated},
        {"measure": "skill", "value": over.skill},
        {"measure": "observed_to_expected", "value": calibration.observed_to_expected},
    ]
    measures = pd.DataFrame(rows, columns=MEASURE_COLUMNS).assign(n=len(judged), note="")
    return Predictability(
        measures=measures,
        by_time=_by_time(judged, auc, scores.table),
        calibration=calibration,
        until=float(until),
        training=len(training),
        held_out=len(held_out),
        kind=waiting.kind,
        unit=waiting.unit,
    )


def _reach(rows: pd.DataFrame, least: int) -> float:
    """The last time at which at least so many are at risk."""
    if not len(rows):
        return 0.0
    (sets,) = survival_curve(rows[["duration", "event"]]).risk_sets.values()
    return float(max(sets.time[sets.at_risk >= max(least, 1)], default=0.0))


def _concordance(measure: str, found, conf_level: float) -> dict:
    reach = norm.ppf((1 + conf_level) / 2) * found.std_error
    row = {"measure": measure, "value": found.estimate}
    return row | {
        "value_conf_low": found.estimate - reach,
        "value_conf_high": found.estimate + reach,
    }


def _by_time(judged: pd.DataFrame, auc: pd.DataFrame, brier: pd.DataFrame) -> pd.DataFrame:
    table = brier.rename(columns={"estimate": "brier"}).assign(
        auc=auc["estimate"].to_numpy()[:-1], cases=auc["cases"].to_numpy()[:-1].astype(int)
    )
    return table[TIME_COLUMNS]


def _not_judged(
    waiting: Waiting, training: pd.DataFrame, held_out: pd.DataFrame, note: str
) -> Predictability:
    row = {"n": len(waiting.table), "note": note}
    measures, by_time = (
        pd.DataFrame([row], columns=columns) for columns in (MEASURE_COLUMNS, TIME_COLUMNS)
    )
    return Predictability(
        measures, by_time, None, np.nan, len(training), len(held_out), waiting.kind, waiting.unit
    )
