"""Ratings that follow each other, with hysteresis and grace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.notes import note
from analysis.params.tiers import Scheme
from analysis.states.rating.criteria import criteria_of, levels_of, reasons_of
from analysis.states.rating.tiers import (
    Rating,
    check_customers,
    make_rating,
    rate_customers,
    thresholds_of,
)


@dataclass(frozen=True, slots=True, eq=False)
class Rerating:
    """One rating a period, each knowing the one before.

    ratings : in order of time. summary : rated_at, tier, n, share, kept (customers who hold the
    tier only by hysteresis or grace). tiers : low to high.
    """

    ratings: tuple[Rating, ...]
    summary: pd.DataFrame
    tiers: tuple[str, ...]

    def pair(self, first: int = -2, second: int = -1) -> tuple[pd.Series, pd.Series]:
        """Tiers at two ratings of everybody in either, aligned; missing where not rated."""
        before, after = (
            self.ratings[k].table.set_index("customer_id")["tier"].astype(object)
            for k in (first, second)
        )
        return before.align(after, join="outer")


def rate_again(frames: Mapping[date, pd.DataFrame], scheme: Scheme) -> Rerating:
    """Rate at each date, letting customers keep a tier as the scheme's rules allow.

    A customer who held a tier keeps it while she reaches its limits lowered by `hysteresis`; below
    that she keeps it for `grace_periods` ratings more. Upgrades are immediate. The first rating
    has nothing to keep; one who was not rated last time starts anew.

    How many clusters there are the last rating decides, where the scheme does not.

    Columns used: as in `rate_customers`; one frame a date, from what was known before it.
    """
    if not frames:
        raise ParamsError("ratings must have at least one date, but none came")
    dates = sorted(frames)
    if scheme.clusters is not None:
        last = rate_customers(frames[dates[-1]], scheme, rated_at=dates[-1])
        fixed = scheme.clusters.model_copy(update={"k": len(last.tiers)})
        scheme = scheme.model_copy(update={"clusters": fixed})
        ratings = [rate_customers(frames[day], scheme, rated_at=day) for day in dates[:-1]]
        ratings.append(last)
        nobody = [np.zeros(len(ratings[0].tiers), int)] * len(ratings)
        return Rerating(tuple(ratings), summary_of_ratings(ratings, nobody), ratings[0].tiers)
    ratings, kept, held = [], [], pd.DataFrame(columns=["level", "below"], dtype=int)
    for day in dates:
        rating, held, by_rule = _rate_knowing(frames[day], scheme, day, held)
        ratings.append(rating)
        level = rating.table["level"].to_numpy()
        kept.append(np.bincount(level[by_rule], minlength=len(scheme.tiers)))
    return Rerating(tuple(ratings), summary_of_ratings(ratings, kept), scheme.tiers)


def _rate_knowing(
    customers: pd.DataFrame, scheme: Scheme, day: date, held: pd.DataFrame
) -> tuple[Rating, pd.DataFrame, np.ndarray]:
    """One rating that knows each customer's level so far and how long she has been below it."""
    check_customers(customers, day)
    criteria, notes = criteria_of(customers, scheme)
    earned, deciding = levels_of(criteria, scheme)
    relaxed, _ = levels_of(criteria, scheme, slack=scheme.hysteresis)
    before = held.reindex(customers["customer_id"])
    last = before["level"].fillna(-1).to_numpy(int)
    spared = before["below"].fillna(0).to_numpy(int)
    steady = np.maximum(earned, np.minimum(last, relaxed))
    falls = steady < last
    grace = falls & (spared < scheme.grace_periods)
    level = np.where(grace, last, steady)
    reasons = reasons_of(criteria, deciding)
    slack = (level > earned) & ~grace
    reasons[slack] = [note("tiers.kept_close", reason=why) for why in reasons[slack]]
    reasons[grace] = [note("tiers.kept_by_grace", reason=why) for why in reasons[grace]]
    rating = make_rating(
        customers["customer_id"], level, reasons, scheme.tiers, scheme.name, day,
        thresholds=thresholds_of(criteria, scheme.tiers), notes=notes,
    )  # fmt: skip
    state = pd.DataFrame(
        {"level": level, "below": np.where(grace, spared + 1, 0)}, index=customers["customer_id"]
    )
    return rating, state, level > earned


def summary_of_ratings(ratings: Sequence[Rating], kept: Sequence[np.ndarray]) -> pd.DataFrame:
    """The summaries of ratings under each other: `rated_at, tier, n, share, kept, note`.

    `kept` : of each rating, the customers of each tier who hold it by hysteresis or grace.
    """
    parts = [
        rating.summary.assign(rated_at=rating.rated_at, kept=by_rule)
        for rating, by_rule in zip(ratings, kept, strict=True)
    ]
    columns = ["rated_at", "tier", "n", "share", "kept", "note"]
    return pd.concat(parts, ignore_index=True)[columns]
