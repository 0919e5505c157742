"""The chance to be still observed at a time: one over it weighs those seen to their end."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import (
    Durations,
    read_durations,
)
from analysis.methods._risksets import count_risk_sets


@dataclass(frozen=True, slots=True, eq=False)
class StepCurve:
    """A falling step function.

    Attributes
    ----------
    time : ndarray, (T,)
        Rising.
    share : ndarray, (T,)
        From each time on; 1 before the first.
    """

    time: np.ndarray
    share: np.ndarray

    def after(self, times: np.ndarray) -> np.ndarray:
        """Value at each time."""
        return np.append(1.0, self.share)[np.searchsorted(self.time, times, side="right")]

    def before(self, times: np.ndarray) -> np.ndarray:
        """Value just before each time."""
        return np.append(1.0, self.share)[np.searchsorted(self.time, times, side="left")]


def survival_steps(columns: Durations) -> StepCurve:
    sets = count_risk_sets(columns)
    return StepCurve(sets.time, np.cumprod(1 - sets.events / sets.at_risk))


def observation_steps(columns: Durations, training: pd.DataFrame | None) -> StepCurve:
    # Chance to be still observed: those who end at a time are no longer at risk to be censored.
    sets = count_risk_sets(columns if training is None else read_durations(training))
    left = np.maximum(sets.at_risk - sets.events, 1)
    return StepCurve(sets.time, np.cumprod(1 - sets.censored / left))


def inverse(share: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return 1 / share


def refuse_entry(columns: Durations) -> None:
    if columns.entry is not None:
        raise DataError(
            "entry must be absent for scores weighted by the chance to be observed, but rows enter "
            "late; judge customers from their start, or use harrell_concordance"
        )


def read_times(times) -> np.ndarray:
    read = np.atleast_1d(np.asarray(times, dtype=float))
    if read.ndim != 1 or not np.isfinite(read).all() or (np.diff(read) <= 0).any():
        raise ParamsError(f"times must be increasing numbers, but {times!r} came")
    return read
