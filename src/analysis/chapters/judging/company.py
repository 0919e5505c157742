"""The company's own tiers as of a day, to be judged like any other rating."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.notes import note
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.tiers import Rating, make_rating


def company_tiers(rated: RatedPeriods, tables: Tables, frame: pd.DataFrame) -> Rating | None:
    """The company's tiers that began on the day of the rating or earlier.

    The order of its tiers is that of the mean value, in the period before, of who holds them.
    """
    if "tier_history" not in tables:
        return None
    history, day = tables["tier_history"], ibis.literal(rated.judged_at + timedelta(days=1))
    held = history.from_at.cast("date") < day
    if "to_at" in history.columns:
        held &= history.to_at.isnull() | (history.to_at.cast("date") >= day)
    history = tables.fetch(history.filter(held))
    known = history[history["customer_id"].isin(frame["customer_id"])]
    value = known.merge(frame[["customer_id", rated.value]], on="customer_id")
    tiers = value.groupby("tier")[rated.value].mean().sort_values().index
    try:
        return company_rating(
            known, rated_at=rated.judged_at + timedelta(days=1), tiers=tuple(tiers),
            customers=frame["customer_id"],
        )  # fmt: skip
    except DataError:
        return None


def company_rating(
    history: pd.DataFrame,
    *,
    rated_at: date,
    tiers: Sequence[str],
    customers: pd.Series | None = None,
) -> Rating:
    """The company's own tiers as of a day, to be judged like any other.

    Columns used: `customer_id`, `tier`, `from_at`, optional `to_at`. A tier counts when it began
    before `rated_at` and had not ended by the day before. `customers` limits it to those ids;
    who among them has no tier is left out and counted in the notes.

    Raises
    ------
    DataError
        A tier that is not in `tiers`, a customer in two tiers at once, nobody in any.
    """
    absent = [name for name in ("customer_id", "tier", "from_at") if name not in history]
    if absent:
        raise DataError(f"tier_history must have the columns {', '.join(absent)}, but has not")
    day = pd.Timestamp(rated_at)
    holds = pd.to_datetime(history["from_at"]) < day
    if "to_at" in history:
        ended = pd.to_datetime(history["to_at"])
        holds &= ended.isna() | (ended >= day)
    now = history[holds]
    notes = []
    if customers is not None:
        now = now[now["customer_id"].isin(customers)]
        without = (~pd.Series(customers).isin(now["customer_id"])).sum()
        if without:
            notes.append(note("tiers.none_of_the_company", customers=int(without)))
    unknown = sorted(set(now["tier"]) - set(tiers))
    if unknown:
        raise DataError(
            f"tier_history must hold only the tiers {', '.join(tiers)}, but holds "
            f"{', '.join(unknown)}; list them from low to high"
        )
    twice = now["customer_id"].duplicated().sum()
    if twice:
        raise DataError(
            f"a customer must have one tier at {rated_at}, but {twice:,} have two; close each tier "
            "with to_at when the next begins"
        )
    if now.empty:
        raise DataError(f"tier_history must hold somebody's tier at {rated_at}, but holds none")
    now = now.sort_values("customer_id")
    level = pd.Index(tiers).get_indexer(now["tier"])
    since = pd.to_datetime(now["from_at"])
    reasons = [note("tiers.own_since", day=day.date()) for day in since]
    return make_rating(
        now["customer_id"], level, reasons, tiers, "company", rated_at, notes=notes
    )  # fmt: skip
