"""The results of one more point as tables to show."""

from __future__ import annotations

import pandas as pd

from analysis.telling.formats import Apart


def gained_table(table: pd.DataFrame, *, outcome: str = "") -> pd.DataFrame:
    """What one more point goes with, by group.

    Parameters
    ----------
    table : DataFrame
        Of the months or of the money, gated. Columns used: `as_answered, raised`.
    outcome : str
        'sooner' where less is better: the months as answered less those one point up.

    Returns
    -------
    DataFrame
        The table; `estimate` is told as the difference of the two as they are told.
    """
    if not len(table):
        return table
    order = ["raised", "as_answered"]
    ends = zip(
        *(table[name] for name in (order[::-1] if outcome == "sooner" else order)), strict=True
    )
    apart = [Apart(one, other) for one, other in ends]
    return table.assign(estimate=pd.Series(apart, table.index, dtype=object))
