"""What goes most with a better answer, and whether it does at every step alike."""

from __future__ import annotations

import numpy as np

from analysis.chapters.answers.ordered import OrderedAnswer
from analysis.methods.pairs import best_supported, holm
from analysis.notes import note
from analysis.telling.facts import Fact, nothing


def odds_fact(result: OrderedAnswer, *, min_cell: int, conf_level: float) -> Fact:
    """What goes most with a better answer.

    It is the term best supported of those whose p-value, corrected for all terms, is clear.

    Parameters
    ----------
    result : OrderedAnswer
        Gated.
    min_cell : int
        The smallest number of answers that may be shown.
    conf_level : float
        Between 0.5 and 1: below 1 less it a corrected p-value is clear, and Brant's says that
        steps differ.

    Returns
    -------
    Fact
    """
    odds = result.odds.dropna(subset=["n", "estimate"])
    if odds.empty:
        few = result.answers < min_cell or result.odds["n"].isna().any()
        why = result.why or note("reasons.no_error")
        return nothing("odds", "too_few" if few else "none", why=why)
    odds = odds.assign(p_holm=holm(odds["p_value"].to_numpy(float)))
    row = best_supported(odds.assign(estimate=odds["coefficient"]))
    steps, p_value = _steps(result, conf_level)
    base = {"n": int(odds["n"].iloc[0]), "base": "answers.compared"}
    numbers = {"item": result.item, "p": p_value}
    if row is None or row["p_holm"] >= 1 - conf_level:
        options = {"variant": "unclear", "also": (steps,), "in_summary": False}
        return Fact("odds", numbers=numbers, **base, **options)
    row = odds.loc[row.name]
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
        numbers=numbers
        | {
            "p_term": row["p_holm"],
            "term": row["term"],
            "reference": row["reference"],
            "share": share,
        },
        in_summary=result.alone,
        **base,
    )


def _steps(result: OrderedAnswer, conf_level: float) -> tuple[str, float]:
    """Whether it matters alike at every step, and the p-value of Brant's test of it."""
    p_value = result.parallel["p_value"].iloc[0] if len(result.parallel) else np.nan
    if not np.isfinite(p_value):
        return "steps_unknown", np.nan
    return ("steps_differ" if p_value < 1 - conf_level else "steps_alike"), p_value
