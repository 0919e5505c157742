"""The scheme of stages in words: its rules, and what each stage asks for."""

from __future__ import annotations

from functools import reduce

import numpy as np
import pandas as pd

from analysis.lifecycle.movement import StagesNow
from analysis.params import Params
from analysis.params.stages import Bounds, StageRule
from analysis.telling.wording import Wording


def stage_rules(params: Params, say: Wording) -> pd.DataFrame:
    """The scheme in words: `rule, stage, condition`."""
    rules = params.stages.rules_in_force(past_known=params.data.history_complete)
    words = [_condition(rule, params, say) for rule in rules]
    return pd.DataFrame(
        {
            "rule": np.arange(1, len(rules) + 1),
            "stage": [rule.stage for rule in rules],
            "condition": words,
        }
    )


def _condition(rule: StageRule, params: Params, say: Wording) -> str:
    phrases = [
        _phrase(name, kind, limit, params, say)
        for name, bounds in rule.when.items()
        for kind, limit in _limits(bounds)
    ]
    if not phrases:
        return say("stages.rules.everybody")
    return reduce(lambda one, more: say("stages.rules.join", before=one, other=more), phrases)


def _limits(bounds: Bounds) -> list[tuple[str, float]]:
    return list(bounds.model_dump(exclude_none=True).items())


def _phrase(feature: str, kind: str, limit: float, params: Params, say: Wording) -> str:
    side = {"min": "min", "above": "min", "max": "max", "below": "max"}[kind]
    bound = say(f"stages.rules.{kind}")
    numbers = {"bound": bound, "limit": limit, "share": 1 - limit, "unless": limit}
    if feature == "lapse_share":
        if params.relationship == "contractual":
            numbers["limit"] = limit * (params.gap_days + 1) - 1
            return say(f"stages.rules.ended.{side}", **numbers)
        numbers["limit"] = limit * params.lapse_weeks
    return say(f"stages.rules.{feature}.{side}", **numbers)


def stage_playbook(result: StagesNow, say: Wording) -> pd.DataFrame:
    """The customers of each stage and what the stage asks for (`asks`)."""
    known = say.texts["stages"]["playbook"]
    asks = [known.get(stage, known["own"]) for stage in result.table["stage"]]
    return result.table.assign(asks=asks)
