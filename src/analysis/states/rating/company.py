"""The company's own tiers: where `tier_history` is given, they are the scheme in force.

The rule behind them is not known here, only who held which tier from when on. So they are rated,
moved, costed and judged like any other rating, but have no limits of which anything could be told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import ParamsError
from analysis.notes import Note, note
from analysis.params import Params
from analysis.states.rating.rerating import Rerating, summary_of_ratings
from analysis.states.rating.tiers import Rating, make_rating

COMPANY = "company"


def tiers_held(tables: Tables, day: date) -> ibis.Table:
    """The tier that each customer held on a day: the latest that began on it or before.

    Parameters
    ----------
    tables : Tables
        Uses `tier_history`: `customer_id, tier, from_at`, `to_at` (the day on which it ended) where
        there is one.
    day : date

    Returns
    -------
    ibis.Table
        `customer_id, tier, since`; who held none is absent.
    """
    history, at = tables["tier_history"], ibis.literal(day, type="date")
    history = history.mutate(since=history.from_at.cast("date"))
    history = history.filter(history.since <= at)
    latest = ibis.window(group_by="customer_id", order_by=ibis.desc("from_at"))
    history = history.mutate(place=ibis.row_number().over(latest))
    held = history.filter(history.place == 0)
    if "to_at" in history.columns:
        held = held.filter(held.to_at.isnull() | (held.to_at.cast("date") > at))
    return held.select("customer_id", "tier", "since")


def order_of_tiers(params: Params, worth: Mapping[str, float]) -> tuple[str, ...]:
    """The company's tiers from low to high.

    As `tiers.order` says; else as the scheme of the params where it knows all their names; else by
    the mean value of their customers in the periods before the ratings.

    Parameters
    ----------
    params : Params
        Uses `tiers`.
    worth : mapping of str to float
        Each tier that somebody held, and that mean.

    Raises
    ------
    ParamsError
        `tiers.order` lacks a tier that somebody held.
    """
    order = params.tiers.order
    if absent := sorted(set(worth) - set(order)) if order else []:
        raise ParamsError(
            "tiers.order must name every tier of tier_history, from low to high, but lacks "
            f"{', '.join(absent)}; add them"
        )
    order = order or params.tiers.rated_by.tiers
    if set(worth) <= set(order):
        return tuple(tier for tier in order if tier in worth)
    return tuple(sorted(worth, key=lambda tier: (worth[tier], tier)))


def rate_by_company(
    frames: Mapping[date, pd.DataFrame], tables: Tables, params: Params, *, value: str
) -> tuple[Rerating, dict[date, pd.DataFrame], int] | None:
    """The company's ratings at the days of the frames; None where nobody held a tier.

    Parameters
    ----------
    frames : mapping of date to DataFrame
        What was known before each day. Columns used: `customer_id` and `value`.
    tables : Tables
        Uses `tier_history`.
    params : Params
        Uses `tiers`.
    value : str

    Returns
    -------
    rerating, frames, without : Rerating, dict, int
        The frames of those who held a tier; how many held none at the latest rating.
    """
    held = {day: tables.fetch(tiers_held(tables, day)) for day in sorted(frames)}
    joined = {day: frames[day].merge(held[day], on="customer_id", how="inner") for day in held}
    joined = {day: rows for day, rows in joined.items() if len(rows)}
    if not joined:
        return None
    every = pd.concat([rows[["tier", value]] for rows in joined.values()])
    worth = every.astype({value: float}).groupby("tier")[value].mean()
    tiers = order_of_tiers(params, worth.to_dict())
    ratings = [_rating(rows, day, tiers, len(frames[day])) for day, rows in joined.items()]
    nobody = [np.zeros(len(tiers), int)] * len(ratings)
    rerating = Rerating(tuple(ratings), summary_of_ratings(ratings, nobody), tiers)
    known = {day: rows.drop(columns=["tier", "since"]) for day, rows in joined.items()}
    last = max(joined)
    return rerating, known, len(frames[last]) - len(joined[last])


def _rating(rows: pd.DataFrame, day: date, tiers: Sequence[str], customers: int) -> Rating:
    since = pd.to_datetime(rows["since"]).dt.date
    return make_rating(
        rows["customer_id"],
        pd.Index(tiers).get_indexer(rows["tier"]),
        [note("tiers.own_since", day=day_of) for day_of in since],
        tiers,
        COMPANY,
        day,
        notes=notes_of(customers - len(rows)),
    )


def notes_of(without: int) -> list[Note]:
    """What is to be said of those who held no tier."""
    return [note("tiers.none_of_the_company", customers=int(without))] if without else []
