"""The likelihood of cumulative-link models, with its gradient and Hessian.

With cuts ζ and predictor x'b, P(Y ≤ j) = F(ζ_j - x'b). The log likelihood is concave for logit and
probit (Pratt 1981, JASA 76, 103-106), so Newton with halved steps finds its only maximum.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import expit, ndtr

from analysis.errors import DataError
from analysis.notes import note

Link = Literal["logit", "probit"]
TOLERANCE = 1e-10
MAX_STEPS = 60
FAR = 1e3


def cumulative(link: Link, at: np.ndarray) -> np.ndarray:
    """F, the distribution behind the link."""
    return expit(at) if link == "logit" else ndtr(at)


def density(link: Link, at: np.ndarray) -> np.ndarray:
    """F'."""
    if link == "probit":
        return np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi)
    share = expit(at)
    return share * expit(-at)


def density_slope(link: Link, at: np.ndarray) -> np.ndarray:
    """F''."""
    return -at * density(link, at) if link == "probit" else density(link, at) * (1 - 2 * expit(at))


@dataclass(frozen=True, slots=True, eq=False)
class Curvature:
    """Log likelihood and its derivatives by (slopes, cuts).

    Attributes
    ----------
    value : float
        The log likelihood.
    scores : ndarray, (rows, k + cuts)
        One row an answer.
    hessian : ndarray, (k + cuts, k + cuts)
        Negative definite.
    """

    value: float
    scores: np.ndarray
    hessian: np.ndarray


def interval_probability(link: Link, above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """F(above) - F(below), from the tail that keeps its digits."""
    flip = below > 0
    high, low = np.where(flip, -below, above), np.where(flip, -above, below)
    return cumulative(link, high) - cumulative(link, low)


def log_likelihood(
    parameters: np.ndarray, matrix: np.ndarray, level: np.ndarray, total: np.ndarray, link: Link
) -> float:
    """Σ w log P(Y = level); minus infinity where cuts are out of order."""
    above, below = _bounds(parameters, matrix, level)
    share = interval_probability(link, above, below)
    return float(total @ np.log(share)) if (share > 0).all() else -np.inf


def _bounds(
    parameters: np.ndarray, matrix: np.ndarray, level: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    n_slopes = matrix.shape[1]
    predictor = matrix @ parameters[:n_slopes]
    cuts = np.concatenate([[-FAR], parameters[n_slopes:], [FAR]])
    edge = np.where(np.abs(cuts) == FAR, np.sign(cuts) * FAR, 0)
    above = np.where(edge[level + 1] > 0, FAR, cuts[level + 1] - predictor)
    below = np.where(edge[level] < 0, -FAR, cuts[level] - predictor)
    return above, below


def curvature(
    parameters: np.ndarray, matrix: np.ndarray, level: np.ndarray, total: np.ndarray, link: Link
) -> Curvature:
    """Value, scores and Hessian at given slopes and cuts."""
    n_slopes, n_cuts = matrix.shape[1], len(parameters) - matrix.shape[1]
    above, below = _bounds(parameters, matrix, level)
    share = interval_probability(link, above, below)
    up, down = density(link, above) / share, -density(link, below) / share
    up_up = density_slope(link, above) / share - up**2
    down_down = -density_slope(link, below) / share - down**2
    up_down = -up * down
    scores = np.zeros((len(level), len(parameters)))
    scores[:, :n_slopes] = -(up + down)[:, None] * matrix
    rows = np.arange(len(level))
    has_upper, has_lower = level < n_cuts, level > 0
    scores[rows[has_upper], n_slopes + level[has_upper]] += up[has_upper]
    scores[rows[has_lower], n_slopes + level[has_lower] - 1] += down[has_lower]

    hessian = np.zeros((len(parameters), len(parameters)))
    bend = total * (up_up + 2 * up_down + down_down)
    hessian[:n_slopes, :n_slopes] = (matrix * bend[:, None]).T @ matrix
    crossed_up, crossed_down = total * (up_up + up_down), total * (down_down + up_down)
    for cut in range(n_cuts):
        ends, begins = level == cut, level == cut + 1
        own = n_slopes + cut
        crossed = -(crossed_up[ends] @ matrix[ends] + crossed_down[begins] @ matrix[begins])
        hessian[own, :n_slopes] = hessian[:n_slopes, own] = crossed
        hessian[own, own] = total[ends] @ up_up[ends] + total[begins] @ down_down[begins]
        if cut + 1 < n_cuts:
            between = total[begins] @ up_down[begins]
            hessian[own, own + 1] = hessian[own + 1, own] = between
    return Curvature(float(total @ np.log(share)), scores, hessian)


def maximise(
    matrix: np.ndarray, level: np.ndarray, total: np.ndarray, *, n_levels: int, link: Link
) -> tuple[np.ndarray, Curvature]:
    """Slopes and cuts of greatest likelihood, by Newton steps that are halved until they climb."""
    shares = np.bincount(level, weights=total, minlength=n_levels) / total.sum()
    reached = np.cumsum(shares)[:-1]
    scale = 1.0 if link == "logit" else 0.6
    parameters = np.concatenate(
        [np.zeros(matrix.shape[1]), scale * np.log(reached / (1 - reached))]
    )
    at = curvature(parameters, matrix, level, total, link)
    for _ in range(MAX_STEPS):
        gradient = total @ at.scores
        step = np.linalg.lstsq(-at.hessian, gradient, rcond=None)[0]
        if gradient @ step < TOLERANCE * (1 + abs(at.value)) * 1e-4:
            return parameters + step, at
        for _ in range(40):
            value = log_likelihood(parameters + step, matrix, level, total, link)
            if value > at.value - 1e-12 * abs(at.value):
                break
            step = step / 2
        parameters = parameters + step
        at = curvature(parameters, matrix, level, total, link)
        if np.abs(matrix @ parameters[: matrix.shape[1]]).max() > FAR / 20:
            return parameters, at
    raise DataError(
        "the ordinal regression must converge, but its likelihood still climbed after "
        f"{MAX_STEPS} steps; join rare answers or drop a driver",
        why=note("reasons.separated_answers"),
    )
