"""What the net promoter scores say."""

from __future__ import annotations

import numpy as np

from analysis.methods.intervals import critical_value
from analysis.states.recommendation import Recommendation
from analysis.telling.facts import Fact, nothing
from analysis.telling.formats import Apart


def score_fact(result: Recommendation, *, conf_level: float) -> Fact:
    """The net promoter score, and whether groups differ in it.

    Parameters
    ----------
    result : Recommendation
        Gated.
    conf_level : float
        Of the interval between the extreme groups, between 0.5 and 1.

    Returns
    -------
    Fact
    """
    overall = result.of("all")
    if overall.empty:
        return nothing("score", "too_few" if result.asked else "not_asked")
    row = overall.iloc[0]
    apart = extreme_scores(result, conf_level=conf_level)
    sentences = {
        "detail": np.isfinite(row["conf_low"]),
        "weighted": result.weighted,
        "gap": bool(apart) and apart["gap_low"] > 0,
        "no_gap": bool(apart) and apart["gap_low"] <= 0,
    }
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
            "promoters": row["promoters"],
            "detractors": row["detractors"],
            "by": shown_segment(result),
            **apart,
        },
    )


def shown_segment(result: Recommendation) -> str:
    """The first characteristic of which a group may be shown, else all customers."""
    return next((name for name in result.segments if len(result.of(name))), "all")


def extreme_scores(result: Recommendation, *, conf_level: float) -> dict[str, float | str]:
    """The groups with the highest and the lowest score, and how far they lie apart.

    The interval is not corrected for picking the extremes. Nothing where fewer than two groups
    have scores that vary.
    """
    rows = result.of(shown_segment(result))
    rows = rows[rows["std_error"].gt(0)].sort_values("estimate")
    if len(rows) < 2:
        return {}
    least, most = rows.iloc[0], rows.iloc[-1]
    gap = Apart(most["estimate"], least["estimate"])
    reach = critical_value(conf_level) * np.hypot(most["std_error"], least["std_error"])
    return {
        "most": most["group"],
        "most_score": most["estimate"],
        "least": least["group"],
        "least_score": least["estimate"],
        "gap": gap,
        "gap_low": gap - reach,
        "gap_high": gap + reach,
    }
