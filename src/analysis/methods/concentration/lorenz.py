"""How unequally value is spread over customers: Lorenz curve, Gini, shares of the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration._values import numbers, resample, weights
from analysis.methods.intervals import check_level, critical_value
from analysis.notes import Note, note

Negative = Literal["floor", "absolute", "refuse"]
NEGATIVE_RULES = ("floor", "absolute", "refuse")
MOST_CURVE_POINTS = 501


@dataclass(frozen=True, slots=True, eq=False)
class Concentration:
    """How much of the value the top customers hold.

    Attributes
    ----------
    table : DataFrame
        `term` ('gini', 'top_20_percent', …)`, estimate, std_error, conf_low, conf_high, n, note`.
    curve : DataFrame
        `customers, value`: shares from the least to the most valuable, from (0, 0) to (1, 1).
    gini : float
        NaN where not estimable.
    total : float
        Sum of the values.
    customers : int
        Counted.
    negatives : int
        Customers with a value below 0.
    negative_rule : str
        What was done with them.
    note : Note or str
        Why nothing is estimable; empty otherwise.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    gini: float
    total: float
    customers: int
    negatives: int
    negative_rule: str
    note: Note | str


def measure_concentration(
    values: pd.Series | np.ndarray,
    *,
    rng: np.random.Generator,
    counts: np.ndarray | None = None,
    top: Sequence[float] = (0.01, 0.05, 0.1, 0.2),
    negative: Negative = "floor",
    replications: int = 500,
    conf_level: float = 0.95,
) -> Concentration:
    """Measure how concentrated a value is, with bootstrap intervals (logit scale).

    Parameters
    ----------
    values : array, (n,)
        One value (revenue, margin) a customer.
    rng : Generator
        Random numbers.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    top : sequence of float
        Shares of customers, above 0 and below 1.
    negative : {"floor", "absolute", "refuse"}
        What to do with values below 0 (a customer who returned more than she bought): 'floor'
        counts them as 0; 'absolute' keeps them and divides by the sum of absolute values, which
        keeps the Gini within 0 and 1 (Raffinetti, Siletti & Vernizzi 2015, without the small-sample
        factor); 'refuse' raises.
    replications : int
        Bootstrap samples, 2 or more.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Concentration

    Raises
    ------
    DataError, ParamsError
        Values that are no numbers, values below 0 under 'refuse', impossible options.

    References
    ----------
    Gini (1914); Raffinetti, Siletti & Vernizzi (2015), Statistical Methods & Applications 24.
    """
    check_level(conf_level)
    raw = numbers(values, "values")
    count = weights(counts, raw.size)
    _check_options(raw, top, negative, replications)
    below = count[raw < 0].sum()
    kept = np.maximum(raw, 0.0) if negative == "floor" else raw
    levels, code = np.unique(kept, return_inverse=True)
    size = np.bincount(code, count)
    terms = ["gini", *(f"top_{100 * share:g}_percent" for share in top)]
    trouble = _trouble(levels, size)
    estimate = _measures(levels, size, top) if not trouble else np.full(len(terms), np.nan)
    error, low, high = np.full((3, len(terms)), np.nan)
    if not trouble:
        draws = resample(size, replications, rng)
        again = np.array([_measures(levels, draw, top) for draw in draws])
        again = again[np.isfinite(again).all(axis=1)]
        if len(again) > 1:
            error = again.std(axis=0, ddof=1)
            low, high = _interval(estimate, again, conf_level)
    table = pd.DataFrame(
        {
            "term": terms, "estimate": estimate, "std_error": error, "conf_low": low,
            "conf_high": high, "n": round(size.sum()), "note": trouble,
        }
    )  # fmt: skip
    return Concentration(
        table, _curve(levels, size), float(estimate[0]), float(count @ raw), round(size.sum()),
        round(below), negative, trouble,
    )  # fmt: skip


def _interval(estimate: np.ndarray, again: np.ndarray, conf_level: float) -> np.ndarray:
    """Logit-scale intervals with the bootstrap's standard error; percentiles outside 0 to 1.

    Percentiles alone fall short of a share of the top: it is biased downward in resamples too.
    """
    error = again.std(axis=0, ddof=1)
    low, high = np.quantile(again, [(1 - conf_level) / 2, (1 + conf_level) / 2], axis=0)
    inside = (estimate > 0) & (estimate < 1) & (error > 0)
    share = np.where(inside, estimate, 0.5)
    reach = critical_value(conf_level) * error / (share * (1 - share))
    ends = expit(logit(share) - reach), expit(logit(share) + reach)
    return np.where(inside, ends, (low, high))


def _check_options(raw, top, negative, replications) -> None:
    if negative not in NEGATIVE_RULES:
        raise ParamsError(f"negative must be floor, absolute or refuse, but '{negative}' came")
    if negative == "refuse" and (raw < 0).any():
        raise DataError(
            f"values must be 0 or more, but {(raw < 0).sum():,} of {raw.size:,} are below; "
            "choose the rule 'floor' or 'absolute'"
        )
    if any(not 0 < share < 1 for share in top):
        raise ParamsError(f"top must be shares between 0 and 1, but {tuple(top)} came")
    if replications < 2:
        raise ParamsError(f"replications must be 2 or more, but {replications} came")


def _trouble(levels: np.ndarray, size: np.ndarray) -> Note | str:
    if size.sum() < 2:
        return note("concentration.one_customer")
    if not np.abs(levels).max() > 0:
        return note("concentration.all_zero")
    if levels @ size <= 0:
        return note("concentration.no_sum")
    return ""


def _measures(levels: np.ndarray, size: np.ndarray, top: Sequence[float]) -> np.ndarray:
    """Gini and the shares of the top, of ascending values and how many customers have each."""
    n, running = size.sum(), np.cumsum(size)
    held = size * levels
    total, scale = held.sum(), np.abs(held).sum()
    if total <= 0:
        return np.full(1 + len(top), np.nan)
    gini = ((2 * (running - size) + size - n) * held).sum() / (n * scale)
    below = np.interp(1 - np.asarray(top), np.append(0, running / n), np.append(0, np.cumsum(held)))
    return np.append(gini, 1 - below / total)


def _curve(levels: np.ndarray, size: np.ndarray) -> pd.DataFrame:
    held = np.append(0.0, np.cumsum(size * levels))
    customers = np.append(0.0, np.cumsum(size) / size.sum())
    value = held / held[-1] if held[-1] > 0 else np.full(held.shape, np.nan)
    if len(customers) > MOST_CURVE_POINTS:
        grid = np.linspace(0, 1, MOST_CURVE_POINTS)
        customers, value = grid, np.interp(grid, customers, value)
    return pd.DataFrame({"customers": customers, "value": value})
