"""BG/NBD and MBG/NBD: their likelihood, P(alive) and expectations.

A customer buys at rate lambda ~ Gamma(r, alpha) and leaves after a purchase with probability
p ~ Beta(a, b). `first_coin` is 1 where she may also leave right at the first purchase (MBG/NBD)
and 0 where she may not (BG/NBD); it shifts b and lets x = 0 be dead.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import betaincinv, digamma, expit, gammaln, hyp2f1

from analysis.methods.purchases._fit import weigh

NUDGE = 1e-6
"""Distance kept from a = 1 and a + b = 1, where the closed form is 0/0 (error about 1e-10)."""
ALIKE = 30.0
"""From this a on, p varies little: the closed form overflows, a mean over quantiles is exact."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
TINY = 1e-12
"""Stands in for b - 1 + x where x = 0, a term that then has no weight."""


class BetaGeometricLikelihood:
    """Log-likelihood and gradient of counted rows (Fader, Hardie & Lee 2005, eq. 6).

    What depends on x, t_x or T alone is evaluated once for each distinct value; only the odds of
    having left, which need all three, are evaluated row by row.
    """

    def __init__(self, frequency, recency, age, counts, *, first_coin: int) -> None:
        self.first_coin = first_coin
        self.x, self.x_counts, code_x = _levels(frequency, counts)
        self.T, self.T_counts, code_T = _levels(age, counts)
        self.t_x, _, code_t = _levels(recency, counts)
        self.bought = np.bincount(code_T, counts * frequency)
        mortal = (frequency > 0) | (first_coin == 1)
        self.code_x, self.code_T, self.code_t = code_x[mortal], code_T[mortal], code_t[mortal]
        self.counts = counts[mortal]
        self.total = counts.sum()

    def __call__(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha, a, b = params
        log_age, log_recency = np.log(alpha + self.T), np.log(alpha + self.t_x)
        rest = np.maximum(self.x + b - 1 + self.first_coin, TINY)
        gap = log_age[self.code_T] - log_recency[self.code_t]
        events = (r + self.x)[self.code_x]
        odds = np.log(a / rest)[self.code_x] + events * gap
        small = np.exp(-np.abs(odds))
        log_sum = np.maximum(odds, 0.0) + np.log1p(small)
        dead = self.counts * np.where(odds > 0, 1.0, small) / (1 + small)
        slope = (1 / (alpha + self.T))[self.code_T] - (1 / (alpha + self.t_x))[self.code_t]
        dead_at = np.bincount(self.code_x, dead, minlength=len(self.x))
        ahead = r * self.T_counts + self.bought
        value = self._levels_value(r, alpha, a, b) - weigh(log_age, ahead)
        gradient = self._levels_gradient(r, alpha, a, b)
        gradient[0] += weigh(gap, dead) - weigh(log_age, self.T_counts)
        gradient[1] += weigh(events * slope, dead) - weigh(1 / (alpha + self.T), ahead)
        gradient[2] += dead_at.sum() / a
        gradient[3] -= weigh(1 / rest, dead_at)
        return value + weigh(log_sum, self.counts), gradient

    def _levels_value(self, r, alpha, a, b) -> float:
        x, e = self.x, self.first_coin
        per_level = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(b + x + e) - gammaln(a + b + x + e) - gammaln(b) + gammaln(a + b)
        )  # fmt: skip
        return weigh(per_level, self.x_counts)

    def _levels_gradient(self, r, alpha, a, b) -> np.ndarray:
        x, e, n = self.x, self.first_coin, self.x_counts
        lost = digamma(a + b) - digamma(a + b + x + e)
        return np.array(
            [
                weigh(digamma(r + x) - digamma(r) + np.log(alpha), n),
                self.total * r / alpha,
                weigh(lost, n),
                weigh(digamma(b + x + e) - digamma(b) + lost, n),
            ]
        )


def _levels(values: np.ndarray, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct values, how many customers have each, and which one each row has."""
    code, levels = pd.factorize(values)
    return levels, np.bincount(code, counts), code


def alive_probability(params, x, t_x, T, *, first_coin: int) -> np.ndarray:
    """P(alive at T) (Fader, Hardie & Lee 2008; MBG: Wagner & Hoppe 2008)."""
    r, alpha, a, b = params
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(a / (b + x - 1 + first_coin)) + (r + x) * np.log((alpha + T) / (alpha + t_x))
    return np.where((x > 0) | (first_coin == 1), expit(-odds), 1.0 + 0 * r)


def expected_while_alive(r, alpha, a, b, t) -> np.ndarray:
    """Purchases in (0, t] of one who is alive, E[(1 - (alpha / (alpha + p t))^r) / p].

    The closed form of Fader, Hardie & Lee (2005, eq. 9) after Euler's transformation, which
    neither overflows nor cancels for customers with hundreds of purchases.
    """
    r, alpha, a, b, t = np.broadcast_arrays(*(np.asarray(v, float) for v in (r, alpha, a, b, t)))
    a = np.where(np.abs(a - 1) < NUDGE, 1 + NUDGE, a)
    b = np.where(np.abs(a + b - 1) < NUDGE, b + 2 * NUDGE, b)
    z = t / (alpha + t)
    with np.errstate(all="ignore"):
        series = hyp2f1(a - 1, a + b - 1 - r, a + b - 1, z)
        closed = (a + b - 1) / (a - 1) * (1 - (1 - z) ** (a - 1) * series)
    alike = (a > ALIKE) | ~np.isfinite(closed)
    if alike.any():
        closed = np.array(closed)
        closed[alike] = _over_quantiles(*(v[alike] for v in (r, alpha, a, b, t)))
    return closed


def _over_quantiles(r, alpha, a, b, t) -> np.ndarray:
    """The expectation as a mean over the quantiles of p, for customers almost alike in p."""
    (known_a, known_b), code = np.unique([a.ravel(), b.ravel()], axis=1, return_inverse=True)
    quantiles = betaincinv(known_a[:, None], known_b[:, None], (NODES + 1) / 2)
    p = quantiles[code.ravel()].reshape(*a.shape, -1)
    gain = -np.expm1(-r[..., None] * np.log1p(p * (t / alpha)[..., None]))
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(p > 0, gain / p, (r * t / alpha)[..., None])
    return each @ WEIGHTS / 2
