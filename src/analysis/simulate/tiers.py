"""The company's own tiers: a sharp rule on the net spend of twelve months, twice a year."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments
from analysis.simulate.people import People, named
from analysis.simulate.truth import Preset, TierTruth

REASONS = ("joined", "upgraded", "downgraded")


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """The tier code of each customer (column) in each term (row), and when the terms begin.

    A customer not yet acquired when a term begins stands in the lowest tier.
    """

    begins: np.ndarray
    tier: np.ndarray

    def tier_at(self, customer: np.ndarray, at: np.ndarray) -> np.ndarray:
        """Return the tier codes held by customers at their times."""
        term = np.searchsorted(self.begins, at, side="right") - 1
        return self.tier[term, customer]


def rating_edges(clock: Clock) -> np.ndarray:
    """Return where terms begin and end: each 1 January and 1 July strictly inside the period."""
    last = clock.start + timedelta(days=clock.days - 1)
    years = range(clock.start.year, last.year + 1)
    days = [date(year, month, 1) for year in years for month in (1, 7)]
    inside = [clock.midnight(day) for day in days if clock.start < day <= last]
    return np.array([0.0, *inside, clock.days])


def rate_tiers(tiers: TierTruth, yearly_spend: np.ndarray) -> np.ndarray:
    """Return the tier code that net spend of twelve months earns."""
    cents = np.round(yearly_spend, 2)
    return np.searchsorted(tiers.thresholds, cents, side="right").astype(np.int8)


def tier_history_table(
    preset: Preset, people: People, acquired: np.ndarray, ratings: Ratings
) -> Columns:
    """Write `tier_history`: one row a tier held; `to_at` is null for the present one.

    Everybody joins in the lowest tier on the first purchase; a rating that changes nothing
    leaves no row. `reason` is joined, upgraded or downgraded.
    """
    joined = np.flatnonzero(np.isfinite(acquired))
    change = np.diff(ratings.tier.astype(int), axis=0)
    term, moved = np.nonzero(change)
    customer = np.concatenate([joined, moved])
    start = np.concatenate([acquired[joined], ratings.begins[1:][term]])
    tier = np.concatenate([np.zeros(joined.size, int), ratings.tier[term + 1, moved].astype(int)])
    reason = np.concatenate([np.zeros(joined.size, int), np.where(change[term, moved] > 0, 1, 2)])
    order = np.lexsort((start, customer))
    customer, start, tier, reason = (part[order] for part in (customer, start, tier, reason))
    last = np.diff(customer, append=-1) != 0
    stop = np.where(last, np.nan, np.roll(start, -1))
    return {
        "customer_id": people.ids.take(pa.array(customer)),
        "tier": named(tier, preset.tiers.tiers),
        "from_at": _moments(start),
        "to_at": _moments(stop),
        "reason": named(reason, REASONS),
    }


def _moments(times: np.ndarray) -> Moments:
    """Write ratings as midnights, and joining as the moment it was."""
    return Moments(times, midnight=times == np.floor(times))
