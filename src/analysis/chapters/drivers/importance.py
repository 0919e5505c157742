"""What matters for satisfaction: drivers, touchpoints, and where it hurts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.drivers import (
    DriverImportance,
    ImportancePerformance,
    PenaltyReward,
    driver_importance,
    importance_performance,
    penalty_reward,
    performance_scores,
    rank_touchpoints,
)
from analysis.notes import Note
from analysis.states.answers import Answers, attempt, low_and_high

TOUCHPOINT_COLUMNS = ["term", "n", "average", "estimate", "conf_low", "conf_high"]
TOUCHPOINT_COLUMNS += ["weight", "kind", "priority", "priority_rank"]


@dataclass(frozen=True, slots=True, eq=False)
class Drivers:
    """Shares of the differences in satisfaction that go with each driver.

    Attributes
    ----------
    importance : DriverImportance or None
        None where it cannot be estimated; `why` says why not.
    map : ImportancePerformance or None
    asymmetry : PenaltyReward or None
    low_at, high_at : float
        Answers up to and from which a rating counts as low, as high.
    n : int
        Complete answers.
    weighted, followed : bool
        Whether answers are weighted; whether the study also knows what customers did.
    outcome : str
        The scale whose differences are shared out.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    why_no_asymmetry : Note or str
        Why there is nothing; empty where there is something.
    """

    importance: DriverImportance | None
    map: ImportancePerformance | None
    asymmetry: PenaltyReward | None
    outcome: str
    low_at: float
    high_at: float
    n: int
    weighted: bool
    followed: bool
    why: Note | str
    why_no_asymmetry: Note | str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Touchpoints:
    """Touchpoints of the journey, in its order, ranked by pain and by weight.

    Attributes
    ----------
    drivers : Drivers
        With the touchpoints as drivers.
    table : DataFrame of shape (touchpoints, 10)
        `term` (the touchpoint)`, n` (answers)`, average, estimate, conf_low, conf_high` (share of
        low ratings, 0 to 1)`, weight` (share of the differences)`, kind` (penalty-reward)`,
        priority, priority_rank`; no rows where nothing can be estimated.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    drivers: Drivers
    table: pd.DataFrame


def satisfaction_drivers(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 500,
    conf_level: float = 0.95,
) -> Drivers:
    """Share out what the study's driver scales explain of satisfaction, by bootstrap of customers.

    Parameters
    ----------
    answers : Answers
        Uses the scores of the driver scales and of satisfaction.
    rng : Generator
    replications : int
        Bootstrap samples, 1 or more.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Drivers

    References
    ----------
    Lindeman, Merenda & Gold (1980); Gromping (2006), JSS 17(1).
    """
    scale = answers.scales[answers.roles.drivers[0]]
    bounds = scale.lowest, scale.highest
    return _estimate(
        answers, answers.frame, answers.roles.drivers, bounds, rng, replications, conf_level
    )


def touchpoints(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 500,
    conf_level: float = 0.95,
) -> Touchpoints:
    """Rank single touchpoints by how many rate them low and by their weight for satisfaction.

    Parameters
    ----------
    answers : Answers
        Uses the touchpoints' answers, reversed ones turned round, and satisfaction.
    rng : Generator
    replications : int
        Bootstrap samples, 1 or more.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Touchpoints
    """
    items = answers.roles.touchpoints
    owners = {item: scale for scale in answers.scales.values() for item in scale.items}
    turned = {item: _turned(answers, owners[item], item) for item in items}
    frame = answers.frame.assign(**turned)
    bounds = owners[items[0]].lowest, owners[items[0]].highest
    found = _estimate(answers, frame, items, bounds, rng, replications, conf_level)
    return Touchpoints(drivers=found, table=_ranked(found, answers, frame, bounds, conf_level))


def _turned(answers: Answers, scale, item: str) -> pd.Series:
    values = answers.frame[item].astype(float)
    return scale.lowest + scale.highest - values if item in scale.reverse else values


def _estimate(answers: Answers, frame, names, bounds, rng, replications, conf_level) -> Drivers:
    outcome, (low, high) = answers.roles.satisfaction, bounds
    low_at, high_at = low_and_high(low, high)
    sampled = {"conf_level": conf_level, **answers.sampled}
    importance, why = attempt(
        lambda: driver_importance(
            frame,
            outcome=outcome,
            drivers=names,
            replications=replications,
            rng=rng,
            **sampled,
        )
    )
    charted, asymmetry, why_equal = None, None, why
    if importance is not None:
        scored = performance_scores(frame, drivers=names, lowest=low, highest=high, **sampled)
        charted = importance_performance(importance.table, scored)
        asymmetry, why_equal = attempt(
            lambda: penalty_reward(
                frame,
                outcome=outcome,
                drivers=names,
                low_at=low_at,
                high_at=high_at,
                **sampled,
            )
        )
    n = 0 if importance is None else int(importance.table["n"].iloc[0])
    weighted = answers.weight is not None
    return Drivers(
        importance, charted, asymmetry, outcome, low_at, high_at, n, weighted, answers.followed,
        why, why_equal,
    )  # fmt: skip


def _ranked(found: Drivers, answers: Answers, frame, bounds, conf_level) -> pd.DataFrame:
    if found.importance is None:
        return pd.DataFrame(columns=TOUCHPOINT_COLUMNS)
    ranked = rank_touchpoints(
        frame,
        importance=found.importance.table,
        touchpoints=answers.roles.touchpoints,
        pain_at=found.low_at,
        conf_level=conf_level,
        **answers.sampled,
    )
    low, high = bounds
    rated = found.map.table.set_index("term")["performance"]
    kinds = {} if found.asymmetry is None else dict(found.asymmetry.kinds.to_numpy())
    return ranked.assign(
        average=ranked["term"].map(low + rated * (high - low) / 100),
        kind=ranked["term"].map(kinds),
    )[TOUCHPOINT_COLUMNS]
