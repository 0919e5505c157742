"""Statistical disclosure control: nobody can be recognised in what is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.suppression import suppress

PARTS = ("largest_share", "two_largest_share")
"""Columns of the shares that one customer, and two together, make up of a row's total."""


def small_rows(
    counts: pd.Series,
    min_cell: int,
    *,
    within: pd.Series | pd.DataFrame | None = None,
    unsafe: pd.Series | None = None,
    step: int = 1,
) -> pd.Series:
    """Which rows of a table must be hidden.

    A row is hidden when it counts at least one and fewer than `min_cell` customers. Others go with
    it (secondary suppression), as few as can be: so many that nobody who knows the total can narrow
    down what is hidden (`suppression.suppress`).

    Parameters
    ----------
    counts : Series of shape (rows,)
        Customers behind each row; missing counts are not hidden.
    min_cell : int
        The smallest group that may be shown.
    within : Series or DataFrame of shape (rows,) or (rows, keys), optional
        Groupings and times whose totals are each known: rows are hidden within each of them.
    unsafe : Series of bool, shape (rows,), optional
        Rows that must be hidden whatever they count (`largest_parts`).
    step : int
        Counts are told in multiples of it.

    Returns
    -------
    Series of bool, shape (rows,), indexed as `counts`.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    hidden = pd.Series(False, index=counts.index)
    blocks = np.zeros(len(counts), int)
    if within is not None:
        keys = [key.to_numpy() for _, key in pd.DataFrame(within).items()]
        blocks = pd.DataFrame(dict(enumerate(keys))).groupby(
            list(range(len(keys))), sort=False, dropna=False, observed=True
        ).ngroup().to_numpy()  # fmt: skip
    values = counts.to_numpy(float, na_value=np.nan)
    known = np.zeros(len(counts), bool) if unsafe is None else unsafe.to_numpy(bool)
    found = hidden.to_numpy(bool).copy()
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        found[rows] = suppress(
            values[rows], [range(len(rows))], least=min_cell, unsafe=known[rows], step=step
        )
        if found[rows].any() and found[rows][values[rows] > 0].all():
            found[rows] = True  # rows of nobody would say who the few are not
    return pd.Series(found, index=counts.index)


def small_cells(counts: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """Which cells of a two-way table of counts must be hidden.

    Primary: at least one and fewer than `min_cell`. Secondary: as few others as can be, so that
    the totals of rows and columns do not narrow down what is hidden (`suppression.suppress`).

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
    cells = np.arange(counts.size).reshape(counts.shape)
    values = counts.to_numpy(float, na_value=np.nan).ravel()
    hidden = suppress(values, [*cells, *cells.T], least=min_cell)
    return pd.DataFrame(hidden.reshape(counts.shape), index=counts.index, columns=counts.columns)


def largest_parts(
    amounts: pd.Series, by: pd.Series, *, counts: pd.Series | None = None
) -> pd.DataFrame:
    """What one customer, and the two largest together, make up of each group's total.

    Parameters
    ----------
    amounts : Series of shape (customers,)
        What each customer's amount is; missing ones count as nothing, those below 0 by their size.
    by : Series of shape (customers,)
        The customer's group.
    counts : Series of shape (customers,), optional
        How many customers each row stands for; one by default.

    Returns
    -------
    DataFrame of shape (groups, 2)
        `largest_share, two_largest_share`, 0 to 1; 0 for a group without an amount.

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, section 4.2.2.
    """
    size = amounts.astype(float).abs().fillna(0.0).to_numpy()
    people = np.ones(len(size)) if counts is None else counts.to_numpy(float)
    rows = pd.DataFrame({"by": by.to_numpy(), "size": size, "people": people, "sum": size * people})
    rows["by"] = pd.Categorical(rows["by"], by.cat.categories) if hasattr(by, "cat") else rows["by"]
    total = rows.groupby("by", observed=False)["sum"].sum()
    heads = rows.sort_values("size", ascending=False, kind="stable")
    before = heads.groupby("by", observed=False)["people"].cumsum() - heads["people"]
    found = {}
    for name, most in zip(PARTS, (1, 2), strict=True):
        taken = np.minimum(heads["people"], (most - before).clip(lower=0))
        head = (heads["size"] * taken).groupby(heads["by"], observed=False).sum()
        found[name] = (head / total.where(total > 0)).fillna(0.0)
    return pd.DataFrame(found)


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
