"""Do satisfied customers mean to stay? A regression on answers of the same survey."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.mediation import Mediation, mediate
from analysis.methods.regression import RegressionFit, ShapeComparison, fit_linear
from analysis.notes import Note, note
from analysis.states.answers import Answers, attempt
from analysis.states.slopes import effects_by_group, interaction_p, moderate
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
        `segment, group, n, estimate, conf_low, conf_high` (points of loyalty per point).
    moderation_p : dict of str to float
        By grouping column: that satisfaction goes with as much loyalty in all its groups.
    shapes : ShapeComparison or None
    mediation : Mediation or None
        Of quality, else of the driver with the largest correlation with satisfaction.
    diagnostics : DataFrame
        `check, value, p_value, note`.
    weighted, followed : bool
        Whether answers are weighted; whether the study also knows what customers did.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    why_no_shapes, why_no_mediation : Note or str
        Why there is nothing; empty where there is something.
    """

    COUNTED_BY: ClassVar = {"by_group": "n"}

    fit: RegressionFit | None
    effect: pd.Series | None
    by_group: pd.DataFrame
    moderation_p: dict[str, float]
    shapes: ShapeComparison | None
    why_no_shapes: Note | str
    mediation: Mediation | None
    why_no_mediation: Note | str
    diagnostics: pd.DataFrame
    weighted: bool
    followed: bool
    why: Note | str


def loyalty_intention(
    answers: Answers,
    *,
    rng: np.random.Generator,
    moderators: tuple[str, ...] = (),
    replications: int = 1000,
    conf_level: float = 0.95,
) -> Intention:
    """Regress the loyalty scale on satisfaction and what was known before.

    Parameters
    ----------
    answers : Answers
        Uses the scores of satisfaction and loyalty, and the controls.
    rng : Generator
    moderators : tuple of str
        Further columns whose groups may differ (the stage); the first of the study's groups (the
        tier) is always looked at.
    replications : int
        Bootstrap samples of the mediation.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Intention

    References
    ----------
    Harrell (2015), Regression Modeling Strategies; MacKinnon (2008).
    """
    driver = answers.roles.satisfaction
    given = {"controls": answers.controls, "conf_level": conf_level, **answers.sampled}

    def fit_one(rows: pd.DataFrame, outcome: str, moderator: str | None = None) -> RegressionFit:
        return fit_linear(rows, outcome=outcome, drivers=[driver], moderator=moderator, **given)

    outcome = answers.roles.loyalty
    fit, why = attempt(lambda: fit_one(answers.frame, outcome))
    moderated, shapes, mediation = {}, (None, why), (None, why)
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
        shapes=shapes[0],
        why_no_shapes=shapes[1],
        mediation=mediation[0],
        why_no_mediation=mediation[1],
        diagnostics=no_checks(why) if fit is None else checks(fit),
        weighted=answers.weight is not None,
        followed=answers.followed,
        why=why,
    )


def coefficients(result: Intention) -> pd.DataFrame:
    """All terms of the regression but the intercept.

    Parameters
    ----------
    result : Intention

    Returns
    -------
    DataFrame
        `term, n, estimate, conf_low, conf_high, p_value, note`; no rows without a fit.
    """
    if result.fit is None:
        return pd.DataFrame()
    table = result.fit.table[result.fit.table["term"] != "intercept"]
    return table[["term", "n", "estimate", "conf_low", "conf_high", "p_value", "note"]]


def mediation_table(result: Intention) -> pd.DataFrame:
    """The routes from the driver to loyalty.

    Parameters
    ----------
    result : Intention

    Returns
    -------
    DataFrame
        `term` (the route)`, n, estimate, conf_low, conf_high, note`; no rows without a mediation.
    """
    if result.mediation is None:
        return pd.DataFrame()
    names = {name: getattr(result.mediation, name) for name in ("driver", "mediator", "outcome")}
    table = result.mediation.table
    routes = [" → ".join(names.get(p, p) for p in route.split(" → ")) for route in table["term"]]
    return table.assign(term=routes)[["term", "n", "estimate", "conf_low", "conf_high", "note"]]


def _mediation(
    answers: Answers, rng, replications: int, conf_level: float
) -> tuple[Mediation | None, Note | str]:
    roles = answers.roles
    drivers = [name for name in answers.scales if name not in (roles.satisfaction, roles.loyalty)]
    if not drivers:
        return None, note("reasons.scales")
    named = "quality" if "quality" in drivers else _closest(answers, drivers)
    return attempt(
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


def _closest(answers: Answers, drivers: list[str]) -> str:
    related = answers.frame[drivers].corrwith(answers.frame[answers.roles.satisfaction]).abs()
    return str(related.fillna(0).idxmax())
