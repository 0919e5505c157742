"""Statistical disclosure control: nobody can be recognised in what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd


def small_rows(
    counts: pd.Series, min_cell: int, *, within: pd.Series | pd.DataFrame | None = None
) -> pd.Series:
    """Which rows of a table must be hidden.

    A row is hidden when it counts at least one and fewer than `min_cell` customers. When that
    hides exactly one row, the next smallest goes too (secondary suppression): otherwise the total
    would give it away.

    Parameters
    ----------
    counts : Series of shape (rows,)
        Customers behind each row; missing counts are not hidden.
    min_cell : int
        The smallest group that may be shown.
    within : Series or DataFrame of shape (rows,) or (rows, keys), optional
        Groupings and times whose totals are each known: rows are hidden within each of them.

    Returns
    -------
    Series of bool, shape (rows,), indexed as `counts`.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    if within is not None:
        keys = [key for _, key in pd.DataFrame(within).items()]
        blocks = counts.groupby(keys, sort=False, dropna=False, observed=True)
        return blocks.transform(lambda own: small_rows(own, min_cell)).astype(bool)
    hidden = (counts > 0) & (counts < min_cell)
    shown = counts[~hidden & (counts > 0)]
    if hidden.sum() == 1 and len(shown):
        hidden[shown.idxmin()] = True
    return hidden


def small_cells(counts: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Which cells of a two-way table of counts must be hidden.

    Primary: at least one and fewer than `min_cell`. Secondary: while a row or a column hides
    exactly one cell, its next smallest is hidden too, since margins would give the one away.

    Parameters
    ----------
    counts : DataFrame of shape (rows, columns)
        Customers in each cell; missing cells are not part of the table.
    min_cell : int
        The smallest cell that may be shown.

    Returns
    -------
    DataFrame of bool, shaped and labelled as `counts`.
    """
    values = counts.to_numpy(float, na_value=np.nan)
    hidden = (values > 0) & (values < min_cell)
    while True:
        before = hidden.sum()
        for matrix, mask in ((values, hidden), (values.T, hidden.T)):
            _hide_second(matrix, mask)
        if hidden.sum() == before:
            return pd.DataFrame(hidden, index=counts.index, columns=counts.columns)


def _hide_second(values: np.ndarray, hidden: np.ndarray) -> None:
    for row in np.flatnonzero(hidden.sum(axis=1) == 1):
        open_cells = np.flatnonzero(~hidden[row] & (values[row] > 0))
        if open_cells.size:
            hidden[row, open_cells[np.argmin(values[row, open_cells])]] = True


def pool_small(
    labels: pd.Series,
    least: int,
    *,
    most: int | None = None,
    pooled: str = "others",
    counts: pd.Series | None = None,
) -> pd.Series:
    """Join the categories that hold too few customers, so that none of them can be told.

    Categories of fewer than `least` rows become `pooled`; beyond `most` categories the smallest do
    too. When those joined are still fewer than `least`, the next smallest goes with them
    (secondary suppression).

    Parameters
    ----------
    labels : Series of shape (rows,)
        One category a row, none missing; an ordered category keeps its order.
    least : int
        The smallest category that is told.
    most : int, optional
        The most categories that are told.
    pooled : str
        Name of those joined.
    counts : Series of shape (rows,), optional
        How many customers each row stands for; one by default.

    Returns
    -------
    Series of category, shape (rows,)
        In the order of the categories (else of the sorted labels), `pooled` last.
    """
    labels = _whole_as_written(labels)
    text = labels.astype(str)
    held = text.value_counts() if counts is None else counts.groupby(text).sum()
    order = labels.cat.categories if hasattr(labels, "cat") else sorted(labels.unique(), key=str)
    names = [name for name in map(str, order) if name in held.index]
    sizes = held.reindex(names).sort_values(kind="stable")
    joined = list(sizes.index[: _number_joined(sizes.to_numpy(), least, most)])
    if not joined:
        return pd.Series(pd.Categorical(text, names, ordered=True), labels.index, name=labels.name)
    gone = set(joined)
    kept = [name for name in names if name not in gone]
    told = text.where(~text.isin(joined), pooled)
    if pooled not in kept:
        kept.append(pooled)
    return pd.Series(pd.Categorical(told, kept, ordered=True), labels.index, name=labels.name)


def _whole_as_written(labels: pd.Series) -> pd.Series:
    """Whole numbers that a gap has turned into floats are named 1, not 1.0."""
    if not pd.api.types.is_float_dtype(labels) or not (labels % 1 == 0).all():
        return labels
    return labels.astype("int64")


def _number_joined(sizes: np.ndarray, least: int, most: int | None) -> int:
    """How many of the categories, the smallest first, go together."""
    number, held = int((sizes < least).sum()), np.concatenate([[0], np.cumsum(sizes)])
    if most and len(sizes) - number + bool(number) > most:
        number = len(sizes) - most + 1
    if number:
        number = max(number, int(np.searchsorted(held, least)))
    return min(number, len(sizes))
