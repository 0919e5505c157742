"""What one more point of satisfaction goes with, in months and in money."""

from __future__ import annotations

import numpy as np

from analysis.chapters.one_more_point.margin import MarginGained
from analysis.chapters.one_more_point.months import MonthsGained
from analysis.methods.standardisation import EValue
from analysis.telling.facts import Fact, nothing
from analysis.telling.formats import Apart


def months_fact(result: MonthsGained, *, min_cell: int) -> Fact:
    """How many months longer customers stay who are one point more satisfied.

    Parameters
    ----------
    result : MonthsGained
        The gated result.
    min_cell : int
        The fewest answers, and the fewest ends, of which anything is told.

    Returns
    -------
    Fact
    """
    if result.life is None or result.n < min_cell or result.events < min_cell:
        few = result.n < min_cell or result.events < min_cell
        return nothing("months", "too_few" if few else "none", claim="predictive")
    row = result.table.iloc[0]
    told = {
        "claim": "predictive",
        "estimate": row["estimate"],
        "low": row["conf_low"],
        "high": row["conf_high"],
        "unit": "number1",
        "n": result.n,
        "base": "one_more_point.active_answers",
    }
    numbers = {
        "horizon": result.horizon,
        "longer": Apart(row["raised"], row["as_answered"]),
        "answered": row["as_answered"],
        "raised": row["raised"],
        "customers": result.customers,
        "events": result.events,
    }
    if row["conf_low"] <= 0:
        options = {"variant": "unclear", "also": ("detail",), "in_summary": False}
        return Fact("months", numbers=numbers, **options, **told)
    weighing = ["slopes.unweighted"] if result.weighted else []
    numbers |= _strength(result.hidden)
    return Fact("months", also=("detail", *weighing, "hidden"), numbers=numbers, **told)


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
    if result.gained is None or result.n < min_cell:
        few = result.n < min_cell
        reason = {"claim": "predictive", "weeks": result.weeks}
        return nothing("money", "too_few" if few else "none", **reason)
    row = result.table.iloc[0]
    if not np.isfinite(row["conf_low"]):
        return nothing("money", "none", claim="predictive")
    told = {
        "claim": "predictive",
        "estimate": Apart(row["raised"], row["as_answered"]),
        "low": row["conf_low"],
        "high": row["conf_high"],
        "unit": "money",
        "n": result.n,
        "base": "one_more_point.followed_answers",
        "in_summary": False,
    }
    numbers = {"weeks": result.weeks, "answered": row["as_answered"], "raised": row["raised"]}
    if row["conf_low"] <= 0:
        return Fact("money", variant="unclear", also=("detail",), numbers=numbers, **told)
    weighing = ["slopes.weighted"] if result.weighted else []
    numbers |= _strength(result.hidden)
    also = ("detail", *weighing, "hidden")
    return Fact("money", variant=result.quantity, also=also, numbers=numbers, **told)


def _strength(hidden: EValue) -> dict[str, float]:
    return {"evalue": hidden.estimate, "limit": hidden.limit}
