"""What the way from the first contact to the first purchase says."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.pairs import best_supported, compare_pairs, logarithms
from analysis.notes import note
from analysis.states.conversion import Conversion
from analysis.states.winning_cost import WinningCosts
from analysis.telling.facts import Fact, Sentence, nothing
from analysis.telling.within import groups_within, share_within

CONTACTED = "prospects.contacted"
WITH_COST = "prospects.with_cost"


def conversion_fact(result: Conversion, *, min_cell: int) -> Fact:
    """How many prospects become customers, and how soon half of those looked at do.

    Parameters
    ----------
    result : Conversion
    min_cell : int
        The smallest group that may be told.

    Returns
    -------
    Fact
    """
    options = {"n": result.people, "base": CONTACTED, "min_cell": min_cell}
    return share_within("conversion", result, **options)


def channel_fact(result: Conversion, *, min_cell: int, conf_level: float) -> Fact:
    """Whether channels differ, and by how many points.

    Parameters
    ----------
    result : Conversion
    min_cell : int
        The smallest group that may be told.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Fact
    """
    options = {"n": result.people, "base": CONTACTED, "min_cell": min_cell}
    return groups_within("channels", result, conf_level=conf_level, in_summary=False, **options)


def cost_fact(result: WinningCosts, *, conf_level: float) -> Fact:
    """What a new customer costs, and how far the channels lie apart.

    Parameters
    ----------
    result : WinningCosts
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Fact
    """
    if result.note:
        return nothing("costs", "untold", why=result.note)
    whole = result.table.iloc[0]
    if not np.isfinite(whole["estimate"]):
        few = note("winning.too_few_with_cost")
        return nothing("costs", "untold", why=few if np.isnan(whole["n"]) else whole["note"])
    interval = ("interval",) if np.isfinite(whole["conf_low"]) else ()
    return Fact(
        "costs",
        estimate=whole["estimate"],
        low=whole["conf_low"],
        high=whole["conf_high"],
        unit="money",
        n=int(whole["n"]),
        base=WITH_COST,
        also=(*interval, *_apart(result.table.iloc[1:], conf_level)),
        numbers={"weeks": result.weeks},
    )


def _apart(groups: pd.DataFrame, conf_level: float) -> tuple[Sentence, ...]:
    told = groups.dropna(subset=["n"])
    pairs = compare_pairs(logarithms(told, conf_level=conf_level), conf_level=conf_level)
    pair = best_supported(pairs)
    if pair is None:
        return ()
    cost = told.set_index("group")["estimate"]
    ratio, low, high = np.exp(pair[["estimate", "conf_low", "conf_high"]].astype(float))
    numbers = {"cheap": pair["reference"], "dear": pair["group"], "p": pair["p_holm"]}
    numbers |= {"least": cost[pair["reference"]], "most": cost[pair["group"]], "ratio": ratio}
    numbers |= {"ratio_low": low, "ratio_high": high}
    return (Sentence("apart" if pair["p_holm"] < 1 - conf_level else "alike", numbers),)
