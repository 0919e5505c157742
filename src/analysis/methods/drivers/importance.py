"""Shares of R² that do not depend on the order of the drivers.

A driver's share is its gain in R² averaged over all orders in which drivers may enter (LMG, the
Shapley value of R²). All 2^p subsets come from the covariance matrix by taking drivers out one
after the other, for all bootstrap samples at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._rows import (
    complete_rows,
    control_columns,
    require_estimable,
    sampling_weights,
)
from analysis.methods.resampling import (
    bootstrap_covariances,
    bootstrap_table,
    covariance,
    over_draws,
)

MOST_DRIVERS = 12
CELLS_AT_A_TIME = 20_000_000


@dataclass(frozen=True, slots=True, eq=False)
class DriverImportance:
    """Importance of drivers for one outcome.

    Attributes
    ----------
    outcome : str
    table : DataFrame
        `term, estimate` (share of the outcome's variance, adds to `r_squared`)`, std_error,
        conf_low, conf_high, n, share` (of the R², adds to 1)`, alone` (R² of the driver by
        itself)`, last` (gain when it enters last)`, rank, rank_low, rank_high, rank_stability`
        (share of bootstrap samples with this rank).
    r_squared : float
        Of all drivers, beyond the controls.
    rank_agreement : float
        Mean rank correlation of the bootstrap samples with the sample; NaN without.
    n_missing : int
        Rows left out.
    """

    outcome: str
    table: pd.DataFrame
    r_squared: float
    rank_agreement: float
    n_missing: int


def driver_importance(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    max_drivers: int = MOST_DRIVERS,
    replications: int = 0,
    rng: np.random.Generator | None = None,
    cluster: str | None = None,
    weight: str | None = None,
    conf_level: float = 0.95,
) -> DriverImportance:
    """Share out the R² of a linear regression among its drivers.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of the outcome.
    drivers : list of str
        Columns of numbers; none constant or twice.
    controls : list of str
        Columns of numbers or categories known before, taken out first.
    max_drivers : int
        The work doubles with each driver.
    replications : int
        Bootstrap samples; intervals are their percentiles, 0: none.
    rng : Generator, optional
        Needed with replications.
    cluster : str, optional
        Column of customers, whom the bootstrap draws whole.
    weight : str, optional
        Column of the sampling weight, above 0.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DriverImportance

    Raises
    ------
    ParamsError
        Fewer than two drivers or more than `max_drivers`; replications without `rng`.
    DataError
        Text, constant or repeated drivers, fewer answers than parameters.

    References
    ----------
    Lindeman, Merenda & Gold (1980); Grömping (2006), J. Stat. Softw. 17(1).
    """
    if not 2 <= len(drivers) <= max_drivers:
        raise ParamsError(
            f"drivers must be between 2 and {max_drivers}, but {len(drivers)} came; "
            "use scale scores instead of single items"
        )
    rows = complete_rows(frame, numbers=[outcome, *drivers], others=[*controls, cluster, weight])
    taken = control_columns(rows, controls)
    values = np.column_stack([taken, rows[[*drivers, outcome]]]).astype(float)
    weights = sampling_weights(rows, weight)
    require_estimable(values, [*taken.columns, *drivers, outcome])
    n_controls, n_drivers = taken.shape[1], len(drivers)
    explained = explained_by_subset(covariance(values, weights)[None], n_controls=n_controls)
    shares = shapley_shares(explained)[0]
    replicates = None
    if replications:
        if rng is None:
            raise ParamsError("replications need rng, a numpy Generator, but None came")
        drawn = bootstrap_covariances(
            values,
            replications=replications,
            rng=rng,
            clusters=None if cluster is None else rows[cluster].to_numpy(),
            weights=weights,
        )
        replicates = shapley_shares(_in_batches(drawn, n_controls, n_drivers))
    table = bootstrap_table(drivers, shares, replicates, n=len(rows), conf_level=conf_level)
    table = table.assign(**_alone_and_last(explained[:, 0]), share=shares / explained[-1, 0])
    ranks, agreement = _ranks(shares, replicates, conf_level)
    return DriverImportance(
        outcome=outcome,
        table=pd.concat([table, ranks], axis=1),
        r_squared=float(explained[-1, 0]),
        rank_agreement=agreement,
        n_missing=len(frame) - len(rows),
    )


def _alone_and_last(explained: np.ndarray) -> dict[str, np.ndarray]:
    """R² of each driver by itself, and its gain beyond all the others."""
    single = 2 ** np.arange(len(explained).bit_length() - 1)
    return {"alone": explained[single], "last": explained[-1] - explained[-1 - single]}


@over_draws
def explained_by_subset(covariances: np.ndarray, *, n_controls: int = 0) -> np.ndarray:
    """(2^p, batch) R² of every subset of the drivers, as shares of the outcome's variance.

    Columns of the matrices: controls, drivers, outcome. Bit k of the first index says whether
    driver k is in. With controls, the gain beyond them.

    Parameters
    ----------
    covariances : array, (batch, p, p)
    n_controls : int

    Returns
    -------
    array, (2^drivers, batch)
    """
    variance = covariances[:, -1, -1]
    for _ in range(n_controls):
        covariances = _given_first(covariances)
    residual = covariances[None]
    for _ in range(covariances.shape[-1] - 1):
        residual = np.concatenate([residual[..., 1:, 1:], _given_first(residual)])
    left = residual[..., 0, 0]
    return (left[:1] - left) / variance


def _given_first(matrices: np.ndarray) -> np.ndarray:
    """Residual covariances of the other columns after regression on the first."""
    column = matrices[..., 1:, :1]
    pivot = matrices[..., :1, :1]
    return matrices[..., 1:, 1:] - column * np.swapaxes(column, -1, -2) / pivot


def _in_batches(covariances: np.ndarray, n_controls: int, n_drivers: int) -> np.ndarray:
    batch = max(1, CELLS_AT_A_TIME // 2 ** (n_drivers + 2))
    parts = [
        explained_by_subset(covariances[first : first + batch], n_controls=n_controls)
        for first in range(0, len(covariances), batch)
    ]
    return np.concatenate(parts, axis=1)


@over_draws
def shapley_shares(explained: np.ndarray) -> np.ndarray:
    """(batch, p) average gain of each driver over all orders, from `explained_by_subset`.

    Parameters
    ----------
    explained : array, (2^p, batch)

    Returns
    -------
    array, (batch, p)
    """
    n_drivers = len(explained).bit_length() - 1
    subsets = np.arange(len(explained))
    sizes = np.array([int(subset).bit_count() for subset in subsets])
    shares = np.empty((explained.shape[1], n_drivers))
    for driver in range(n_drivers):
        without = subsets[(subsets >> driver) & 1 == 0]
        weight = [1 / (n_drivers * comb(n_drivers - 1, size)) for size in sizes[without]]
        shares[:, driver] = weight @ (explained[without | 1 << driver] - explained[without])
    return shares


def _ranks(
    shares: np.ndarray, replicates: np.ndarray | None, conf_level: float
) -> tuple[pd.DataFrame, float]:
    rank = pd.Series(shares).rank(ascending=False).to_numpy()
    table = pd.DataFrame({"rank": rank, "rank_low": np.nan, "rank_high": np.nan})
    if replicates is None:
        return table.assign(rank_stability=np.nan), np.nan
    replicates = replicates[np.isfinite(replicates).all(axis=1)]
    if not len(replicates):
        return table.assign(rank_stability=np.nan), np.nan
    drawn = (-replicates).argsort(axis=1).argsort(axis=1) + 1
    tail = (1 - conf_level) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail], axis=0, method="closest_observation")
    agreement = np.mean([np.corrcoef(rank, sample)[0, 1] for sample in drawn])
    table = table.assign(
        rank_low=low, rank_high=high, rank_stability=(drawn == np.round(rank)).mean(axis=0)
    )
    return table, float(agreement)
