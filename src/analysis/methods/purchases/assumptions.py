"""Assumptions of the spend model, reported with their effect size, never refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.methods.intervals import critical_value
from analysis.methods.purchases._rows import check_columns
from analysis.methods.purchases.gammagamma import SPEND
from analysis.notes import note

WEAK, STRONG = 0.1, 0.3
"""Cohen (1988): a correlation below .1 is negligible, from .3 on it is of consequence."""


@dataclass(frozen=True, slots=True, eq=False)
class SpendCheck:
    """Whether who buys often also spends more (Gamma-Gamma takes the two as independent).

    Attributes
    ----------
    table : DataFrame
        `term` ('pearson', 'spearman')`, estimate, std_error, conf_low, conf_high, n, p_value,
        note`.
    size : str
        'negligible', 'weak', 'strong' or 'not estimable', by Pearson's correlation.
    """

    table: pd.DataFrame
    size: str


def check_spend(customers: pd.DataFrame, *, conf_level: float = 0.95) -> SpendCheck:
    """Correlate mean spend with the number of repeat purchases, among repeat buyers.

    Intervals by Fisher's z, for Spearman's with the variance of Bonett & Wright (2000).

    Parameters
    ----------
    customers : DataFrame
        `frequency` (repeat purchases), `monetary_value` (mean spend on them, currency); optional
        `count`.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SpendCheck

    References
    ----------
    Bonett & Wright (2000), Psychometrika 65, 23-28 (the variance of Spearman's); Cohen (1988) for
    the names of sizes.
    """
    check_columns(customers, SPEND)
    repeaters = customers[customers["frequency"] > 0]
    counts = repeaters["count"] if "count" in repeaters else pd.Series(1.0, repeaters.index)
    n = counts.sum()
    spread = [repeaters[name].nunique() for name in SPEND]
    if n < 4 or min(spread, default=0) < 2:
        nothing = dict.fromkeys(("estimate", "std_error", "conf_low", "conf_high"), np.nan)
        alike = (note("purchases.equally_often"), note("purchases.same_mean"))
        all_alike = (text for text, values in zip(alike, spread, strict=True) if values < 2)
        why = note("purchases.fewer_than_four") if n < 4 else next(all_alike)
        rows = [
            {"term": term, **nothing, "n": round(n), "p_value": np.nan, "note": why}
            for term in ("pearson", "spearman")
        ]
        return SpendCheck(pd.DataFrame(rows), "not estimable")
    x, z = (repeaters[name].to_numpy(float) for name in SPEND)
    weights = counts.to_numpy(float)
    pearson = _correlation(x, z, weights)
    ranked = _correlation(_midrank(x, weights), _midrank(z, weights), weights)
    rows = [
        _line("pearson", pearson, 1 / (n - 3), n, conf_level),
        _line("spearman", ranked, (1 + ranked**2 / 2) / (n - 3), n, conf_level),
    ]
    size = "negligible" if abs(pearson) < WEAK else "weak" if abs(pearson) < STRONG else "strong"
    return SpendCheck(pd.DataFrame(rows), size)


def _line(term: str, r: float, variance: float, n: float, conf_level: float) -> dict:
    error = np.sqrt(variance)
    reach = critical_value(conf_level) * error
    z = np.arctanh(np.clip(r, -1 + 1e-15, 1 - 1e-15))
    p_value = 2 * stats.norm.sf(abs(z) / error)
    low, high = np.tanh(z - reach), np.tanh(z + reach)
    return {
        "term": term, "estimate": r, "std_error": (1 - r**2) * error, "conf_low": low,
        "conf_high": high, "n": round(n), "p_value": p_value, "note": "",
    }  # fmt: skip


def _correlation(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> float:
    x, y = x - np.average(x, weights=weights), y - np.average(y, weights=weights)
    return float(weights @ (x * y) / np.sqrt((weights @ x**2) * (weights @ y**2)))


def _midrank(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    levels, code = np.unique(values, return_inverse=True)
    size = np.bincount(code, weights, minlength=len(levels))
    return (np.cumsum(size) - size / 2)[code]
