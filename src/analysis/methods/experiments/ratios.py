"""The effect of an assignment on a ratio of two means, such as the amount of a purchase."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.experiments.effects import LEAST, ArmEffect, normal_effect
from analysis.notes import note


def ratio_effect(
    numerator: pd.Series, denominator: pd.Series, *, treated: pd.Series, conf_level: float = 0.95
) -> ArmEffect:
    """Compare a ratio of sums between arms: the denominator varies with the arm, too.

    Parameters
    ----------
    numerator, denominator : Series of shape (n,)
        One pair a unit that was assigned; none is missing.
    treated : Series of bool, (n,)
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ArmEffect
        `treated_mean` and `control_mean` are the ratios; the error is that of the delta method.

    Raises
    ------
    DataError
        An arm has fewer than two units, or a denominator that sums to nothing.

    References
    ----------
    Deng, Knoblich and Lu (2018), KDD, 233-242.
    """
    arm = treated.to_numpy(bool)
    above, below = numerator.to_numpy(float), denominator.to_numpy(float)
    influence, ratios = np.zeros(len(arm)), []
    for rows, sign in ((arm, 1), (~arm, -1)):
        if rows.sum() < LEAST or not below[rows].sum() > 0:
            raise DataError(
                "each arm must have two units, and a denominator above 0, but one has not",
                why=note("experiments.no_denominator"),
            )
        ratio = above[rows].sum() / below[rows].sum()
        few = np.sqrt(rows.sum() / (rows.sum() - 1))
        influence[rows] = sign * few * (above[rows] - ratio * below[rows]) / below[rows].sum()
        ratios.append(float(ratio))
    return normal_effect(
        ratios[0] - ratios[1],
        pd.Series(influence, index=numerator.index),
        means=(ratios[0], ratios[1]),
        sizes=(int(arm.sum()), int((~arm).sum())),
        conf_level=conf_level,
    )
