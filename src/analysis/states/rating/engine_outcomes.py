"""What customers did after a rating, counted in the engine."""

from __future__ import annotations

from datetime import date, timedelta

import ibis
import pandas as pd

from analysis.frames import count_cells
from analysis.frames.money import to_minor_unit
from analysis.frames.relationships import open_relationships
from analysis.params import Params
from analysis.params.tiers import Scheme
from analysis.states.rating.engine_rating import HeldRatings, rate_rows
from analysis.states.rating.quantities import sums_between
from analysis.states.rating.tiers import Rating


def count_outcomes(held: HeldRatings, day: date, value: str, params: Params) -> pd.DataFrame:
    """Count `level, next_value, last_value, stayed` of the customers rated at a day."""
    rows = outcome_rows(held, day, value, params)
    money = ["next_value", "last_value"]
    found = count_cells(held.tables, rows, keys=["level", "stayed"], money=money)
    return found.assign(stayed=found["stayed"] == 1)


def outcomes_to_rate(held: HeldRatings, day: date, value: str, params: Params) -> ibis.Table:
    """Every customer rated at a day, as other schemes can rate her, kept in the engine.

    `base_level` (of the rating in force)`, next_value`, and what was known before the day.
    """
    rows = outcome_rows(held, day, value, params).rename(base_level="level")
    known = [name for name in rows.columns if name.startswith("percent_")]
    return rows.select("base_level", "next_value", *held.quantities(day), *known).cache()


def rate_otherwise(
    held: HeldRatings, day: date, rows: ibis.Table, scheme: Scheme
) -> tuple[Rating, pd.DataFrame]:
    """Rate the customers of `outcomes_to_rate` by another scheme, and count what they did.

    Returns
    -------
    rating, outcomes
        `outcomes`: `level, base_level, next_value, count`.
    """
    rated = rate_rows(held.tables, rows, scheme, held.some)
    keys = ["level", "base_level"]
    counted = count_cells(held.tables, rated.rows, keys=keys, money=["next_value"])
    return rated.rating(held.tables, scheme.name, day), counted


def outcome_rows(held: HeldRatings, day: date, value: str, params: Params) -> ibis.Table:
    """Every customer rated at a day, with `next_value, last_value` (as compared) and `stayed`."""
    end = (pd.Timestamp(day) + pd.DateOffset(months=held.months)).date()
    rows = held.days[day]
    after = sums_between(held.tables, day, end)
    after = after.select("customer_id", later=after.purchases, next_value=after[value])
    rows = rows.left_join(after, "customer_id").drop("customer_id_right")
    rows = rows.mutate(
        next_value=to_minor_unit(rows.next_value.fill_null(0), params.money_digits),
        last_value=to_minor_unit(rows[value], params.money_digits),
        stayed=ibis.ifelse(rows.later.fill_null(0) > 0, 1, 0),
    ).drop("later")
    if params.relationship != "contractual":
        return rows
    still = open_relationships(held.tables, params, followed_to(end, params))
    still = still.mutate(still=ibis.literal(1))
    rows = rows.left_join(still, "customer_id").drop("customer_id_right")
    return rows.mutate(stayed=rows.still.fill_null(0)).drop("still")


def followed_to(end: date, params: Params) -> date:
    """The day before which staying is looked at, in a period that ends before the day `end`.

    Ends after `followed_until` cannot be known, so that nobody is followed past it.
    """
    return min(end, params.followed_until + timedelta(days=1))
