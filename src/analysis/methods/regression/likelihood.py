"""Maximum likelihood for the families of `fit_family`."""

import warnings

import numpy as np
from scipy.optimize import brentq
from scipy.special import digamma, gammaln

from analysis.errors import DataError
from analysis.methods.regression.fit import mean_slope
from analysis.methods.regression.scaling import column_scale
from analysis.notes import note

NO_MAXIMUM = (
    "the outcomes must allow a maximum of the likelihood, but none was found from the first step "
    "on; look at the largest values, or take fewer columns"
)
SINGULAR = note("reasons.singular")
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
    from statsmodels.genmod import families
    from statsmodels.genmod.generalized_linear_model import GLM

    if family == "linear":
        root = np.sqrt(total)
        parameters, *_ = np.linalg.lstsq(x * root[:, None], y * root, rcond=None)
        spread = (total * (y - x @ parameters) ** 2).sum() / total.sum()
        return parameters, np.nan, float(-total.sum() / 2 * (np.log(2 * np.pi * spread) + 1))
    laws = {
        "logit": families.Binomial,
        "poisson": families.Poisson,
        "negative_binomial": families.Poisson,
        "gamma": lambda: families.Gamma(families.links.Log()),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = GLM(y, x, family=laws[family](), freq_weights=total, offset=offset)
        try:
            fitted = model.fit(tol=1e-12, tol_criterion="params", maxiter=50)
        except ValueError:  # statsmodels: "The first guess on the deviance function returned a nan"
            raise DataError(NO_MAXIMUM, why=SINGULAR) from None
        whole = family == "logit" or (family == "poisson" and not np.mod(y, 1).any())
        reached = float(fitted.llf) if whole else np.nan
    if family == "negative_binomial":
        return _maximise_negative_binomial(y, x, total, offset, fitted.params)
    return fitted.params, np.nan, reached


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
        root = np.sqrt(weight)
        updated, *_ = np.linalg.lstsq(x * root[:, None], working * root, rcond=None)
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
