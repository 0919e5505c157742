"""Fisher scoring (iterated weighted least squares) for chances, counts and amounts.

A step solves the weighted normal equations, which costs one pass over the rows. How exactly it is
solved does not matter to where the steps end, since they end where the score is nought; where
columns are so nearly alike that it would not be found, the step is a least squares fit instead.

References: McCullagh & Nelder (1989), Generalized Linear Models, section 2.5; the starting means
are theirs.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, gammaln, xlogy

from analysis.errors import DataError
from analysis.notes import note

NO_MAXIMUM = (
    "the outcomes must allow a maximum of the likelihood, but none was found; look at the largest "
    "values, or take fewer columns"
)
SINGULAR = note("reasons.singular")
STEPS = 50
HALVINGS = 30
"""Of a step that leads beyond all numbers."""
SETTLED = 1e-12
"""Largest change of a parameter, of columns whose largest value is about one."""
ROUNDING = 1e-8
"""Below it a change that shrinks no longer is rounding."""
ALIKE = 1e-8
"""Smallest eigenvalue of the scaled cross-product from which normal equations are solved."""
EDGE = np.finfo(float).eps


def score_steps(
    family: str, y: np.ndarray, x: np.ndarray, total: np.ndarray, offset: np.ndarray | None
) -> tuple[np.ndarray, float]:
    """Parameters of greatest likelihood, and that likelihood's logarithm (NaN for amounts).

    Raises
    ------
    DataError
        A step leads nowhere, however short: amounts whose squares are beyond all numbers.
    """
    shift = 0.0 if offset is None else offset
    mean = (y + 0.5) / 2 if family == "logit" else (y + np.average(y)) / 2
    predictor = np.log(mean / (1 - mean)) if family == "logit" else np.log(mean)
    parameters, change = np.zeros(x.shape[1]), np.inf
    for step in range(STEPS):
        slope, weight = _slope_and_weight(family, mean)
        working = (y - mean) / slope + (predictor - shift if step == 0 else 0.0)
        moved = _solve(x, total * weight, working)
        before, change = change, float(np.abs(moved).max())
        if not np.isfinite(moved).all():
            if step == 0:
                raise DataError(NO_MAXIMUM, why=SINGULAR)
            break
        for _ in range(HALVINGS):
            predictor = x @ (parameters + moved) + shift
            mean = _mean(family, predictor)
            if np.isfinite(mean).all():
                break
            moved = moved / 2
        else:
            raise DataError(NO_MAXIMUM, why=SINGULAR)
        parameters = parameters + moved
        if change <= SETTLED or (change < ROUNDING and change > before / 2):
            break
    return parameters, _log_likelihood(family, y, mean, total)


def _mean(family: str, predictor: np.ndarray) -> np.ndarray:
    if family == "logit":
        return np.clip(expit(predictor), EDGE, 1 - EDGE)
    with np.errstate(over="ignore"):
        return np.maximum(np.exp(predictor), EDGE)


def _slope_and_weight(family: str, mean: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How the mean moves with the predictor, and the information of an answer."""
    if family == "logit":
        spread = mean * (1 - mean)
        return spread, spread
    return mean, np.ones_like(mean) if family == "gamma" else mean


def _solve(x: np.ndarray, weight: np.ndarray, working: np.ndarray) -> np.ndarray:
    """Weighted least squares of the working outcome on the columns."""
    weighted = x * weight[:, None]
    cross, score = weighted.T @ x, weighted.T @ working
    if not (np.isfinite(cross).all() and np.isfinite(score).all()):
        return np.full(x.shape[1], np.nan)
    size = np.sqrt(np.diag(cross))
    size = np.where(size > 0, size, 1.0)
    scaled = cross / np.outer(size, size)
    if np.linalg.eigvalsh(scaled)[0] > ALIKE:
        return np.linalg.solve(scaled, score / size) / size
    root = np.sqrt(weight)
    return np.linalg.pinv(x * root[:, None]) @ (working * root)


def _log_likelihood(family: str, y: np.ndarray, mean: np.ndarray, total: np.ndarray) -> float:
    if family == "gamma":
        return float("nan")
    if family == "logit":
        return float(total @ (xlogy(y, mean) + xlogy(1 - y, 1 - mean)))
    return float(total @ (xlogy(y, mean) - mean - gammaln(y + 1)))


def least_squares(x: np.ndarray, y: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Parameters of weighted least squares, by the triangle of columns and outcome together."""
    root = np.sqrt(total)[:, None]
    triangle = np.linalg.qr(np.column_stack([x, y]) * root, mode="r")
    return np.linalg.lstsq(triangle[:, :-1], triangle[:, -1], rcond=None)[0]
