"""BdW: sBG whose customers may themselves grow more, or less, likely to leave.

1. A customer makes t renewals or more with probability (1 - theta)^(t^c) (discrete Weibull).
2. c is the same for all: above 1 leaving gets likelier with tenure, below 1 less likely.
3. theta differs between customers as Beta(alpha, beta). With c = 1 this is sBG.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaln, digamma

from analysis.methods.purchases._fit import maximise, not_estimable, params_table
from analysis.methods.purchases._renewals import (
    check_renewals,
    discounted_lives,
    thin_renewals,
)
from analysis.notes import Note, note

TERMS = ("alpha", "beta", "c")


@dataclass(frozen=True, slots=True, eq=False)
class BdW:
    """A fitted beta-discrete-Weibull model; times are contract periods.

    Attributes
    ----------
    table : DataFrame
        One row a parameter: `term, estimate, std_error, conf_low, conf_high, n, note`.
    params : ndarray, (3,)
        alpha, beta, c.
    covariance : ndarray, (3, 3)
        Of the log parameters; NaN where not estimable, 0 for a parameter that is taken as fixed.
    log_likelihood : float
        At the maximum.
    customers : int
        Counted.
    longest : int
        Periods observed.
    note : Note or str
        Why it is not estimable, or what warns of it; empty: all is well.
    """

    table: pd.DataFrame
    params: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    customers: int
    longest: int
    note: Note | str

    def survival(self, periods: float | np.ndarray) -> np.ndarray:
        """Share of customers who make at least so many renewals."""
        return np.exp(_log_survival(self.params, np.asarray(periods, float))[0])

    def residual_life(self, renewals: int, rate: float) -> float:
        """DERL: discounted renewals still expected of a customer with so many behind her.

        `rate` is the discount rate of one period; the next renewal is not discounted.
        """
        return float(discounted_lives(self.survival, np.array([renewals]), rate)[0])

    def life(self, rate: float) -> float:
        """DEL: discounted periods paid by a new customer, the first one now and undiscounted."""
        return 1 + self.residual_life(0, rate) / (1 + rate)


def fit_bdw(lives: pd.DataFrame, *, conf_level: float = 0.95) -> BdW:
    """Fit the beta-discrete-Weibull model by maximum likelihood.

    Fewer than three periods with customers leaving cannot tell three parameters apart: NaN and a
    note.

    Parameters
    ----------
    lives : DataFrame
        `duration` (whole periods, 1 or more: the renewal that was declined, or the last that is
        known to be made), `event` (True: declined), optional `count`.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    BdW

    Raises
    ------
    DataError
        An absent column, half a period, an event that is neither True nor False.

    References
    ----------
    Fader, Hardie, Liu, Davin & Steenburgh (2018), Journal of Interactive Marketing 43, 1-16.
    """
    duration, event, counts = check_renewals(lives)
    n = counts.sum()
    reason = thin_renewals(duration, event, counts)
    if not reason and (periods := len(np.unique(duration[event]))) < 3:
        reason = note("purchases.too_few_periods", periods=periods)
    if reason:
        found = not_estimable(3, reason)
    else:
        found = maximise(lambda t: _likelihood(t, duration, event, counts), (1.0, 2.0, 1.0), n)
    return BdW(
        params_table(TERMS, found, n, conf_level), found.params, found.covariance,
        found.log_likelihood, round(n), int(duration.max()), found.note,
    )  # fmt: skip


def _log_survival(params, t) -> tuple[np.ndarray, np.ndarray]:
    alpha, beta, c = params
    power = t**c
    value = betaln(alpha, beta + power) - betaln(alpha, beta)
    both = digamma(alpha + beta + power) - digamma(alpha + beta)
    by_power = digamma(beta + power) - digamma(alpha + beta + power)
    slopes = np.array(
        [
            -both,
            digamma(beta + power) - digamma(beta) - both,
            by_power * power * np.log(np.maximum(t, 1e-300)),
        ]
    )
    return value, slopes


def _likelihood(params, t, event, counts) -> tuple[float, np.ndarray]:
    """P(T = t) is S(t - 1) - S(t)."""
    after, d_after = _log_survival(params, t)
    before, d_before = _log_survival(params, t - 1)
    drop = -np.expm1(after - before)
    value = np.where(event, before + np.log(np.maximum(drop, 1e-300)), after)
    ratio = np.exp(after - before)
    d_event = (d_before - ratio * d_after) / np.maximum(drop, 1e-300)
    return counts @ value, np.where(event, d_event, d_after) @ counts
