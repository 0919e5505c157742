"""Spells: how long relationships last, and how they end. An end is a stopping time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames.anniversaries import calendar_months
from analysis.frames.calendar import days_between
from analysis.frames.purchases import purchase_days
from analysis.params import Params
from analysis.units import DAYS_PER_MONTH

FAR = "9999-12-31"
APART = "\x1f"  # between texts that are brought over as one


def spells(tables: Tables, params: Params, *, lapse_weeks: float | None = None) -> pd.DataFrame:
    """Return one row a spell of a relationship, ordered by customer and spell.

    ===========  ======================================================================
    customer_id  text
    spell        1 for the first, then 2, 3 … for those that were won back
    started_at   first day
    ended_at     day of the end; NaT when the spell is censored
    duration     months from `started_at` to the end or the censoring: of contracts calendar months
                 with a fraction (`frames.anniversaries`), else of 30.4375 days
    entry        months from `started_at` to `observed_from` where it began earlier (delayed
                 entry), else 0
    event        whether the end was observed
    cause        why it ended: `ended_reason` of the contract, or 'lapsed'; missing if censored
    reason       'ended', 'lapsed', 'still open' or 'begun later' (than `followed_until`: it is
                 there, but was not followed: `duration` 0)
    won_back     whether an earlier spell of the customer had ended
    purchases    purchase days in the spell (non-contractual)
    ===========  ======================================================================

    *Contractual* (`params.relationship`): contracts that follow each other within `gap_days`, or
    overlap, are one spell; it has ended when none began within `gap_days`. An end within the last
    `gap_days` cannot be known, so follow-up ends on `params.followed_until`, for everybody alike:
    what had not ended by then is censored there. Spells that ended before `observed_from` are left
    out.

    *Non-contractual*: the relationship lapses when the time since the last purchase first
    exceeds `lapse_weeks`, that is at the close of day `7 * lapse_weeks` without a purchase. The
    day depends on nothing later; a purchase after it opens a new spell. Open spells are
    censored at `observed_until`.

    Parameters
    ----------
    lapse_weeks : float, optional
        Another lapse than `params.lapse_weeks`, for the grid that a lapse is shown over.

    Raises
    ------
    DataError
        If the table is absent.
    """
    weeks = params.lapse_weeks if lapse_weeks is None else lapse_weeks
    made_with = {
        "relationship": params.relationship,
        "lapse_weeks": weeks,
        "gap_days": params.gap_days,
    }
    stored = tables.stored_frame("spells", made_with)
    if stored is not None:
        return stored
    if params.relationship == "contractual":
        return _contractual(tables, params)
    return _inferred(tables, params, weeks)


def inferred_runs(tables: Tables, lapse_weeks: float) -> ibis.Table:
    """Return the runs of purchases without a lapse, in the engine: one row a spell.

    `customer_id, spell` (1, 2, 3 …)`, started_at, last_at` (its last purchase)`, purchases`.
    """
    lapse_days = int(7 * lapse_weeks)
    days = purchase_days(tables)
    days = days.filter(days.bought).select("customer_id", "at")
    own = ibis.window(group_by="customer_id", order_by="at")
    days = days.mutate(before_at=days["at"].lag().over(own))
    gap = days_between(days["at"], days.before_at)
    days = days.mutate(opens=ibis.ifelse(days.before_at.isnull() | (gap > lapse_days), 1, 0))
    so_far = ibis.cumulative_window(group_by="customer_id", order_by="at")
    days = days.mutate(spell=days.opens.sum().over(so_far))
    return days.group_by(["customer_id", "spell"]).agg(
        started_at=days["at"].min(), last_at=days["at"].max(), purchases=days.count()
    )


def _inferred(tables: Tables, params: Params, lapse_weeks: float) -> pd.DataFrame:
    lapse_days = int(7 * lapse_weeks)
    runs = inferred_runs(tables, lapse_weeks)
    frame = tables.fetch(runs)
    lapsed_at = frame.pop("last_at") + pd.Timedelta(days=lapse_days)
    frame["event"] = lapsed_at <= pd.Timestamp(params.observed_until)
    frame["ended_at"] = lapsed_at.where(frame["event"])
    frame["cause"] = np.where(frame["event"], "lapsed", None)
    frame["reason"] = np.where(frame["event"], "lapsed", "still open")
    return _arrange(frame, params, _months)


def open_relationships(tables: Tables, params: Params, day: date) -> ibis.Table:
    """The customers whose contractual relationship had begun before a day and not ended, once.

    `customer_id`, in the engine.
    """
    runs, days = contract_runs(tables, params), (day, params.observed_from, params.followed_until)
    at, known, followed = (ibis.literal(one, type="date") for one in days)
    ended = (runs.last_at <= followed) & (runs.last_at < at)
    held = runs.filter((runs.last_at > known) & (runs.started_at < at) & ~ended)
    return held.select("customer_id").distinct()


def contract_runs(tables: Tables, params: Params) -> ibis.Table:
    """Return the contracts joined to relationships, in the engine: one row a spell.

    `customer_id, spell, started_at, last_at` (far ahead while one runs)`, causes`.
    """
    if "contracts" not in tables:
        raise DataError(
            "spells of a contractual relationship need the table contracts, but the study has "
            "none; name it, or set relationship: noncontractual"
        )
    contracts = _with_ends(tables["contracts"], params)
    return _merge(contracts, params.gap_days)


def _contractual(tables: Tables, params: Params) -> pd.DataFrame:
    frame = tables.fetch(contract_runs(tables, params))
    until = pd.Timestamp(params.followed_until)
    frame["event"] = frame["last_at"] <= until
    frame["ended_at"] = frame["last_at"].where(frame["event"])
    frame["cause"] = frame.pop("causes").map(_one_cause).where(frame["event"])
    told = [frame["event"], frame["started_at"] > until]
    frame["reason"] = np.select(told, ["ended", "begun later"], "still open")
    frame = frame[frame.pop("last_at") > pd.Timestamp(params.observed_from)]
    return _arrange(frame, params, calendar_months)


def _with_ends(contracts: ibis.Table, params: Params) -> ibis.Table:
    """Give running contracts a far end; an end after `observed_until` has not happened yet."""
    far = ibis.literal(FAR).cast("date")
    until = ibis.literal(params.observed_until, type="date")
    if "ended_at" not in contracts.columns:
        contracts = contracts.mutate(ended_at=ibis.null("date"))
    if "ended_reason" not in contracts.columns:
        contracts = contracts.mutate(ended_reason=ibis.null("string"))
    over = contracts.ended_at.notnull() & (contracts.ended_at <= until)
    return contracts.select(
        "customer_id",
        "started_at",
        "ended_reason",
        last_at=ibis.ifelse(over, contracts.ended_at, far),
    )


def _merge(contracts: ibis.Table, gap_days: int) -> ibis.Table:
    """Join contracts of a customer that overlap or follow within `gap_days`.

    `causes` are the reasons of the last day, in any order: engines compare texts each by its own
    collation (see `_one_cause`).
    """
    earlier = ibis.window(
        group_by="customer_id", order_by=["started_at", "last_at"], preceding=(None, 1)
    )
    runs = contracts.mutate(before_at=contracts.last_at.max().over(earlier))
    gap = days_between(runs.started_at, runs.before_at)
    runs = runs.mutate(opens=ibis.ifelse(runs.before_at.isnull() | (gap > gap_days), 1, 0))
    so_far = ibis.cumulative_window(group_by="customer_id", order_by=["started_at", "last_at"])
    runs = runs.mutate(spell=runs.opens.sum().over(so_far))
    own = ibis.window(group_by=["customer_id", "spell"])
    runs = runs.mutate(final_at=runs.last_at.max().over(own))
    return runs.group_by(["customer_id", "spell"]).agg(
        started_at=runs.started_at.min(),
        last_at=runs.final_at.max(),
        causes=runs.ended_reason.group_concat(APART, where=runs.last_at == runs.final_at),
    )


def _one_cause(causes: str | None) -> str | None:
    """Of several reasons on one day, the last in the order of characters."""
    return max(causes.split(APART)) if isinstance(causes, str) and causes else None


def _months(since: pd.Series, until: pd.Series | pd.Timestamp) -> pd.Series:
    """Months where nothing follows the calendar."""
    return (until - since).dt.days / DAYS_PER_MONTH


def _arrange(frame: pd.DataFrame, params: Params, months: Callable) -> pd.DataFrame:
    """Add durations and put columns and rows in order."""
    frame = frame.sort_values(["customer_id", "spell"], ignore_index=True)
    frame["spell"] = (frame.groupby("customer_id").cumcount() + 1).astype("int64")
    frame["won_back"] = frame["spell"] > 1
    until = frame["ended_at"].fillna(pd.Timestamp(params.followed_until))
    frame["duration"] = months(frame["started_at"], until).clip(lower=0)
    entry = months(frame["started_at"], pd.Timestamp(params.observed_from))
    frame["entry"] = entry.clip(lower=0)
    frame["cause"] = frame["cause"].astype("str")
    columns = ["customer_id", "spell", "started_at", "ended_at", "duration", "entry", "event"]
    columns += ["cause", "reason", "won_back"]
    return frame[[*columns, *(c for c in ("purchases",) if c in frame)]]
