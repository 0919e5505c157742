"""The path model of satisfaction: the ECSI preset, or a model of the study's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.measurement import heterotrait_monotrait
from analysis.methods.pathmodel import (
    ECSI_PATHS,
    INADMISSIBLE,
    PathEstimate,
    PathModel,
    ecsi_model,
    estimate_path_model,
)
from analysis.notes import Note
from analysis.states.answers import Answers, attempt


@dataclass(frozen=True, slots=True, eq=False)
class SatisfactionPaths:
    """The fitted path model, and the construct that it leads to.

    Attributes
    ----------
    estimate : PathEstimate or None
        None where it cannot be estimated; `why` says why not.
    target : str
        Loyalty where it is in the model, else satisfaction, else the last construct.
    constructs : DataFrame
        `construct, n, items, r_squared, average_variance_extracted, composite_reliability, rho_a,
        htmt_largest` (its largest ratio with another construct); no rows without an estimate.
    replications : int
        Bootstrap samples asked for.
    weighted : bool
        Whether the survey has sampling weights; the path model does not use them.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    """

    estimate: PathEstimate | None
    target: str
    constructs: pd.DataFrame
    replications: int
    weighted: bool
    why: Note | str

    @property
    def consistency(self) -> str:
        """How the consistent estimates are to be read: fine, extreme, inadmissible, none."""
        if self.estimate is None or not self.estimate.model.reflective:
            return "none"
        notes = set(self.estimate.table["note"])
        if INADMISSIBLE in notes:
            return "inadmissible"
        return "fine" if notes == {""} else "extreme"

    def paths(self) -> pd.DataFrame:
        """Every path, with its consistent estimate; no rows without an estimate.

        `term, n, estimate, conf_low, conf_high, p_value, consistent, f_squared, vif, note`.
        """
        if self.estimate is None:
            return pd.DataFrame()
        columns = ["term", "n", "estimate", "conf_low", "conf_high", "p_value", "consistent"]
        return self.estimate.table[[*columns, "f_squared", "vif", "note"]]

    def effects_on_target(self) -> pd.DataFrame:
        """`from, n, direct, indirect, estimate` (the total effect) with interval, largest first."""
        if self.estimate is None:
            return pd.DataFrame()
        effects = self.estimate.effects
        effects = effects[effects["to"].eq(self.target)]
        total = effects[effects["kind"].eq("total")].set_index("from")
        total = total.sort_values("estimate", ascending=False)[
            ["estimate", "conf_low", "conf_high"]
        ]
        kinds = effects.pivot(index="from", columns="kind", values="estimate")
        kinds = kinds.reindex(index=total.index, columns=["direct", "indirect"])
        table = pd.concat([kinds, total], axis=1).rename_axis("from").reset_index()
        table.insert(1, "n", self.estimate.n)
        return table

    def loadings(self) -> pd.DataFrame:
        """`construct, item, n, weight, loading, consistent_loading, communality, vif`."""
        if self.estimate is None:
            return pd.DataFrame()
        wide = self.estimate.items.pivot(index="item", columns="term", values="estimate")
        quality = self.estimate.item_quality
        table = quality.assign(
            n=self.estimate.n,
            weight=quality["item"].map(wide["weight"]),
            loading=quality["item"].map(wide["loading"]),
        )
        columns = ["construct", "item", "n", "weight", "loading", "consistent_loading"]
        return table[[*columns, "communality", "vif"]]

    def fornell_larcker(self) -> pd.DataFrame:
        """Correlations of scores by construct; the root of the variance extracted on top."""
        if self.estimate is None:
            return pd.DataFrame()
        matrix = self.estimate.fornell_larcker
        kept = np.tril(np.ones(matrix.shape, bool))
        shown = matrix.where(kept).rename_axis("construct")
        return shown.rename(columns=lambda name: f"with_{name}").reset_index()


def satisfaction_paths(
    answers: Answers, *, rng: np.random.Generator, conf_level: float = 0.95
) -> SatisfactionPaths:
    """Fit the study's path model by partial least squares, with a bootstrap of customers.

    Constructs that the ECSI does not know, and those without items, are left out of the preset.

    Parameters
    ----------
    answers : Answers
        Uses the items of the scales and the study's `path_model`.
    rng : Generator
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    SatisfactionPaths

    References
    ----------
    Lohmoller (1989); Tenenhaus et al. (2005), CSDA 48, 159-205; Dijkstra & Henseler (2015).
    """
    wanted = answers.roles.path_model
    if wanted.preset == "ecsi":
        known = {*ECSI_PATHS, "loyalty"}
        scales = {name: scale for name, scale in answers.scales.items() if name in known}
        model = ecsi_model(scales, modes=wanted.modes)
    else:
        named = {*wanted.paths, *(to for ends in wanted.paths.values() for to in ends)}
        scales = {name: scale for name, scale in answers.scales.items() if name in named}
        modes = {name: mode for name, mode in wanted.modes.items() if name in named}
        model = PathModel(scales, wanted.paths, modes)
    estimate, why = attempt(
        lambda: estimate_path_model(
            answers.frame,
            model=model,
            scheme=wanted.scheme,
            scaled=wanted.scaled,
            missing=answers.roles.missing_items,
            replications=wanted.replications,
            rng=rng,
            cluster=answers.cluster,
            conf_level=conf_level,
        )
    )
    return SatisfactionPaths(
        estimate=estimate,
        target=_target(model, answers),
        constructs=_constructs(estimate, answers, model),
        replications=wanted.replications,
        weighted=answers.weight is not None,
        why=why,
    )


def _target(model: PathModel, answers: Answers) -> str:
    for role in (answers.roles.loyalty, answers.roles.satisfaction):
        if role in model.constructs:
            return role
    return model.constructs[-1]


def _constructs(estimate: PathEstimate | None, answers: Answers, model: PathModel) -> pd.DataFrame:
    if estimate is None:
        return pd.DataFrame()
    ratios = heterotrait_monotrait(
        answers.frame, scales=model.scales, missing=answers.roles.missing_items
    ).matrix
    quality = estimate.quality
    largest = ratios.combine_first(ratios.T).max()
    table = quality.assign(n=estimate.n, htmt_largest=quality["construct"].map(largest))
    order = ["construct", "n", "items", "r_squared", "average_variance_extracted"]
    return table[[*order, "composite_reliability", "rho_a", "htmt_largest"]]
