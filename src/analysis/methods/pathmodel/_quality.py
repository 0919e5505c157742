"""What follows from the outer estimates: paths, effects, and the measures of how good they are.

All arrays lead with the batch; `scores` are correlations between construct scores.
"""

import numpy as np

from analysis.methods.pathmodel._algorithm import regress_scores


def path_coefficients(scores: np.ndarray, *, adjacency: np.ndarray) -> np.ndarray:
    """(batch, from, to): ordinary least squares of each construct on those that lead to it."""
    paths = np.zeros_like(scores)
    for target in range(len(adjacency)):
        sources = np.flatnonzero(adjacency[:, target])
        if len(sources):
            paths[:, sources, target] = regress_scores(scores, sources=sources, target=target)
    return paths


def total_effects(paths: np.ndarray) -> np.ndarray:
    """(batch, from, to): all routes, P + P² + … = (I - P)⁻¹ - I."""
    unit = np.eye(paths.shape[-1])
    return np.linalg.inv(unit - paths) - unit


def r_squared(scores: np.ndarray, paths: np.ndarray) -> np.ndarray:
    """(batch, constructs); zero for a construct that nothing leads to."""
    return (paths * scores).sum(axis=1)


def path_standard_errors(
    scores: np.ndarray, paths: np.ndarray, *, adjacency: np.ndarray, n: int
) -> np.ndarray:
    """(from, to) least-squares standard errors of one sample, scores taken as observed."""
    errors = np.full(paths.shape, np.nan)
    explained = r_squared(scores[None], paths[None])[0]
    for target in range(len(adjacency)):
        sources = np.flatnonzero(adjacency[:, target])
        if len(sources):
            inverse = np.linalg.inv(scores[np.ix_(sources, sources)])
            spread = (1 - explained[target]) / (n - len(sources) - 1)
            errors[sources, target] = np.sqrt(spread * np.diag(inverse))
    return errors


def path_inflation(scores: np.ndarray, *, adjacency: np.ndarray) -> np.ndarray:
    """(from, to) variance inflation of each source among those with one target, one sample."""
    inflation = np.full(scores.shape, np.nan)
    for target in range(len(adjacency)):
        sources = np.flatnonzero(adjacency[:, target])
        if len(sources):
            inflation[sources, target] = np.diag(np.linalg.inv(scores[np.ix_(sources, sources)]))
    return inflation


def average_variance_extracted(loadings: np.ndarray, *, block_of: np.ndarray) -> np.ndarray:
    """(constructs,) mean squared loading of a construct's own items."""
    return np.where(block_of, loadings**2, 0).sum(axis=0) / block_of.sum(axis=0)


def composite_reliability(loadings: np.ndarray, *, block_of: np.ndarray) -> np.ndarray:
    """(constructs,) rho_C of the loadings; Jöreskog (1971)."""
    own = np.where(block_of, loadings, 0)
    common = own.sum(axis=0) ** 2
    return common / (common + np.where(block_of, 1 - loadings**2, 0).sum(axis=0))


def item_inflation(covariances: np.ndarray, *, block_of: np.ndarray) -> np.ndarray:
    """(items,) variance inflation of each item among the items of its construct, one sample."""
    inflation = np.ones(len(block_of))
    for members in block_of.T:
        rows = np.flatnonzero(members)
        block = covariances[np.ix_(rows, rows)]
        inflation[rows] = np.diag(np.linalg.pinv(block, hermitian=True)) * np.diag(block)
    return inflation


def goodness_of_fit(loadings: np.ndarray, explained: np.ndarray, *, block_of: np.ndarray) -> float:
    """Geometric mean of communality (items of constructs with several) and R²; Tenenhaus (2004).

    It is reproduced because readers ask for it; it cannot tell a right model from a wrong one
    (Henseler & Sarstedt 2013, Comput. Stat. 28, 565-580).
    """
    several = block_of[:, block_of.sum(axis=0) > 1]
    if not several.size:
        return float("nan")
    communality = (loadings[:, block_of.sum(axis=0) > 1] ** 2)[several].mean()
    return float(np.sqrt(communality * explained[explained > 0].mean()))


def rho_a(
    covariances: np.ndarray, weights: np.ndarray, *, block_of: np.ndarray, reflective: np.ndarray
) -> np.ndarray:
    """(batch, constructs) reliability of the scores of reflective constructs; one for the others.

    Dijkstra & Henseler (2015), MIS Quarterly 39, 297-316, formula 3, on standardised items.
    """
    spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2))
    scaled = covariances / spread[:, :, None] / spread[:, None, :]
    standard = weights * spread[:, :, None]
    found = np.ones((len(weights), block_of.shape[1]))
    for k in np.flatnonzero(reflective & (block_of.sum(axis=0) > 1)):
        rows = np.flatnonzero(block_of[:, k])
        weight = standard[:, rows, k]
        block = scaled[:, rows][:, :, rows]
        length = (weight**2).sum(axis=1)
        apart = 1 - np.eye(len(rows))
        outer = weight[:, :, None] * weight[:, None, :]
        explained = (outer * block * apart).sum(axis=(1, 2))
        found[:, k] = length**2 * explained / (outer**2 * apart).sum(axis=(1, 2))
    return found


def consistent_scores(scores: np.ndarray, reliabilities: np.ndarray) -> np.ndarray:
    """(batch, constructs, constructs) correlations corrected for the scores' unreliability."""
    with np.errstate(invalid="ignore"):
        root = np.sqrt(reliabilities)
    corrected = scores / root[:, :, None] / root[:, None, :]
    diagonal = np.arange(scores.shape[-1])
    corrected[:, diagonal, diagonal] = 1
    return corrected


def consistent_loadings(
    covariances: np.ndarray, weights: np.ndarray, reliabilities: np.ndarray, *, block_of: np.ndarray
) -> np.ndarray:
    """(items, constructs) PLSc loadings w √rho_A / w'w of one sample, on standardised items."""
    standard = weights * np.sqrt(np.diag(covariances))[:, None]
    length = np.where(block_of, standard**2, 0).sum(axis=0)
    return np.where(block_of, standard * np.sqrt(reliabilities) / length, 0)
