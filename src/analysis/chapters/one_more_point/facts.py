"""What one more point of satisfaction goes with, in months and in money."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from analysis.chapters.one_more_point.margin import MarginGained
from analysis.chapters.one_more_point.months import MonthsGained
from analysis.methods.standardisation import EValue
from analysis.telling.apart import Apart, told_apart
from analysis.telling.facts import Fact, Sentence, nothing
from analysis.telling.shapes import joined_sentence, never_bought_sentence

BASES = {"months": "active_answers", "sooner": "buyers_answers"}


def months_fact(result: MonthsGained, *, min_cell: int, conf_level: float = 0.95) -> Fact:
    """How many months longer customers stay, or sooner they buy again, who are a point up.

    Parameters
    ----------
    result : MonthsGained
        The gated result.
    min_cell : int
        The fewest answers, and the fewest ends or purchases, of which anything is told.
    conf_level : float
        Between 0.5 and 1: below 1 less it the test of constant ratios fails.

    Returns
    -------
    Fact
    """
    key = result.outcome
    if reason := _why_no_months(result, min_cell):
        return nothing(key, reason, claim="predictive", why=result.why)
    row = result.table.iloc[0]
    numbers = {
        "horizon": result.horizon,
        "customers": result.customers,
        "events": result.events,
    }
    told = {"unit": "number1", "n": result.n, "base": f"one_more_point.{BASES[key]}"}
    changing = _changing(result, conf_level)
    beside = [*(["slopes.unweighted"] if result.weighted else []), *changing]
    beside += joined_sentence(result.joined)
    if key == "sooner":
        beside += never_bought_sentence(result.n_never_bought, min_cell)
    return _difference(key, row, beside, result.hidden, numbers, told)


def _why_no_months(result: MonthsGained, min_cell: int) -> str:
    """Which text says why nothing is told; empty where something is."""
    if not result.n:
        return "nobody"
    if result.n < min_cell:
        return "too_few"
    if not result.events:
        return "no_end"
    if result.events < min_cell:
        return "few_ends"
    return "none" if result.life is None else ""


def _changing(result: MonthsGained, conf_level: float) -> list[Sentence]:
    """That the ratio of the rates is not constant, by the model's own test, where it fails."""
    tests = result.checks().set_index("term")["p_value"]
    alpha = 1 - conf_level
    own = tests.get(result.life.driver, np.nan)
    whole = tests.get("global", np.nan)
    if own < alpha:
        return [Sentence("changing", {"p": own})]
    return [Sentence("others_changing", {"p": whole})] if whole < alpha else []


def margin_fact(result: MarginGained, *, min_cell: int) -> Fact:
    """How much more money goes with one more point.

    Parameters
    ----------
    result : MarginGained
        The gated result.
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    reason = "nobody" if not result.n else "too_few" if result.n < min_cell else ""
    if reason or result.gained is None or not np.isfinite(result.table["conf_low"].iloc[0]):
        told = {"claim": "predictive", "weeks": result.weeks, "why": result.why}
        return nothing("money", reason or "none", **told)
    row = result.table.iloc[0]
    told = {"unit": "money", "n": result.n, "base": "one_more_point.followed_answers"}
    numbers = {"weeks": result.weeks}
    beside = ["slopes.weighted"] if result.weighted else []
    beside += joined_sentence(result.joined)
    beside += never_bought_sentence(result.n_never_bought, min_cell)
    fact = _difference("money", row, beside, result.hidden, numbers, told)
    variant = fact.variant or result.quantity
    return replace(fact, variant=variant, in_summary=False)


def _difference(
    key: str,
    row: pd.Series,
    beside: list[str | Sentence],
    hidden: EValue,
    numbers: dict[str, Any],
    told: dict[str, Any],
) -> Fact:
    """A difference that is clear, clear in the other direction, or not clear."""
    low, high = row["conf_low"], row["conf_high"]
    one, other = row["raised"], row["as_answered"]
    more, less = Apart(one, other), Apart(other, one)
    more, less = (less, more) if key == "sooner" else (more, less)
    raised, answered, _ = told_apart(one, other)
    numbers = numbers | {"longer": more, "less": less, "raised": raised, "answered": answered}
    estimate = more if key == "money" else row["estimate"]
    options = {"claim": "predictive", "numbers": numbers, **told}
    if low <= 0 <= high:
        ends = {"estimate": estimate, "low": low, "high": high}
        quiet = {"variant": "unclear", "also": ("detail", *beside), "in_summary": False}
        return Fact(key, **ends, **quiet, **options)
    if high < 0:
        estimate = less if key == "money" else -row["estimate"]
        ends = {"estimate": estimate, "low": -high, "high": -low}
        return Fact(key, variant="opposite", also=("detail", *beside), **ends, **options)
    options["numbers"] = numbers | _strength(hidden)
    ends = {"estimate": estimate, "low": low, "high": high}
    return Fact(key, also=("detail", *beside, "hidden"), **ends, **options)


def _strength(hidden: EValue) -> dict[str, float]:
    return {"evalue": hidden.estimate, "limit": hidden.limit}
