"""Gray's test: is the share ended by a cause the same in all groups?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import Durations, read_groups
from analysis.methods._group_counts import count_by_group, quadratic_form, split_by
from analysis.methods.competing._causes import read_causes
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class GrayTest:
    """Gray's test that the cumulative incidence of a cause is the same in all groups.

    Attributes
    ----------
    table : DataFrame
        One row a cause: `cause, chi2, dof, p_value, n, note`.
    """

    table: pd.DataFrame


def gray_test(
    durations: pd.DataFrame, *, by: str, strata: str | None = None, rho: float = 0.0
) -> GrayTest:
    """Test, cause by cause, whether groups have the same cumulative incidence.

    Parameters
    ----------
    durations : DataFrame
        `duration`, `event`, `cause`, optional `count`, as in `cumulative_incidence`; no `entry`:
        the test has no risk set for those who enter late.
    by : str
        Column of groups, two or more.
    strata : str, optional
        Column within whose values the groups are compared.
    rho : float
        0 or more: weighs by (1 - incidence)^rho.

    Returns
    -------
    GrayTest

    Raises
    ------
    ParamsError
        If rho is below 0.
    DataError
        If a column is wrong, rows enter late, or there is one group only.

    References
    ----------
    Gray (1988), Annals of Statistics 16, 1141-1154.
    """
    if not rho >= 0:
        raise ParamsError(f"rho must be at least 0, but {rho!r} came")
    columns, kind, causes, counted = read_causes(durations)
    if columns.entry is not None:
        raise DataError("entry must be absent for Gray's test, but rows enter late; leave it out")
    codes, labels = read_groups(counted, by)
    if len(labels) < 2:
        raise DataError(f"{by} must have two groups or more, but it has only {labels[0]!r}")
    layers = split_by(read_groups(counted, strata)[0])
    rows = []
    for k, cause in enumerate(causes, start=1):
        of_interest = np.where(kind == k, 1, np.where(kind > 0, 2, 0))
        parts = [
            _gray_sums(columns.take(row), codes[row], len(labels), of_interest[row], rho)
            for row in layers
        ]
        score, variance = (sum(part) for part in zip(*parts, strict=True))
        chi2, dof = quadratic_form(score, variance)
        rows.append(
            {
                "cause": cause,
                "chi2": chi2,
                "dof": dof,
                "p_value": chi_squared.sf(chi2, dof) if dof else np.nan,
                "n": columns.n,
                "note": "" if dof else note("survival.causes_never_together"),
            }
        )
    return GrayTest(pd.DataFrame(rows))


def _gray_sums(
    columns: Durations, codes: np.ndarray, groups: int, kind: np.ndarray, rho: float
) -> tuple[np.ndarray, np.ndarray]:
    """Score (k,) and variance (k, k) of one stratum; `kind` 1 is the cause, 2 any other."""
    # Gray's notation: h = n / S(t-) is proportional to the subdistribution risk set, F0 is pooled.
    _, at_risk, exits = count_by_group(columns, codes, groups, kind, 3)
    n, d1, d2 = at_risk.T, exits[:, 1].T, exits[:, 2].T
    if not len(n):
        return np.zeros(groups), np.zeros((groups, groups))
    with np.errstate(divide="ignore", invalid="ignore"):
        after = np.cumprod(np.where(n > 0, 1 - (d1 + d2) / n, 1.0), axis=0)
        before = _lagged(after, 1.0)
        h = np.where(n > 0, n / before, 0.0)
        own = _lagged(np.cumsum(np.where(n > 0, before * d1 / n, 0.0), axis=0), 0.0)
    ends, total = d1.sum(axis=1), h.sum(axis=1)
    pooled = np.cumsum(ends / total)
    pooled_before = _lagged(pooled, 0.0)
    weight = (1 - pooled_before) ** rho
    standing = h * (1 - own)
    score = weight @ (d1 - _share(ends, standing.sum(axis=1))[:, None] * standing)
    a = weight[:, None, None] * (
        h[:, :, None] * np.eye(groups) - h[:, :, None] * h[:, None, :] / total[:, None, None]
    )
    c = np.cumsum(a * _share(ends, total * (1 - pooled_before))[:, None, None], axis=0)
    left = _share(np.broadcast_to((1 - pooled)[:, None], after.shape), after)
    first, second = _spreads(n, d2, ends[:, None], total[:, None], before, after)
    return score, _gray_variance(a, c, 1 - left, first) + _gray_variance(0 * a, c, left, second)


def _lagged(values: np.ndarray, start: float) -> np.ndarray:
    return np.concatenate([np.full_like(values[:1], start), values[:-1]])


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Part over whole, 0 where either is."""
    return np.divide(part, whole, out=np.zeros(whole.shape), where=(part != 0) & (whole != 0))


def _spreads(
    n: np.ndarray,
    d2: np.ndarray,
    ends: np.ndarray,
    total: np.ndarray,
    before: np.ndarray,
    after: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Variance of ends by the cause (at the pooled rate) and by others, (T, k), ties corrected."""
    with np.errstate(divide="ignore", invalid="ignore"):
        tied = np.where(ends > 1, 1 - (ends - 1) / (total * before - 1), 1.0)
        first = np.where(n > 0, tied * before * ends / (total * n), 0.0)
        tied = np.where(d2 > 1, 1 - (d2 - 1) / (n - 1), 1.0)
        second = np.where((n > 0) & (after > 0), tied * before**2 * d2 / n**2, 0.0)
    return first, second


def _gray_variance(
    a: np.ndarray, c: np.ndarray, share: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    # Each end moves the score by a + share (c at the end - c now): sum of squares, spread-weighted.
    reach = a + share[:, None, :] * (c[-1] - c)
    return np.einsum("tik,tjk,tk->ij", reach, reach, spread)
