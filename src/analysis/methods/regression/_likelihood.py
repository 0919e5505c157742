"""Maximum likelihood for the families of `fit_family`."""

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln

from analysis.errors import DataError
from analysis.methods.regression._scoring import (
    NO_MAXIMUM,
    SINGULAR,
    least_squares,
    score_steps,
)
from analysis.methods.regression.fit import mean_slope
from analysis.methods.regression.scaling import column_scale

LOG_ALPHA = (-12.0, 6.0)
MOST_ROUNDS = 500
SETTLED = 1e-9


def maximise(
    family: str, y: np.ndarray, x: np.ndarray, total: np.ndarray, offset: np.ndarray | None
) -> tuple[np.ndarray, float, float]:
    """Parameters, the negative binomial's alpha (else NaN), and the log likelihood."""
    scale = column_scale(x)
    parameters, alpha, log_likelihood = _maximise(family, y, x / scale, total, offset)
    return parameters / scale, alpha, log_likelihood


def _maximise(
    family: str, y: np.ndarray, x: np.ndarray, total: np.ndarray, offset: np.ndarray | None
) -> tuple[np.ndarray, float, float]:
    if family == "linear":
        parameters = least_squares(x, y, total)
        spread = (total * (y - x @ parameters) ** 2).sum() / total.sum()
        return parameters, np.nan, float(-total.sum() / 2 * (np.log(2 * np.pi * spread) + 1))
    counted = "poisson" if family == "negative_binomial" else family
    parameters, reached = score_steps(counted, y, x, total, offset)
    if family == "negative_binomial":
        return _maximise_negative_binomial(y, x, total, offset, parameters)
    whole = family == "logit" or (family == "poisson" and not np.mod(y, 1).any())
    return parameters, np.nan, reached if whole else np.nan


def _maximise_negative_binomial(
    y: np.ndarray,
    x: np.ndarray,
    total: np.ndarray,
    offset: np.ndarray | None,
    start: np.ndarray,
) -> tuple[np.ndarray, float, float]:
    """NB2: alternate weighted least squares for the mean and the root of alpha's score."""
    shift = np.zeros(len(y)) if offset is None else offset
    parameters, log_alpha = start, 0.0
    for _ in range(MOST_ROUNDS):
        with np.errstate(over="ignore"):
            mean = np.exp(x @ parameters + shift)
        if not (np.isfinite(mean) & (mean > 0)).all():
            raise DataError(NO_MAXIMUM, why=SINGULAR)
        before, log_alpha = log_alpha, _solve_log_alpha(y, mean, total)
        weight = total * mean / (1 + np.exp(log_alpha) * mean)
        working = x @ parameters + (y - mean) / mean
        updated = least_squares(x, working, weight)
        change = max(np.abs(updated - parameters).max(), abs(log_alpha - before))
        parameters = updated
        if change < SETTLED:
            break
    mean, theta = np.exp(x @ parameters + shift), np.exp(-log_alpha)
    parts = gammaln(y + theta) - gammaln(theta) - gammaln(y + 1)
    parts = parts + theta * np.log(theta / (theta + mean)) + y * np.log(mean / (theta + mean))
    return parameters, float(np.exp(log_alpha)), float((total * parts).sum())


def _solve_log_alpha(y: np.ndarray, mean: np.ndarray, total: np.ndarray) -> float:
    """Where the likelihood no longer moves with alpha; the lowest where it only falls."""

    def score(log_alpha: float) -> float:
        theta = np.exp(-log_alpha)
        gain = digamma(y + theta) - digamma(theta) - np.log1p(mean / theta)
        return float(total @ (gain + (mean - y) / (theta + mean)))

    low, high = LOG_ALPHA
    if score(low) >= 0 or score(high) <= 0:
        return low if score(low) >= 0 else high
    return float(brentq(score, low, high, xtol=1e-13, rtol=1e-13))


def variance_of(family: str, predictor: np.ndarray, overdispersion: float) -> np.ndarray:
    """The variance of the outcome at a linear predictor, up to a scale for linear and gamma."""
    if family == "linear":
        return np.ones_like(predictor)
    if family == "logit":
        return np.clip(mean_slope("logit", predictor), 1e-300, None)
    mean = np.exp(predictor)
    if family == "gamma":
        return mean**2
    return mean if family == "poisson" else mean + overdispersion * mean**2
