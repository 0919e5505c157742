"""Checks that the measures of concentration, rank and migration share."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError


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


def check_conf_level(conf_level: float) -> None:
    """Refuse what is no confidence level."""
    if not 0.5 < conf_level < 1:
        raise ParamsError(f"conf_level must lie between 0.5 and 1, but {conf_level} came")


def wilson(successes, n, reach):
    """Wilson's score interval of a share; NaN where n is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        share = successes / n
        middle = (share + reach**2 / (2 * n)) / (1 + reach**2 / n)
        half = reach / (1 + reach**2 / n) * np.sqrt(share * (1 - share) / n + (reach / n / 2) ** 2)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)


def resample(
    counts: np.ndarray, replications: int, rng: np.random.Generator
) -> Iterator[np.ndarray]:
    """Bootstrap samples of counted rows: how often each row is drawn, one sample at a time."""
    n, shares = round(counts.sum()), counts / counts.sum()
    for _ in range(replications):
        yield rng.multinomial(n, shares).astype(float)
