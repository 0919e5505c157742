"""The stages as tables to show: the rules, what each stage asks for, and the tests of movement."""

from __future__ import annotations

from collections.abc import Iterator
from functools import reduce

import numpy as np
import pandas as pd

from analysis.chapters.stages.movement_tests import MovementTests
from analysis.chapters.stages.now import StagesNow
from analysis.chapters.stages.stage_time import StageMonthsBySegment
from analysis.notes import Note, note
from analysis.params import Params
from analysis.params.stages import ORDER, StageRule
from analysis.telling.formats import drawn_p
from analysis.telling.pairs import with_told_differences

SIDES = {"min": "min", "above": "min", "max": "max", "below": "max"}
PRESET_STAGES = frozenset(stage for order in ORDER.values() for stage in order)


def stage_rules(params: Params) -> pd.DataFrame:
    """The scheme of stages, rule by rule.

    Parameters
    ----------
    params : Params
        Uses `stages`, `relationship`, `lapse_weeks` or `gap_days`.

    Returns
    -------
    DataFrame
        `rule` (its place)`, stage, condition`.
    """
    rules = params.stages.rules_in_force(past_known=params.data.history_complete)
    return pd.DataFrame(
        {
            "rule": np.arange(1, len(rules) + 1),
            "stage": [rule.stage for rule in rules],
            "condition": [_condition(rule, params) for rule in rules],
        }
    )


def _condition(rule: StageRule, params: Params) -> Note:
    phrases = list(_phrases(rule, params)) or [note("stages.rules.everybody")]
    return reduce(lambda one, more: note("stages.rules.join", before=one, other=more), phrases)


def _phrases(rule: StageRule, params: Params) -> Iterator[Note]:
    for feature, bounds in rule.when.items():
        for kind, limit in bounds.model_dump(exclude_none=True).items():
            shown = feature
            numbers = {"limit": limit, "share": 1 - limit}
            if feature == "lapse_share" and params.relationship == "contractual":
                shown, numbers["limit"] = "ended", limit * (params.gap_days + 1) - 1
            elif feature == "lapse_share":
                numbers["limit"] = limit * params.lapse_weeks
            bound = note(f"stages.bounds.{kind}")
            yield note(f"stages.rules.{shown}.{SIDES[kind]}", bound=bound, **numbers)


def stage_playbook(result: StagesNow) -> pd.DataFrame:
    """The customers of each stage and what the stage asks for.

    Parameters
    ----------
    result : StagesNow

    Returns
    -------
    DataFrame
        `stage, customers, share, earlier_share` (where an earlier day is told)`, asks`.
    """
    names = [stage if stage in PRESET_STAGES else "own" for stage in result.table["stage"]]
    known = ["stage", "customers", "share", *(["earlier_share"] if result.earlier_at else [])]
    return result.table[known].assign(asks=[note(f"stages.playbook.{name}") for name in names])


def months_tables(compared: StageMonthsBySegment) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The groups that lie furthest apart in each stage, and the months of all groups.

    Parameters
    ----------
    compared : StageMonthsBySegment
        Gated.

    Returns
    -------
    DataFrame, DataFrame
        Its differences and its summary, told together.
    """
    by = ["segment", "stage"]
    return with_told_differences(
        compared.differences(), compared.summary(), number="estimate", by=by
    )


def movement_table(tests: MovementTests) -> pd.DataFrame:
    """The tests of movement, one row a question.

    Parameters
    ----------
    tests : MovementTests

    Returns
    -------
    DataFrame
        `question, p_value` (at most that, where no draw was as extreme)`, deviates` (the move that
        deviates most)`, ratio, note`.
    """
    rows = tests.table.to_dict("records")
    drawn = [drawn_p(row["p_value"], row["draws"]) for row in rows]
    return tests.table.assign(
        p_value=pd.Series(drawn, tests.table.index, dtype=object),
        question=[note(f"stages.questions.{r['question']}", segment=r["segment"]) for r in rows],
        deviates=[_deviates(row) for row in rows],
    )[["question", "p_value", "deviates", "ratio", "note"]]


def _deviates(row: dict) -> Note | str:
    if not isinstance(row["from"], str):
        return ""
    kind = "memory" if row["question"] == "memory" else "moves"
    move = {"source": row["from"], "target": row["to"], "where": str(row["where"])}
    return note(f"stages.deviates_{kind}", **move)
