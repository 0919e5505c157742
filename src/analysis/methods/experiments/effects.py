"""What an assignment by lot does to a mean: the difference of means, and Lin's adjusted one.

Assumptions
-----------
1. Who is treated was decided by lot, with one chance for everybody compared here.
2. What one unit does depends on its own arm alone (no interference).
3. Everybody who was assigned is compared, whether or not the treatment reached them (intention to
   treat), and every outcome was observed to its end.

The model behind the adjustment need not hold: with the covariates centred and a slope of its own in
each arm, the estimate is consistent whatever the truth, and asymptotically no less precise than the
difference of means. With one covariate, the same quantity of an earlier period, it is what the
trade calls CUPED.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.stats import chi2, norm, t

from analysis.errors import DataError
from analysis.methods.intervals import critical_value
from analysis.notes import note

POWER = 0.8
LEAST = 2
COLLINEAR = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class ArmEffect:
    """The effect of being assigned to treatment on the mean of an outcome.

    Attributes
    ----------
    estimate, std_error, conf_low, conf_high, p_value : float
        Treated less control, in the unit of the outcome; heteroscedasticity-robust (HC2).
    df : float
        Degrees of freedom of the interval: Welch's without covariates, else n less the number of
        coefficients; infinite for a pooled effect.
    treated_mean, control_mean : float
        Means of the outcome in the two arms, not adjusted.
    treated, control : int
        Units in each arm.
    smallest : float
        The smallest true effect that a comparison with this standard error finds with a power of
        80 % at its level (in absolute size).
    influence : Series of shape (treated + control,)
        What each unit adds to the error of the estimate, by the index of the outcome; the square
        root of its sum of squares is the standard error without a correction for few units.
    """

    estimate: float
    std_error: float
    conf_low: float
    conf_high: float
    p_value: float
    df: float
    treated_mean: float
    control_mean: float
    treated: int
    control: int
    smallest: float
    influence: pd.Series


def mean_effect(
    outcome: pd.Series,
    *,
    treated: pd.Series,
    covariates: pd.DataFrame | None = None,
    conf_level: float = 0.95,
) -> ArmEffect:
    """Compare the mean of an outcome between two arms that were assigned by lot.

    Parameters
    ----------
    outcome : Series of shape (n,)
        One number a unit; none is missing.
    treated : Series of bool, (n,)
        Whether the unit was assigned to treatment, by the same index.
    covariates : DataFrame of shape (n, k), optional
        What was known of each unit before the assignment; constant columns, and those that others
        determine, are left out, and all of them where they single out a unit. None is missing.
        Without them: the difference of means.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ArmEffect

    Raises
    ------
    DataError
        An arm has fewer than two units, or the outcome does not vary in either.

    References
    ----------
    Lin (2013), Annals of Applied Statistics 7, 295-318. Deng, Xu, Kohavi and Walker (2013), WSDM,
    123-132. Samii and Aronow (2012), Statistics and Probability Letters 82, 365-370 (HC2).
    """
    y = outcome.to_numpy(float)
    arm = treated.to_numpy(bool)
    _require_arms(y, arm)
    x = _independent(covariates, len(y), room=min(arm.sum(), (~arm).sum()) - LEAST)
    design = _interacted(arm, x)
    lonely = _highest_leverage(design) > 1 - COLLINEAR  # a unit alone in what it did before
    if lonely or np.linalg.matrix_rank(design) < design.shape[1]:
        x = np.empty((len(y), 0))
        design = _interacted(arm, x)
    fit = sm.OLS(y, design).fit(cov_type="HC2", use_t=True)
    estimate, error = float(fit.params[1]), float(fit.bse[1])
    df = float(fit.df_resid) if x.size else _welch(y, arm)
    share = np.where(arm, 1 / arm.sum(), -1 / (~arm).sum())
    return ArmEffect(
        estimate,
        error,
        *_ends(estimate, error, df, conf_level),
        df,
        float(y[arm].mean()),
        float(y[~arm].mean()),
        int(arm.sum()),
        int((~arm).sum()),
        smallest_effect(error, conf_level=conf_level),
        pd.Series(fit.resid * share, index=outcome.index),
    )


def pooled_effect(
    effects: Sequence[ArmEffect], units: Sequence[pd.Series], *, conf_level: float = 0.95
) -> ArmEffect:
    """One effect over several assignments, weighted by their units; units may be in several.

    Parameters
    ----------
    effects : sequence of ArmEffect
        One an assignment.
    units : sequence of Series
        Who each row of an effect's `influence` is, by its index: rows of one unit count together
        (a cluster), within and across assignments.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ArmEffect
        `treated` and `control` count assigned rows; `influence` has one number a unit.

    Raises
    ------
    DataError
        Fewer than two units are in it.
    """
    sizes = np.array([one.treated + one.control for one in effects], float)
    weights = sizes / sizes.sum()
    parts = [
        (weight * one.influence).groupby(who.reindex(one.influence.index)).sum()
        for weight, one, who in zip(weights, effects, units, strict=True)
    ]
    influence = pd.concat(parts).groupby(level=0).sum()
    if len(influence) < LEAST:
        raise DataError(
            f"a pooled effect must have two units, but {len(influence)} came",
            why=note("experiments.few", n=len(influence)),
        )
    few = np.sqrt(len(influence) / (len(influence) - 1))
    estimate, *means = (
        float(weights @ [getattr(one, name) for one in effects])
        for name in ("estimate", "treated_mean", "control_mean")
    )
    sizes = [sum(getattr(one, arm) for one in effects) for arm in ("treated", "control")]
    return normal_effect(estimate, few * influence, means=means, sizes=sizes, conf_level=conf_level)


def normal_effect(
    estimate: float,
    influence: pd.Series,
    *,
    means: Sequence[float],
    sizes: Sequence[int],
    conf_level: float,
) -> ArmEffect:
    """An effect whose error is the size of its influence, with a normal interval.

    Parameters
    ----------
    estimate : float
    influence : Series
        Of each customer on the estimate.
    means, sizes : sequence of two
        Of the two arms.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    ArmEffect
    """
    error = float(np.sqrt((influence**2).sum()))
    return ArmEffect(
        estimate,
        error,
        *_ends(estimate, error, np.inf, conf_level),
        np.inf,
        *means,
        *sizes,
        smallest_effect(error, conf_level=conf_level),
        influence,
    )


def equal_effects_p_value(effects: Sequence[ArmEffect]) -> float:
    """Wald test that several effects are one, whoever is in more than one of them.

    Parameters
    ----------
    effects : sequence of ArmEffect
        Their `influence` is by unit: units that are in several tie them together.

    Returns
    -------
    float
        Chi-squared on one degree of freedom less than there are effects; NaN for fewer than two.
    """
    if len(effects) < 2:
        return np.nan
    errors = pd.concat([one.influence for one in effects], axis=1).fillna(0.0).to_numpy()
    contrast = np.column_stack([-np.ones(len(effects) - 1), np.eye(len(effects) - 1)])
    apart = contrast @ [one.estimate for one in effects]
    spread = contrast @ (errors.T @ errors) @ contrast.T
    wald = float(apart @ np.linalg.pinv(spread, hermitian=True) @ apart)
    return float(chi2.sf(wald, np.linalg.matrix_rank(spread, hermitian=True)))


def smallest_effect(std_error: float, *, conf_level: float = 0.95, power: float = POWER) -> float:
    """The smallest true effect that is found with a given power.

    Parameters
    ----------
    std_error : float
        Of the estimate, 0 or more.
    conf_level, power : float
        Between 0 and 1.

    Returns
    -------
    float
        In the unit of the standard error.

    References
    ----------
    Bloom (1995), Evaluation Review 19, 547-556.
    """
    return float((critical_value(conf_level) + norm.ppf(power)) * std_error)


def _require_arms(y: np.ndarray, arm: np.ndarray) -> None:
    fewest = int(min(arm.sum(), (~arm).sum()))
    if fewest < LEAST:
        raise DataError(
            f"each arm must have two units at least, but one has {fewest}",
            why=note("experiments.few", n=fewest),
        )
    if not max(np.ptp(y[arm]), np.ptp(y[~arm])) > 0:
        raise DataError(
            "an outcome must vary in one arm at least, but all are equal",
            why=note("experiments.alike"),
        )


def _interacted(arm: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The design of Lin's regression: a level and slopes of its own in each arm."""
    return np.column_stack([np.ones(len(arm)), arm.astype(float), x, x * arm[:, None]])


def _highest_leverage(design: np.ndarray) -> float:
    """The largest diagonal element of the hat matrix."""
    return float((np.linalg.qr(design)[0] ** 2).sum(axis=1).max())


def _independent(covariates: pd.DataFrame | None, n: int, *, room: int) -> np.ndarray:
    """Centred columns of one size that no other determines; so few that each arm can fit them."""
    if covariates is None:
        return np.empty((n, 0))
    x = covariates.to_numpy(float)
    x = x - x.mean(axis=0)
    size = np.abs(x).max(axis=0, initial=0)
    kept: list[np.ndarray] = []
    for column in (x[:, size > 0] / size[size > 0]).T:
        basis = np.column_stack(kept) if kept else np.empty((len(x), 0))
        rest = column - basis @ np.linalg.lstsq(basis, column)[0] if kept else column
        if np.linalg.norm(rest) > COLLINEAR * np.linalg.norm(column) and len(kept) < room:
            kept.append(column)
    return np.column_stack(kept) if kept else np.empty((n, 0))


def _welch(y: np.ndarray, arm: np.ndarray) -> float:
    one, other = (y[rows].var(ddof=1) / rows.sum() for rows in (arm, ~arm))
    below = one**2 / (arm.sum() - 1) + other**2 / ((~arm).sum() - 1)
    return float((one + other) ** 2 / below)


def _ends(estimate: float, error: float, df: float, conf_level: float) -> tuple[float, ...]:
    reach = error * (t.ppf((1 + conf_level) / 2, df))
    p_value = 2 * t.sf(abs(estimate) / error, df) if error > 0 else np.nan
    return estimate - reach, estimate + reach, float(p_value)
