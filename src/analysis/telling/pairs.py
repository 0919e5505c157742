"""Differences of two groups, told as those of the groups' own numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.telling.formats import Apart

SAME = 1e-6
"""By so much may a difference miss that of the two numbers and still be theirs."""


def with_told_differences(
    pairs: pd.DataFrame, groups: pd.DataFrame, *, number: str, by: Sequence[str] = ()
) -> pd.DataFrame:
    """Pairs whose `estimate` is told as the difference of the groups' numbers as they are told.

    Parameters
    ----------
    pairs : DataFrame
        Columns used: `group, reference, estimate` and `by`.
    groups : DataFrame
        The groups' own numbers. Columns used: `group, number` and `by`.
    number : str
    by : sequence of str
        What a pair and its groups share, such as the segment.

    Returns
    -------
    DataFrame
        `estimate` stays as it is where a group's number is not shown, or is not what it is the
        difference of.
    """
    known = groups.set_index([*by, "group"])[number].astype(float).to_dict()
    told = [_told(row, known, by) for row in pairs.to_dict("records")]
    return pairs.assign(estimate=pd.Series(told, pairs.index, dtype=object))


def _told(row: dict, known: dict, by: Sequence[str]) -> float:
    shared = tuple(row[name] for name in by)
    keys = [(*shared, row[side]) if by else row[side] for side in ("group", "reference")]
    one, other = (known.get(key, np.nan) for key in keys)
    theirs = abs((one - other) - row["estimate"]) < SAME
    return Apart(one, other) if theirs else row["estimate"]
