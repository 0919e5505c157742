"""What BG/NBD and MBG/NBD share: one likelihood, one expectation.

A customer buys at rate lambda ~ Gamma(r, alpha) and leaves after a purchase with probability
p ~ Beta(a, b). `first_coin` is 1 where she may also leave right at the first purchase (MBG/NBD)
and 0 where she may not (BG/NBD); it shifts b and lets x = 0 be dead.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaincinv, digamma, expit, gammaln, hyp2f1

NUDGE = 1e-6
"""Distance kept from a = 1 and a + b = 1, where the closed form is 0/0 (error about 1e-10)."""


ALIKE = 30.0
"""From this a on, p varies little: the closed form overflows, a mean over quantiles is exact."""
NODES, WEIGHTS = np.polynomial.legendre.leggauss(64)
TINY = 1e-12
"""Stands in for b - 1 + x where x = 0, a term that then has no weight."""


class BetaGeometricLikelihood:
    """Log-likelihood and gradient of counted rows (Fader, Hardie & Lee 2005, eq. 6).

    What depends on x alone is evaluated once for each distinct x.
    """

    def __init__(self, frequency, recency, age, counts, *, first_coin: int) -> None:
        self.x, self.t_x, self.T, self.counts = frequency, recency, age, counts
        self.first_coin = first_coin
        self.levels, code = np.unique(frequency, return_inverse=True)
        self.level_counts = np.bincount(code, counts)
        self.code = code
        self.can_be_dead = (frequency > 0) | (first_coin == 1)
        self.total = counts.sum()

    def __call__(self, params: np.ndarray) -> tuple[float, np.ndarray]:
        r, alpha, a, b = params
        x, counts = self.x, self.counts
        log_age, log_recency = np.log(alpha + self.T), np.log(alpha + self.t_x)
        gap = log_age - log_recency
        share = np.log(a / np.maximum(self.levels + b - 1 + self.first_coin, TINY))
        odds = np.where(self.can_be_dead, share[self.code] + (r + x) * gap, -np.inf)
        small = np.exp(-np.abs(odds))
        log_sum = np.maximum(odds, 0.0) + np.log1p(small)
        dead = np.where(odds > 0, 1.0, small) / (1 + small)
        value = self._levels_value(r, alpha, a, b) + counts @ (log_sum - (r + x) * log_age)
        weighted = counts * dead
        gradient = self._levels_gradient(r, alpha, a, b)
        gradient[0] += weighted @ gap - counts @ log_age
        gradient[1] += weighted @ ((r + x) * (1 / (alpha + self.T) - 1 / (alpha + self.t_x)))
        gradient[1] -= counts @ ((r + x) / (alpha + self.T))
        gradient[2] += weighted.sum() / a
        gradient[3] -= weighted @ (1 / np.maximum(x + b - 1 + self.first_coin, TINY))
        return value, gradient

    def _levels_value(self, r, alpha, a, b) -> float:
        x, e = self.levels, self.first_coin
        per_level = (
            gammaln(r + x) - gammaln(r) + r * np.log(alpha)
            + gammaln(b + x + e) - gammaln(a + b + x + e) - gammaln(b) + gammaln(a + b)
        )  # fmt: skip
        return self.level_counts @ per_level

    def _levels_gradient(self, r, alpha, a, b) -> np.ndarray:
        x, e, n = self.levels, self.first_coin, self.level_counts
        lost = digamma(a + b) - digamma(a + b + x + e)
        return np.array(
            [
                n @ (digamma(r + x) - digamma(r) + np.log(alpha)),
                self.total * r / alpha,
                n @ lost,
                n @ (digamma(b + x + e) - digamma(b) + lost),
            ]
        )


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
