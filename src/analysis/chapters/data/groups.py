"""How many customers are in the groups that the report compares."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd


def segment_sizes(customers: pd.DataFrame, segments: Sequence[str]) -> pd.DataFrame:
    """Count customers by segment.

    Parameters
    ----------
    customers : DataFrame
        The customer frame with the columns that `segments` names.
    segments : sequence of str
        Columns of the frame.

    Returns
    -------
    DataFrame
        `segment, group, n, share` (of all customers, 0 to 1).
    """
    return pd.concat([_sizes(customers[name]) for name in segments], ignore_index=True)


def _sizes(segment: pd.Series) -> pd.DataFrame:
    counts = segment.value_counts(sort=False, dropna=False).sort_index()
    groups = [str(group) if pd.notna(group) else "not known" for group in counts.index]
    return pd.DataFrame({"segment": segment.name, "group": groups, "n": counts.to_numpy()}).assign(
        share=lambda sizes: sizes["n"] / len(segment)
    )
