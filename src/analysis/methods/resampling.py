"""Bootstrap by covariance matrices.

Reliability, driver shares, mediation and PLS paths depend on the answers only through their
covariance matrix, so a bootstrap is a batch of covariance matrices: one matrix product instead of
a loop over refits. Customers who answer more than once are drawn whole (`clusters`).

Of very many a sample draws `MOST_DRAWN` only, m out of n (Bickel, Götze & van Zwet 1997, Statistica
Sinica 7, 1-31): what is drawn then strays sqrt(n / m) times as far, and is drawn back by as much.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from analysis.errors import ParamsError
from analysis.methods._rows import sums_by_unit
from analysis.methods.intervals import critical_value

CELLS_AT_A_TIME = 20_000_000
JACKKNIFE_GROUPS = 200
MOST_DRAWN = 10_000
"""Rows or customers in one sample: the mean of so many is normal to the second digit."""
NO_SPREAD = 1e-12
over_draws = np.errstate(divide="ignore", invalid="ignore", over="ignore")
"""Decorates what is computed of many draws at once: one without spread comes to NaN, silently, and
`bootstrap_table` leaves it out."""


def covariance(values: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """Covariance matrix (p, p) of `values` (n, p), divided by the total weight.

    Parameters
    ----------
    values : array, (n, p)
    weights : array, (n,), optional

    Returns
    -------
    array, (p, p)
    """
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, float)
    centred = values - np.average(values, axis=0, weights=weights)
    return (centred * weights[:, None]).T @ centred / weights.sum()


def bootstrap_counts(
    n_rows: int,
    *,
    replications: int,
    rng: np.random.Generator,
    clusters: np.ndarray | None = None,
) -> Iterator[np.ndarray]:
    """How often each row is drawn: integer batches (batch, n_rows), `replications` rows in all.

    As many rows or clusters are drawn as there are, `MOST_DRAWN` at most: where there are more,
    what is drawn strays `1 / drawn_spread` times as far as a whole sample would.

    Parameters
    ----------
    n_rows : int
    replications : int
    rng : Generator
    clusters : array, (n_rows,), optional
        What is drawn whole.

    Returns
    -------
    iterator of int array, (batch, n_rows)

    Raises
    ------
    ParamsError
        `replications` is below 1.
    """
    if replications < 1:
        raise ParamsError(f"replications must be at least 1, but {replications!r} came")
    codes = np.arange(n_rows) if clusters is None else pd.factorize(clusters)[0]
    n_units = int(codes.max()) + 1
    units_drawn = min(n_units, MOST_DRAWN)
    batch = max(1, CELLS_AT_A_TIME // n_rows)
    for first in range(0, replications, batch):
        size = min(batch, replications - first)
        drawn = rng.integers(n_units, size=(size, units_drawn))
        drawn += n_units * np.arange(size)[:, None]
        counts = np.bincount(drawn.ravel(), minlength=size * n_units).reshape(size, n_units)
        yield counts[:, codes]


def drawn_spread(n_units: int) -> float:
    """How far whole samples of so many rows or clusters stray, for one of those that are drawn.

    Parameters
    ----------
    n_units : int

    Returns
    -------
    float
        Above 0, at most 1.
    """
    return float(np.sqrt(min(n_units, MOST_DRAWN) / n_units))


def bootstrap_covariances(
    values: np.ndarray,
    *,
    replications: int,
    rng: np.random.Generator,
    clusters: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Covariance matrices (replications, p, p) of bootstrap samples of rows or whole clusters.

    Parameters
    ----------
    values : array, (n, p)
    replications : int
    rng : Generator
    clusters : array, (n,), optional
    weights : array, (n,), optional

    Returns
    -------
    array, (replications, p, p)
    """
    moments = _moments(values, weights)
    units = np.arange(len(values)) if clusters is None else pd.factorize(clusters)[0]
    if units.max() >= MOST_DRAWN:
        sums = moments if clusters is None else sums_by_unit(units, moments)
        return _covariances_from(_few_drawn(sums, replications, rng))
    draws = bootstrap_counts(len(values), replications=replications, rng=rng, clusters=clusters)
    return _covariances_from(np.vstack([counts.astype(float) @ moments for counts in draws]))


def jackknife_covariances(
    values: np.ndarray,
    *,
    clusters: np.ndarray | None = None,
    weights: np.ndarray | None = None,
) -> np.ndarray:
    """Covariance matrices with one row or cluster (beyond 200: one group of them) left out.

    Parameters
    ----------
    values : array, (n, p)
    clusters : array, (n,), optional
    weights : array, (n,), optional

    Returns
    -------
    array, (groups, p, p)
    """
    units = np.arange(len(values)) if clusters is None else pd.factorize(clusters)[0]
    groups = units % min(JACKKNIFE_GROUPS, int(units.max()) + 1)
    sums = sums_by_unit(groups, _moments(values, weights))
    return _covariances_from(sums.sum(axis=0) - sums)


def _few_drawn(sums: np.ndarray, replications: int, rng: np.random.Generator) -> np.ndarray:
    """Means of the moments of samples of `MOST_DRAWN` units, drawn back to those of them all."""
    if replications < 1:
        raise ParamsError(f"replications must be at least 1, but {replications!r} came")
    center, spread = sums.mean(axis=0), drawn_spread(len(sums))
    drawn = [
        sums[rng.integers(len(sums), size=MOST_DRAWN)].mean(axis=0) for _ in range(replications)
    ]
    return center + spread * (np.array(drawn) - center)


def _moments(values: np.ndarray, weights: np.ndarray | None) -> np.ndarray:
    """Per row: weight, weighted values and products of the upper triangle; they add up."""
    centred = values - values.mean(axis=0)
    rows, columns = np.triu_indices(values.shape[1])
    moments = np.hstack(
        [np.ones((len(values), 1)), centred, centred[:, rows] * centred[:, columns]]
    )
    return moments if weights is None else moments * np.asarray(weights, float)[:, None]


@over_draws
def _covariances_from(sums: np.ndarray) -> np.ndarray:
    n_columns = int((np.sqrt(8 * sums.shape[1] + 1) - 3) / 2)
    rows, columns = np.triu_indices(n_columns)
    moments = sums[:, 1:] / sums[:, :1]
    means, seconds = moments[:, :n_columns], moments[:, n_columns:]
    matrices = np.zeros((len(moments), n_columns, n_columns))
    matrices[:, rows, columns] = seconds - means[:, rows] * means[:, columns]
    matrices[:, columns, rows] = matrices[:, rows, columns]
    return matrices


def correlations(covariances: np.ndarray) -> np.ndarray:
    """Correlation matrices (…, p, p); a constant column gives NaN in its row and column.

    Parameters
    ----------
    covariances : array, (…, p, p)

    Returns
    -------
    array, (…, p, p)
    """
    variances = np.diagonal(covariances, axis1=-2, axis2=-1)
    least = NO_SPREAD * variances.max(axis=-1, keepdims=True)
    spread = np.sqrt(np.where(variances > least, variances, np.nan))
    return covariances / spread[..., :, None] / spread[..., None, :]


def percentile_interval(
    replicates: np.ndarray, *, conf_level: float = 0.95
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile limits down the first axis.

    Parameters
    ----------
    replicates : array, (replications, …)
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    low, high : array, (…)
    """
    tail = (1 - conf_level) / 2
    low, high = np.quantile(replicates, [tail, 1 - tail], axis=0)
    return low, high


def bca_interval(
    replicates: np.ndarray,
    *,
    estimate: np.ndarray,
    jackknife: np.ndarray,
    conf_level: float = 0.95,
) -> tuple[np.ndarray, np.ndarray]:
    """Bias-corrected and accelerated limits down the first axis.

    Parameters
    ----------
    conf_level : float
        Between 0 and 1.
    replicates : (replications, k) bootstrap replicates.
    estimate : (k,) the estimate on the sample itself.
    jackknife : (groups, k) estimates with one group left out, for the acceleration.

    Returns
    -------
    low, high : array, (k,)

    References
    ----------
    Efron (1987), JASA 82, 171-185, formulas 2.3 and 6.6.
    """
    below = (replicates < estimate).mean(axis=0) + (replicates == estimate).mean(axis=0) / 2
    edge = 0.5 / len(replicates)
    bias = ndtri(np.clip(below, edge, 1 - edge))
    with np.errstate(invalid="ignore"):  # estimates without an end lean nowhere
        leaning = jackknife.mean(axis=0) - jackknife
    spread = (leaning**2).sum(axis=0) ** 1.5
    acceleration = (leaning**3).sum(axis=0) / (6 * np.where(spread > 0, spread, np.inf))
    acceleration = np.nan_to_num(acceleration)
    limits = []
    for z in (-critical_value(conf_level), critical_value(conf_level)):
        shifted = bias + z
        with np.errstate(divide="ignore", invalid="ignore"):
            level = ndtr(bias + shifted / (1 - acceleration * shifted))
        level = np.where(np.isnan(level), ndtr(shifted), level)
        limits.append(_columnwise_quantile(replicates, level))
    return limits[0], limits[1]


def _columnwise_quantile(replicates: np.ndarray, level: np.ndarray) -> np.ndarray:
    columns = replicates.reshape(len(replicates), -1)
    wanted = np.broadcast_to(level, replicates.shape[1:]).reshape(-1)
    found = [np.quantile(columns[:, k], wanted[k]) for k in range(columns.shape[1])]
    return np.array(found).reshape(replicates.shape[1:])


def bootstrap_table(
    terms: Sequence[str],
    estimate: np.ndarray,
    replicates: np.ndarray | None,
    *,
    n: int,
    conf_level: float = 0.95,
    jackknife: np.ndarray | None = None,
) -> pd.DataFrame:
    """The table of estimates: BCa limits where a jackknife is given, else percentile.

    Terms without an estimate stay empty; samples in which a term came to nothing are left out.

    Parameters
    ----------
    terms : sequence of str
    estimate : array, (k,)
    replicates : array, (replications, k), or None
        None leaves intervals empty.
    n : int
    conf_level : float
        Between 0 and 1.
    jackknife : array, (groups, k), optional

    Returns
    -------
    DataFrame
        `term, estimate, std_error, conf_low, conf_high, n`.
    """
    table = pd.DataFrame({"term": list(terms), "estimate": np.asarray(estimate, float)})
    table[["std_error", "conf_low", "conf_high"]] = np.nan
    estimable = table.index[table["estimate"].notna()]
    if replicates is not None and len(estimable):
        drawn = replicates[:, estimable]
        drawn = drawn[np.isfinite(drawn).all(axis=1)]
        if len(drawn) > 1:
            table.loc[estimable, "std_error"] = drawn.std(axis=0, ddof=1)
            low, high = _limits(drawn, table, jackknife, conf_level)
            table.loc[estimable, "conf_low"], table.loc[estimable, "conf_high"] = low, high
    table["n"] = n
    return table


def _limits(
    drawn: np.ndarray, table: pd.DataFrame, jackknife: np.ndarray | None, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    if jackknife is None:
        return percentile_interval(drawn, conf_level=conf_level)
    estimable = table.index[table["estimate"].notna()]
    estimate = table.loc[estimable, "estimate"].to_numpy()
    return bca_interval(
        drawn, estimate=estimate, jackknife=jackknife[:, estimable], conf_level=conf_level
    )
