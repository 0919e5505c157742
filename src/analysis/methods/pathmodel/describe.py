"""The tables of a path estimate."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from analysis.methods.pathmodel import _quality as quality
from analysis.methods.pathmodel._solve import Estimates
from analysis.methods.pathmodel.model import PathModel
from analysis.methods.resampling import bootstrap_table
from analysis.notes import note

NOT_FACTORS = note("paths.not_factors")
NOT_CONSISTENT = note("paths.not_consistent")
NOT_PARTED = note("paths.not_parted")
INADMISSIBLE = note("paths.inadmissible")
EXTREME = note("paths.beyond_one")
TOO_ALIKE = note("paths.too_alike")
MOST_INFLATION = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class Told:
    """What every table of an estimate is made from.

    Attributes
    ----------
    model : PathModel
    sample : Estimates
        A batch of one.
    replicates : Estimates or None
        One a bootstrap sample.
    n : int
        Answer sheets.
    conf_level : float
        Of the intervals.
    """

    model: PathModel
    sample: Estimates
    replicates: Estimates | None
    n: int
    conf_level: float

    def drawn(self, take: Callable[[Estimates], np.ndarray]) -> np.ndarray | None:
        """A quantity of the bootstrap samples; None without them."""
        return None if self.replicates is None else take(self.replicates)

    def table(self, terms: list[str], take: Callable[[Estimates], np.ndarray]) -> pd.DataFrame:
        """The columns of estimates of a quantity (batch, terms)."""
        drawn = self.drawn(take)
        return bootstrap_table(
            terms, take(self.sample)[0], drawn, n=self.n, conf_level=self.conf_level
        )


def describe(told: Told, matrix: np.ndarray, f_squared: np.ndarray) -> dict[str, object]:
    """The tables and numbers of `PathEstimate`, by name.

    Parameters
    ----------
    told : Told
    matrix : array, (items, items)
        Correlations.
    f_squared : array, (constructs, constructs)

    Returns
    -------
    dict
    """
    model, sample = told.model, told.sample
    loadings = sample.outer.loadings[0]
    paths = _paths(told, f_squared)
    notes = {INADMISSIBLE: NOT_CONSISTENT, EXTREME: NOT_PARTED, TOO_ALIKE: NOT_PARTED}
    said = dict.fromkeys(notes[why] for why in paths["note"] if why)
    return {
        "table": paths,
        "effects": _effects(told),
        "items": _items(told),
        "quality": _constructs(told),
        "item_quality": _item_quality(model, matrix, sample),
        "cross_loadings": pd.DataFrame(loadings, model.items, model.constructs),
        "fornell_larcker": _fornell_larcker(model, sample),
        "goodness_of_fit": quality.goodness_of_fit(
            loadings, sample.explained[0], block_of=model.block_of
        ),
        "notes": (NOT_FACTORS, *said),
    }


def _consistent_is_admissible(sample: Estimates) -> bool:
    """Reliabilities within 0 and 1, and correlations that some factors could have."""
    reliabilities, explained = sample.reliabilities[0], sample.consistent_explained[0]
    if not ((reliabilities > 0) & (reliabilities <= 1)).all() or not (explained < 1).all():
        return False
    corrected = quality.consistent_scores(sample.outer.scores, sample.reliabilities)[0]
    return bool(np.linalg.eigvalsh(corrected)[0] > 0)


def _positions(model: PathModel, pairs: Iterable[tuple[str, str]]) -> tuple[list[int], list[int]]:
    names = model.constructs
    sources, targets = zip(*pairs, strict=True)
    return [names.index(name) for name in sources], [names.index(name) for name in targets]


def _paths(told: Told, f_squared: np.ndarray) -> pd.DataFrame:
    model, scores = told.model, told.sample.outer.scores[0]
    at = _positions(model, model.arrows)
    table = told.table(
        [f"{source} → {target}" for source, target in model.arrows],
        lambda found: found.paths[:, *at],
    )
    law = norm
    if told.replicates is None:
        errors = quality.path_standard_errors(
            scores, told.sample.paths[0], adjacency=model.adjacency, n=told.n
        )[at]
        law = student(told.n - model.adjacency.sum(axis=0)[list(at[1])] - 1)
        reach = law.ppf(0.5 + told.conf_level / 2) * errors
        table = table.assign(
            std_error=errors,
            conf_low=table["estimate"] - reach,
            conf_high=table["estimate"] + reach,
        )
    table.insert(1, "from", [source for source, _ in model.arrows])
    table.insert(2, "to", [target for _, target in model.arrows])
    consistent, notes = _consistent_paths(told.sample, model, at)
    return table.assign(
        p_value=2 * law.sf(np.abs(table["estimate"] / table["std_error"])),
        f_squared=f_squared[at],
        vif=quality.path_inflation(scores, adjacency=model.adjacency)[at],
        consistent=consistent,
        note=notes,
    )


def _consistent_paths(
    sample: Estimates, model: PathModel, at: tuple[list[int], list[int]]
) -> tuple[np.ndarray, np.ndarray]:
    """The consistent paths, and what speaks against reading each."""
    paths = sample.consistent_paths[0][at]
    if not _consistent_is_admissible(sample):
        return np.full(len(paths), np.nan), np.full(len(paths), INADMISSIBLE)
    corrected = quality.consistent_scores(sample.outer.scores, sample.reliabilities)[0]
    inflation = quality.path_inflation(corrected, adjacency=model.adjacency)[at]
    alike = np.where(inflation > MOST_INFLATION, TOO_ALIKE, "")
    return paths, np.where(np.abs(paths) > 1, EXTREME, alike)


def _effects(told: Told) -> pd.DataFrame:
    model, names = told.model, told.model.constructs
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
        table = told.table(
            [f"{source} → {target}" for source, target in zip(sources, targets, strict=True)],
            lambda found, take=take, at=at: take(found)[:, *at],
        )
        tables.append(table.assign(**{"from": sources, "to": targets, "kind": kind}))
    order = ["term", "from", "to", "kind", "estimate", "std_error", "conf_low", "conf_high", "n"]
    return pd.concat(tables, ignore_index=True)[order]


def _items(told: Told) -> pd.DataFrame:
    model = told.model
    at = np.nonzero(model.block_of)
    owner = [model.constructs[k] for k in at[1]]
    tables = []
    for term in ("weights", "loadings"):
        table = told.table(
            model.items, lambda found, term=term: getattr(found.outer, term)[:, *at]
        ).rename(columns={"term": "item"})
        tables.append(table.assign(construct=owner, term=term.removesuffix("s")))
    order = ["construct", "item", "term", "estimate", "std_error", "conf_low", "conf_high", "n"]
    return pd.concat(tables, ignore_index=True)[order]


def _constructs(told: Told) -> pd.DataFrame:
    model, sample = told.model, told.sample
    loadings = sample.outer.loadings[0]
    endogenous = model.adjacency.any(axis=0)
    modes = np.array([model.modes.get(name, "A") for name in model.constructs])
    table = told.table(model.constructs, lambda found: found.explained)
    table = table.rename(columns={"term": "construct", "estimate": "r_squared"})
    table.loc[~endogenous, ["r_squared", "std_error", "conf_low", "conf_high"]] = np.nan
    communality = quality.average_variance_extracted(loadings, block_of=model.block_of)
    composite = quality.composite_reliability(loadings, block_of=model.block_of)
    reflective = modes == "A"
    free = told.n - model.adjacency.sum(axis=0) - 1
    return table.assign(
        mode=modes,
        items=model.block_of.sum(axis=0),
        r_squared_adjusted=1 - (1 - table["r_squared"]) * (told.n - 1) / free,
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
