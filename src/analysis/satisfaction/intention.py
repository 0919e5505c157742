"""Do satisfied customers mean to stay? A regression on answers of the same survey."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.mediation import Mediation, mediate
from analysis.methods.regression import RegressionFit, ShapeComparison, fit_linear
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt
from analysis.states.slopes import as_effects, effects_by_group, interaction_p, moderate
from analysis.states.soundness import checks, no_checks, shapes_on_scale


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
        `segment, known_group, n_answers, effect, effect_conf_low, effect_conf_high`.
    moderation_p : dict of str to float
        By grouping column: that satisfaction goes with as much loyalty in all its groups.
    shapes : ShapeComparison or None
    mediation : Mediation or None
        Of quality, else of the driver with the largest correlation with satisfaction.
    diagnostics : DataFrame
        `check, value, p_value, note`.
    weighted, followed : bool
        Whether answers are weighted; whether the study also knows what customers did.
    """

    fit: RegressionFit | None
    effect: pd.Series | None
    by_group: pd.DataFrame
    moderation_p: dict[str, float]
    shapes: ShapeComparison | None
    mediation: Mediation | None
    diagnostics: pd.DataFrame
    weighted: bool
    followed: bool
    why: str


def loyalty_intention(
    answers: Answers,
    *,
    rng: np.random.Generator,
    moderators: tuple[str, ...] = (),
    replications: int = 1000,
    conf_level: float = 0.95,
) -> Intention:
    """Regress the loyalty scale on satisfaction and what was known before.

    `moderators` are further columns whose groups may differ (the stage); the first of the study's
    groups (the tier) is always looked at.
    """
    driver = answers.roles.satisfaction
    given = {"controls": answers.controls, "conf_level": conf_level, **answers.sampled}

    def fit_one(rows: pd.DataFrame, outcome: str, moderator: str | None = None) -> RegressionFit:
        return fit_linear(rows, outcome=outcome, drivers=[driver], moderator=moderator, **given)

    outcome = answers.roles.loyalty
    fit, why = attempt(lambda: fit_one(answers.frame, outcome))
    moderated, shapes, mediation = {}, None, None
    if fit is not None:
        groups = [*answers.groups[:1], *moderators]
        moderated = moderate(fit_one, answers.frame, outcome, groups)
        scale = answers.scales[driver]
        bounds = {"lowest": scale.lowest, "highest": scale.highest}
        shapes = shapes_on_scale(answers.frame, outcome=outcome, driver=driver, **bounds, **given)
        mediation = _mediation(answers, rng, replications, conf_level)
    tested = {name: interaction_p(own, driver) for name, own in moderated.items()}
    return Intention(
        fit=fit,
        effect=None if fit is None else fit.table.set_index("term").loc[driver],
        by_group=effects_by_group(fit, moderated, driver),
        moderation_p={name: p for name, p in tested.items() if np.isfinite(p)},
        shapes=shapes,
        mediation=mediation,
        diagnostics=no_checks(why) if fit is None else checks(fit),
        weighted=answers.weight is not None,
        followed=answers.followed,
        why=why,
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
            conf_level=conf_level,
            **answers.sampled,
        )
    )
    return found


def _closest(answers: Answers, drivers: list[str]) -> str:
    related = answers.frame[drivers].corrwith(answers.frame[answers.roles.satisfaction]).abs()
    return str(related.fillna(0).idxmax())
