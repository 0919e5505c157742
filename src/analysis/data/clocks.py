"""In which zone the times of a table are written: the params file says, or is asked to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import ibis

from analysis import schemas
from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.mapping import BARE
from analysis.data.planning import Plan
from analysis.data.questions import Judged, Question
from analysis.data.rules import Laid
from analysis.notes import note
from analysis.params import Params

UNIVERSAL = ("UTC", "Etc/UTC", "GMT", "Etc/GMT")


def ask_clocks(plan: Plan, laid: Laid, params: Params) -> Question:
    """Ask as what times without a zone are to be read; days may not be moved to another zone.

    The simulator writes local time: there is nothing to say of it. Where the study's own zone is
    UTC, as which servers write and as which the study reads is one: there is nothing to ask.
    """
    mapped, asked = laid.mapped, {}
    for column in plan.origins:
        if BARE + column in mapped.columns:
            bare = mapped[BARE + column]
            asked |= {f"bare_{column}": bare.count(), f"clock_{column}": _by_day(bare).sum()}
    return Question(asked, partial(_judge, plan, params))


def _judge(plan: Plan, params: Params, found: Mapping[str, int]) -> Judged:
    name, zone, audit, faults = plan.raw.name, plan.raw.source.clock_zone, [], []
    dated = [c for c in plan.origins if plan.kinds[c] in (schemas.DAY, schemas.TIME)]
    clocks = {c: n for c in dated if (n := found.get(f"clock_{c}", 0))}
    own = not params.simulated and params.data.package is None
    decided = plan.raw.source.times_in is not None or params.timezone in UNIVERSAL
    if clocks and own and not decided:
        return [], [_zone_asked(name, clocks, params.timezone)]
    for column in dated:
        bare, clock = found.get(f"bare_{column}", 0), found.get(f"clock_{column}", 0)
        if clock and not params.simulated:
            local = note("rows.local_time", column=column)
            read = note("rows.time_of_zone", column=column, zone=zone) if zone else local
            audit.append((name, "noticed", read, bare))
        elif bare and zone and not clock:
            rule = f"must hold times of day to be those of {zone} (times_in)"
            came = f"all {bare:,} are midnight, as days are written"
            remedy = "give days as dates, or leave times_in out"
            faults.append(Fault(name, column, rule, came, remedy=remedy))
    if zone and not any(found.get(f"bare_{column}") for column in dated):
        came = "none came (days, and times with a zone, are read as they stand)"
        rule = "must hold times without a zone for times_in"
        faults.append(Fault(name, "", rule, came, remedy="leave times_in out"))
    return audit, faults


def _zone_asked(name: str, clocks: Mapping[str, int], timezone: str) -> Fault:
    rule = "must hold times whose zone is known"
    came = ", ".join(f"{rows:,} of {column}" for column, rows in clocks.items()) + " carry none"
    remedy = f"set times_in: local (that of timezone, {timezone}), UTC, or the zone they are of"
    return Fault(name, "", rule, came, remedy=remedy)


def busiest_hour(bare: ibis.Column) -> int | None:
    """Return the hour in which most of the times lie that are not midnight; None without any."""
    times = bare.name("time").as_table()
    times = times.filter(_by_day(times.time))
    counted = times.group_by(hour=times.time.hour()).agg(rows=times.count())
    busiest = fetch_rows(counted.order_by([ibis.desc("rows"), "hour"]).limit(1))
    return busiest[0]["hour"] if busiest else None


def _by_day(bare: ibis.Column) -> ibis.Column:
    """Whether a time is one of the day, not the midnight that stands for a day."""
    return bare.cast("date").cast("timestamp") != bare
