"""Purchase histories for the models: at the end of observation, and at an earlier day."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from analysis.chapters.value.counted import (
    count_histories,
    count_spend,
    histories_split,
    purchases_by_day,
)
from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import customer_rows, is_large, purchase_days
from analysis.params import Params

LEAST_AGE = 0.5 / 7
"""Weeks (half a day): who first bought on the last day was not observed for no time at all."""
TOO_SHORT = "the observation is not longer than the weeks held out"
NOBODY = "nobody had bought before the weeks held out"
CUT = "customers bought before the observation began: their histories are cut"


@dataclass(frozen=True, slots=True, eq=False)
class Histories:
    """Purchase histories in weeks; they name persons, so not in the repr.

    present : customer_id, first_at, frequency, recency, age, monetary_value (0 without a repeat) at
    the end of observation. spend : frequency, monetary_value, the same customers. fitted : as
    `present`, at `split_at`, of those who had bought by then, and `holdout` (purchases after it).
    starts, repeats : first and repeat purchases of those, in weeks since the observation began.
    split_at : last day that the check's models see. margin : share of revenue that is kept; None
    where unknown. note : why no check can be made.

    In a large study (`frames.is_large`) nobody is named: all have `count`, `present` and `fitted`
    are frequency, recency, age (and `holdout`), `spend` is of those who bought again.
    """

    present: pd.DataFrame = field(repr=False)
    spend: pd.DataFrame = field(repr=False)
    fitted: pd.DataFrame = field(repr=False)
    starts: pd.DataFrame = field(repr=False)
    repeats: pd.DataFrame = field(repr=False)
    split_at: date
    margin: float | None
    note: str


def purchase_histories(tables: Tables, params: Params) -> Histories:
    """Build the histories that purchase models are fitted on and judged by.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`: purchase days, amounts netted by day, `margin` where there is one.
    params : Params
        Uses `observed_from`, `observed_until`, `holdout_weeks`.

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
    present, spend, fitted, starts, repeats = read(tables, params, split)
    note = ""
    if split <= pd.Timestamp(params.observed_from):
        note = TOO_SHORT
    elif not len(fitted):
        note = NOBODY
    return Histories(
        present, spend, fitted, starts, repeats, split.date(), _margin(tables), note
    )  # fmt: skip


def _counted(tables: Tables, params: Params, split: pd.Timestamp) -> tuple[pd.DataFrame, ...]:
    rows = customer_rows(tables, params)
    present = count_histories(tables, rows, least_age=LEAST_AGE)
    early = histories_split(tables, split)
    fitted = count_histories(tables, early, keys=["holdout"], least_age=LEAST_AGE)
    return present, count_spend(tables, rows), fitted, *purchases_by_day(tables, params, split)


def _one_each(tables: Tables, params: Params, split: pd.Timestamp) -> tuple[pd.DataFrame, ...]:
    days = purchase_days(tables)
    bought = tables.fetch(days.filter(days.bought), money=["amount"])
    bought = bought.assign(at=pd.to_datetime(bought["at"])).sort_values(["customer_id", "at"])
    present = histories_at(bought, pd.Timestamp(params.observed_until))
    early = bought["at"] <= split
    fitted = histories_at(bought[early], split)
    later = bought[~early].groupby("customer_id").size()
    fitted["holdout"] = later.reindex(fitted["customer_id"]).fillna(0).to_numpy(int)
    cohort = bought[bought["customer_id"].isin(fitted["customer_id"])]
    weeks = (cohort["at"] - pd.Timestamp(params.observed_from)).dt.days / 7
    first = ~cohort["customer_id"].duplicated()
    starts = pd.DataFrame({"start": weeks[first].to_numpy(float)})
    return present, present, fitted, starts, pd.DataFrame({"time": weeks[~first].to_numpy(float)})


def histories_at(bought: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    """Histories of those who bought by a day; `bought` is ordered by customer and day."""
    first = ~bought["customer_id"].duplicated()
    spans = bought.groupby("customer_id", sort=True)["at"].agg(["min", "max", "size"])
    repeats = bought[~first].groupby("customer_id")["amount"].mean()
    frame = pd.DataFrame(
        {
            "customer_id": spans.index.astype(str),
            "first_at": spans["min"].to_numpy(),
            "frequency": (spans["size"] - 1).to_numpy(int),
            "recency": (spans["max"] - spans["min"]).dt.days.to_numpy() / 7,
            "age": np.maximum((until - spans["min"]).dt.days.to_numpy() / 7, LEAST_AGE),
            "monetary_value": repeats.reindex(spans.index).fillna(0).to_numpy(float).round(6),
        }
    )
    return frame.reset_index(drop=True)


def _margin(tables: Tables) -> float | None:
    lines = tables["transactions"]
    if "margin" not in lines.columns:
        return None
    sums = tables.fetch(lines.agg(amount=lines.amount.sum(), margin=lines.margin.sum())).iloc[0]
    amount, margin = float(sums["amount"]), float(sums["margin"])
    return round(margin / amount, 6) if amount > 0 and 0 < margin <= amount else None
