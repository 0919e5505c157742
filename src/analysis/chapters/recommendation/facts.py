"""What the net promoter scores say."""

from __future__ import annotations

import numpy as np

from analysis.methods.pairs import best_supported, compare_pairs
from analysis.states.recommendation import Recommendation
from analysis.telling.apart import Apart, told_apart
from analysis.telling.facts import Fact, nothing


def score_fact(result: Recommendation, *, conf_level: float) -> Fact:
    """The net promoter score, and whether groups differ in it.

    Parameters
    ----------
    result : Recommendation
        Gated.
    conf_level : float
        Between 0.5 and 1: groups differ where the corrected p-value is below 1 less this.

    Returns
    -------
    Fact
    """
    overall = result.of("all")
    if overall.empty:
        return nothing("score", "too_few" if result.asked else "not_asked")
    row = overall.iloc[0]
    apart = best_supported_scores(result, conf_level=conf_level)
    clear = bool(apart) and apart["p_gap"] < 1 - conf_level
    sentences = {
        "detail": np.isfinite(row["conf_low"]),
        "weighted": result.weighted,
        "gap": clear,
        "no_gap": bool(apart) and not clear,
    }
    promoters, detractors, _ = told_apart(row["promoters"], row["detractors"])
    return Fact(
        "score",
        estimate=Apart(100 * row["promoters"], 100 * row["detractors"]),
        low=row["conf_low"],
        high=row["conf_high"],
        unit="number0",
        n=int(row["n"]),
        base="recommendation.answers",
        also=tuple(key for key, holds in sentences.items() if holds),
        numbers={
            "promoters": promoters,
            "detractors": detractors,
            "by": shown_segment(result),
            **apart,
        },
    )


def shown_segment(result: Recommendation) -> str:
    """The first characteristic of which a group may be shown, else all customers."""
    return next((name for name in result.segments if len(result.of(name))), "all")


def best_supported_scores(result: Recommendation, *, conf_level: float) -> dict[str, float | str]:
    """The two groups whose scores differ most clearly, and how far they lie apart.

    All pairs of groups whose scores vary are compared; nothing where there is none.
    """
    shown = result.of(shown_segment(result))
    pairs = compare_pairs(shown[shown["std_error"] > 0], conf_level=conf_level)
    pair = best_supported(pairs)
    if pair is None:
        return {}
    scores = shown.set_index("group")["estimate"]
    most, least, gap = told_apart(scores[pair["group"]], scores[pair["reference"]])
    return {
        "most": pair["group"],
        "most_score": most,
        "least": pair["reference"],
        "least_score": least,
        "gap": gap,
        "gap_low": pair["conf_low"],
        "gap_high": pair["conf_high"],
        "p_gap": pair["p_holm"],
        "pairs": len(pairs),
    }
