"""Pareto/NBD: purchases of customers who leave unseen, at any time.

1. While alive, a customer buys at the times of a Poisson process of rate lambda.
2. lambda differs between customers as Gamma(r, alpha).
3. Her life is exponential with rate mu.
4. mu differs between customers as Gamma(s, beta).
5. lambda and mu are independent.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import digamma, expit, gammaln

from analysis.methods.purchases._fit import maximise, not_estimable, params_table, weigh
from analysis.methods.purchases._rows import (
    HISTORY,
    check_history,
    history,
    per_customer,
    thin_history,
    usual_rate,
)
from analysis.notes import Note

TERMS = ("r", "alpha", "s", "beta")
NODES, WEIGHTS = np.polynomial.legendre.leggauss(24)
WIDEST = 4.0
"""Of a panel of so many nodes, for twelve digits."""
NUDGE = 1e-7
"""Distance kept from s = 1, where the closed form is 0/0."""


@dataclass(frozen=True, slots=True, eq=False)
class ParetoNBD:
    """A fitted Pareto/NBD model; times are in the unit of the frame that it was fitted on.

    Attributes
    ----------
    table : DataFrame
        One row a parameter: `term, estimate, std_error, conf_low, conf_high, n, note`.
    params : ndarray, (4,)
        r, alpha, s, beta.
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
    """

    table: pd.DataFrame
    params: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    customers: int
    rows: int
    longest_age: float
    note: Note | str

    def alive(self, customers: pd.DataFrame) -> np.ndarray:
        """P(alive at the end of observation), one number a customer."""
        check_history(customers)
        return per_customer(customers, HISTORY, lambda *h: alive_probability(self.params, *h))

    def expected(self, time: float | np.ndarray) -> np.ndarray:
        """E[X(t)]: repeat purchases of a new customer in the first `time` units."""
        return expected_while_alive(*self.params, np.asarray(time, float))

    def conditional(self, customers: pd.DataFrame, time: float) -> np.ndarray:
        """E[Y(t)]: purchases of each customer in the `time` units after observation."""
        check_history(customers)
        return per_customer(customers, HISTORY, lambda *h: self.conditional_rows(*h, time))

    def conditional_rows(self, x, t_x, T, time) -> np.ndarray:
        """`conditional` for arrays of frequency, recency and age."""
        r, alpha, s, beta = self.params
        alive = alive_probability(self.params, x, t_x, T)
        return alive * expected_while_alive(r + x, alpha + T, s, beta + T, time)

    def simulate_rows(self, x, t_x, T, time, rng) -> np.ndarray:
        """One draw of each customer's purchases after observation, given her history."""
        r, alpha, s, beta = self.params
        life = rng.exponential(size=x.shape) / (rng.gamma(s, size=x.shape) / (beta + T) + 1e-300)
        bought = rng.poisson(rng.gamma(r + x) / (alpha + T) * np.minimum(life, time))
        return np.where(rng.random(x.shape) < alive_probability(self.params, x, t_x, T), bought, 0)


def fit_paretonbd(customers: pd.DataFrame, *, conf_level: float = 0.95) -> ParetoNBD:
    """Fit Pareto/NBD by maximum likelihood.

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
    ParetoNBD

    Raises
    ------
    DataError
        An absent column, or a history that cannot be (recency past age, half a purchase).

    References
    ----------
    Schmittlein, Morrison & Colombo (1987), Management Science 33, 1-24; Fader & Hardie (2005),
    note 009. The integral over the unseen death is done by quadrature instead of the Gaussian
    hypergeometric function, which overflows for customers with hundreds of purchases.
    """
    x, t_x, T, counts = history(customers)
    n = counts.sum()
    if reason := thin_history(x, counts):
        found = not_estimable(4, reason)
    else:
        start = (1.0, 1 / usual_rate(x, T, counts) / 2, 1.0, weigh(T, counts) / n)
        found = maximise(lambda params: _likelihood(params, x, t_x, T, counts), start, n)
    return ParetoNBD(
        params_table(TERMS, found, n, conf_level), found.params, found.covariance,
        found.log_likelihood, round(n), len(x), T.max(), found.note,
    )  # fmt: skip


def alive_probability(params, x, t_x, T) -> np.ndarray:
    """P(alive at T): the share of the likelihood in which she did not die in (t_x, T].

    Parameters
    ----------
    params : array, (4,)
        r, alpha, s, beta; all above 0.
    x : int array
        Repeat purchases.
    t_x, T : array
        Weeks from the first purchase to the last, and to today; 0 <= t_x <= T.

    Returns
    -------
    array
        Between 0 and 1.
    """
    r, alpha, s, beta = params
    log_dead = np.log(s) + _log_death(params, x, t_x, T)[0]
    return expit(-(r + x) * np.log(alpha + T) - s * np.log(beta + T) - log_dead)


def expected_while_alive(r, alpha, s, beta, t) -> np.ndarray:
    """Purchases in (0, t] of one who is alive (Schmittlein, Morrison & Colombo 1987, eq. 17).

    Parameters
    ----------
    r, alpha, s, beta : float or array
        Above 0.
    t : float or array
        Weeks.

    Returns
    -------
    array
    """
    s = np.where(np.abs(s - 1) < NUDGE, 1 + NUDGE, s)
    return r * beta / (alpha * (s - 1)) * -np.expm1((s - 1) * np.log(beta / (beta + t)))


def _likelihood(params, x, t_x, T, counts) -> tuple[float, np.ndarray]:
    r, alpha, s, beta = params
    death, d_death = _log_death(params, x, t_x, T)
    log_dead = np.log(s) + death
    log_alive = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    common = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    dead = expit(log_dead - log_alive)
    d_dead = d_death + np.array([[0.0], [0.0], [1 / s], [0.0]])
    d_alive = np.array(
        [-np.log(alpha + T), -(r + x) / (alpha + T), -np.log(beta + T), -s / (beta + T)]
    )
    d_common = np.array(
        [
            digamma(r + x) - digamma(r) + np.log(alpha),
            np.full(x.shape, r / alpha),
            np.full(x.shape, np.log(beta)),
            np.full(x.shape, s / beta),
        ]
    )
    gradient = d_common + dead * d_dead + (1 - dead) * d_alive
    return weigh(common + np.logaddexp(log_alive, log_dead), counts), weigh(gradient, counts)


def _log_death(params, x, t_x, T) -> tuple[np.ndarray, np.ndarray]:
    """Log of the integral of (alpha + t)^-(r + x) (beta + t)^-(s + 1) over (t_x, T], and slopes.

    With t = t_x + h (e^y - 1), where h is the time in which the integrand first falls, it is smooth
    in y for any parameters: its poles lie pi away from the axis. Four of y a panel keep 12 digits.
    Rows with T = t_x have an empty integral (log: -inf, slopes 0).
    """
    r, alpha, s, beta = params
    a, b, at_alpha, at_beta = r + x, s + 1, alpha + t_x, beta + t_x
    first = 1 / (np.maximum(a, 1) / at_alpha + b / at_beta)
    width = np.log1p((T - t_x) / first)
    panels = 1 + int(np.nan_to_num(width.max(initial=0)) // WIDEST)
    share = ((np.arange(panels)[:, None] + (NODES + 1) / 2) / panels).ravel()[:, None]
    y = share * width
    passed = first * np.expm1(y)
    fallen = a * np.log1p(passed / at_alpha) + b * np.log1p(passed / at_beta)
    weight = np.tile(WEIGHTS / (2 * panels), panels)[:, None] * np.exp(y - fallen)
    total = weight.sum(axis=0)
    with np.errstate(divide="ignore"):
        log_integral = np.log(total) + np.log(width) + np.log(first)
    log_integral -= a * np.log(at_alpha) + b * np.log(at_beta)
    at_alpha, at_beta = at_alpha + passed, at_beta + passed
    slopes = np.array(
        [
            -(weight * np.log(at_alpha)).sum(axis=0),
            -a * (weight / at_alpha).sum(axis=0),
            -(weight * np.log(at_beta)).sum(axis=0),
            -b * (weight / at_beta).sum(axis=0),
        ]
    )
    return log_integral, slopes / total
