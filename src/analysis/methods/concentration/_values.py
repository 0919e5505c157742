"""Checks that the measures of concentration, rank and migration share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.errors import DataError


def numbers(values: object, name: str) -> np.ndarray:
    """A one-dimensional array of finite numbers, or a sentence about what came."""
    try:
        array = pd.Series(values).to_numpy(float)
    except (TypeError, ValueError):
        raise DataError(f"{name} must be numbers, but are not; leave out text") from None
    if not array.size:
        raise DataError(f"{name} must hold at least one customer, but is empty")
    if (broken := ~np.isfinite(array)).any():
        raise DataError(
            f"{name} must be finite numbers, but {broken.sum():,} of {array.size:,} are not "
            f"(first: row {int(broken.argmax())}); leave those customers out"
        )
    return array


def weights(counts: object, size: int) -> np.ndarray:
    """Frequency weights, one a row; ones where none are given."""
    if counts is None:
        return np.ones(size)
    array = numbers(counts, "counts")
    if array.shape != (size,) or (array <= 0).any():
        raise DataError(f"counts must be above 0, one for each of {size:,} rows, but are not")
    return array


def resample(
    counts: np.ndarray, replications: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Bootstrap samples of counted rows: how often each row is drawn, one sample at a time."""
    n, shares = round(counts.sum()), counts / counts.sum()
    for _ in range(replications):
        yield rng.multinomial(n, shares).astype(float)
