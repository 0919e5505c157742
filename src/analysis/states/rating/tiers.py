"""Every customer gets exactly one tier, and the reason for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.frames import EngineLabels
from analysis.methods.clusters import Clustering, cluster_customers
from analysis.notes import Note, note
from analysis.params.tiers import Clusters, Scheme
from analysis.states.rating.criteria import Criterion, criteria_of, levels_of, reasons_of
from analysis.states.rating.engine_criteria import EngineCriterion

ALIKE = note("tiers.alike")


@dataclass(frozen=True, slots=True, eq=False)
class Rating:
    """Who is in which tier at a day.

    table : customer_id, tier, level (0: lowest), reason; one row a customer. It names persons: for
    an export, never for a report (and not in the repr); in a large study the tiers stay in the
    engine, as `EngineLabels`. summary : tier, n, share, note; low to
    high. thresholds : quantity, tier, limit (where the tier begins; a quantity that is better when
    less has its limit as it is written). notes : what was missing and how it was dealt with.
    scheme : its name. tiers : low to high. rated_at : the day, or None. clusters : validity, for
    k-means.
    """

    table: pd.DataFrame | EngineLabels = field(repr=False)
    summary: pd.DataFrame
    thresholds: pd.DataFrame
    notes: tuple[Note, ...]
    scheme: str
    tiers: tuple[str, ...]
    rated_at: date | None
    clusters: Clustering | None = None

    @property
    def customers(self) -> int:
        """Customers rated."""
        return int(self.summary["n"].sum())


def rate_customers(
    customers: pd.DataFrame, scheme: Scheme, *, rated_at: date | None = None
) -> Rating:
    """Rate customers by a scheme.

    Columns used: `customer_id`, the scheme's quantities, and `last_at` (latest event in a row's
    data) where there is one.

    Raises
    ------
    DataError
        A quantity of the scheme that the frame does not have, a customer who stands twice, a leak:
        anything that happened on `rated_at` or later.
    """
    check_customers(customers, rated_at)
    if scheme.clusters is not None:
        return _rate_by_clusters(customers, scheme, rated_at)
    criteria, notes = criteria_of(customers, scheme)
    level, deciding = levels_of(criteria, scheme)
    reasons = reasons_of(criteria, deciding)
    return make_rating(
        customers["customer_id"], level, reasons, scheme.tiers, scheme.name, rated_at,
        thresholds=thresholds_of(criteria, scheme.tiers), notes=notes,
    )  # fmt: skip


def check_customers(customers: pd.DataFrame, rated_at: date | None) -> None:
    """Refuse a frame that is empty, names a customer twice, or knows the future."""
    if "customer_id" not in customers:
        raise DataError("customers must have the column customer_id, but it is absent")
    if customers.empty:
        raise DataError("customers must hold at least one row to be rated, but it is empty")
    twice = customers["customer_id"].duplicated().sum()
    if twice:
        raise DataError(
            f"customers must hold one row a customer, but {twice:,} of {len(customers):,} rows "
            "repeat one; rate one frame at one day"
        )
    if rated_at is not None and "last_at" in customers:
        late = pd.to_datetime(customers["last_at"]) >= pd.Timestamp(rated_at)
        if late.any():
            raise DataError(
                f"a rating at {rated_at} must use only what happened before it, but {late.sum():,} "
                f"of {len(customers):,} rows hold later events; use quantities_frame"
            )


def make_rating(
    ids, level, reasons, tiers, scheme, rated_at, *, thresholds=None, notes=(), clusters=None
) -> Rating:
    """Put levels and reasons together; a tier that nobody is in is said."""
    tiers = tuple(tiers)
    table = pd.DataFrame(
        {
            "customer_id": ids.to_numpy(),
            "tier": pd.Categorical.from_codes(level, tiers, ordered=True),
            "level": level,
            "reason": reasons,
        }
    )
    summary = summary_of(np.bincount(level, minlength=len(tiers)), tiers)
    if thresholds is None:
        thresholds = pd.DataFrame(columns=["quantity", "tier", "limit"])
    return Rating(
        table, summary, thresholds, tuple(notes), scheme, tiers, rated_at, clusters
    )  # fmt: skip


def summary_of(n: np.ndarray, tiers: Sequence[str]) -> pd.DataFrame:
    """How many are in each tier, low to high; a tier that nobody is in is said."""
    summary = pd.DataFrame({"tier": list(tiers), "n": n, "share": n / n.sum()})
    return summary.assign(note=np.where(n == 0, note("tiers.nobody"), ""))


def thresholds_of(
    criteria: Sequence[Criterion | EngineCriterion], tiers: tuple[str, ...]
) -> pd.DataFrame:
    """Where each tier begins, in the quantities' own scale."""
    rows = [
        (criterion.name, tier, criterion.sign * cut)
        for criterion in criteria
        for tier, cut in zip(tiers[1:], criterion.cuts, strict=True)
    ]
    return pd.DataFrame(rows, columns=["quantity", "tier", "limit"])


def cluster_values(customers: pd.DataFrame, quantities: Sequence[str]) -> pd.DataFrame:
    """Quantities as k-means sees them: logarithms, more being better, gaps filled by the median."""
    names = [quantity.removeprefix("-") for quantity in quantities]
    absent = [name for name in names if name not in customers]
    if absent:
        raise DataError(f"customers must have {', '.join(absent)} to be clustered, but have not")
    values = customers[names].astype(float)
    values = values.fillna(values.median()).fillna(0.0)
    signs = [-1.0 if quantity.startswith("-") else 1.0 for quantity in quantities]
    return np.sign(values) * np.log1p(values.abs()) * signs


def form_groups(values: pd.DataFrame, rule: Clusters) -> Clustering:
    """k-means; where no more kinds of customers differ than groups are asked for, each is one."""
    kinds = values.drop_duplicates().sort_values(list(values), ignore_index=True)
    if len(kinds) > (rule.k or 2):
        return cluster_customers(values, k=rule.k, seed=rule.seed)
    place = pd.Series(range(len(kinds)), index=pd.MultiIndex.from_frame(kinds))
    labels = place.reindex(pd.MultiIndex.from_frame(values)).to_numpy(int)
    return Clustering(labels, kinds, pd.DataFrame(), len(kinds), float("nan"))


def group_notes(customers: pd.DataFrame, names: Sequence[str], found: Clustering) -> list[Note]:
    """What is to be said about groups that were formed on some quantities."""
    unknown = customers[list(names)].isna().any(axis=1).sum()
    notes = [note("tiers.median_stands_in", customers=int(unknown))] if unknown else []
    return notes + ([ALIKE] if found.table.empty else [])


def _rate_by_clusters(customers, scheme: Scheme, rated_at) -> Rating:
    values = cluster_values(customers, scheme.clusters.quantities)
    found = form_groups(values, scheme.clusters)
    tiers = scheme.tiers or tuple(f"group_{k + 1}" for k in range(scheme.clusters.k or found.k))
    reasons = [note("tiers.nearest", tier=tiers[k]) for k in found.labels]
    return make_rating(
        customers["customer_id"], found.labels, reasons, tiers, scheme.name, rated_at,
        notes=group_notes(customers, list(values), found), clusters=found,
    )  # fmt: skip
