"""The ratings of a study: one a period, from what was known before each."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import is_large, spells
from analysis.frames.money import at_minor_unit
from analysis.notes import Note, note
from analysis.params import Params
from analysis.params.tiers import Scheme
from analysis.states.rating.company import COMPANY, rate_by_company
from analysis.states.rating.engine_company import rate_company_in_engine
from analysis.states.rating.engine_criteria import known_of_somebody
from analysis.states.rating.engine_outcomes import count_outcomes, followed_to
from analysis.states.rating.engine_rating import HeldRatings, rate_in_engine
from analysis.states.rating.quantities import outcomes_after, quantities_frame, rating_dates
from analysis.states.rating.rerating import Rerating, rate_again, summary_of_ratings
from analysis.states.rating.tiers import Rating

SHORT = note("tiers.short")
NOBODY_YET = note("tiers.nobody_yet")
NOBODY_BOUGHT = "customers must have bought before the observation ends to be rated, but nobody had"
NOBODY_OPEN = note("tiers.nobody_open")


@dataclass(frozen=True, slots=True, eq=False)
class RatedPeriods:
    """A study's customers, rated once a period.

    Attributes
    ----------
    rerating : Rerating
        The ratings in order of time.
    frames : mapping of date to DataFrame
        What was known before each rating (names persons, so not in the repr).
    months : int
        Length of a period.
    judged_at : date or None
        The latest rating whose next period was observed to its end.
    value : str
        'margin' where the study knows it, else 'amount'.
    notes : tuple of Note
        What is to be said about the ratings.
    scheme : Scheme or None
        That rated them; None where the company's own tiers are in force.
    rates : {'open', 'bought'}
        Who is rated: whoever had a contract open on the day, or had ever bought before it.
    without_tier : int
        Customers who held no tier of the company at the latest rating, and are left out.
    held : HeldRatings or None
        In a large study the ratings as the engine keeps them, and no frames.
    """

    rerating: Rerating
    frames: Mapping[date, pd.DataFrame] = field(repr=False)
    months: int
    judged_at: date | None
    value: str
    notes: tuple[Note, ...]
    scheme: Scheme | None
    rates: str
    without_tier: int = 0
    held: HeldRatings | None = field(default=None, repr=False)

    @property
    def present(self) -> Rating:
        """The latest rating."""
        return self.rerating.ratings[-1]

    @property
    def present_frame(self) -> pd.DataFrame:
        """What the latest rating was made from; of some customers drawn by lot in a large study."""
        return self.frame_at(self.present.rated_at)

    def frame_at(self, day: date) -> pd.DataFrame:
        """What a rating was made from; of some customers drawn by lot in a large study."""
        return self.frames[day] if self.held is None else self.held.sample(day)

    @property
    def some(self) -> Tables | None:
        """The customers drawn by lot for what needs each of them; None in a smaller study."""
        return None if self.held is None else self.held.some

    def known(self, names: Collection[str]) -> set[str]:
        """Those of the named quantities that are known of somebody at the latest rating."""
        named = [name for name in names if name in self.quantities]
        if self.held is not None:
            return known_of_somebody(self.held.tables, self.held.days[self.present.rated_at], named)
        return {name for name in named if self.present_frame[name].notna().any()}

    @property
    def quantities(self) -> list[str]:
        """The columns that the latest rating was made from."""
        day = self.present.rated_at
        return list(self.frames[day]) if self.held is None else self.held.quantities(day)

    @property
    def judged(self) -> Rating | None:
        """The rating that can be judged by the period after it."""
        ratings = {rating.rated_at: rating for rating in self.rerating.ratings}
        return ratings.get(self.judged_at)

    @property
    def period(self) -> dict[str, Any]:
        """What sentences name of the latest rating: `value, months, rated_at, customers`."""
        return self._named(self.present)

    @property
    def judged_period(self) -> dict[str, Any]:
        """The same of the rating that can be judged; only value and months where none can be."""
        return self._named(self.judged)

    def _named(self, rating: Rating | None) -> dict[str, Any]:
        named = {"value": self.value, "months": self.months}
        known = {"rated_at": rating.rated_at, "customers": rating.customers} if rating else {}
        return named | known


def rate_periods(tables: Tables, params: Params, *, each: bool = False) -> RatedPeriods:
    """Rate the customers of a study, one rating every `rating_months`.

    By the company's own tiers where `tier_history` holds some, else by the scheme of
    `params.tiers`. Contractual: who has an open contract on the day of the rating; else who ever
    bought before it. In a large study (`frames.is_large`) they are rated in the engine and counted
    there; without memory (hysteresis, grace) only at the last two ratings and at the judged one.

    Parameters
    ----------
    tables : Tables
        Uses what `tiers.quantities_before` uses, `tier_history` and `contracts` where there are
        such.
    params : Params
        Uses `tiers`, `relationship`, `observed_from`, `observed_until`.
    each : bool
        Bring every customer's tier and its reason back, however many they are, for a list.

    Returns
    -------
    RatedPeriods

    Raises
    ------
    DataError
        Nobody had bought before the observation ends.
    """
    months = params.tiers.rating_months
    observed = {"observed_from": params.observed_from, "observed_until": params.observed_until}
    days, notes = rating_dates(months=months, **observed), []
    if not days:
        days, notes = [params.observed_until + timedelta(days=1)], [SHORT]
    if is_large(tables) and not each:
        return _in_engine(tables, params, days, notes)
    frames = _frames(tables, days, params)
    if not frames and not notes:
        frames = _frames(tables, [params.observed_until + timedelta(days=1)], params)
        notes = [NOBODY_YET]
    frames, nobody = _with_open_contracts(frames, tables, params)
    notes += [NOBODY_OPEN] if nobody else []
    if not frames:
        raise DataError(NOBODY_BOUGHT)
    value = "margin" if all("margin" in frame for frame in frames.values()) else "amount"
    own = None
    if "tier_history" in tables:
        own = rate_by_company(frames, tables, params, value=value)
    scheme, without = (None, own[2]) if own else (params.tiers.rated_by, 0)
    rerating, frames = own[:2] if own else (rate_again(frames, scheme), frames)
    after = [day for day in frames if _end(day, months) <= params.observed_until]
    notes += rerating.ratings[-1].notes
    return RatedPeriods(
        rerating, frames, months, max(after, default=None), value, tuple(dict.fromkeys(notes)),
        scheme, _rates(params, notes), without,
    )  # fmt: skip


def _in_engine(tables: Tables, params: Params, days: list[date], notes: list[Note]) -> RatedPeriods:
    months, scheme = params.tiers.rating_months, params.tiers.rated_by
    contractual = params.relationship == "contractual"
    after = [day for day in days if _end(day, months) <= params.observed_until]
    wanted = {*days[-2:], *after[-1:]}
    days = days if scheme.hysteresis or scheme.grace_periods else sorted(wanted)
    rate = partial(_rated_in_engine, tables, params)
    ratings, kept, held, without = rate(days, wanted, open_only=contractual)
    if not ratings and contractual:
        ratings, kept, held, without = rate(days, wanted, open_only=False)
        notes = [*notes, NOBODY_OPEN]
    if not ratings and SHORT not in notes:
        days, notes = [params.observed_until + timedelta(days=1)], [NOBODY_YET]
        ratings, kept, held, without = rate(days, {*days}, open_only=False)
    if not ratings:
        raise DataError(NOBODY_BOUGHT)
    margin = all("margin" in rows.columns for rows in held.days.values())
    notes = [*notes, *ratings[-1].notes]
    return RatedPeriods(
        Rerating(tuple(ratings), summary_of_ratings(ratings, kept), ratings[0].tiers), {}, months,
        max((day for day in after if day in held.days), default=None),
        "margin" if margin else "amount", tuple(dict.fromkeys(notes)),
        None if ratings[0].scheme == COMPANY else scheme, _rates(params, notes), without, held,
    )  # fmt: skip


def _rates(params: Params, notes: list[str]) -> str:
    return "open" if params.relationship == "contractual" and NOBODY_OPEN not in notes else "bought"


def _rated_in_engine(
    tables: Tables, params: Params, days: list[date], wanted: set[date], *, open_only: bool
) -> tuple:
    """By the company's own tiers where anybody holds one, else by the scheme."""
    if "tier_history" in tables:
        found = rate_company_in_engine(tables, params, sorted(wanted), open_only=open_only)
        if found[0]:
            return found
    return *rate_in_engine(tables, params, days, kept_days=wanted, open_only=open_only), 0


def next_period(rated: RatedPeriods, tables: Tables, params: Params) -> pd.DataFrame | None:
    """What the customers of the judged rating did in the period after it; None without one.

    Parameters
    ----------
    rated : RatedPeriods
    tables : Tables
        Uses what `outcomes_after` uses, and `contracts` where there are such.
    params : Params
        Uses `relationship`, `observed_until`, `followed_until`.

    Returns
    -------
    DataFrame
        customer_id, `next_value` and `last_value` (margin or amount of the period after and
        before), `stayed`: bought again, or, contractual, still under contract at its end, or at
        `followed_until` where that is earlier. In a large study not the ids but `tier, level` and
        `count`.
    """
    if rated.judged is None:
        return None
    if rated.held is not None:
        return _counted_outcomes(rated, params)
    day = rated.judged_at
    after = outcomes_after(
        tables, rated_at=day, months=rated.months, observed_until=params.observed_until
    )
    before = rated.frames[day].set_index("customer_id")
    found = after[after["customer_id"].isin(before.index)].reset_index(drop=True)
    last = before[rated.value].reindex(found["customer_id"])
    outcomes = pd.DataFrame(
        {
            "customer_id": found["customer_id"],
            "next_value": at_minor_unit(found[f"next_{rated.value}"], params.money_digits),
            "last_value": at_minor_unit(last, params.money_digits),
            "stayed": found["bought_again"],
        }
    )
    if params.relationship == "contractual":
        end = followed_to(_end(day, rated.months) + timedelta(days=1), params)
        outcomes["stayed"] = outcomes["customer_id"].isin(open_contracts(tables, params, end))
    return outcomes


def _counted_outcomes(rated: RatedPeriods, params: Params) -> pd.DataFrame:
    found = count_outcomes(rated.held, rated.judged_at, rated.value, params)
    tiers = rated.judged.tiers
    return found.assign(tier=pd.Categorical.from_codes(found["level"], tiers, ordered=True))


def open_contracts(tables: Tables, params: Params, day: date) -> pd.Series:
    """The customers whose relationship had begun before a day and not ended before it."""
    found = spells(tables, params)
    begun = found["started_at"] < pd.Timestamp(day)
    ended = found["ended_at"].notna() & (found["ended_at"] < pd.Timestamp(day))
    return found.loc[begun & ~ended, "customer_id"]


def _frames(tables: Tables, days: list[date], params: Params) -> dict[date, pd.DataFrame]:
    """What was known before each day on which anybody had bought."""
    options = {"months": params.tiers.rating_months, "digits": params.money_digits}
    frames = {}
    for day in days:
        with suppress(DataError):
            frames[day] = quantities_frame(tables, rated_at=day, **options)
    return frames


def _end(day: date, months: int) -> date:
    return (pd.Timestamp(day) + pd.DateOffset(months=months) - pd.Timedelta(days=1)).date()


def _with_open_contracts(frames, tables: Tables, params: Params) -> tuple[dict, bool]:
    if params.relationship != "contractual":
        return frames, False
    kept = {
        day: frame[frame["customer_id"].isin(open_contracts(tables, params, day))]
        for day, frame in frames.items()
    }
    kept = {day: frame.reset_index(drop=True) for day, frame in kept.items() if len(frame)}
    return (kept, False) if kept else (frames, True)
