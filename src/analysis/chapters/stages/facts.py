"""What the movement through the stages says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd

from analysis.chapters.stages.course import StageCourse
from analysis.chapters.stages.later import LaterStages
from analysis.chapters.stages.movement_tests import MovementTests
from analysis.chapters.stages.moves import MonthlyMoves
from analysis.chapters.stages.now import StagesNow
from analysis.chapters.stages.stage_time import StageMonths, StageStays
from analysis.methods.pairs import best_supported
from analysis.notes import note
from analysis.telling.facts import Beside, Fact, nearly_all, nothing
from analysis.telling.formats import drawn_p

FOLLOWED = "stages.followed"


def now_fact(result: StagesNow, *, min_cell: int) -> Fact:
    """How many customers are at risk now, or in the largest stage where no stage is of decline.

    Parameters
    ----------
    result : StagesNow
    min_cell : int
        The fewest customers of whom anything is told.

    Returns
    -------
    Fact
    """
    table = result.table
    stage = result.at_risk_stage or table["stage"][table["customers"].fillna(0).idxmax()]
    row = result.row_of(stage)
    numbers = {"stage": stage, "customers": row["customers"], "as_of": result.as_of}
    numbers |= {"total": result.total}
    base = {"n": result.total, "base": "stages.in_a_stage"}
    if not row["customers"] >= min_cell:
        return Fact("now", variant="too_few", numbers=numbers, in_summary=False, **base)
    also = ["year_before"] if row["earlier_customers"] > 0 else []
    also += [] if result.prospects_known else ["no_prospects"]
    of = result.total if stage != "declining" else max(result.living, 1)
    also += nearly_all(row["customers"] / of, "rules_of_stages")
    numbers |= {"earlier": row["earlier_customers"], "earlier_share": row["earlier_share"]}
    numbers |= {"share_of_all": row["share"], "earlier_at": result.earlier_at}
    earlier = Beside("year_before", row["earlier_customers"])
    if result.at_risk_stage is None:
        share = {"estimate": row["customers"] / result.total, "unit": "percent"}
        earlier = Beside("year_before", row["earlier_share"])
        options = {"variant": "largest", **share, **base}
        return Fact("now", also=tuple(also), numbers=numbers, comparator=earlier, **options)
    if stage == "declining":
        also.insert(0, "of_living")
        numbers["share"] = row["customers"] / max(result.living, 1)
    options = {"variant": stage, "estimate": row["customers"], "unit": "count", **base}
    return Fact("now", also=tuple(also), numbers=numbers, comparator=earlier, **options)


def course_fact(result: StageCourse) -> Fact:
    """Where customers are some months after the start.

    Parameters
    ----------
    result : StageCourse

    Returns
    -------
    Fact
    """
    if not len(result.told):
        return nothing("course", "too_few")
    first, *others = result.told.to_dict("records")
    also = _interval(first)
    numbers: dict[str, Any] = {"stage": first["stage"], "months": first["months"]}
    if others:
        shares = [note("stages.other", stage=row["stage"], share=row["estimate"]) for row in others]
        numbers["others"] = reduce(lambda one, more: note("stages.join", before=one, other=more),
                                   shares)  # fmt: skip
        also = (*also, "others")
    if result.steps:
        numbers["steps"] = tuple(f"{step:.3g}" for step in result.steps)
        also = (*also, "steps")
    also = (*also, *nearly_all(first["estimate"], "rules_of_stages"))
    return Fact(
        "course",
        unit="percent",
        n=result.occupation.customers,
        base=FOLLOWED,
        variant="" if result.past_known else "seen",
        also=also if result.past_known else (*also, "past"),
        numbers=numbers,
        in_summary=False,
        **_with_interval(first),
    )


def months_fact(
    result: StageMonths, tests: MovementTests, segment: str, *, conf_level: float
) -> Fact:
    """Whether groups differ in the months that they spend in the stages.

    Parameters
    ----------
    result : StageMonths
        Of one segment.
    tests : MovementTests
    segment : str
    conf_level : float
        A difference is clear where its corrected p-value is below 1 less this.

    Returns
    -------
    Fact
    """
    numbers = {"segment": segment, "until": result.until_months}
    if not result.table["n"].notna().any():
        return nothing("months", "not_followed", **numbers)
    options = {"n": result.customers, "base": FOLLOWED, "in_summary": False}
    pairs = result.differences.dropna(subset=["estimate", "p_holm"])
    if not len(pairs):
        return Fact("months", variant="too_few", also=("detail",), numbers=numbers, **options)
    reach = (pairs["conf_high"] - pairs["conf_low"]).astype(float)
    row = best_supported(pairs.assign(std_error=reach))
    p_value = tests.p_value("groups", segment)
    numbers |= {"stage": row["stage"], "long": row["group"], "short": row["reference"]}
    numbers |= {"p": row["p_holm"]}
    numbers["p_groups"] = drawn_p(p_value, tests.draws("groups", segment))
    return Fact(
        "months",
        unit="number1",
        variant="" if row["p_holm"] < 1 - conf_level else "no_difference",
        also=("detail", "tested") if np.isfinite(p_value) else ("detail",),
        numbers=numbers,
        **_with_interval(row),
        **options,
    )


def moves_fact(result: MonthlyMoves) -> Fact:
    """How many of those at risk churn in a month, or the most frequent way out of a stage.

    Parameters
    ----------
    result : MonthlyMoves

    Returns
    -------
    Fact
    """
    if not result.states:
        return nothing("moves", "not_followed")
    table = result.table.dropna(subset=["estimate"])
    left = table[table["from"] != table["to"]]
    marked = note("stages.joined") if result.table["note"].astype(bool).any() else ""
    numbers: dict[str, Any] = {"pairs": result.customer_months, "marked": marked}
    if not len(left):
        return Fact("moves", variant="too_few", numbers=numbers, in_summary=False)
    risky = left[(left["from"] == "declining") & (left["to"] == "churned")]
    row = (risky if len(risky) else left.sort_values("estimate", ascending=False)).iloc[0]
    numbers |= {"source": row["from"], "target": row["to"]}
    back = left[(left["from"] == row["from"]) & (left["to"] != row["to"])]
    also = _interval(row)
    if len(back):
        most = back.loc[back["estimate"].idxmax()]
        numbers |= {"other_target": most["to"], "other_share": most["estimate"]}
        also = (*also, "other")
    return Fact(
        "moves",
        unit="percent",
        n=int(row["customer_months"]),
        base="stages.months_in_the_stage",
        also=also,
        numbers=numbers,
        in_summary=False,
        **_with_interval(row),
    )


def won_back_fact(result: StageStays) -> Fact:
    """The share of churned customers who come back.

    Parameters
    ----------
    result : StageStays

    Returns
    -------
    Fact
    """
    row = result.won_back
    if row is None:
        return nothing("won_back", result.why)
    options = {"n": int(row["n"]), "base": "stages.churned_while_followed", "in_summary": False}
    numbers = {"months": row["months"]}
    if not row["estimate"]:
        return Fact("won_back", variant="none", numbers=numbers, **options)
    also = (*_interval(row), "counted", *nearly_all(row["estimate"], "rules_of_stages"))
    ends = _with_interval(row)
    return Fact("won_back", unit="percent", also=also, numbers=numbers, **ends, **options)


def later_fact(result: LaterStages, now: StagesNow) -> Fact:
    """Where those who decline now are likely to be some months later.

    Parameters
    ----------
    result : LaterStages
    now : StagesNow

    Returns
    -------
    Fact
        Predictive; beside it the share of the equally long time before.
    """
    options = {"claim": "predictive", "months": result.months}
    if result.stage is None:
        return nothing("later", "no_stage", **options)
    gone = result.share_in("churned") or result.share_in(result.stage)
    if gone is None or not np.isfinite(gone["conf_low"]):
        return nothing("later", "too_few", **options)
    today = now.row_of(result.stage)["customers"]
    also = ["interval", "expected"] if np.isfinite(today) else ["interval"]
    if np.isfinite(gone["before"]):
        steady = gone["conf_low"] <= gone["before"] <= gone["conf_high"]
        also.append("steady" if steady else "changed")
    also += nearly_all(gone["estimate"], "rules_of_stages")
    numbers = {"stage": result.stage, "target": gone["to"], "months": result.months}
    numbers |= {"today": today, "expected": today * gone["estimate"]}
    return Fact(
        "later",
        "predictive",
        unit="percent",
        n=result.n,
        base="stages.in_decline_before",
        also=tuple(also),
        numbers=numbers | {"before": gone["before"], "memoryless": gone["memoryless"]},
        comparator=Beside("time_before", gone["before"]),
        **_with_interval(gone),
    )


def memory_fact(tests: MovementTests, later: LaterStages, *, conf_level: float) -> Fact:
    """Whether the past of a stage matters, what stays valid, and what it would have cost.

    Parameters
    ----------
    tests : MovementTests
    later : LaterStages
        What forgetting the past would have said of those in decline.
    conf_level : float
        The past matters where the p-value is below 1 less this.

    Returns
    -------
    Fact
    """
    p_value = tests.p_value("memory")
    if not np.isfinite(p_value):
        return nothing("memory", "untold")
    row = tests.table.set_index("question").loc["memory"]
    told = drawn_p(p_value, tests.draws("memory"))
    numbers = {"p": told, "source": row["from"], "target": row["to"], "earlier": row["where"]}
    if p_value >= 1 - conf_level:
        options = {"variant": "no_memory", "also": ("detail",), "in_summary": False}
        return Fact("memory", numbers=numbers, **options)
    cost = _cost(later)
    also = ("detail", "cost") if cost else ("detail",)
    return Fact("memory", also=also, numbers=numbers | cost, in_summary=False)


def _cost(later: LaterStages) -> dict[str, Any]:
    table = later.table.dropna(subset=["estimate", "memoryless"])
    if not len(table):
        return {}
    worst = table.loc[(table["memoryless"] - table["estimate"]).astype(float).abs().idxmax()]
    numbers = {"stage": later.stage, "later": worst["to"], "months": later.months}
    return numbers | {"share": worst["estimate"], "memoryless": worst["memoryless"]}


def _interval(row: Mapping[str, Any] | pd.Series) -> tuple[str, ...]:
    return ("interval",) if np.isfinite(row["conf_low"]) else ()


def _with_interval(row: Mapping[str, Any] | pd.Series) -> dict[str, float]:
    return {"estimate": row["estimate"], "low": row["conf_low"], "high": row["conf_high"]}
