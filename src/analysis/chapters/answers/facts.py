"""What goes most with a better answer, and whether it does at every step alike."""

from __future__ import annotations

import numpy as np

from analysis.chapters.answers.ordered import OrderedAnswer
from analysis.telling.facts import Fact, nothing


def odds_fact(result: OrderedAnswer, *, min_cell: int, conf_level: float) -> Fact:
    """What goes most with a better answer.

    Its odds ratio is the farthest from 1 of those whose interval leaves out 1.

    Parameters
    ----------
    result : OrderedAnswer
        Gated.
    min_cell : int
        The smallest number of answers that may be shown.
    conf_level : float
        Between 0.5 and 1: below 1 less it, Brant's p-value says that steps differ.

    Returns
    -------
    Fact
    """
    odds = result.odds.dropna(subset=["n", "estimate"])
    if odds.empty:
        few = result.answers < min_cell or result.odds["n"].isna().any()
        return nothing("odds", "too_few" if few else "alike")
    clear = odds[(odds["conf_low"] > 1) | (odds["conf_high"] < 1)]
    steps, p_value = _steps(result, conf_level)
    base = {"n": int(odds["n"].iloc[0]), "base": "answers.compared"}
    numbers = {"item": result.item, "p": p_value}
    if clear.empty:
        options = {"variant": "unclear", "also": (steps,), "in_summary": False}
        return Fact("odds", numbers=numbers, **base, **options)
    row = clear.loc[np.log(clear["estimate"]).abs().idxmax()]
    share = result.shares["share"].iloc[-1]
    sentences = {
        "against": bool(row["reference"]),
        "detail": True,
        "best": np.isfinite(share),
        "weighted": result.weighted,
        steps: True,
    }
    return Fact(
        "odds",
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="number1",
        variant="" if row["estimate"] >= 1 else "less",
        also=tuple(key for key, holds in sentences.items() if holds),
        numbers=numbers | {"term": row["term"], "reference": row["reference"], "share": share},
        in_summary=result.alone,
        **base,
    )


def _steps(result: OrderedAnswer, conf_level: float) -> tuple[str, float]:
    """Whether it matters alike at every step, and the p-value of Brant's test of it."""
    p_value = result.parallel["p_value"].iloc[0] if len(result.parallel) else np.nan
    if not np.isfinite(p_value):
        return "steps_unknown", np.nan
    return ("steps_differ" if p_value < 1 - conf_level else "steps_alike"), p_value
