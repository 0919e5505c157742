"""Do satisfied customers mean to stay? A regression on answers of the same survey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.methods.mediation import Mediation, mediate
from analysis.methods.regression import (
    RegressionFit,
    ShapeComparison,
    average_marginal_effects,
    compare_shapes,
    diagnose,
    fit_linear,
)
from analysis.satisfaction.answers import NOT_ESTIMABLE, Answers, attempt


@dataclass(frozen=True, slots=True, eq=False)
class Intention:
    """Loyalty as intended, on satisfaction and what was known before.

    Attributes
    ----------
    fit : RegressionFit or None
        None where it cannot be estimated; `why` says why not.
    effect : Series or None
        The row of satisfaction: points of loyalty per point.
    by_group : DataFrame
        `known_group, n_answers, effect, effect_conf_low, effect_conf_high` by tier.
    moderation_p : float
        That satisfaction goes with as much loyalty in all groups; NaN where not tested.
    shapes : ShapeComparison or None
    mediation : Mediation or None
        Of the driver with the largest correlation with satisfaction.
    diagnostics : DataFrame
        `check, value, p_value, note`.
    followed : bool
        Whether the study also knows what customers did.
    """

    fit: RegressionFit | None
    effect: pd.Series | None
    by_group: pd.DataFrame
    grouped_by: str
    moderation_p: float
    shapes: ShapeComparison | None
    mediation: Mediation | None
    diagnostics: pd.DataFrame
    followed: bool
    why: str


def loyalty_intention(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 1000,
    conf_level: float = 0.95,
) -> Intention:
    """Regress the loyalty scale on satisfaction, the driver scales and what was known before."""
    roles = answers.roles
    given = {"outcome": roles.loyalty, "cluster": answers.cluster, "conf_level": conf_level}
    fit, why = attempt(
        lambda: fit_linear(
            answers.frame, drivers=[roles.satisfaction], controls=answers.controls, **given
        )
    )
    group = answers.groups[0] if answers.groups else ""
    if fit is None:
        return Intention(
            None,
            None,
            _no_groups(),
            group,
            np.nan,
            None,
            None,
            no_checks(why),
            answers.followed,
            why,
        )
    shapes, _ = attempt(
        lambda: compare_shapes(
            answers.frame, driver=roles.satisfaction, controls=answers.controls, **given
        )
    )
    moderated = None
    if group:
        moderated, _ = attempt(
            lambda: fit_linear(
                answers.frame,
                drivers=[roles.satisfaction],
                controls=answers.controls,
                moderator=group,
                **given,
            )
        )
    return Intention(
        fit=fit,
        effect=fit.table.set_index("term").loc[roles.satisfaction],
        by_group=effects_by(moderated, roles.satisfaction, group),
        grouped_by=group,
        moderation_p=interaction_p(moderated, roles.satisfaction),
        shapes=shapes,
        mediation=_mediation(answers, rng, replications, conf_level),
        diagnostics=checks(fit),
        followed=answers.followed,
        why="",
    )


def coefficients(found: Intention) -> pd.DataFrame:
    """`term, n_answers, effect …, p_value, note` of all terms but the intercept."""
    if found.fit is None:
        return pd.DataFrame([{"term": "all", "n_answers": 0, "note": NOT_ESTIMABLE}])
    table = found.fit.table[found.fit.table["term"] != "intercept"]
    return as_effects(table)[
        ["term", "n_answers", "effect", "effect_conf_low", "effect_conf_high", "p_value", "note"]
    ]


def mediation_table(found: Intention) -> pd.DataFrame:
    """`route, n_answers, effect, effect_conf_low, effect_conf_high, note`."""
    if found.mediation is None:
        return pd.DataFrame([{"route": "all", "n_answers": 0, "note": NOT_ESTIMABLE}])
    names = {
        "driver": found.mediation.driver,
        "mediator": found.mediation.mediator,
        "outcome": found.mediation.outcome,
    }
    table = as_effects(found.mediation.table).rename(columns={"term": "route"})
    routes = [" → ".join(names.get(p, p) for p in route.split(" → ")) for route in table["route"]]
    table["route"] = routes
    return table[["route", "n_answers", "effect", "effect_conf_low", "effect_conf_high", "note"]]


def as_effects(table: pd.DataFrame) -> pd.DataFrame:
    """Estimates under the names of effects."""
    return table.rename(
        columns={
            "n": "n_answers",
            "estimate": "effect",
            "conf_low": "effect_conf_low",
            "conf_high": "effect_conf_high",
        }
    )


def _no_groups() -> pd.DataFrame:
    columns = ["known_group", "n_answers", "effect", "effect_conf_low", "effect_conf_high"]
    return pd.DataFrame(columns=columns)


def effects_by(fit: RegressionFit | None, driver: str, group: str) -> pd.DataFrame:
    """Average marginal effects of the driver in each group of a moderated fit."""
    if fit is None:
        return _no_groups()
    found = as_effects(average_marginal_effects(fit, drivers=[driver], by=group))
    return found.assign(known_group=found["group"].astype(str))[list(_no_groups().columns)]


def interaction_p(fit: RegressionFit | None, driver: str) -> float:
    """Wald test that the driver's coefficient is the same in all groups."""
    if fit is None:
        return float("nan")
    at = [k for k, name in enumerate(fit.design.names) if name.startswith(f"{driver} × ")]
    gap, spread = fit.parameters[at], fit.covariance[np.ix_(at, at)]
    if not at or np.linalg.matrix_rank(spread) < len(at):
        return float("nan")
    statistic = float(gap @ np.linalg.solve(spread, gap))
    return float(stats.chi2.sf(statistic, len(at)))


def checks(fit: RegressionFit) -> pd.DataFrame:
    """The diagnostics that a reader needs: the largest variance inflation, influence, spread."""
    found = diagnose(fit)
    inflation = found["term"].str.startswith("variance inflation")
    rows = [found[~inflation]]
    if inflation.any():
        worst = found.loc[found.loc[inflation, "estimate"].idxmax()].to_dict()
        rows.insert(0, pd.DataFrame([worst | {"term": "largest variance inflation"}]))
    table = pd.concat(rows, ignore_index=True)
    return table.rename(columns={"term": "check", "estimate": "value"})


def no_checks(why: str) -> pd.DataFrame:
    """The table of diagnostics where there is nothing to diagnose."""
    return pd.DataFrame([{"check": "none", "value": np.nan, "p_value": np.nan, "note": why}])


def _mediation(answers: Answers, rng, replications: int, conf_level: float) -> Mediation | None:
    roles = answers.roles
    drivers = [name for name in answers.scales if name not in (roles.satisfaction, roles.loyalty)]
    if not drivers:
        return None
    named = "quality" if "quality" in drivers else _closest(answers, drivers)
    found, _ = attempt(
        lambda: mediate(
            answers.frame,
            driver=named,
            mediator=roles.satisfaction,
            outcome=roles.loyalty,
            controls=answers.controls,
            replications=replications,
            rng=rng,
            cluster=answers.cluster,
            conf_level=conf_level,
        )
    )
    return found


def _closest(answers: Answers, drivers: list[str]) -> str:
    related = answers.frame[drivers].corrwith(answers.frame[answers.roles.satisfaction]).abs()
    return str(related.fillna(0).idxmax())
