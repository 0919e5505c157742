"""Counts of rated customers that come over from the engine: moves, waits, who sits near a limit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.frames import count_cells, purchase_days
from analysis.frames.relationships import contract_runs
from analysis.params import Params
from analysis.tiers.engine_criteria import EngineCriterion
from analysis.tiers.engine_rating import HeldRatings

EDGE = 1e-9
"""Of a width: what lies on a limit to the last digits lies above it."""


def count_moves(held: HeldRatings, dates: Sequence[date]) -> pd.DataFrame:
    """Count customers by levels at two ratings: `before, after` (null: not rated)`, count`."""
    first, second = (
        held.days[day].select("customer_id", **{name: held.days[day].level})
        for day, name in zip(dates, ("before", "after"), strict=True)
    )
    both = first.outer_join(second, "customer_id")
    return held.tables.fetch(both.group_by(["before", "after"]).agg(count=both.count()))


def count_waits(held: HeldRatings, day: date, params: Params) -> pd.DataFrame:
    """Count the weeks from a rating to the next purchase, or to the end of the contract.

    Returns
    -------
    DataFrame
        `level, duration` (weeks; open ones up to the end of observation)`, event, count`.
    """
    rows = held.days[day].select("customer_id", "level")
    contractual = params.relationship == "contractual"
    found = (_ends if contractual else _next_purchases)(held, day, params)
    rows = rows.join(found, "customer_id", how="inner" if contractual else "left")
    until, start = (ibis.literal(one, type="date") for one in (params.observed_until, day))
    rows = rows.mutate(
        event=ibis.ifelse(rows.end_at.notnull(), 1, 0),
        duration=ibis.coalesce(rows.end_at, until).delta(start, unit="day") + 1,
    )
    counted = count_cells(held.tables, rows, keys=["level", "event"], days=["duration"])
    return counted.assign(duration=counted["duration"] / 7, event=counted["event"] == 1)


def _next_purchases(held: HeldRatings, day: date, _) -> ibis.Table:
    days = purchase_days(held.tables)
    later = days.filter(days.bought & (days["at"] >= ibis.literal(day, type="date")))
    return later.group_by("customer_id").agg(end_at=later["at"].min())


def _ends(held: HeldRatings, day: date, params: Params) -> ibis.Table:
    """The end of the relationship that was open at a day; null while it lasts."""
    runs, until = contract_runs(held.tables, params), pd.Timestamp(params.observed_until)
    at, known = (ibis.literal(one, type="date") for one in (day, params.observed_from))
    confirmed = ibis.literal((until - pd.Timedelta(days=params.gap_days)).date(), type="date")
    runs = runs.filter((runs.last_at > known) & (runs.started_at < at))
    runs = runs.mutate(end_at=ibis.ifelse(runs.last_at <= confirmed, runs.last_at, None))
    runs = runs.filter(runs.end_at.isnull() | (runs.end_at >= at))
    newest = runs.spell.max().over(ibis.window(group_by="customer_id"))
    runs = runs.mutate(newest=newest)
    return runs.filter(runs.spell == runs.newest).select("customer_id", "end_at")


def count_around(
    held: HeldRatings, day: date, wide: Sequence[tuple[EngineCriterion, float]], *, bins: int
) -> tuple[list[pd.DataFrame], float]:
    """Count customers by how many widths they are from each limit of each criterion.

    Parameters
    ----------
    wide : sequence of (criterion, width)
    bins : int
        Places are told up to so many widths below and above; what lies further out is one place.

    Returns
    -------
    places : list of DataFrame
        One a criterion: `place_0, place_1, …` (of its finite limits)`, count`.
    near : float
        Share of all customers in the place next to some limit.
    """
    rows, names, near = held.days[day], [], ibis.literal(False)
    for k, (criterion, width) in enumerate(wide):
        value, own = rows[criterion.column], {}
        for j, cut in enumerate(criterion.cuts[np.isfinite(criterion.cuts)]):
            place = ((value - float(cut)) / float(width) + EDGE).floor().cast("int64")
            own[f"place_{k}_{j}"] = ibis.least(ibis.greatest(place, -bins - 1), bins)
            near = near | ((place == 0) | (place == -1)).fill_null(False)
        rows = rows.mutate(**own)
        names.append(list(own))
    places = []
    for (criterion, _), own in zip(wide, names, strict=True):
        known = rows.filter(rows[criterion.column].notnull())
        found = held.tables.fetch(known.group_by(own).agg(count=known.count()))
        plain = {name: f"place_{j}" for j, name in enumerate(own)}
        places.append(found.rename(columns=plain))
    share = rows.aggregate(near=ibis.ifelse(near, 1, 0).cast("float64").mean())
    return places, float(held.tables.fetch(share)["near"].iloc[0])
