"""Who sits near a threshold, and whether customers gather just above it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import ParamsError
from analysis.methods.concentration._values import numbers, weights
from analysis.methods.intervals import check_level, critical_value, wilson
from analysis.notes import note

LEAST_AROUND = 50
"""Customers in the bins around a threshold below which their density is not worth a curve."""


@dataclass(frozen=True, slots=True, eq=False)
class NearThreshold:
    """Customers near each threshold.

    Attributes
    ----------
    table : DataFrame
        `group` (the threshold's name)`, term, estimate, std_error, conf_low, conf_high, n, p_value,
        note`. Terms: 'just_below' and 'just_above' are the shares of all customers within `width`
        of the threshold; 'excess_above' is how many more sit just above, as a share of what a
        smooth density through the other bins leads one to expect there (0: no bunching).
    width : float
        In the unit of the values.
    """

    table: pd.DataFrame
    width: float


def count_near(
    values: pd.Series | np.ndarray,
    thresholds: Mapping[str, float],
    *,
    width: float,
    counts: np.ndarray | None = None,
    bins: int = 8,
    conf_level: float = 0.95,
) -> NearThreshold:
    """Count customers within `width` of each threshold, and test for bunching above it.

    The density is a log-quadratic Poisson regression on `bins` bins of length `width` on either
    side, less the two next to the threshold (Chetty et al. 2011; Kleven 2016). Bunching tells
    that customers (or staff) steer by the threshold; it also tells that those above are not like
    those below, so that a comparison across it is not fair.

    Parameters
    ----------
    values : array, (n,)
        The quantity that the thresholds cut, one number a customer.
    thresholds : mapping of str to float
        Name and place of each threshold, in the unit of `values`.
    width : float
        Length of a bin, above 0, in the unit of `values`.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    bins : int
        Bins on either side, 4 or more.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    NearThreshold

    Raises
    ------
    ParamsError
        A width that is not above 0, or fewer than four bins.
    """
    check_level(conf_level)
    if not (np.isfinite(width) and width > 0) or bins < 4:
        raise ParamsError(f"width must be above 0 and bins 4 or more, but {width}, {bins} came")
    y = numbers(values, "values")
    count = weights(counts, y.size)
    reach = critical_value(conf_level)
    rows = []
    for name, cut in thresholds.items():
        place = np.floor((y - cut) / width + 1e-9).astype(int)
        seen = (place >= -bins) & (place < bins)
        held = np.bincount(place[seen] + bins, count[seen], minlength=2 * bins)
        n = count.sum()
        for term, hits in (("just_below", held[bins - 1]), ("just_above", held[bins])):
            share = hits / n
            low, high = wilson(share, n, reach)
            error = np.sqrt(share * (1 - share) / n)
            rows.append((name, term, share, error, low, high, round(n), np.nan, ""))
        rows.append((name, "excess_above", *_excess(held, bins, reach)))
    columns = [
        "group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "p_value", "note",
    ]  # fmt: skip
    return NearThreshold(pd.DataFrame(rows, columns=columns), width)


def _excess(held: np.ndarray, bins: int, reach: float) -> tuple:
    n = round(held.sum())
    at = (np.arange(2 * bins) - bins + 0.5) / bins
    used = np.ones(2 * bins, bool)
    used[[bins - 1, bins]] = False
    nothing = (np.nan,) * 4
    if held[used].sum() < LEAST_AROUND or (held[used] > 0).sum() < 4:
        return (*nothing, n, np.nan, note("concentration.too_few_around"))
    design = np.vander(at, 3, increasing=True)
    coefficients, covariance = _poisson(design[used], held[used])
    expected = np.exp(design[bins] @ coefficients)
    spread = expected * np.sqrt(design[bins] @ covariance @ design[bins])
    error = np.sqrt(expected + spread**2)
    excess = held[bins] / expected - 1
    p_value = 2 * stats.norm.sf(abs(held[bins] - expected) / error)
    # for the interval the count varies around what it is, for the test around what is expected
    width = np.sqrt(held[bins] + (held[bins] / expected * spread) ** 2) / expected
    return (excess, width, excess - reach * width, excess + reach * width, n, p_value, "")


def _poisson(design: np.ndarray, held: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Log-linear Poisson regression by Fisher scoring, with overdispersion where there is any."""
    coefficients = np.linalg.lstsq(design, np.log(held + 0.5), rcond=None)[0]
    for _ in range(100):
        mean = np.exp(np.clip(design @ coefficients, -30, 30))
        information = design.T @ (design * mean[:, None])
        step = np.linalg.solve(information, design.T @ (held - mean))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-10:
            break
    mean = np.exp(np.clip(design @ coefficients, -30, 30))
    dispersion = ((held - mean) ** 2 / mean).sum() / (len(held) - design.shape[1])
    information = design.T @ (design * mean[:, None])
    return coefficients, np.linalg.inv(information) * max(dispersion, 1.0)
