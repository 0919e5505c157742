"""Does a score sort customers by what they do next? Gain, lift, rank correlation, AUC, trend."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.metrics import roc_auc_score

from analysis.errors import DataError, ParamsError
from analysis.methods.concentration._values import check_conf_level, numbers, resample, weights

TERMS = ("normalised_gini", "spearman", "top_10_percent", "top_20_percent")


@dataclass(frozen=True, slots=True, eq=False)
class Gain:
    """How well scores find the customers who hold the next period's value.

    table : group (score), term ('normalised_gini', 'spearman', 'top_10_percent',
    'top_20_percent': share of the outcome held by the best-scored), estimate, std_error,
    conf_low, conf_high, n, note. differences : the same, less the baseline's (paired bootstrap);
    empty without a baseline. deciles : group (score), decile (1: best), n, mean, share,
    cumulative_share, lift, cumulative_lift; customers of one score share its mean.
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
    scores : one column a score, one row a customer; higher is better, known before the outcome.
    outcome : what each customer did next (spend, margin), in the same order.
    baseline : the score that the others must beat, usually last period's spend.

    Raises
    ------
    DataError, ParamsError
        Unequal lengths, scores or outcomes that are no numbers, an unknown baseline.
    """
    check_conf_level(conf_level)
    y = numbers(outcome, "outcome")
    known = {name: numbers(scores[name], f"score {name}") for name in scores}
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


@dataclass(frozen=True, slots=True, eq=False)
class Discrimination:
    """How well a score tells those who leave from those who stay.

    table : term 'auc', estimate, std_error (DeLong), conf_low, conf_high (logit scale), n, note.
    events : customers who left.
    """

    table: pd.DataFrame
    events: int


def measure_auc(
    score: pd.Series | np.ndarray, event: pd.Series | np.ndarray, *, conf_level: float = 0.95
) -> Discrimination:
    """Area under the ROC curve: the chance that one with the event has the higher score.

    Churn that is *inferred* from silence is partly mechanical: a score that holds recency foresees
    it by its definition. Say so beside the number.

    References
    ----------
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837-845.
    """
    check_conf_level(conf_level)
    x, y = numbers(score, "score"), numbers(event, "event")
    if x.size != y.size or not np.isin(y, (0, 1)).all():
        raise DataError("event must be True or False, one for each score, but is not")
    positive, negative = x[y == 1], x[y == 0]
    m, k = positive.size, negative.size
    line = {"term": "auc", "n": x.size, "note": ""}
    if min(m, k) < 2:
        line["note"] = "not estimable: fewer than two customers with, or without, the event"
        nothing = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
        return Discrimination(pd.DataFrame([line | nothing]), m)
    auc = float(roc_auc_score(y, x))
    ranks = stats.rankdata(np.append(positive, negative))
    over = (ranks[:m] - stats.rankdata(positive)) / k
    under = 1 - (ranks[m:] - stats.rankdata(negative)) / m
    error = float(np.sqrt(over.var(ddof=1) / m + under.var(ddof=1) / k))
    low = high = auc
    if 0 < auc < 1:
        reach = stats.norm.ppf(0.5 + conf_level / 2) * error / (auc * (1 - auc))
        odds = np.log(auc / (1 - auc))
        low, high = (1 / (1 + np.exp(-(odds + side))) for side in (-reach, reach))
    else:
        line["note"] = "complete separation: the interval is not estimable"
        low = high = np.nan
    line |= {"estimate": auc, "std_error": error, "conf_low": low, "conf_high": high}
    columns = ["term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    return Discrimination(pd.DataFrame([line])[columns], m)


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """A value by ordered group, with a test whether it rises.

    table : group, term 'mean', estimate, std_error, conf_low, conf_high, n, note. test : term
    'jonckheere', estimate (chance that a customer of a higher group has the higher value, ties
    half), statistic (z, tie-corrected), p_value (two-sided), n, note.
    """

    table: pd.DataFrame
    test: pd.DataFrame


def measure_trend(
    values: pd.Series | np.ndarray,
    groups: pd.Series | np.ndarray,
    *,
    order: Sequence[str],
    conf_level: float = 0.95,
) -> Trend:
    """Compare a value between ordered groups (tiers, low to high).

    References
    ----------
    Jonckheere (1954), Biometrika 41, 133-145; ties: Hollander & Wolfe (1999), 6.2.
    """
    check_conf_level(conf_level)
    y = numbers(values, "values")
    code = pd.Index(order).get_indexer(pd.Series(groups).astype(object))
    if code.size != y.size or (code < 0).any():
        raise DataError(f"groups must be one of {', '.join(order)} for each value, but are not")
    reach = stats.norm.ppf(0.5 + conf_level / 2)
    rows = []
    for k, name in enumerate(order):
        of = y[code == k]
        mean = of.mean() if of.size else np.nan
        error = of.std(ddof=1) / np.sqrt(of.size) if of.size > 1 else np.nan
        note = "" if of.size > 1 else f"not estimable: {of.size} customers"
        rows.append((name, "mean", mean, error, mean - reach * error, mean + reach * error,
                     of.size, note))  # fmt: skip
    columns = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    return Trend(pd.DataFrame(rows, columns=columns), pd.DataFrame([_jonckheere(y, code)]))


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
            "note": np.where(ok, "", "not estimable: no value, or all alike").ravel(),
        }
    )


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


def _jonckheere(y: np.ndarray, code: np.ndarray) -> dict[str, object]:
    sizes = np.bincount(code)[np.bincount(code) > 0].astype(float)
    n = float(y.size)
    line = {"term": "jonckheere", "estimate": np.nan, "statistic": np.nan, "p_value": np.nan}
    line |= {"n": y.size, "note": ""}
    if sizes.size < 2 or n < 4:
        return line | {"note": "not estimable: fewer than two groups"}
    wins = 0.0
    for k in np.unique(code)[1:]:
        upto, mine = y[code <= k], code[code <= k] == k
        m = mine.sum()
        wins += stats.rankdata(upto)[mine].sum() - m * (m + 1) / 2
    ties = np.unique(y, return_counts=True)[1].astype(float)
    pairs = (n**2 - (sizes**2).sum()) / 2
    variance = (n * (n - 1) * (2 * n + 5) - _cubic(sizes) - _cubic(ties)) / 72
    triple = [(t * (t - 1) * (t - 2)).sum() for t in (sizes, ties)]
    double = [(t * (t - 1)).sum() for t in (sizes, ties)]
    variance += triple[0] * triple[1] / (36 * n * (n - 1) * (n - 2))
    variance += double[0] * double[1] / (8 * n * (n - 1))
    if variance <= 0:
        return line | {"estimate": 0.5, "note": "not estimable: all values are equal"}
    z = (wins - pairs / 2) / np.sqrt(variance)
    return line | {"estimate": wins / pairs, "statistic": z, "p_value": 2 * stats.norm.sf(abs(z))}


def _cubic(t: np.ndarray) -> float:
    return (t * (t - 1) * (2 * t + 5)).sum()
