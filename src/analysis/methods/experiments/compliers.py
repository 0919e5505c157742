"""The effect on those who took the treatment because it was offered to them.

Assumptions, besides those of the assignment by lot
----------------------------------------------------
1. The offer works through being taken alone: who does not take it behaves as without it.
2. Nobody takes it because it was not offered.

Then the effect of the offer by the share whom it moved to take it is the mean effect on them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.errors import DataError
from analysis.methods.experiments.effects import ArmEffect
from analysis.methods.intervals import critical_value
from analysis.notes import note

WEAK = 10.0


@dataclass(frozen=True, slots=True)
class ComplierEffect:
    """Two-stage least squares with the assignment as instrument.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high, p_value : float
        In the unit of the outcome, by unit that took the treatment because of the assignment.
    taken_treated, taken_control : float
        Share that took it in each arm, 0 to 1; their difference is the first stage.
    first_stage_f : float
        Robust F of the first stage; below 10 the interval can't be relied on.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    taken_treated: float
    taken_control: float
    first_stage_f: float


def complier_effect(
    on_outcome: ArmEffect, on_taking: ArmEffect, *, conf_level: float = 0.95
) -> ComplierEffect:
    """Divide what the offer did to the outcome by the share whom it moved to take it.

    Parameters
    ----------
    on_outcome : ArmEffect
        Effect of the assignment on the outcome.
    on_taking : ArmEffect
        Its effect on having taken the treatment (0 or 1), of the same units or pooled alike.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ComplierEffect
        Without covariates Wald's estimator, which is two-stage least squares; delta method.

    Raises
    ------
    DataError
        As many took it in the one arm as in the other.

    References
    ----------
    Angrist, Imbens and Rubin (1996), Journal of the American Statistical Association 91, 444-455.
    """
    moved = on_taking.estimate
    if np.isclose(moved, 0, atol=1e-12):
        raise DataError(
            "the assignment must move somebody to take the treatment, but it moved nobody",
            why=note("experiments.nobody_took"),
        )
    estimate = on_outcome.estimate / moved
    few = (on_outcome.std_error / _size(on_outcome.influence)) ** 2
    error = np.sqrt(few) * _size((on_outcome.influence - estimate * on_taking.influence) / moved)
    reach = critical_value(conf_level) * error
    return ComplierEffect(
        estimate,
        float(error),
        float(estimate - reach),
        float(estimate + reach),
        float(2 * norm.sf(abs(estimate) / error)) if error > 0 else np.nan,
        on_taking.treated_mean,
        on_taking.control_mean,
        float((moved / on_taking.std_error) ** 2) if on_taking.std_error > 0 else np.inf,
    )


def _size(influence: pd.Series) -> float:
    return float(np.sqrt((influence**2).sum()))
