"""Groups that the data suggest: k-means, with what speaks for and against the number of them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import adjusted_rand_score, silhouette_score

from analysis.errors import DataError, ParamsError
from analysis.notes import note

MOST_STARTS, FEWEST_STARTS = 50, 10
"""Of k-means: many where they are cheap (up to `MOST_FOR_SILHOUETTE` customers)."""
MOST_FOR_SILHOUETTE = 5_000
"""Silhouettes compare all pairs: more customers than this are sampled."""
WEAK = 0.25
"""Kaufman & Rousseeuw (1990): a mean silhouette up to .25 shows no substantial structure."""


@dataclass(frozen=True, slots=True, eq=False)
class Clustering:
    """k-means groups and their validity.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        Group of each row, 0 … k - 1, ordered by the mean of the first column.
    centres : DataFrame, (k, variables)
        One row a group, in the variables' own scale.
    table : DataFrame
        One row a number of groups that was tried: `k, silhouette` (mean)`, stability` (adjusted
        Rand index between the groups and those found in resamples)`, within` (sum of squares)`,
        chosen, note`.
    k : int
        Of the choice.
    silhouette : float
        Of the choice, from -1 to 1.
    """

    labels: np.ndarray
    centres: pd.DataFrame
    table: pd.DataFrame
    k: int
    silhouette: float


def cluster_customers(
    values: pd.DataFrame,
    *,
    k: int | None = None,
    choices: Sequence[int] = (2, 3, 4, 5, 6, 7, 8),
    standardise: bool = True,
    resamples: int = 10,
    seed: int = 1,
) -> Clustering:
    """Group rows by k-means; where `k` is not given, the largest mean silhouette chooses it.

    Parameters
    ----------
    values : DataFrame
        One row a customer, one column a variable, numbers, none missing.
    k : int, optional
        Number of groups, 2 or more; by default the one of `choices` with the largest mean
        silhouette.
    choices : sequence of int
        Numbers of groups that are tried.
    standardise : bool
        Bring each variable to mean 0 and spread 1 first.
    resamples : int
        Bootstrap samples for the stability of the groups.
    seed : int
        Of the random numbers.

    Returns
    -------
    Clustering

    Raises
    ------
    DataError, ParamsError
        Fewer than `k + 1` different rows, values that are no numbers, k below 2.

    References
    ----------
    Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65; Hubert & Arabie (1985).
    """
    points = _points(values, standardise)
    different = len(np.unique(points, axis=0))
    tried = [k] if k is not None else [choice for choice in choices if choice < different]
    if not tried or min(tried) < 2 or max(tried) >= different:
        raise (ParamsError if k is not None and k < 2 else DataError)(
            f"k-means must have at least 2 groups and more different customers than groups, but "
            f"k is {k} and {different} customers differ; take fewer groups or another rule"
        )
    found = {choice: _group(points, choice, seed) for choice in tried}
    rows = [_validity(points, choice, model, resamples, seed) for choice, model in found.items()]
    table = pd.DataFrame(rows, columns=["k", "silhouette", "stability", "within"])
    best = int(table.loc[table["silhouette"].idxmax(), "k"])
    table["chosen"] = table["k"] == best
    table["note"] = np.where(table["silhouette"] <= WEAK, note("clusters.no_structure"), "")
    means = values.groupby(found[best]).mean()
    order = means.iloc[:, 0].argsort(kind="stable").to_numpy()
    labels = np.argsort(order)[found[best]]
    silhouette = float(table.loc[table["chosen"], "silhouette"].iloc[0])
    return Clustering(labels, means.iloc[order].reset_index(drop=True), table, best, silhouette)


def measure_silhouette(
    values: pd.DataFrame, labels: np.ndarray, *, standardise: bool = True, seed: int = 1
) -> float:
    """Mean silhouette of groups formed in any way; NaN where all customers are in one.

    Parameters
    ----------
    values : DataFrame
        One row a customer, one column a variable.
    labels : array, (n,)
        Group of each row.
    standardise : bool
        Bring each variable to mean 0 and spread 1 first.
    seed : int
        Of the sample of customers that is looked at where there are many.

    Returns
    -------
    float
        From -1 to 1.

    References
    ----------
    Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65.
    """
    points = _points(values, standardise)
    return _silhouette(points, np.asarray(labels), np.random.default_rng(seed))


def _points(values: pd.DataFrame, standardise: bool) -> np.ndarray:
    points = values.to_numpy(float)
    if not points.size or not np.isfinite(points).all():
        raise DataError("k-means must have finite numbers in every column, but some are missing")
    if not standardise:
        return points
    spread = points.std(axis=0)
    return (points - points.mean(axis=0)) / np.where(spread > 0, spread, 1.0)


def _group(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    starts = MOST_STARTS if len(points) <= MOST_FOR_SILHOUETTE else FEWEST_STARTS
    return KMeans(k, n_init=starts, random_state=seed).fit_predict(points)


def _again(drawn: np.ndarray, k: int, seed: int) -> KMeans:
    """k-means of a resample, in which fewer than `k` points may differ."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return KMeans(k, n_init=3, random_state=seed).fit(drawn)


def _silhouette(points: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> float:
    size = min(len(points), MOST_FOR_SILHOUETTE)
    sample = np.arange(len(points)) if size == len(points) else rng.choice(len(points), size, False)
    groups = len(np.unique(labels[sample]))
    if not 1 < groups < size:
        return float("nan")
    return float(silhouette_score(points[sample], labels[sample]))


def _validity(points, k, labels, resamples, seed) -> tuple[int, float, float, float]:
    rng = np.random.default_rng(seed)
    silhouette = _silhouette(points, labels, rng)
    agreement = []
    for _ in range(resamples):
        drawn = rng.integers(len(points), size=len(points))
        again = _again(points[drawn], k, seed)
        agreement.append(adjusted_rand_score(labels, again.predict(points)))
    centres = pd.DataFrame(points).groupby(labels).transform("mean").to_numpy()
    within = float(((points - centres) ** 2).sum())
    return k, silhouette, float(np.mean(agreement)) if agreement else float("nan"), within
