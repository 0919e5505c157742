"""Every pair of groups: test, hazard ratio, and p-values corrected for how many pairs there are."""

from itertools import combinations

import numpy as np
import pandas as pd

from analysis.methods._durations import Durations, drop_uncounted, read_durations, read_groups
from analysis.methods._group_counts import count_by_group
from analysis.methods.intervals import check_level, critical_value
from analysis.methods.pairs import holm
from analysis.methods.survival.log_rank import logrank_test
from analysis.notes import note


def pairwise_tests(
    durations: pd.DataFrame,
    *,
    by: str,
    strata: str | None = None,
    weights: str | tuple = "logrank",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Compare each pair of groups of `by`: log-rank test and hazard ratio (Cox, Efron's ties).

    Parameters
    ----------
    durations : DataFrame
        `duration` (time units, >= 0), `event` (1 ended, 0 open), optional `entry` and `count`, as
        in `survival_curve`.
    by : str
        Column of groups, two or more.
    strata : str, optional
        Column within whose values they are compared.
    weights : str or tuple
        As in `logrank_test`.
    conf_level : float
        Level of each interval, in (0, 1).

    Returns
    -------
    DataFrame
        One row a pair: `group, reference, term, estimate` (hazard ratio of group to reference),
        `std_error` (of its logarithm), `conf_low, conf_high, n, chi2, p_value, p_holm, note`.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    check_level(conf_level)
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    codes, labels = read_groups(counted, by)
    layers, _ = read_groups(counted, strata)
    rows = []
    for a, b in combinations(range(len(labels)), 2):
        chosen = (codes == a) | (codes == b)
        test = logrank_test(counted[chosen], by=by, strata=strata, weights=weights)
        ratio = _ratio_row(columns.take(chosen), codes[chosen] == b, layers[chosen], conf_level)
        rows.append(
            {
                "group": labels[b],
                "reference": labels[a],
                "term": "hazard ratio",
                **ratio,
                "n": int(test.table["n"].sum()),
                "chi2": test.chi2,
                "p_value": test.p_value,
            }
        )
    table = pd.DataFrame(rows)
    table["p_holm"] = holm(table["p_value"].to_numpy()) if len(table) else []
    return table


def _ratio_row(
    columns: Durations, second: np.ndarray, layers: np.ndarray, conf_level: float
) -> dict:
    log_ratio, error = _log_hazard_ratio(columns, second.astype(np.intp), layers)
    reach = critical_value(conf_level) * error
    return {
        "estimate": np.exp(log_ratio),
        "std_error": error,
        "conf_low": np.exp(log_ratio - reach),
        "conf_high": np.exp(log_ratio + reach),
        "note": note("survival.group_without_ends") if np.isnan(error) else "",
    }


def _log_hazard_ratio(
    columns: Durations, second: np.ndarray, layers: np.ndarray
) -> tuple[float, float]:
    """Logarithm of the hazard ratio of the rows coded 1 to those coded 0, and its std error.

    Cox's partial likelihood for one indicator with Efron's ties: with f the share of the tied ends
    that has left, the chance that the next end is in group 1 is r(n1 - f d1) / (n0 - f d0 + r(n1 -
    f d1)).
    """
    stay = [
        _expand_ties(columns.take(layers == layer), second[layers == layer])
        for layer in np.unique(layers[columns.event])
    ]
    if not stay:
        return np.nan, np.nan
    zero, one = (np.concatenate(parts) for parts in zip(*stay, strict=True))
    weight = np.ones(len(second)) if columns.count is None else columns.count
    observed = float(weight[columns.event & (second == 1)].sum())
    certain = float((zero == 0).sum())
    if observed <= certain or observed >= (one > 0).sum():
        return np.nan, np.nan
    log_ratio = 0.0
    for _ in range(100):
        share = one / (one + zero * np.exp(-log_ratio))
        information = (share * (1 - share)).sum()
        step = (observed - share.sum()) / information
        log_ratio += float(np.clip(step, -2, 2))
        if abs(step) < 1e-12:
            break
    return log_ratio, float(1 / np.sqrt(information))


def _expand_ties(columns: Durations, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    _, at_risk, exits = count_by_group(columns, second, 2, columns.event, 2)
    ends = exits[:, 1]
    tied = ends.sum(axis=0).astype(np.int64)
    cell = np.repeat(np.arange(len(tied)), tied)
    fraction = (np.arange(len(cell)) - np.repeat(np.cumsum(tied) - tied, tied)) / tied[cell]
    zero, one = at_risk[:, cell] - fraction * ends[:, cell]
    return zero, one
