"""The results of one more point as tables to show."""

from __future__ import annotations

import pandas as pd

from analysis.telling.apart import told_apart


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
        The table; `estimate` is told with the two that it is the difference of.
    """
    if not len(table):
        return table
    order = ["raised", "as_answered"]
    order = order[::-1] if outcome == "sooner" else order
    told = [told_apart(*pair) for pair in table[order].to_numpy(float)]
    names = [*order, "estimate"]
    return table.assign(**pd.DataFrame(told, table.index, dtype=object).set_axis(names, axis=1))
