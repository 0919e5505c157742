"""Does a score sort customers by what they do next? Gain, lift, rank correlation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration._values import numbers, resample, weights
from analysis.methods.intervals import check_level
from analysis.notes import Note, note

TERMS = ("normalised_gini", "spearman", "top_10_percent", "top_20_percent")


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """How well scores find the customers who hold the next period's value.

    Attributes
    ----------
    table : DataFrame
        `group` (score)`, term` ('normalised_gini', 'spearman', 'top_10_percent', 'top_20_percent':
        share of the outcome held by the best-scored)`, estimate, std_error, conf_low, conf_high, n,
        note`.
    differences : DataFrame
        The same, less the baseline's (paired bootstrap); empty without a baseline.
    deciles : DataFrame
        `group` (score)`, decile` (1: best)`, n, mean, share, cumulative_share, lift,
        cumulative_lift`; customers of one score share its mean.
    baseline : str or None
        The score that the others are compared with.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    deciles: pd.DataFrame
    baseline: str | None


def measure_gain(
    scores: pd.DataFrame,
    outcome: pd.Series | np.ndarray,
    *,
    rng: np.random.Generator,
    baseline: str | None = None,
    counts: np.ndarray | None = None,
    groups: int = 10,
    replications: int = 200,
    conf_level: float = 0.95,
) -> Gain:
    """Judge scores (a tier's rank, a forecast, last period's spend) by the outcome that followed.

    Parameters
    ----------
    scores : DataFrame
        One column a score, one row a customer; higher is better, known before the outcome.
    outcome : array, (n,)
        What each customer did next (spend, margin), in the same order.
    rng : Generator
        Random numbers.
    baseline : str, optional
        The score that the others must beat, usually last period's spend.
    counts : array, optional
        Frequency weights, above 0, one a row; 1 by default.
    groups : int
        Equal groups that customers are cut into, 2 or more.
    replications : int
        Bootstrap samples, 2 or more.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Gain

    Raises
    ------
    DataError, ParamsError
        Unequal lengths, scores or outcomes that are no numbers, an unknown baseline.
    """
    check_level(conf_level)
    y = numbers(outcome, "outcome")
    known = {name: numbers(scores[name], f"scores.{name}") for name in scores}
    if not known or any(score.size != y.size for score in known.values()):
        raise DataError(f"scores must have one row for each of {y.size:,} outcomes, but have not")
    if baseline is not None and baseline not in known:
        raise ParamsError(f"baseline must be one of {', '.join(known)}, but '{baseline}' came")
    if groups < 2 or replications < 2:
        raise ParamsError("groups and replications must be 2 or more, but one is not")
    count = weights(counts, y.size)
    best = {name: _order(score) for name, score in known.items()}
    own = _order(y)
    found = np.array([_judge(order, own, y, count) for order in best.values()])
    draws = resample(count, replications, rng)
    again = np.array([[_judge(o, own, y, draw) for o in best.values()] for draw in draws])
    names, n = list(known), round(count.sum())
    table = _estimates(names, found, again, n, conf_level)
    differences = table.head(0)
    if baseline is not None:
        base = names.index(baseline)
        others = [i for i in range(len(names)) if i != base]
        differences = _estimates(
            [names[i] for i in others], found[others] - found[base],
            again[:, others] - again[:, [base]], n, conf_level,
        )  # fmt: skip
    deciles = [_deciles(name, score, y, count, groups) for name, score in known.items()]
    return Gain(table, differences, pd.concat(deciles, ignore_index=True), baseline)


def _order(values: np.ndarray) -> tuple[np.ndarray, int]:
    levels, code = np.unique(values, return_inverse=True)
    return code, len(levels)


def _judge(order, own, y, count) -> np.ndarray:
    """Sums, not matrix products: threads of BLAS wait longer for each other than these take."""
    rank, own_rank = (_middle(code, size, count) for code, size in (order, own))
    n = count.sum()
    total = (count * y).sum()
    a, b = rank - n / 2, own_rank - n / 2
    by_own = (count * y * b).sum()
    gini = (count * y * a).sum() / by_own if by_own > 0 and total > 0 else np.nan
    scale = np.sqrt((count * a**2).sum() * (count * b**2).sum())
    spearman = (count * a * b).sum() / scale if scale > 0 else np.nan
    return np.array([gini, spearman, *_held(order, y, count, (0.1, 0.2))])


def _middle(code: np.ndarray, size: int, count: np.ndarray) -> np.ndarray:
    held = np.bincount(code, count, minlength=size)
    return (np.cumsum(held) - held / 2)[code]


def _held(order, y, count, top) -> np.ndarray:
    code, size = order
    held = np.bincount(code, count, minlength=size)[::-1]
    value = np.bincount(code, count * y, minlength=size)[::-1]
    if value.sum() <= 0:
        return np.full(len(top), np.nan)
    running = np.append(0, np.cumsum(value)) / value.sum()
    return np.interp(top, np.append(0, np.cumsum(held)) / held.sum(), running)


def _estimates(names, found, again, n, conf_level) -> pd.DataFrame:
    known = ~np.isnan(again).all(axis=0)
    filled = np.where(known, again, 0.0)
    low, high = np.nanquantile(filled, [(1 - conf_level) / 2, (1 + conf_level) / 2], axis=0)
    error = np.nanstd(filled, axis=0, ddof=1)
    ok = known & ~np.isnan(found)
    return pd.DataFrame(
        {
            "group": np.repeat(names, len(TERMS)),
            "term": np.tile(TERMS, len(names)),
            "estimate": found.ravel(),
            "std_error": np.where(ok, error, np.nan).ravel(),
            "conf_low": np.where(ok, low, np.nan).ravel(),
            "conf_high": np.where(ok, high, np.nan).ravel(),
            "n": n,
            "note": np.where(ok, "", _why_not(found)).ravel(),
        }
    )


def _why_not(found: np.ndarray) -> Note:
    held = np.isfinite(found[:, len(TERMS) - 1]).any()
    return note("concentration.ranked_alike") if held else note("concentration.no_value")


def _deciles(name, score, y, count, groups) -> pd.DataFrame:
    """Cut the customers, best first, into equal groups; a tied score is spread over its groups."""
    code, size = _order(-score)
    held = np.bincount(code, count, minlength=size)
    value = np.bincount(code, count * y, minlength=size)
    edges = np.linspace(0, 1, groups + 1) * held.sum()
    running_n, running_y = np.append(0, np.cumsum(held)), np.append(0, np.cumsum(value))
    reached = np.interp(edges, running_n, running_y)
    n, sums, total = np.diff(edges), np.diff(reached), reached[-1]
    share = sums / total if total > 0 else np.full(groups, np.nan)
    return pd.DataFrame(
        {
            "group": name,
            "decile": np.arange(1, groups + 1),
            "n": n,
            "mean": sums / n,
            "share": share,
            "cumulative_share": np.cumsum(share),
            "lift": share * groups,
            "cumulative_lift": np.cumsum(share) * groups / np.arange(1, groups + 1),
        }
    )
