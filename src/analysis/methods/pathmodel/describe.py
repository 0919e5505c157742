"""The tables of a path estimate."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
from scipy.special import ndtr

from analysis.methods.pathmodel import quality
from analysis.methods.pathmodel.model import PathModel
from analysis.methods.pathmodel.solve import Estimates
from analysis.methods.resampling import bootstrap_table, critical_value

NOT_FACTORS = (
    "Composites are weighted sums of answers, not common factors: their paths lean towards zero "
    "where items are unreliable. The consistent estimates beside them correct for that, and hold "
    "if one common factor stands behind each reflective construct."
)
NOT_CONSISTENT = (
    "The consistent estimates are not admissible here (a reliability at or below zero, or a "
    "correlation or share explained above one): do not read them."
)


def describe(
    model: PathModel,
    matrix: np.ndarray,
    sample: Estimates,
    replicates: Estimates | None,
    *,
    n: int,
    conf_level: float,
) -> dict[str, object]:
    """The tables and numbers of `PathEstimate`, by name."""
    loadings = sample.outer.loadings[0]
    admissible = _consistent_is_admissible(sample)
    notes = [NOT_FACTORS] if admissible else [NOT_FACTORS, NOT_CONSISTENT]
    return {
        "table": _paths(model, sample, replicates, n, conf_level, admissible),
        "effects": _effects(model, sample, replicates, n, conf_level),
        "items": _items(model, sample, replicates, n, conf_level),
        "quality": _constructs(model, sample, replicates, n, conf_level),
        "item_quality": _item_quality(model, matrix, sample),
        "cross_loadings": pd.DataFrame(loadings, model.items, model.constructs),
        "fornell_larcker": _fornell_larcker(model, sample),
        "goodness_of_fit": quality.goodness_of_fit(
            loadings, sample.explained[0], block_of=model.block_of
        ),
        "notes": tuple(notes),
    }


def _consistent_is_admissible(sample: Estimates) -> bool:
    reliabilities, explained = sample.reliabilities[0], sample.consistent_explained[0]
    return bool((reliabilities > 0).all() and (explained < 1).all())


def _positions(model: PathModel, pairs: Iterable[tuple[str, str]]) -> tuple[list[int], list[int]]:
    names = model.constructs
    sources, targets = zip(*pairs, strict=True)
    return [names.index(name) for name in sources], [names.index(name) for name in targets]


def _paths(
    model: PathModel,
    sample: Estimates,
    replicates: Estimates | None,
    n: int,
    conf_level: float,
    admissible: bool,
) -> pd.DataFrame:
    at = _positions(model, model.arrows)
    table = bootstrap_table(
        [f"{source} → {target}" for source, target in model.arrows],
        sample.paths[0][at],
        None if replicates is None else replicates.paths[:, *at],
        n=n,
        conf_level=conf_level,
    )
    if replicates is None:
        errors = quality.path_standard_errors(
            sample.outer.scores[0], sample.paths[0], adjacency=model.adjacency, n=n
        )[at]
        reach = critical_value(conf_level) * errors
        table = table.assign(
            std_error=errors,
            conf_low=table["estimate"] - reach,
            conf_high=table["estimate"] + reach,
        )
    f_squared, inflation = quality.effect_sizes(sample.outer.scores[0], adjacency=model.adjacency)
    table.insert(1, "from", [source for source, _ in model.arrows])
    table.insert(2, "to", [target for _, target in model.arrows])
    return table.assign(
        p_value=2 * ndtr(-np.abs(table["estimate"] / table["std_error"])),
        f_squared=f_squared[at],
        vif=inflation[at],
        consistent=sample.consistent_paths[0][at] if admissible else np.nan,
        note="" if admissible else "consistent estimate not admissible",
    )


def _effects(
    model: PathModel,
    sample: Estimates,
    replicates: Estimates | None,
    n: int,
    conf_level: float,
) -> pd.DataFrame:
    names = model.constructs
    routes = quality.total_effects(model.adjacency.astype(float))
    kinds = {
        "direct": (model.adjacency, lambda found: found.paths),
        "indirect": (routes > model.adjacency, lambda found: found.totals - found.paths),
        "total": (routes > 0, lambda found: found.totals),
    }
    tables = []
    for kind, (exists, take) in kinds.items():
        at = np.nonzero(exists)
        if not len(at[0]):
            continue
        sources, targets = [names[i] for i in at[0]], [names[j] for j in at[1]]
        table = bootstrap_table(
            [f"{source} → {target}" for source, target in zip(sources, targets, strict=True)],
            take(sample)[0][at],
            None if replicates is None else take(replicates)[:, *at],
            n=n,
            conf_level=conf_level,
        )
        tables.append(table.assign(**{"from": sources, "to": targets, "kind": kind}))
    order = ["term", "from", "to", "kind", "estimate", "std_error", "conf_low", "conf_high", "n"]
    return pd.concat(tables, ignore_index=True)[order]


def _items(
    model: PathModel,
    sample: Estimates,
    replicates: Estimates | None,
    n: int,
    conf_level: float,
) -> pd.DataFrame:
    at = np.nonzero(model.block_of)
    owner = [model.constructs[k] for k in at[1]]
    tables = []
    for term in ("weights", "loadings"):
        drawn = None if replicates is None else getattr(replicates.outer, term)[:, *at]
        table = bootstrap_table(
            model.items, getattr(sample.outer, term)[0][at], drawn, n=n, conf_level=conf_level
        )
        table = table.rename(columns={"term": "item"})
        tables.append(table.assign(construct=owner, term=term.removesuffix("s")))
    order = ["construct", "item", "term", "estimate", "std_error", "conf_low", "conf_high", "n"]
    return pd.concat(tables, ignore_index=True)[order]


def _constructs(
    model: PathModel,
    sample: Estimates,
    replicates: Estimates | None,
    n: int,
    conf_level: float,
) -> pd.DataFrame:
    loadings, explained = sample.outer.loadings[0], sample.explained[0]
    endogenous = model.adjacency.any(axis=0)
    modes = np.array([model.modes.get(name, "A") for name in model.constructs])
    table = bootstrap_table(
        model.constructs,
        np.where(endogenous, explained, np.nan),
        None if replicates is None else np.where(endogenous, replicates.explained, 0.0),
        n=n,
        conf_level=conf_level,
    ).rename(columns={"term": "construct", "estimate": "r_squared"})
    limits = ["std_error", "conf_low", "conf_high"]
    table.loc[~endogenous, limits] = np.nan
    communality = quality.average_variance_extracted(loadings, block_of=model.block_of)
    composite = quality.composite_reliability(loadings, block_of=model.block_of)
    reflective = modes == "A"
    predictors = model.adjacency.sum(axis=0)
    return table.assign(
        mode=modes,
        items=model.block_of.sum(axis=0),
        r_squared_adjusted=1 - (1 - table["r_squared"]) * (n - 1) / (n - predictors - 1),
        communality=communality,
        redundancy=communality * table["r_squared"],
        average_variance_extracted=np.where(reflective, communality, np.nan),
        composite_reliability=np.where(reflective, composite, np.nan),
        rho_a=np.where(reflective, sample.reliabilities[0], np.nan),
        r_squared_consistent=np.where(endogenous, sample.consistent_explained[0], np.nan),
    )


def _item_quality(model: PathModel, matrix: np.ndarray, sample: Estimates) -> pd.DataFrame:
    at = np.nonzero(model.block_of)
    communality = sample.outer.loadings[0][at] ** 2
    spread = np.sqrt(np.diag(matrix))
    metric = matrix / np.outer(spread, spread) if sample.scaled else matrix
    consistent = quality.consistent_loadings(
        metric, sample.outer.weights[0], sample.reliabilities[0], block_of=model.block_of
    )
    modes = np.array([model.modes.get(name, "A") for name in model.constructs])
    return pd.DataFrame(
        {
            "construct": [model.constructs[k] for k in at[1]],
            "item": model.items,
            "communality": communality,
            "redundancy": communality * sample.explained[0][at[1]],
            "vif": quality.item_inflation(matrix, block_of=model.block_of),
            "consistent_loading": np.where(modes[at[1]] == "A", consistent[at], np.nan),
        }
    )


def _fornell_larcker(model: PathModel, sample: Estimates) -> pd.DataFrame:
    matrix = sample.outer.scores[0].copy()
    extracted = quality.average_variance_extracted(
        sample.outer.loadings[0], block_of=model.block_of
    )
    np.fill_diagonal(matrix, np.sqrt(extracted))
    return pd.DataFrame(matrix, model.constructs, model.constructs)
