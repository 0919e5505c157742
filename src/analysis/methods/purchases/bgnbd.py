"""BG/NBD and MBG/NBD: purchases of customers who leave unseen, after a purchase.

1. While alive, a customer buys at the times of a Poisson process of rate lambda.
2. lambda differs between customers as Gamma(r, alpha).
3. After each repeat purchase she leaves for good with probability p; in MBG/NBD after the first
   purchase too.
4. p differs between customers as Beta(a, b).
5. lambda and p are independent.

In BG/NBD who has not bought again cannot have left, P(alive | x = 0) = 1; in MBG/NBD she may have.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.purchases import _betageometric as bg
from analysis.methods.purchases._fit import maximise, not_estimable, params_table
from analysis.methods.purchases._rows import (
    HISTORY,
    check_history,
    history,
    per_customer,
    thin_history,
    usual_rate,
)
from analysis.notes import Note

TERMS = ("r", "alpha", "a", "b")


@dataclass(frozen=True, slots=True, eq=False)
class BGNBD:
    """A fitted BG/NBD or MBG/NBD model; times are in the unit of the frame that it was fitted on.

    Attributes
    ----------
    table : DataFrame
        One row a parameter: `term, estimate, std_error, conf_low, conf_high, n, note`.
    params : ndarray, (4,)
        r, alpha, a, b.
    covariance : ndarray, (4, 4)
        Of the log parameters; NaN where not estimable, 0 for a parameter that is taken as fixed.
    log_likelihood : float
        At the maximum.
    customers : int
        Counted.
    rows : int
        Distinct histories.
    longest_age : float
        Of the histories, in their unit.
    note : Note or str
        Why it is not estimable, or what warns of it; empty: all is well.
    first_coin : {0, 1}
        1 where she may leave right at the first purchase (MBG/NBD), 0 where not (BG/NBD).
    """

    table: pd.DataFrame
    params: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    customers: int
    rows: int
    longest_age: float
    note: Note | str
    first_coin: int

    def alive(self, customers: pd.DataFrame) -> np.ndarray:
        """P(alive at the end of observation), one number a customer."""
        check_history(customers)
        return per_customer(customers, HISTORY, self._alive_rows)

    def expected(self, time: float | np.ndarray) -> np.ndarray:
        """E[X(t)]: repeat purchases of a new customer in the first `time` units."""
        r, alpha, a, b = self.params
        begins = b / (a + b) if self.first_coin else 1.0
        time = np.asarray(time, float)
        return begins * bg.expected_while_alive(r, alpha, a, b + self.first_coin, time)

    def conditional(self, customers: pd.DataFrame, time: float) -> np.ndarray:
        """E[Y(t)]: purchases of each customer in the `time` units after observation."""
        check_history(customers)
        return per_customer(customers, HISTORY, lambda *h: self.conditional_rows(*h, time))

    def conditional_rows(self, x, t_x, T, time) -> np.ndarray:
        """`conditional` for arrays of frequency, recency and age."""
        r, alpha, a, b = self.params
        bought = bg.expected_while_alive(r + x, alpha + T, a, b + x + self.first_coin, time)
        return self._alive_rows(x, t_x, T) * bought

    def simulate_rows(self, x, t_x, T, time, rng) -> np.ndarray:
        """One draw of each customer's purchases after observation, given her history."""
        r, alpha, a, b = self.params
        bought = rng.poisson(rng.gamma(r + x) / (alpha + T) * time)
        last = rng.geometric(np.maximum(rng.beta(a, b + x + self.first_coin), 1e-12))
        alive = rng.random(x.shape) < self._alive_rows(x, t_x, T)
        return np.where(alive, np.minimum(bought, last), 0)

    def _alive_rows(self, x, t_x, T) -> np.ndarray:
        return bg.alive_probability(self.params, x, t_x, T, first_coin=self.first_coin)


def fit_bgnbd(customers: pd.DataFrame, *, conf_level: float = 0.95) -> BGNBD:
    """Fit BG/NBD by maximum likelihood.

    Fewer than two repeat buyers: NaN and a note.

    Parameters
    ----------
    customers : DataFrame
        One row a customer (or history counted `count` times): `frequency` (repeat purchases: 0, 1,
        …), `recency` (time of the last one, 0 when none), `age` (length of observation, above 0),
        in one unit, all since the first purchase; optional `count` (frequency weight).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    BGNBD

    Raises
    ------
    DataError
        An absent column, or a history that cannot be (recency past age, half a purchase).

    References
    ----------
    Fader, Hardie & Lee (2005), Marketing Science 24, 275-284; gradients: own, closed.
    """
    return _fit(customers, conf_level, first_coin=0)


def fit_mbgnbd(customers: pd.DataFrame, *, conf_level: float = 0.95) -> BGNBD:
    """Fit MBG/NBD by maximum likelihood; columns, notes and errors as in `fit_bgnbd`.

    Parameters
    ----------
    customers : DataFrame
        As in `fit_bgnbd`.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    BGNBD

    References
    ----------
    Batislam, Denizel & Filiztekin (2007), IJRM 24, 201-209; Wagner & Hoppe (2008), IJRM 25,
    225-226 (erratum); gradients: own, closed.
    """
    return _fit(customers, conf_level, first_coin=1)


def _fit(customers: pd.DataFrame, conf_level: float, *, first_coin: int) -> BGNBD:
    x, t_x, T, counts = history(customers)
    n = counts.sum()
    if reason := thin_history(x, counts):
        found = not_estimable(4, reason)
    else:
        likelihood = bg.BetaGeometricLikelihood(x, t_x, T, counts, first_coin=first_coin)
        found = maximise(likelihood, (1.0, 1 / usual_rate(x, T, counts) / 3, 1.0, 3.0), n)
    return BGNBD(
        params_table(TERMS, found, n, conf_level), found.params, found.covariance,
        found.log_likelihood, round(n), len(x), T.max(), found.note, first_coin,
    )  # fmt: skip
