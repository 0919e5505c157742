"""Checks of a customer frame, and equal rows counted once.

A purchase model sees a customer only through (frequency, recency, age), so a million customers
are about a hundred thousand distinct rows: the likelihood is summed over those, with counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.notes import Note, note

HISTORY = ("frequency", "recency", "age")
MOST_CELLS = 2**62
"""Combinations of levels that a 64-bit key can tell apart."""


def counted_rows(customers: pd.DataFrame, columns: Sequence[str]) -> tuple[np.ndarray, ...]:
    """Distinct rows of `columns` and how many customers each stands for (the last array)."""
    values, code = _distinct(customers, columns)
    counts = np.bincount(code, _weights(customers), minlength=len(values[0]))
    return *values, counts


def history(customers: pd.DataFrame) -> tuple[np.ndarray, ...]:
    """Check and count the columns frequency, recency and age."""
    check_history(customers)
    return counted_rows(customers, HISTORY)


def per_customer(
    customers: pd.DataFrame, columns: Sequence[str], formula: Callable[..., np.ndarray]
) -> np.ndarray:
    """Evaluate `formula` once for each distinct row and hand it to every customer."""
    values, code = _distinct(customers, columns)
    return np.broadcast_to(formula(*values), values[0].shape)[code]


def check_history(customers: pd.DataFrame) -> None:
    """Refuse a frame that no purchase history can have."""
    check_columns(customers, HISTORY)
    frequency, recency, age = (customers[name].to_numpy(float) for name in HISTORY)
    faults = [
        ("frequency must be a whole number, 0 or more", (frequency < 0) | (frequency % 1 != 0)),
        ("recency must lie between 0 and age", (recency < 0) | (recency > age)),
        ("age must be above 0", age <= 0),
        ("recency must be 0 where frequency is 0", (frequency == 0) & (recency != 0)),
        ("recency must be above 0 where frequency is", (frequency > 0) & (recency == 0)),
    ]
    said = [
        f"{rule}, but {broken.sum():,} of {len(customers):,} rows break this "
        f"(first: row {int(broken.argmax())})"
        for rule, broken in faults
        if broken.any()
    ]
    if said:
        raise DataError("; ".join(said) + "; build the frame from purchases on distinct days")


def check_columns(customers: pd.DataFrame, columns: Sequence[str]) -> None:
    """Refuse absent columns, no rows, numbers that are none, and impossible counts."""
    absent = [name for name in columns if name not in customers]
    if absent:
        raise DataError(
            f"customers must have the columns {', '.join(columns)}, but {', '.join(absent)} "
            "is absent; rename the columns of the customer frame"
        )
    if customers.empty:
        raise DataError("customers must hold at least one row, but it is empty")
    for name in columns:
        try:
            values = customers[name].to_numpy(float)
        except (TypeError, ValueError):
            raise DataError(f"{name} must be a number, but holds {customers[name].dtype}") from None
        if (broken := ~np.isfinite(values)).any():
            raise DataError(
                f"{name} must be a finite number, but {broken.sum():,} of {len(values):,} rows "
                f"are not (first: row {int(broken.argmax())}); leave those customers out"
            )
    weights = _weights(customers)
    if not np.isfinite(weights).all() or (weights <= 0).any():
        raise DataError("count must be above 0 in every row; leave out rows that count nobody")


def _weights(customers: pd.DataFrame) -> np.ndarray:
    if "count" in customers:
        return customers["count"].to_numpy(float)
    return np.ones(len(customers))


def _distinct(
    customers: pd.DataFrame, columns: Sequence[str]
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    key, cells = np.zeros(len(customers), dtype=np.int64), 1
    for name in columns:
        code, levels = pd.factorize(customers[name].to_numpy(float))
        if cells * len(levels) > MOST_CELLS:
            key, known = pd.factorize(key)
            cells = len(known)
        key, cells = key * len(levels) + code, cells * len(levels)
    key, _ = pd.factorize(key)
    first = np.empty(key.max() + 1, dtype=np.int64)
    first[key[::-1]] = np.arange(len(key))[::-1]
    return tuple(customers[name].to_numpy(float)[first] for name in columns), key


def thin_history(frequency: np.ndarray, counts: np.ndarray) -> Note | str:
    """Say why the histories support no model; empty when they may."""
    customers, repeaters = counts.sum(), counts[frequency > 0].sum()
    if customers < 2:
        return note("purchases.one_history")
    if repeaters < 2:
        return note("purchases.too_few_repeaters", repeaters=repeaters, customers=customers)
    return ""


def usual_rate(frequency: np.ndarray, age: np.ndarray, counts: np.ndarray) -> float:
    """Repeat purchases per unit of time, the scale on which a search begins."""
    return max((counts * frequency).sum() / (counts * age).sum(), 1e-9)
