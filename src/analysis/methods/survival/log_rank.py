"""The log-rank family: do groups end at the same rate, whatever the shape of their curves?

At each time at which one ends, the ends in a group are compared with its share of those at risk.
The weight says where differences count: everywhere alike (log-rank), early (Gehan, Tarone-Ware,
Fleming-Harrington (1, 0)) or late (Fleming-Harrington (0, 1)).
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import (
    Durations,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods._group_counts import count_by_group, quadratic_form, split_by
from analysis.notes import Note, note

WEIGHTS = ("logrank", "gehan", "tarone-ware")


@dataclass(frozen=True, slots=True, eq=False)
class LogRankTest:
    """Weighted log-rank test of equal hazards.

    Attributes
    ----------
    chi2, dof, p_value : float, int, float
        NaN, 0, NaN where no two groups were ever at risk together; then `note` says so.
    table : DataFrame
        One row a group: `group, n, observed, expected, weighted_difference, variance`; ends, not
        times. `observed` and `expected` are unweighted, whatever the weights.
    variance : ndarray, (k, k)
        Of the weighted differences.
    weights : str
        Which test.
    note : Note or str
        Why there is no test; empty otherwise.
    """

    chi2: float
    dof: int
    p_value: float
    table: pd.DataFrame
    variance: np.ndarray
    weights: str
    note: Note | str


def logrank_test(
    durations: pd.DataFrame,
    *,
    by: str,
    strata: str | None = None,
    weights: str | tuple = "logrank",
) -> LogRankTest:
    """Test whether the groups of `by` end at the same rate.

    Parameters
    ----------
    durations : DataFrame
        `duration`, `event`, optional `entry` and `count`, as in `survival_curve`; the column `by`.
    by, strata : str
        Groups compared; optional column within whose values they are compared.
    weights : {"logrank", "gehan", "tarone-ware"} or ("fleming-harrington", p, q)
        Gehan weighs by the number at risk, Tarone-Ware by its root, Fleming-Harrington by
        S(t-)^p (1 - S(t-))^q with S the pooled Kaplan-Meier curve of the stratum.

    Returns
    -------
    LogRankTest

    Raises
    ------
    DataError
        If there are fewer than two groups, or a column is wrong.

    References
    ----------
    Mantel (1966), Cancer Chemotherapy Reports 50, 163-170; Gehan (1965), Biometrika 52, 203-223;
    Tarone & Ware (1977), Biometrika 64, 156-160; Fleming & Harrington (1991), Counting Processes.
    """
    powers = _read_weights(weights)
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    codes, labels = read_groups(counted, by)
    if len(labels) < 2:
        raise DataError(f"{by} must have two groups or more, but it has only {labels[0]!r}")
    layers, layer_labels = read_groups(counted, strata)
    k = len(labels)
    if len(layer_labels) == 1:
        sums = [_stratum_sums(columns, codes, k, powers)]
    else:
        sums = [
            _stratum_sums(columns.take(rows), codes[rows], k, powers) for rows in split_by(layers)
        ]
    observed, expected, difference, variance = (sum(parts) for parts in zip(*sums, strict=True))
    chi2, dof = quadratic_form(difference, variance)
    table = pd.DataFrame(
        {
            "group": labels,
            "n": np.bincount(codes, weights=columns.count, minlength=len(labels)).astype(int),
            "observed": observed,
            "expected": expected,
            "weighted_difference": difference,
            "variance": np.diag(variance),
        }
    )
    why = "" if dof else note("survival.never_together")
    p_value = float(chi_squared.sf(chi2, dof)) if dof else np.nan
    return LogRankTest(chi2, dof, p_value, table, variance, _name(weights), why)


def _read_weights(weights: str | tuple) -> str | tuple[float, float]:
    if isinstance(weights, str) and weights in WEIGHTS:
        return weights
    if isinstance(weights, tuple | list) and len(weights) == 3:
        name, p, q = weights
        if name == "fleming-harrington" and min(p, q) >= 0:
            return float(p), float(q)
    raise ParamsError(
        f'weights must be one of {", ".join(WEIGHTS)} or ("fleming-harrington", p, q) with p and q '
        f"of at least 0, but {weights!r} came"
    )


def _name(weights: str | tuple) -> str:
    return weights if isinstance(weights, str) else f"{weights[0]} ({weights[1]:g}, {weights[2]:g})"


def _stratum_sums(
    columns: Durations, codes: np.ndarray, k: int, weights: str | tuple
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    _, at_risk, exits = count_by_group(columns, codes, k, columns.event, 2)
    ends = exits[:, 1]
    n, d = at_risk.sum(axis=0), ends.sum(axis=0)
    w = _time_weights(n, d, weights)
    share = at_risk / n
    expected = share * d
    spread = w**2 * d * (n - d) / np.maximum(n - 1, 1)
    variance = np.diag(share @ spread) - (share * spread) @ share.T
    return ends.sum(axis=1), expected.sum(axis=1), (ends - expected) @ w, variance


def _time_weights(n: np.ndarray, d: np.ndarray, weights: str | tuple) -> np.ndarray:
    if isinstance(weights, tuple):
        p, q = weights
        before = np.append(1.0, np.cumprod(1 - d / n))[:-1]  # nothing, where nothing ended
        return before**p * (1 - before) ** q
    return {"logrank": np.ones(len(n)), "gehan": n, "tarone-ware": np.sqrt(n)}[weights]
