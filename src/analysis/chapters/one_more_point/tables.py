"""The results of one more point as tables to show."""

from __future__ import annotations

import pandas as pd

from analysis.telling.formats import Apart


def gained_table(table: pd.DataFrame) -> pd.DataFrame:
    """What one more point goes with, by group.

    Parameters
    ----------
    table : DataFrame
        Of the months or of the money, gated. Columns used: `as_answered, raised`.

    Returns
    -------
    DataFrame
        The table; `estimate` is told as the difference of the two as they are told.
    """
    ends = zip(table["raised"], table["as_answered"], strict=True)
    apart = [Apart(raised, answered) for raised, answered in ends]
    return table.assign(estimate=pd.Series(apart, table.index, dtype=object))
