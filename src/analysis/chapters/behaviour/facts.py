"""What followed upon satisfaction, in words to be filled."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.behaviour.followed import Behaviour
from analysis.notes import note
from analysis.states.slopes import adjusted_for, clear_tests, joined_levels
from analysis.telling.facts import Fact, Sentence, nothing
from analysis.telling.shapes import joined_sentence, never_bought_sentence

BASE = "behaviour.followed_answers"


def behaviour_fact(result: Behaviour, *, min_cell: int) -> Fact:
    """How many more customers buy again per point of satisfaction.

    Parameters
    ----------
    result : Behaviour
        The gated result.
    min_cell : int
        The fewest answers of which anything is told.

    Returns
    -------
    Fact
    """
    row, weeks = result.overall, {"weeks": result.weeks}
    if row is None or result.n < min_cell or not np.isfinite(row["again"]):
        reason = "nobody" if not result.n else "too_few" if result.n < min_cell else "none"
        why = result.why or note("reasons.no_error")
        return nothing("behaviour", reason, claim="predictive", why=why, **weeks)
    told = {
        "claim": "predictive",
        "estimate": row["again"],
        "low": row["again_conf_low"],
        "high": row["again_conf_high"],
        "unit": "points",
        "n": result.again.n,
        "base": BASE,
    }
    if told["low"] <= 0 <= told["high"]:
        options = {"variant": "unclear", "also": ("detail",), "numbers": weeks}
        return Fact("behaviour", in_summary=False, **options, **told)
    if told["high"] < 0:
        ends = {"estimate": -told["estimate"], "low": -told["high"], "high": -told["low"]}
        options = {"variant": "opposite", "also": ("detail", "not_causal"), "numbers": weeks}
        return Fact("behaviour", **options, **told | ends)
    also = ["detail", *(["slopes.weighted"] if result.weighted else [])]
    also += joined_sentence(joined_levels(result.again))
    also += never_bought_sentence(result.n_never_bought, min_cell)
    also += ["bought"] if _buys_and_spends_more(row) else []
    ends = [
        f"{name}{end}" for name in ("bought", "spent") for end in ("", "_conf_low", "_conf_high")
    ]
    controls = adjusted_for(result.again, result.again.design.names[1])
    numbers = weeks | {"customers": result.customers, "controls": controls}
    numbers |= {name: row[name] for name in ends}
    return Fact("behaviour", also=(*also, "not_causal"), numbers=numbers, **told)


def _buys_and_spends_more(row: pd.Series) -> bool:
    lows = row[["bought_conf_low", "spent_conf_low"]].to_numpy(float)
    rest = row[["bought", "spent", "bought_conf_high", "spent_conf_high"]].to_numpy(float)
    return bool((lows > 0).all() and np.isfinite(rest).all())


def groups_fact(result: Behaviour, *, conf_level: float) -> Fact:
    """Whether one point goes with more in some groups than in others.

    Parameters
    ----------
    result : Behaviour
        The gated result.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    Fact
    """
    tested = result.moderation_p
    if not tested:
        return nothing("groups", "one", claim="predictive")
    clear = clear_tests(tested, conf_level)
    also = [Sentence("tested", {"by": by, "p": p}) for by, p in tested.items()]
    numbers = {"by": clear or list(tested), "weeks": result.weeks}
    if len(tested) > 1:
        limit = (1 - conf_level) / len(tested)
        also.append(Sentence("several", {"tests": len(tested), "limit": limit}))
    return Fact(
        "groups",
        "predictive",
        n=result.again.n,
        base=BASE,
        variant="differ" if clear else "alike",
        also=tuple(also),
        numbers=numbers,
        in_summary=False,
    )
