"""Everything that a bootstrap sample repeats: outer weights, paths, effects, consistent paths."""

from dataclasses import dataclass

import numpy as np

from analysis.methods.pathmodel import _quality as quality
from analysis.methods.pathmodel._algorithm import Outer, Scheme, estimate_outer
from analysis.methods.pathmodel.model import PathModel
from analysis.methods.resampling import correlations, over_draws


@dataclass(frozen=True, slots=True, eq=False)
class Estimates:
    """Estimates of a batch of samples, batch first.

    Attributes
    ----------
    scaled : bool
        Whether of standardised items.
    outer : Outer
        Weights, loadings and correlations of scores.
    paths, totals : ndarray, (batch, constructs, constructs)
        Path coefficients and total effects, from row to column.
    explained : ndarray, (batch, constructs)
        R².
    reliabilities : ndarray, (batch, constructs)
        rho_A; 1 for constructs of mode B.
    consistent_paths : ndarray, (batch, constructs, constructs)
        PLSc.
    consistent_explained : ndarray, (batch, constructs)
        R² of PLSc.
    """

    scaled: bool
    outer: Outer
    paths: np.ndarray
    totals: np.ndarray
    explained: np.ndarray
    reliabilities: np.ndarray
    consistent_paths: np.ndarray
    consistent_explained: np.ndarray


@over_draws
def solve(covariances: np.ndarray, model: PathModel, scheme: Scheme, scaled: bool) -> Estimates:
    """Estimate a model on covariance matrices (batch, items, items)."""
    matrices = correlations(covariances) if scaled else covariances
    outer = estimate_outer(matrices, model=model, scheme=scheme)
    paths = quality.path_coefficients(outer.scores, adjacency=model.adjacency)
    reflective = np.array([model.modes.get(name, "A") == "A" for name in model.constructs])
    reliabilities = quality.rho_a(
        matrices, outer.weights, block_of=model.block_of, reflective=reflective
    )
    corrected = quality.consistent_scores(outer.scores, reliabilities)
    consistent = quality.path_coefficients(corrected, adjacency=model.adjacency)
    return Estimates(
        scaled=scaled,
        outer=outer,
        paths=paths,
        totals=quality.total_effects(paths),
        explained=quality.r_squared(outer.scores, paths),
        reliabilities=reliabilities,
        consistent_paths=consistent,
        consistent_explained=quality.r_squared(corrected, consistent),
    )


@over_draws
def effect_sizes(
    covariances: np.ndarray, model: PathModel, scheme: Scheme, scaled: bool
) -> np.ndarray:
    """(from, to) Cohen's f² of one sample: R² lost when the model is estimated without a path.

    NaN where the smaller model does not converge.
    """
    full = solve(covariances, model, scheme, scaled).explained[0]
    names, items = model.constructs, model.items
    found = np.full((len(names), len(names)), np.nan)
    for source, target in model.arrows:
        smaller, less = model.without(source, target), 0.0
        if smaller is not None and target in {to for _, to in smaller.arrows}:
            kept = [items.index(item) for item in smaller.items]
            part = solve(covariances[:, kept][:, :, kept], smaller, scheme, scaled)
            less = part.explained[0, smaller.constructs.index(target)]
        at = names.index(target)
        found[names.index(source), at] = (full[at] - less) / (1 - full[at])
    return found
