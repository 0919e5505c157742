"""Maximum likelihood for the families of `fit_family`."""

import warnings

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import gammaln

from analysis.methods.regression.fit import mean_slope


def maximise(
    family: str, y: np.ndarray, x: np.ndarray, total: np.ndarray, offset: np.ndarray | None
) -> tuple[np.ndarray, float, float]:
    """Parameters, the negative binomial's alpha (else NaN), and the log likelihood."""
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
        fitted = GLM(y, x, family=laws[family](), freq_weights=total, offset=offset).fit(
            tol=1e-12, tol_criterion="params", maxiter=50
        )
    if family == "negative_binomial":
        return _maximise_negative_binomial(y, x, total, offset, fitted.params)
    whole = family == "logit" or (family == "poisson" and not np.mod(y, 1).any())
    return fitted.params, np.nan, float(fitted.llf) if whole else np.nan


def _maximise_negative_binomial(
    y: np.ndarray,
    x: np.ndarray,
    total: np.ndarray,
    offset: np.ndarray | None,
    start: np.ndarray,
) -> tuple[np.ndarray, float, float]:
    """NB2: alternate weighted least squares for the mean and Newton for log alpha."""
    shift = np.zeros(len(y)) if offset is None else offset

    def log_likelihood(log_alpha: float, mean: np.ndarray) -> float:
        theta = np.exp(-log_alpha)
        parts = gammaln(y + theta) - gammaln(theta) - gammaln(y + 1)
        parts = parts + theta * np.log(theta / (theta + mean)) + y * np.log(mean / (theta + mean))
        return float((total * parts).sum())

    parameters, best = start, -np.inf
    for _ in range(200):
        mean = np.exp(x @ parameters + shift)
        found = minimize_scalar(
            lambda a, mean=mean: -log_likelihood(a, mean),
            bounds=(-14, 6),
            method="bounded",
            options={"xatol": 1e-10},
        )
        alpha = float(np.exp(found.x))
        weight = total * mean / (1 + alpha * mean)
        working = x @ parameters + (y - mean) / mean
        root = np.sqrt(weight)
        parameters, *_ = np.linalg.lstsq(x * root[:, None], working * root, rcond=None)
        value = log_likelihood(found.x, np.exp(x @ parameters + shift))
        if abs(value - best) < 1e-10 * (1 + abs(value)):
            break
        best = value
    return parameters, alpha, value


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
