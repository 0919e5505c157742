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
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt


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
        `scale, n_answers, items, r_squared, average_variance_extracted, composite_reliability,
        rho_a, htmt_largest` (its largest ratio with another construct).
    weighted : bool
        Whether the survey has sampling weights; the path model does not use them.
    """

    estimate: PathEstimate | None
    target: str
    constructs: pd.DataFrame
    replications: int
    weighted: bool
    why: str

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
        """Every path with its interval, the consistent estimate, f² and variance inflation."""
        if self.estimate is None:
            return pd.DataFrame([{"path": self.target, "n_answers": 0, "note": NOT_ESTIMABLE}])
        names = {"term": "path", "n": "n_answers", "vif": "inflation", "estimate": "coefficient"}
        names |= {end: f"coefficient_{end}" for end in ("conf_low", "conf_high")}
        table = self.estimate.table.rename(columns=names)
        order = ["path", "n_answers", "coefficient", "coefficient_conf_low"]
        order += ["coefficient_conf_high", "p_value", "consistent", "f_squared", "inflation"]
        return table[[*order, "note"]]

    def effects_on_target(self) -> pd.DataFrame:
        """`construct, n_answers, direct, indirect, total, total_conf_low, total_conf_high`."""
        if self.estimate is None:
            return pd.DataFrame([{"construct": self.target, "n_answers": 0, "note": NOT_ESTIMABLE}])
        found = self.estimate.effects
        found = found[found["to"].eq(self.target)]
        total = found[found["kind"].eq("total")].set_index("from")
        names = total["estimate"].sort_values(ascending=False).index
        kinds = found.pivot(index="from", columns="kind", values="estimate")
        kinds = kinds.reindex(index=names, columns=["direct", "indirect"])
        return pd.DataFrame(
            {
                "construct": names,
                "n_answers": self.estimate.n,
                "direct": kinds["direct"].to_numpy(),
                "indirect": kinds["indirect"].to_numpy(),
                "total": total.loc[names, "estimate"].to_numpy(),
                "total_conf_low": total.loc[names, "conf_low"].to_numpy(),
                "total_conf_high": total.loc[names, "conf_high"].to_numpy(),
            }
        )

    def loadings(self) -> pd.DataFrame:
        """`construct, item, n_answers, item_weight, loading, consistent_loading, communality,
        inflation`.
        """
        if self.estimate is None:
            return pd.DataFrame([{"construct": self.target, "n_answers": 0, "note": NOT_ESTIMABLE}])
        wide = self.estimate.items.pivot(index="item", columns="term", values="estimate")
        quality = self.estimate.item_quality
        return pd.DataFrame(
            {
                "construct": quality["construct"],
                "item": quality["item"],
                "n_answers": self.estimate.n,
                "item_weight": quality["item"].map(wide["weight"]),
                "loading": quality["item"].map(wide["loading"]),
                "consistent_loading": quality["consistent_loading"],
                "communality": quality["communality"],
                "inflation": quality["vif"],
            }
        )

    def fornell_larcker(self) -> pd.DataFrame:
        """Correlations of scores by construct; the root of the variance extracted on top."""
        if self.estimate is None:
            return pd.DataFrame([{"construct": self.target}])
        matrix = self.estimate.fornell_larcker
        kept = np.tril(np.ones(matrix.shape, bool))
        shown = matrix.where(kept).rename_axis("construct")
        return shown.rename(columns=lambda name: f"with_{name}").reset_index()


def satisfaction_paths(
    answers: Answers, *, rng: np.random.Generator, conf_level: float = 0.95
) -> SatisfactionPaths:
    """Fit the study's path model by partial least squares, with a bootstrap of customers.

    Constructs that the ECSI does not know, and those without items, are left out of the preset.
    """
    wanted = answers.roles.path_model
    if wanted.preset == "ecsi":
        known = {*ECSI_PATHS, "loyalty"}
        scales = {name: scale for name, scale in answers.scales.items() if name in known}
        model = ecsi_model(scales, modes=wanted.modes)
    else:
        named = {*wanted.paths, *(to for ends in wanted.paths.values() for to in ends)}
        scales = {name: scale for name, scale in answers.scales.items() if name in named}
        model = PathModel(scales, wanted.paths, wanted.modes)
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
        return pd.DataFrame(
            [{"scale": model.constructs[-1], "n_answers": 0, "note": NOT_ESTIMABLE}]
        )
    ratios = heterotrait_monotrait(
        answers.frame, scales=model.scales, missing=answers.roles.missing_items
    ).matrix
    quality = estimate.quality
    largest = ratios.combine_first(ratios.T).max()
    table = quality.rename(columns={"construct": "scale"}).assign(
        n_answers=estimate.n, htmt_largest=quality["construct"].map(largest)
    )
    order = ["scale", "n_answers", "items", "r_squared", "average_variance_extracted"]
    return table[[*order, "composite_reliability", "rho_a", "htmt_largest"]]
