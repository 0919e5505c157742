"""What matters for satisfaction: drivers, touchpoints, and where it hurts."""

from __future__ import annotations

from dataclasses import dataclass

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
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt, low_and_high


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
    weighted, followed : bool
        Whether answers are weighted; whether the study also knows what customers did.
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
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Touchpoints:
    """Touchpoints of the journey, in its order, ranked by pain and by weight.

    Attributes
    ----------
    drivers : Drivers
        With the touchpoints as drivers.
    table : DataFrame
        `touchpoint, n_answers, average, pain` (share of low ratings), `pain_conf_low,
        pain_conf_high, variance` (share of the differences), `kind` (penalty-reward), `priority,
        priority_rank`.
    """

    drivers: Drivers
    table: pd.DataFrame


def satisfaction_drivers(
    answers: Answers,
    *,
    rng: np.random.Generator,
    replications: int = 500,
    conf_level: float = 0.95,
) -> Drivers:
    """Share out what the study's driver scales explain of satisfaction (LMG), by bootstrap."""
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
    """Rank single touchpoints by how many rate them low and by their weight for satisfaction."""
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
    charted, asymmetry = None, None
    if importance is not None:
        scored = performance_scores(frame, drivers=names, lowest=low, highest=high, **sampled)
        charted = importance_performance(importance.table, scored)
        asymmetry, _ = attempt(
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
        importance, charted, asymmetry, outcome, low_at, high_at, n, weighted, answers.followed, why
    )


def importance_table(found: Drivers) -> pd.DataFrame:
    """The importance of each driver, one row each, the most important first."""
    if found.importance is None:
        return pd.DataFrame([{"driver": found.outcome, "n_answers": 0, "note": NOT_ESTIMABLE}])
    table = found.importance.table.sort_values("rank")
    explained = found.importance.r_squared
    return pd.DataFrame(
        {
            "driver": table["term"],
            "n_answers": table["n"],
            "variance": table["estimate"],
            "variance_conf_low": table["conf_low"],
            "variance_conf_high": table["conf_high"],
            "of_explained": table["estimate"] / explained,
            "alone": table["alone"],
            "last": table["last"],
            "importance_rank": table["rank"],
            "rank_stability": table["rank_stability"],
        }
    )


def asymmetry_table(found: Drivers) -> pd.DataFrame:
    """Penalty and reward of each driver, with their numbers of answers and its kind."""
    if found.asymmetry is None:
        return pd.DataFrame([{"driver": found.outcome, "n_answers": 0, "note": NOT_ESTIMABLE}])
    rows = found.asymmetry.table.set_index(["group", "term"])
    kinds = found.asymmetry.kinds.set_index("term")["kind"]
    parts = []
    for driver in kinds.index:
        row: dict[str, object] = {"driver": driver, "kind": kinds[driver]}
        for side in ("penalty", "reward"):
            own = rows.loc[(driver, side)]
            row |= {
                side: own["estimate"],
                f"{side}_conf_low": own["conf_low"],
                f"{side}_conf_high": own["conf_high"],
                f"n_{side}": own["n"],
            }
        parts.append(row)
    order = ["driver", "n_penalty", "penalty", "penalty_conf_low", "penalty_conf_high"]
    order += ["n_reward", "reward", "reward_conf_low", "reward_conf_high", "kind"]
    return pd.DataFrame(parts)[order]


def _ranked(found: Drivers, answers: Answers, frame, bounds, conf_level) -> pd.DataFrame:
    if found.importance is None:
        return pd.DataFrame([{"touchpoint": found.outcome, "n_answers": 0, "note": NOT_ESTIMABLE}])
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
    return pd.DataFrame(
        {
            "touchpoint": ranked["term"],
            "n_answers": ranked["n"],
            "average": ranked["term"].map(low + rated * (high - low) / 100),
            "pain": ranked["estimate"],
            "pain_conf_low": ranked["conf_low"],
            "pain_conf_high": ranked["conf_high"],
            "variance": ranked["weight"],
            "kind": ranked["term"].map(kinds),
            "priority": ranked["priority"],
            "priority_rank": ranked["priority_rank"],
        }
    )
