"""sBG: how long contracts that are renewed period by period go on.

1. At the end of each period a customer declines the renewal with probability theta.
2. theta stays the same for a customer.
3. theta differs between customers as Beta(alpha, beta).

Retention rises with tenure because those who leave easily are gone, not because anybody changes.
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
from analysis.notes import Note

TERMS = ("alpha", "beta")


@dataclass(frozen=True, slots=True, eq=False)
class SBG:
    """A fitted shifted-beta-geometric model; times are contract periods.

    Attributes
    ----------
    table : DataFrame
        One row a parameter: `term, estimate, std_error, conf_low, conf_high, n, note`.
    params : ndarray, (2,)
        alpha, beta.
    covariance : ndarray, (2, 2)
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
        return _survival(self.params, np.asarray(periods, float))

    def residual_life(self, renewals: int, rate: float) -> float:
        """DERL: discounted renewals still expected of a customer with so many behind her.

        `rate` is the discount rate of one period; the next renewal is not discounted.
        """
        return float(discounted_lives(self.survival, np.array([renewals]), rate)[0])

    def life(self, rate: float) -> float:
        """DEL: discounted periods paid by a new customer, the first one now and undiscounted."""
        return 1 + self.residual_life(0, rate) / (1 + rate)


def fit_sbg(lives: pd.DataFrame, *, conf_level: float = 0.95) -> SBG:
    """Fit the shifted-beta-geometric model by maximum likelihood.

    `renewal_rows` makes them from the customers alive after 0, 1, 2, … renewals. Nobody left: NaN
    and a note.

    Parameters
    ----------
    lives : DataFrame
        `duration` (whole periods, 1 or more: the renewal that was declined, or the last that is
        known to be made), `event` (True: declined), optional `count`.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SBG

    Raises
    ------
    DataError
        An absent column, half a period, an event that is neither True nor False.

    References
    ----------
    Fader & Hardie (2007), Journal of Interactive Marketing 21, 76-90; (2010), Marketing Science
    29, 85-93 (residual lifetime).
    """
    duration, event, counts = check_renewals(lives)
    n = counts.sum()
    if reason := thin_renewals(duration, event, counts):
        found = not_estimable(2, reason)
    else:
        found = maximise(lambda t: _likelihood(t, duration, event, counts), (1.0, 1.0), n)
    return SBG(
        params_table(TERMS, found, n, conf_level), found.params, found.covariance,
        found.log_likelihood, round(n), int(duration.max()), found.note,
    )  # fmt: skip


def _survival(params, t) -> np.ndarray:
    alpha, beta = params
    return np.exp(betaln(alpha, beta + t) - betaln(alpha, beta))


def _likelihood(params, t, event, counts) -> tuple[float, np.ndarray]:
    """P(T = t) is B(alpha + 1, beta + t - 1) / B(alpha, beta), S(t) is B(alpha, beta + t) / B."""
    alpha, beta = params
    left, stayed = alpha + event, beta + t - event
    both = digamma(left + stayed) - digamma(alpha + beta)
    slopes = np.array(
        [digamma(left) - digamma(alpha) - both, digamma(stayed) - digamma(beta) - both]
    )
    return counts @ (betaln(left, stayed) - betaln(alpha, beta)), slopes @ counts
