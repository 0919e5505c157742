"""Differences of two groups, told beside the groups' own numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.telling.apart import SAME, Apart, Pair, Told


def with_told_differences(
    pairs: pd.DataFrame, groups: pd.DataFrame, *, number: str, by: Sequence[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pairs and their groups, with numbers that agree as they are told.

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
    DataFrame, DataFrame
        The two with `estimate` of the pairs and `number` of the groups told by as many digits as
        it takes. An `estimate` stays as it is where a group's number is not shown, or is not what
        it is the difference of.
    """
    known = groups.set_index([*by, "group"])[number].astype(float).to_dict()
    rows = pairs.to_dict("records")
    ends = [_ends(row, known, by) for row in rows]
    theirs = tuple(end for end in ends if end is not None)
    estimates = [
        row["estimate"] if end is None else Apart(*end, theirs)
        for row, end in zip(rows, ends, strict=True)
    ]
    numbers = [Told(one, theirs) for one in groups[number]] if theirs else list(groups[number])
    return (
        pairs.assign(estimate=pd.Series(estimates, pairs.index, dtype=object)),
        groups.assign(**{number: pd.Series(numbers, groups.index, dtype=object)}),
    )


def _ends(row: dict, known: dict, by: Sequence[str]) -> Pair | None:
    shared = tuple(row[name] for name in by)
    keys = [(*shared, row[side]) if by else row[side] for side in ("group", "reference")]
    one, other = (known.get(key, np.nan) for key in keys)
    return (one, other) if abs((one - other) - row["estimate"]) < SAME else None
