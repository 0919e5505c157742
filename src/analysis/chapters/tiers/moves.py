"""Who moves between two ratings, beside what luck alone would move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import purchase_days
from analysis.frames.money import at_minor_unit
from analysis.methods.concentration import (
    Migration,
    NoChange,
    measure_migration,
    simulate_no_change,
)
from analysis.params import Params
from analysis.params.tiers import Scheme
from analysis.states.rating.criteria import criteria_of, levels_of
from analysis.states.rating.engine_rating import HeldRatings
from analysis.states.rating.periods import RatedPeriods
from analysis.units import DAYS_PER_MONTH

ONE_RATING, ONE_TIER = "one_rating", "one_tier"
CELLS = ["from", "to", "count", "estimate"]
ENDS = ["conf_low", "conf_high"]
BESIDE = ["term", "estimate", *ENDS, "luck", *(f"luck_{end}" for end in ENDS), "n"]
SIMULATED = ("purchases", "amount", "average_purchase", "active_months", "recency_days")


@dataclass(frozen=True, slots=True, eq=False)
class Moves:
    """Moves of the customers between the last two ratings.

    Attributes
    ----------
    cells : DataFrame of shape (tiers ** 2, 4)
        `from, to, count, estimate` (share of `from`), of everybody rated at both; no rows where
        there are fewer than two ratings.
    held : DataFrame of shape (tiers, 2)
        `from, n`: customers of each tier at the earlier of the two ratings.
    rates : DataFrame of shape (3, …)
        `term` ('up', 'stay', 'down')`, estimate, std_error, conf_low, conf_high, n, note`.
    against_luck : DataFrame of shape (4, 8)
        `term` (the same and 'mobility')`, estimate, conf_low, conf_high` (those who were customers
        throughout both periods; in a large study some of them, drawn by lot)`, luck,
        luck_conf_low, luck_conf_high` (what regression to the mean alone gives)`, n`; no rows
        where luck is not told.
    tiers : tuple of str
        Low to high.
    dates : tuple of date
        Of the two ratings.
    note : str
        Why nothing is told ('one_rating'), or empty.
    luck_by : str
        Where the company's own tiers are in force, whose rule is not known: the scheme by which
        those of `against_luck` are rated; else empty.
    """

    COUNTED_BY: ClassVar = {
        "cells": ("count", "from", "to"),
        "held": "n",
        "rates": "n",
        "against_luck": "n",
    }

    cells: pd.DataFrame
    held: pd.DataFrame
    rates: pd.DataFrame
    against_luck: pd.DataFrame
    tiers: tuple[str, ...]
    dates: tuple[date, ...]
    note: str = ""
    luck_by: str = ""


def tier_moves(
    rated: RatedPeriods,
    tables: Tables,
    params: Params,
    *,
    rng: np.random.Generator,
    draws: int = 60,
) -> Moves:
    """Count moves between the last two ratings and compare them with luck.

    A customer who bought much by luck is rated high and falls back later without having changed.
    So, for those who were customers throughout both periods, the purchases of the two are dealt
    anew between them, each with its day of the period, and both halves are rated again. The rule
    of the company's own tiers is not known: for them the scheme of the params stands in.

    Parameters
    ----------
    rated : RatedPeriods
    tables : Tables
        Uses `transactions`.
    params : Params
        Uses `tiers`, `conf_level`.
    rng : numpy.random.Generator
        Deals the purchases.
    draws : int
        How often they are dealt.

    Returns
    -------
    Moves
    """
    nothing = pd.DataFrame(columns=BESIDE)
    ratings = rated.rerating.ratings
    if len(ratings) < 2 or len(rated.rerating.tiers) < 2:
        note = ONE_RATING if len(ratings) < 2 else ONE_TIER
        cells, held = pd.DataFrame(columns=CELLS), pd.DataFrame(columns=["from", "n"])
        dates = tuple(rating.rated_at for rating in ratings)
        return Moves(cells, held, nothing, nothing, rated.rerating.tiers, dates, note)
    dates = (ratings[-2].rated_at, ratings[-1].rated_at)
    scheme = rated.scheme or params.tiers.rated_by
    tables = tables if rated.held is None else rated.held.some
    beside = _against_luck(rated, dates, tables, scheme, params, rng, draws)
    moves = _moves(rated, dates, params.conf_level, nothing if beside is None else beside)
    return moves if rated.scheme or beside is None else replace(moves, luck_by=_name(params))


def _name(params: Params) -> str:
    """The name of the scheme of the params in the texts."""
    return "own_scheme" if params.tiers.scheme else f"preset_{params.tiers.rated_by.name}"


def _against_luck(
    rated: RatedPeriods,
    dates: tuple[date, ...],
    tables: Tables,
    scheme: Scheme,
    params: Params,
    rng,
    draws,
) -> pd.DataFrame | None:
    """Moves by a scheme beside those of luck; None where it cannot be told."""
    if not _can_be_dealt(scheme, {*SIMULATED, "nps"}):
        return None
    frames = _established(rated, dates, tables)
    if not len(frames[0]):
        return None
    try:
        before, after = (_levels(frame, scheme) for frame in frames)
    except DataError:
        if rated.scheme is not None:
            raise
        return None  # a scheme that only stands beside the company's tiers may lack a quantity
    made = measure_migration(before, after, tiers=scheme.tiers, conf_level=params.conf_level)
    return _beside(made, _luck(frames, dates, tables, scheme, params, rng, draws))


def _moves(
    rated: RatedPeriods, dates: tuple[date, ...], conf_level: float, against_luck: pd.DataFrame
) -> Moves:
    seen = _observed(rated, dates, conf_level)
    rates = seen.rates[seen.rates["group"] == "all"].drop(columns="group").reset_index(drop=True)
    held = seen.table.drop_duplicates("from")[["from", "n"]].reset_index(drop=True)
    return Moves(seen.table[CELLS], held, rates, against_luck, seen.tiers, dates)


def _observed(rated: RatedPeriods, dates: tuple[date, ...], conf_level: float) -> Migration:
    options = {"tiers": rated.rerating.tiers, "conf_level": conf_level}
    if rated.held is None:
        return measure_migration(*rated.rerating.pair(), **options)
    moved = _count_moves(rated.held, dates)
    names = dict(enumerate(rated.rerating.tiers))
    before, after = (moved[name].map(names) for name in ("before", "after"))
    return measure_migration(before, after, counts=moved["count"], **options)


def _count_moves(held: HeldRatings, dates: Sequence[date]) -> pd.DataFrame:
    """Count customers by levels at two ratings: `before, after` (null: not rated)`, count`."""
    first, second = (
        held.days[day].select("customer_id", **{name: held.days[day].level})
        for day, name in zip(dates, ("before", "after"), strict=True)
    )
    both = first.outer_join(second, "customer_id")
    return held.tables.fetch(both.group_by(["before", "after"]).agg(count=both.count()))


def _established(rated, dates, tables: Tables) -> list[pd.DataFrame]:
    """Both frames, for those who were customers from the start of the earlier period on."""
    start = pd.Timestamp(dates[0]) - pd.DateOffset(months=rated.months)
    first, second = (rated.frame_at(day).set_index("customer_id") for day in dates)
    both = first.index.intersection(second.index).sort_values()
    if tables.description.history_complete:
        tenure = pd.to_timedelta(first.loc[both, "tenure_days"].astype(int), unit="D")
        both = both[(pd.Timestamp(dates[0]) - tenure <= start).to_numpy()]
    shared = [name for name in SIMULATED if name in first]
    nps = [name for name in ("nps",) if name in first]
    found = [frame.loc[both, shared].join(first.loc[both, nps]) for frame in (first, second)]
    length = (dates[1] - dates[0]).days
    for frame in found:
        frame["recency_days"] = frame["recency_days"].where(frame["purchases"] > 0, 1.5 * length)
    return found


def _levels(frame: pd.DataFrame, scheme: Scheme) -> np.ndarray:
    criteria, _ = criteria_of(frame, scheme)
    return np.asarray(scheme.tiers, dtype=object)[levels_of(criteria, scheme)[0]]


def _can_be_dealt(scheme: Scheme, known: set[str]) -> bool:
    """Whether what the scheme rates by follows from purchases; a score needs one such quantity."""
    if scheme.score:
        named = [q for part in scheme.score.dimensions.values() for q in part.quantities]
        return any(quantity.removeprefix("-") in known for quantity in named)
    if scheme.clusters:
        return False
    if scheme.thresholds:
        named = list(scheme.thresholds.limits)
    elif scheme.rfm:
        named = list(scheme.rfm.quantities)
    else:
        named = [(scheme.bands or scheme.quantiles).quantity]
    return all(quantity.removeprefix("-") in known for quantity in named)


def _luck(frames, dates, tables, scheme, params: Params, rng, draws) -> NoChange:
    ids = frames[0].index
    length = (pd.Timestamp(dates[1]) - pd.Timestamp(dates[0])).days
    days = purchase_days(tables)
    begin, end = (ibis.literal(dates[0] + timedelta(days=gap)) for gap in (-length, length))
    both = days.bought & (days["at"] >= begin) & (days["at"] < end)
    days = days.filter(both)[["customer_id", "at", "amount"]]
    bought = tables.fetch(days, money=["amount"])  # draws go by row
    offset = (pd.to_datetime(bought["at"]) - pd.Timestamp(dates[0])).dt.days
    seen = bought["customer_id"].isin(ids)
    purchases = bought[seen].assign(day=offset[seen] % length)
    code = ids.get_indexer(purchases["customer_id"])
    rows = pd.DataFrame(
        {
            "customer_id": code,
            "amount": purchases["amount"].to_numpy(float),
            "day": purchases["day"].to_numpy(int),
        }
    )
    nps = frames[0][[name for name in ("nps",) if name in frames[0]]].reset_index(drop=True)
    measure = _measure(len(ids), length, nps, params.money_digits)
    return simulate_no_change(
        rows, lambda frame: _levels(frame, scheme), tiers=scheme.tiers, rng=rng, draws=draws,
        conf_level=params.conf_level, measure=measure,
    )  # fmt: skip


def _measure(customers: int, length: int, known: pd.DataFrame, digits: int) -> Callable:
    """Turn the purchases dealt to a period into the quantities that a scheme rates by."""

    def quantities(rows: pd.DataFrame) -> pd.DataFrame:
        who, day = rows["customer_id"].to_numpy(), rows["day"].to_numpy()
        amount = at_minor_unit(np.bincount(who, rows["amount"], minlength=customers), digits)
        purchases = np.bincount(who, minlength=customers)
        last = np.full(customers, -0.5 * length)  # without a purchase: some time before the period
        np.maximum.at(last, who, day)
        months = np.unique(who * 1000 + (day / DAYS_PER_MONTH).astype(int)) // 1000
        return known.assign(
            amount=amount,
            purchases=purchases,
            average_purchase=at_minor_unit(amount / np.maximum(purchases, 1), digits),
            active_months=np.bincount(months, minlength=customers),
            recency_days=length - last,
        )

    return quantities


def _beside(made: Migration, luck: NoChange) -> pd.DataFrame:
    """Observed and simulated rates of all customers, and mobility, side by side."""
    tables = []
    for found in (made, luck):
        rates = found.rates[found.rates["group"] == "all"]
        columns = ["term", "estimate", "conf_low", "conf_high", "n"]
        tables.append(pd.concat([rates, found.mobility], ignore_index=True)[columns])
    observed, chance = tables
    names = {"estimate": "luck", "conf_low": "luck_conf_low", "conf_high": "luck_conf_high"}
    joined = observed.merge(chance.drop(columns="n").rename(columns=names), on="term")
    return joined[BESIDE]
