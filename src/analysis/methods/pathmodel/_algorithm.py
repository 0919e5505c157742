"""The PLS algorithm on covariance matrices, many samples at once.

Scores are never formed: the covariance of items with scores is S W, that of scores with scores
W'SW. So a bootstrap sample is a matrix, and all of them iterate together; samples that have
settled drop out.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import DataError
from analysis.methods.pathmodel.model import PathModel
from analysis.notes import note

Scheme = Literal["centroid", "factorial", "path"]
TOLERANCE = 1e-10
MAX_ITERATIONS = 300


@dataclass(frozen=True, slots=True, eq=False)
class Outer:
    """Outer estimates for a batch of samples.

    Attributes
    ----------
    weights : (batch, items, constructs), zero outside an item's construct; scores have variance
        one.
    loadings : (batch, items, constructs) correlations of every item with every score.
    scores : (batch, constructs, constructs) correlations between scores.
    settled : (batch,) whether the weights converged; a sample that did not holds NaN.
    """

    weights: np.ndarray
    loadings: np.ndarray
    scores: np.ndarray
    settled: np.ndarray


def estimate_outer(covariances: np.ndarray, *, model: PathModel, scheme: Scheme) -> Outer:
    """Weights, loadings and score correlations of covariance matrices (batch, items, items)."""
    weights, settled = _iterate(covariances, model, scheme)
    crossed = covariances @ weights
    spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    loadings = crossed / spread[:, :, None]
    own = np.where(model.block_of, loadings, 0)
    direction = np.sign(np.sign(own).sum(axis=1) + own.mean(axis=1))
    flips = np.where(direction < 0, -1.0, 1.0)[:, None, :]
    weights, loadings = weights * flips, loadings * flips
    scores = weights.transpose(0, 2, 1) @ covariances @ weights
    return Outer(weights, loadings, scores, settled)


def _iterate(
    covariances: np.ndarray, model: PathModel, scheme: Scheme
) -> tuple[np.ndarray, np.ndarray]:
    block_of = model.block_of
    equal = np.broadcast_to(block_of.astype(float), (len(covariances), *block_of.shape))
    weights = _unit_variance(equal, covariances)
    inverses = _block_inverses(covariances, model)
    moving = np.arange(len(covariances))
    for _ in range(MAX_ITERATIONS):
        part = covariances[moving]
        crossed = part @ weights[moving]
        scores = weights[moving].transpose(0, 2, 1) @ crossed
        target = crossed @ inner_weights(scores, adjacency=model.adjacency, scheme=scheme)
        updated = _outer_step(np.where(block_of, target, 0), inverses, moving)
        updated = _unit_variance(updated, part)
        change = np.abs(np.abs(updated) - np.abs(weights[moving])).max(axis=(1, 2))
        weights[moving] = updated
        moving = moving[~(change < TOLERANCE * np.abs(updated).max(axis=(1, 2)))]
        if not len(moving):
            break
    settled = np.ones(len(covariances), bool)
    settled[moving] = False
    weights[moving] = np.nan
    return weights, settled


def _unit_variance(weights: np.ndarray, covariances: np.ndarray) -> np.ndarray:
    variances = (weights * (covariances @ weights)).sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        return weights / np.sqrt(variances)


def _block_inverses(covariances: np.ndarray, model: PathModel) -> dict[int, np.ndarray]:
    """Inverse covariances of the items of each mode-B construct, by the construct's position."""
    inverses = {}
    for k, name in enumerate(model.constructs):
        if model.modes.get(name, "A") == "B":
            rows = np.flatnonzero(model.block_of[:, k])
            block = covariances[:, rows][:, :, rows]
            if np.linalg.cond(block[0]) > 1 / np.sqrt(np.finfo(float).eps):
                raise DataError(
                    f"the items of {name} must not repeat one another in mode B, but they are "
                    "collinear; drop one or use mode A",
                    why=note("reasons.repeated", columns=(name,)),
                )
            inverses[k] = np.linalg.pinv(block, hermitian=True)
    return inverses


def _outer_step(
    target: np.ndarray, inverses: dict[int, np.ndarray], moving: np.ndarray
) -> np.ndarray:
    for k, inverse in inverses.items():
        rows = np.flatnonzero(target[0, :, k]) if len(target) else []
        target[:, rows, k] = np.einsum("bij,bj->bi", inverse[moving], target[:, rows, k])
    return target


def inner_weights(scores: np.ndarray, *, adjacency: np.ndarray, scheme: Scheme) -> np.ndarray:
    """(batch, constructs, constructs): how much a row counts for the inner estimate of a column."""
    neighbours = adjacency | adjacency.T
    if scheme == "centroid":
        return np.sign(scores) * neighbours
    inner = scores * neighbours
    if scheme == "path":
        for target in range(len(adjacency)):
            sources = np.flatnonzero(adjacency[:, target])
            if len(sources):
                inner[:, sources, target] = regress_scores(scores, sources=sources, target=target)
    return inner


def regress_scores(scores: np.ndarray, *, sources: np.ndarray, target: int) -> np.ndarray:
    """Standardised coefficients (batch, sources) of one score on others."""
    among = scores[:, sources][:, :, sources]
    with_target = scores[:, sources, target]
    return np.linalg.solve(among, with_target[:, :, None])[:, :, 0]
