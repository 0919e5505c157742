"""Do customers fall into groups of their own, and do the tiers follow them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.clusters import cluster_customers, measure_silhouette
from analysis.params.tiers import Scheme
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.tiers import cluster_values

MOST = 4000
"""Customers looked at; more are sampled (silhouettes compare all pairs)."""
CHOICES = (2, 3, 4, 5, 6)
RESAMPLES = 5


@dataclass(frozen=True, slots=True, eq=False)
class OwnGroups:
    """Groups that k-means finds at the latest rating, whatever the scheme says.

    Attributes
    ----------
    table : DataFrame of shape (numbers of groups, 6)
        `k` (number)`, silhouette` (1: fully apart, 0: not at all)`, stability` (agreement of the
        groups with those of resamples: adjusted Rand index)`, chosen, n, note`; no rows where the
        customers differ too little to be grouped.
    tiers_silhouette : float
        The same measure of the tiers in force; NaN where all are in one.
    quantities : tuple of str
        Looked at.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    tiers_silhouette: float
    quantities: tuple[str, ...]


def own_groups(rated: RatedPeriods, scheme: Scheme, *, rng: np.random.Generator) -> OwnGroups:
    """Group the customers by k-means, for 2 to 6 groups, with what speaks for each number.

    Looked at are the quantities of the scheme where it is one of clusters, else value, purchases
    and days since the last purchase: logarithms, standardised.

    Parameters
    ----------
    rated : RatedPeriods
    scheme : Scheme
        Of the params.
    rng : numpy.random.Generator
        Draws the customers looked at.

    Returns
    -------
    OwnGroups

    References
    ----------
    MacQueen (1967); Rousseeuw (1987), J. Comput. Appl. Math. 20, 53-65.
    """
    quantities = grouped_by(rated, scheme)
    columns = ["k", "silhouette", "stability", "chosen", "n", "note"]
    frame = rated.present_frame
    table = frame if rated.held is not None else rated.present.table
    levels = table.set_index("customer_id")["level"]
    some = rng.permutation(len(frame))[:MOST]
    values = cluster_values(frame, quantities).iloc[some].reset_index(drop=True)
    labels = levels.reindex(frame["customer_id"]).to_numpy()[some]
    try:
        found = cluster_customers(values, choices=CHOICES, resamples=RESAMPLES)
    except DataError:
        return OwnGroups(pd.DataFrame(columns=columns), np.nan, quantities)
    table = found.table.assign(n=len(values))
    return OwnGroups(table[columns], measure_silhouette(values, labels), quantities)


def grouped_by(rated: RatedPeriods, scheme: Scheme) -> tuple[str, ...]:
    """The quantities that customers are grouped by."""
    if scheme.clusters:
        return scheme.clusters.quantities
    return (rated.value, "purchases", "-recency_days")
