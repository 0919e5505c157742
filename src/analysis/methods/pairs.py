"""All pairs of groups, corrected for how many there are, and the pair that is best supported.

Whatever is compared (shares, means, scores, logarithms of costs), a finding on groups compares
every pair, corrects the p-values together and tells the pair with the smallest. The pair that lies
furthest apart need not be it: a small group lies far apart by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.methods.intervals import critical_value

UNKNOWN = "not known"
NO_GROUPS = frozenset({UNKNOWN, "unknown"})
"""Labels of those whose group is not known: they are no group, and are never compared."""
PAIRS = ["group", "reference", "estimate", "std_error", "conf_low", "conf_high", "z"]
PAIRS += ["p_value", "p_holm"]


def is_known(groups: pd.Series) -> pd.Series:
    """Which rows are of a group, rather than of those whose group is not known.

    Parameters
    ----------
    groups : Series, (n,)

    Returns
    -------
    Series of bool, (n,)
    """
    return groups.notna() & ~groups.astype(str).str.casefold().isin(NO_GROUPS)


def compare_pairs(
    groups: pd.DataFrame, *, within: Sequence[str] = (), conf_level: float = 0.95
) -> pd.DataFrame:
    """Compare every pair of independent groups by their estimates and standard errors.

    Parameters
    ----------
    groups : DataFrame
        `group, estimate, std_error`, one row a group and value of `within`. Rows without an
        estimate or a standard error, or whose group is not known, are compared with none; two
        groups that do not vary at all are not compared with each other.
    within : sequence of str
        Columns in each of whose values the groups are compared with each other; all pairs are
        corrected together.
    conf_level : float
        Between 0 and 1: of all intervals together.

    Returns
    -------
    DataFrame
        One row a pair: the columns of `within, group` (the higher of the two)`, reference,
        estimate` (0 or more)`, std_error, conf_low, conf_high` (Bonferroni over all pairs)`, z,
        p_value, p_holm`.

    References
    ----------
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    told = groups[is_known(groups["group"])].dropna(subset=["estimate", "std_error"])
    keys = list(within)
    parts = told.groupby(keys, sort=False, observed=True) if keys else [((), told)]
    rows = [
        dict(zip(keys, key, strict=True)) | _contrast(*pair)
        for key, part in parts
        for pair in combinations(part.to_dict("records"), 2)
        if np.hypot(*(one["std_error"] for one in pair)) > 0
    ]
    pairs = pd.DataFrame(rows, columns=[*keys, "group", "reference", "estimate", "std_error"])
    pairs = pairs.astype({"estimate": float, "std_error": float})
    reach = critical_value(joint_level(conf_level, len(pairs))) * pairs["std_error"]
    z = pairs["estimate"] / pairs["std_error"]
    p_value = 2 * norm.sf(z)
    return pairs.assign(
        conf_low=pairs["estimate"] - reach,
        conf_high=pairs["estimate"] + reach,
        z=z,
        p_value=p_value,
        p_holm=holm(p_value),
    )[[*keys, *PAIRS]]


def _contrast(one: dict, other: dict) -> dict:
    high, low = (one, other) if one["estimate"] >= other["estimate"] else (other, one)
    return {
        "group": high["group"],
        "reference": low["group"],
        "estimate": high["estimate"] - low["estimate"],
        "std_error": float(np.hypot(high["std_error"], low["std_error"])),
    }


def logarithms(groups: pd.DataFrame, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Estimates above 0 on the scale on which ratios are differences, to be compared in pairs.

    Parameters
    ----------
    groups : DataFrame
        `group, estimate, conf_low, conf_high`: an interval of the level `conf_level`. Where an end
        is missing or not above 0 there is no standard error.
    conf_level : float
        Of the intervals given, in (0, 1).

    Returns
    -------
    DataFrame
        `group, estimate, std_error` of the logarithm.
    """
    above = groups[["estimate", "conf_low", "conf_high"]].astype(float)
    logs = np.log(above.where(above > 0))
    reach = 2 * critical_value(conf_level)
    return pd.DataFrame(
        {
            "group": groups["group"],
            "estimate": logs["estimate"],
            "std_error": (logs["conf_high"] - logs["conf_low"]) / reach,
        }
    )


def best_supported(pairs: pd.DataFrame) -> pd.Series | None:
    """The pair with the smallest corrected p-value; of equal ones, the one with the largest z.

    Parameters
    ----------
    pairs : DataFrame
        `estimate, std_error, p_holm`, one row a pair; untested ones are passed over.

    Returns
    -------
    Series or None
        None where no pair was tested.
    """
    tested = pairs.dropna(subset=["estimate", "p_holm"])
    if not len(tested):
        return None
    size = (tested["estimate"] / tested["std_error"]).astype(float).abs()
    return (
        tested.assign(size=size)
        .sort_values(["p_holm", "size"], ascending=[True, False], kind="stable")
        .iloc[0]
    )


def holm(p_values: np.ndarray) -> np.ndarray:
    """Holm's adjusted p-values; missing ones stay missing and are not counted.

    Parameters
    ----------
    p_values : array, (k,)
        NaN where there is none.

    Returns
    -------
    array, (k,)
    """
    p_values = np.asarray(p_values, float)
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(~np.isnan(p_values))
    order = known[np.argsort(p_values[known])]
    steps = p_values[order] * (len(known) - np.arange(len(known)))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def joint_level(conf_level: float, comparisons: int) -> float:
    """Level of each of several intervals that hold together with `conf_level` (Bonferroni).

    Parameters
    ----------
    conf_level : float
        Level of the intervals, in (0, 1).
    comparisons : int
        How many intervals hold together.

    Returns
    -------
    float
    """
    return 1 - (1 - conf_level) / max(comparisons, 1)
