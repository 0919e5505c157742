"""Net promoter scores as a table: chapters that tell them by whatever group."""

from __future__ import annotations

import pandas as pd

from analysis.states.recommendation import Recommendation
from analysis.telling.apart import Apart, Told


def scores_table(result: Recommendation) -> pd.DataFrame:
    """The scores by group.

    Parameters
    ----------
    result : Recommendation
        Gated.

    Returns
    -------
    DataFrame
        Its table; `estimate` is told with the shares that it lies between.
    """
    shares = [tuple(pair) for pair in result.table[["promoters", "detractors"]].to_numpy(float)]
    told = {
        "promoters": [Told(pair[0], (pair,)) for pair in shares],
        "detractors": [Told(pair[1], (pair,)) for pair in shares],
        "estimate": [Apart(100 * one, 100 * other) for one, other in shares],
    }
    return result.table.assign(**pd.DataFrame(told, result.table.index, dtype=object))
