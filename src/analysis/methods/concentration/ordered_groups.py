"""Do customers of higher groups bring more, or leave less? Jonckheere's trend test, AUC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.methods.concentration._values import numbers, weights
from analysis.methods.intervals import check_level, critical_value
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class Discrimination:
    """How well a score tells those who leave from those who stay.

    Attributes
    ----------
    table : DataFrame
        One row, `term` 'auc': `estimate, std_error` (DeLong)`, conf_low, conf_high` (logit scale)`,
        n, note`.
    events : int
        Customers who left.
    """

    table: pd.DataFrame
    events: int


def measure_auc(
    score: pd.Series | np.ndarray,
    event: pd.Series | np.ndarray,
    *,
    counts: np.ndarray | None = None,
    conf_level: float = 0.95,
) -> Discrimination:
    """Area under the ROC curve: the chance that one with the event has the higher score.

    Churn that is *inferred* from silence is partly mechanical: a score that holds recency foresees
    it by its definition. Say so beside the number.

    Parameters
    ----------
    score : array, (n,)
        Known before the event; higher is more likely to have it.
    event : array, (n,)
        True or 1: has the event.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Discrimination

    Raises
    ------
    DataError
        Scores that are no numbers, events other than 0 and 1, unequal lengths.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    check_level(conf_level)
    x, y = numbers(score, "score"), numbers(event, "event")
    if x.size != y.size or not np.isin(y, (0, 1)).all():
        raise DataError("event must be True or False, one for each score, but is not")
    count = weights(counts, x.size)
    m, k = (float(count[y == which].sum()) for which in (1, 0))
    line = {"term": "auc", "n": round(m + k), "note": ""}
    if min(m, k) < 2:
        line["note"] = note("concentration.too_few_events")
        nothing = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
        return Discrimination(pd.DataFrame([line | nothing]), round(m))
    levels, code = np.unique(x, return_inverse=True)
    held = [np.bincount(code, count * (y == which), minlength=len(levels)) for which in (1, 0)]
    below = [np.cumsum(size) - size / 2 for size in held]
    over, under = below[1] / k, 1 - below[0] / m
    auc = float(held[0] @ over / m)
    spread = [
        size @ (part - size @ part / n) ** 2 / (n - 1) / n
        for size, part, n in ((held[0], over, m), (held[1], under, k))
    ]
    error = float(np.sqrt(sum(spread)))
    low = high = auc
    if 0 < auc < 1:
        reach = critical_value(conf_level) * error / (auc * (1 - auc))
        odds = np.log(auc / (1 - auc))
        low, high = (1 / (1 + np.exp(-(odds + side))) for side in (-reach, reach))
    else:
        line["note"] = note("concentration.separated")
        low = high = np.nan
    line |= {"estimate": auc, "std_error": error, "conf_low": low, "conf_high": high}
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    return Discrimination(pd.DataFrame([line])[columns], round(m))


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A value by ordered group, with a test whether it rises.

    Attributes
    ----------
    table : DataFrame
        One row a group: `group, term` ('mean')`, estimate, std_error, conf_low, conf_high, n,
        note`.
    test : DataFrame
        One row, `term` 'jonckheere': `estimate` (chance that a customer of a higher group has the
        higher value, ties half)`, statistic` (z, tie-corrected)`, p_value` (two-sided)`, n, note`.
    """

    table: pd.DataFrame
    test: pd.DataFrame


def measure_trend(
    values: pd.Series | np.ndarray,
    groups: pd.Series | np.ndarray,
    *,
    order: Sequence[str],
    counts: np.ndarray | None = None,
    conf_level: float = 0.95,
) -> Trend:
    """Compare a value between ordered groups (tiers, low to high); `counts`: frequency weights.

    Parameters
    ----------
    values : array, (n,)
        One number a customer.
    groups : array, (n,)
        The group of each, one of `order`.
    order : sequence of str
        All groups, low to high.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Trend

    Raises
    ------
    DataError
        Values that are no numbers, a group that is not in `order`, unequal lengths.

    References
    ----------
    Jonckheere (1954), Biometrika 41, 133-145; ties: Hollander & Wolfe (1999), 6.2.
    """
    check_level(conf_level)
    y = numbers(values, "values")
    code = pd.Index(order).get_indexer(pd.Series(groups).astype(object))
    if code.size != y.size or (code < 0).any():
        raise DataError(f"groups must be one of {', '.join(order)} for each value, but are not")
    count = weights(counts, y.size)
    reach = critical_value(conf_level)
    rows = []
    for k, name in enumerate(order):
        of, size = y[code == k], count[code == k]
        n = size.sum()
        mean = size @ of / n if n else np.nan
        error = np.sqrt(size @ (of - mean) ** 2 / (n - 1) / n) if n > 1 else np.nan
        why = "" if n > 1 else note("concentration.too_few_customers", customers=round(n))
        rows.append((name, "mean", mean, error, mean - reach * error, mean + reach * error,
                     round(n), why))  # fmt: skip
    columns = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    return Trend(pd.DataFrame(rows, columns=columns), pd.DataFrame([_jonckheere(y, code, count)]))


def _jonckheere(y: np.ndarray, code: np.ndarray, count: np.ndarray) -> dict[str, object]:
    values, level = np.unique(y, return_inverse=True)
    cells = np.array(
        [
            np.bincount(level[code == k], count[code == k], minlength=len(values))
            for k in np.unique(code)
        ]
    )
    sizes, ties, n = cells.sum(axis=1), cells.sum(axis=0), float(count.sum())
    line = {"term": "jonckheere", "estimate": np.nan, "statistic": np.nan, "p_value": np.nan}
    line |= {"n": round(n), "note": ""}
    if sizes.size < 2 or n < 4:
        return line | {"note": note("concentration.too_few_groups")}
    lower = np.cumsum(cells, axis=0)[:-1]
    wins = ((np.cumsum(lower, axis=1) - lower / 2) * cells[1:]).sum()
    pairs = (n**2 - (sizes**2).sum()) / 2
    variance = (n * (n - 1) * (2 * n + 5) - _cubic(sizes) - _cubic(ties)) / 72
    triple = [(t * (t - 1) * (t - 2)).sum() for t in (sizes, ties)]
    double = [(t * (t - 1)).sum() for t in (sizes, ties)]
    variance += triple[0] * triple[1] / (36 * n * (n - 1) * (n - 2))
    variance += double[0] * double[1] / (8 * n * (n - 1))
    if variance <= 0:
        return line | {"estimate": 0.5, "note": note("concentration.all_equal")}
    z = (wins - pairs / 2) / np.sqrt(variance)
    return line | {"estimate": wins / pairs, "statistic": z, "p_value": 2 * stats.norm.sf(abs(z))}


def _cubic(t: np.ndarray) -> float:
    return (t * (t - 1) * (2 * t + 5)).sum()
