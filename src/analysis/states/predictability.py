"""How well is it foreseen, from the first day, who comes back or ends? Judged on others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.hazards import cox_regression, predict_survival
from analysis.methods.intervals import critical_value
from analysis.methods.survival import survival_curve
from analysis.methods.validation import (
    Calibration,
    brier_score,
    calibrate,
    dynamic_auc,
    harrell_concordance,
    uno_concordance,
)
from analysis.notes import Note, note
from analysis.states.influences import MARKS
from analysis.states.waiting import Waiting

LEAST_ENDS = 50
GRID = 20
GROUP_SIZE = 50
MEASURE_COLUMNS = ["measure", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
TIME_COLUMNS = ["time", "cases", "auc", "brier", "null", "skill", "n", "note"]
GROUP_COLUMNS = ["predicted", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class Predictability:
    """Predictions for customers kept aside, set against what they did.

    Attributes
    ----------
    note : Note or str
        Why nothing was judged; empty where something was.
    measures : DataFrame of shape (6, 7)
        `measure, estimate, std_error, conf_low, conf_high, n, note`: Harrell's and Uno's
        concordance (0.5 is chance), mean AUC, integrated Brier score and its skill against the
        Kaplan-Meier curve (0: no better), ends observed over expected.
    by_time : DataFrame of shape (times, 8)
        `time, cases, auc, brier, null` (score of the Kaplan-Meier curve)`, skill, n, note`.
    calibration : DataFrame of shape (groups, 7)
        One row a group of similar predictions: `predicted` share who came back or ended by `until`,
        `estimate` (the observed share)`, std_error, conf_low, conf_high, n, note`.
    until : float
        The horizon that enough customers reach.
    training, held_out : int
    kind, unit : str
    """

    COUNTED_BY: ClassVar = {"measures": "n", "by_time": "cases", "calibration": "n"}

    note: Note | str
    measures: pd.DataFrame
    by_time: pd.DataFrame
    calibration: pd.DataFrame
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
    min_cell : int
        The horizon is one that so many reach in both parts.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Predictability

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
    if not waiting.covariates:
        return _not_judged(waiting, training, held_out, note("influences.nothing_to_compare"))
    if few or until <= 0:
        too_few = note("influences.too_few_aside", least=LEAST_ENDS, half=LEAST_ENDS // 2)
        return _not_judged(waiting, training, held_out, too_few)
    marks = [time for time in MARKS[waiting.unit] if time < until] + [until]
    grid = np.linspace(until / GRID, until, GRID)
    times = np.unique([*grid, *marks])
    try:
        fit = cox_regression(training, covariates=waiting.covariates)
        predicted = predict_survival(fit, held_out[waiting.covariates], times=times)
    except DataError as error:  # such as a level that the lot put among those judged only
        why = error.why or note("reasons.said", sentence=str(error))
        return _not_judged(waiting, training, held_out, why)
    shares = predicted["estimate"].to_numpy().reshape(len(held_out), len(times))
    judged = held_out[["duration", "event"]].assign(risk=1 - shares[:, -1])
    known = training[["duration", "event"]]
    at = np.searchsorted(times, marks)
    options = {"times": np.array(marks), "training": known}
    scores = brier_score(judged, shares[:, at], **options, conf_level=conf_level)
    over = brier_score(judged, shares[:, np.searchsorted(times, grid)], times=grid, training=known)
    auc = dynamic_auc(judged, **options)
    calibration = _calibrate(judged, shares[:, -1:], until, min_cell, conf_level)
    rows = [
        _concordance("harrell", harrell_concordance(judged), conf_level),
        _concordance("uno", uno_concordance(judged, until=until, training=known), conf_level),
        {"measure": "mean_auc", "estimate": auc["estimate"].iloc[-1]},
        {"measure": "integrated_brier", "estimate": over.integrated},
        {"measure": "skill", "estimate": over.skill},
        {"measure": "observed_to_expected", "estimate": calibration.observed_to_expected},
    ]
    measures = pd.DataFrame(rows, columns=MEASURE_COLUMNS).assign(n=len(judged), note="")
    return Predictability(
        note="",
        measures=measures,
        by_time=_by_time(judged, auc, scores.table),
        calibration=_complement(calibration),
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


def _concordance(measure: str, concordance, conf_level: float) -> dict:
    reach = critical_value(conf_level) * concordance.std_error
    row = {"measure": measure, "estimate": concordance.estimate}
    row |= {"std_error": concordance.std_error, "conf_low": concordance.estimate - reach}
    return row | {"conf_high": concordance.estimate + reach}


def _calibrate(
    judged: pd.DataFrame, shares: np.ndarray, until: float, min_cell: int, conf_level: float
) -> Calibration:
    """In ten groups, or fewer where one would be too small to be told."""
    most = int(np.clip(len(judged) // max(GROUP_SIZE, min_cell), 1, 10))
    for groups in range(most, 0, -1):
        calibration = calibrate(judged, shares, horizon=until, groups=groups, conf_level=conf_level)
        if (calibration.table["n"] >= min_cell).all():
            break
    return calibration


def _complement(calibration: Calibration) -> pd.DataFrame:
    """The shares who came back or ended, instead of those who still wait."""
    waiting = calibration.table
    return waiting.assign(
        predicted=1 - waiting["predicted"],
        estimate=1 - waiting["estimate"],
        conf_low=1 - waiting["conf_high"],
        conf_high=1 - waiting["conf_low"],
    )[GROUP_COLUMNS]


def _by_time(judged: pd.DataFrame, auc: pd.DataFrame, brier: pd.DataFrame) -> pd.DataFrame:
    table = brier.rename(columns={"estimate": "brier"}).assign(
        auc=auc["estimate"].to_numpy()[:-1], cases=auc["cases"].to_numpy()[:-1].astype(int)
    )
    return table[TIME_COLUMNS]


def _not_judged(
    waiting: Waiting, training: pd.DataFrame, held_out: pd.DataFrame, why: Note
) -> Predictability:
    names = (MEASURE_COLUMNS, TIME_COLUMNS, GROUP_COLUMNS)
    parts = (pd.DataFrame(columns=columns) for columns in names)
    sizes = (len(training), len(held_out))
    return Predictability(why, *parts, np.nan, *sizes, waiting.kind, waiting.unit)
