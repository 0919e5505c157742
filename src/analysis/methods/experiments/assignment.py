"""Whether arms are as a lot would have made them: their sizes, and what was known before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2, chisquare

ALERT = 0.001
"""Below this p-value an assignment is not believed: by luck one sound test in a thousand is."""


@dataclass(frozen=True, slots=True, eq=False)
class Balance:
    """How alike the arms were before the treatment.

    Attributes
    ----------
    table : DataFrame of shape (covariates, 5)
        `covariate, treated_mean, control_mean, difference` (standardised: of the means, in pooled
        standard deviations; NaN where it does not vary)`, n`.
    p_value : float
        Score test that no covariate goes with the arm; NaN where nothing varies.
    """

    table: pd.DataFrame
    p_value: float


def sample_ratio_p_value(treated: int, control: int, *, planned: float) -> float:
    """Whether the arms have the sizes that were planned.

    Parameters
    ----------
    treated, control : int
        Units in each arm.
    planned : float
        The share that was to be treated, between 0 and 1.

    Returns
    -------
    float
        Pearson's chi-squared test on one degree of freedom.

    References
    ----------
    Fabijan et al. (2019), KDD, 2156-2164.
    """
    n = treated + control
    return float(chisquare([treated, control], [n * planned, n * (1 - planned)]).pvalue)


def balance(known: pd.DataFrame, *, treated: pd.Series, strata: pd.Series) -> Balance:
    """Compare what was known before the assignment between the arms, within strata.

    Parameters
    ----------
    known : DataFrame of shape (n, k)
        Numbers known before the assignment, one row a unit and stratum; none is missing.
    treated : Series of bool, (n,)
    strata : Series, (n,)
        The assignment that each row is of: arms are compared within it.

    Returns
    -------
    Balance

    References
    ----------
    Hansen and Bowers (2008), Statistical Science 23, 219-236.
    """
    arm = treated.astype(float)
    rows = []
    for name in known:
        column = known[name].astype(float)
        means = [column[arm == side].mean() for side in (1, 0)]
        spread = np.sqrt(np.mean([column[arm == side].var() for side in (1, 0)]))
        within = _within(column, strata)[arm == 1].mean() - _within(column, strata)[arm == 0].mean()
        difference = within / spread if spread > 0 else np.nan
        rows.append((name, *means, difference, len(column)))
    columns = ["covariate", "treated_mean", "control_mean", "difference", "n"]
    return Balance(pd.DataFrame(rows, columns=columns), _joint(known, arm, strata))


def _within(column: pd.Series, strata: pd.Series) -> pd.Series:
    return column - column.groupby(strata.to_numpy()).transform("mean")


def _joint(known: pd.DataFrame, arm: pd.Series, strata: pd.Series) -> float:
    """Score test of the regression of the arm on what was known, both within the strata."""
    x = known.astype(float).apply(_within, strata=strata)
    x = x.loc[:, x.abs().max() > 0]
    if x.empty:
        return np.nan
    scores = (x / x.abs().max()).mul(_within(arm, strata), axis=0).to_numpy()
    spread = scores.T @ scores
    rank = int(np.linalg.matrix_rank(spread, hermitian=True))
    total = scores.sum(axis=0)
    wald = float(total @ np.linalg.pinv(spread, hermitian=True) @ total)
    return float(chi2.sf(wald, rank)) if rank else np.nan
