"""Net promoter scores as a table: chapters that tell them by whatever group."""

from __future__ import annotations

import pandas as pd

from analysis.states.recommendation import Recommendation
from analysis.telling.formats import Apart


def scores_table(result: Recommendation) -> pd.DataFrame:
    """The scores by group.

    Parameters
    ----------
    result : Recommendation
        Gated.

    Returns
    -------
    DataFrame
        Its table; `estimate` is told as the difference of the shares that stand beside it.
    """
    shares = 100 * result.table[["promoters", "detractors"]]
    apart = [Apart(*pair) for pair in shares.itertuples(index=False)]
    return result.table.assign(estimate=pd.Series(apart, result.table.index, dtype=object))
