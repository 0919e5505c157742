"""Purchase histories for the models: at the end of observation, and at an earlier day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.chapters.value.counted import (
    count_histories,
    count_spend,
    count_worth,
    histories_split,
    purchases_by_day,
)
from analysis.chapters.value.kept import Kept, kept_share, money_after
from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import customer_rows, is_large, purchase_days
from analysis.notes import Note, note
from analysis.params import Params

LEAST_AGE = 0.5 / 7
"""Weeks (half a day): who first bought on the last day was not observed for no time at all."""
TOO_SHORT = note("value.too_short")
NOBODY = note("value.nobody_before")


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Purchase histories in weeks; they name persons, so not in the repr.

    In a large study (`frames.is_large`) nobody is named: all have `count`, `present` and `fitted`
    are frequency, recency, age (and `holdout`, `monetary_value` with its square), `spend` is of
    those who bought again.

    Attributes
    ----------
    present : DataFrame
        `customer_id, first_at, frequency, recency, age, monetary_value` (0 without a repeat) at the
        end of observation.
    spend : DataFrame
        `frequency, monetary_value` of the same customers.
    fitted : DataFrame
        As `present`, at `split_at`, of those who had bought by then, and `holdout` (purchases after
        it).
    fitted_spend : DataFrame
        As `spend`, at `split_at`.
    starts, repeats : DataFrame
        First and repeat purchases of those, in weeks since the observation began, counted by day.
    split_at : date
        The last day that the check's models see.
    kept, kept_before : Kept
        What is left of what is spent, known at the end and at `split_at`.
    brought : float
        Money that those of `fitted` brought after `split_at`, net of returns.
    note : Note or str
        Why no check can be made; empty where one can.
    """

    present: pd.DataFrame = field(repr=False)
    spend: pd.DataFrame = field(repr=False)
    fitted: pd.DataFrame = field(repr=False)
    fitted_spend: pd.DataFrame = field(repr=False)
    starts: pd.DataFrame = field(repr=False)
    repeats: pd.DataFrame = field(repr=False)
    split_at: date
    kept: Kept
    kept_before: Kept
    brought: float
    note: Note | str

    @property
    def money(self) -> str:
        """'margin' where the study knows it, else 'revenue': not a lifetime value."""
        return "revenue" if self.kept.margin is None else "margin"


def purchase_histories(tables: Tables, params: Params) -> Histories:
    """Build the histories that purchase models are fitted on and judged by.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`: purchase days, amounts netted by day, `margin` where there is one.
    params : Params
        Uses `observed_from`, `observed_until`, `holdout_weeks`, `value_horizon_weeks`.

    Returns
    -------
    Histories

    Raises
    ------
    DataError
        Customers bought before the observation began: age and frequency would be wrong.
    """
    if not tables.description.history_complete:
        raise DataError(
            "purchase models need every customer's first purchase inside the observation, but the "
            "histories of this study are cut; leave the chapter out"
        )
    until = pd.Timestamp(params.observed_until)
    split = until - pd.Timedelta(days=round(7 * params.holdout_weeks))
    read = _counted if is_large(tables) else _one_each
    present, spend, fitted, fitted_spend, starts, repeats = read(tables, params, split)
    why = ""
    if split <= pd.Timestamp(params.observed_from):
        why = TOO_SHORT
    elif not len(fitted):
        why = NOBODY
    kept = kept_share(tables, until=params.observed_until, weeks=params.value_horizon_weeks)
    before = kept_share(tables, until=split.date(), weeks=params.value_horizon_weeks)
    money = "revenue" if kept.margin is None else "margin"
    brought = money_after(tables, split.date(), money=money)
    return Histories(
        present, spend, fitted, fitted_spend, starts, repeats, split.date(), kept, before, brought,
        why,
    )  # fmt: skip


def _counted(tables: Tables, params: Params, split: pd.Timestamp) -> tuple[pd.DataFrame, ...]:
    rows = customer_rows(tables, params)
    present = count_histories(tables, rows, least_age=LEAST_AGE)
    early = histories_split(tables, split)
    fitted = count_worth(tables, early, keys=["holdout"], least_age=LEAST_AGE)
    spent = count_spend(tables, rows), count_spend(tables, early)
    return present, spent[0], fitted, spent[1], *purchases_by_day(tables, params, split)


def _one_each(tables: Tables, params: Params, split: pd.Timestamp) -> tuple[pd.DataFrame, ...]:
    days = purchase_days(tables)
    days = days.filter(days.bought)
    days = days.mutate(first_at=days["at"].min().over(ibis.window(group_by="customer_id")))
    early, again = days["at"] <= ibis.literal(split.date(), type="date"), days["at"] > days.first_at
    measured = days.group_by("customer_id").agg(
        first_at=days.first_at.min(),
        last_at=days["at"].max(),
        made=days.count(),
        spent=days.amount.sum(where=again),
        early_last_at=days["at"].max(where=early),
        early_made=days.count(where=early),
        early_spent=days.amount.sum(where=early & again),
    )
    frame = tables.fetch(measured, money=["spent", "early_spent"])
    present = _histories(frame, pd.Timestamp(params.observed_until))
    seen = frame[frame["early_made"] > 0]
    known = ["customer_id", "first_at", "early_last_at", "early_made", "early_spent"]
    fitted = _histories(seen[known].rename(columns=lambda name: name.removeprefix("early_")), split)
    fitted["holdout"] = (seen["made"] - seen["early_made"]).to_numpy(int)
    return present, present, fitted, fitted, *purchases_by_day(tables, params, split)


def _histories(measured: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Histories in weeks, of `customer_id, first_at, last_at, made, spent` (on repeat days)."""
    frequency = measured["made"].to_numpy(int) - 1
    spend = measured["spent"].fillna(0) / np.maximum(frequency, 1)
    age = (until - measured["first_at"]).dt.days / 7
    return pd.DataFrame(
        {
            "customer_id": measured["customer_id"].astype("str"),
            "first_at": measured["first_at"],
            "frequency": frequency,
            "recency": (measured["last_at"] - measured["first_at"]).dt.days / 7,
            "age": np.maximum(age, LEAST_AGE),
            "monetary_value": spend.round(6),
        }
    ).reset_index(drop=True)
