"""What serving the tiers costs."""

from __future__ import annotations

import numpy as np

from analysis.chapters.serving.cost import CostToServe
from analysis.states.rating.periods import RatedPeriods
from analysis.telling.facts import Fact, nothing


def cost_fact(result: CostToServe, rated: RatedPeriods) -> Fact:
    """Where the cost of contacts goes and where value comes from.

    Parameters
    ----------
    result : CostToServe
        The gated result.
    rated : RatedPeriods

    Returns
    -------
    Fact
    """
    table = result.table[result.table["n"] > 0]
    if result.note or len(table) < 2:
        return nothing("cost", result.note or "too_few")
    if not np.isfinite(table[["share_cost", "share_value"]].to_numpy(float)).all():
        return nothing("cost", "no_value", **rated.period)
    low, top = table.iloc[0], table.iloc[-1]
    return Fact(
        "cost",
        estimate=low["share_cost"],
        unit="percent",
        n=rated.present.customers,
        base="serving.rated",
        also=("detail",),
        numbers=rated.period
        | {
            "low": low["tier"],
            "top": top["tier"],
            "low_value": low["share_value"],
            "top_cost": top["share_cost"],
            "top_value": top["share_value"],
        },
        in_summary=False,
    )
