"""How long customers stay after a rating, tier by tier: from the day of the rating on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.frames import count_cells, purchase_days, spells
from analysis.frames.calendar import days_between
from analysis.frames.relationships import contract_runs
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.params import Params
from analysis.states.rating.engine_rating import HeldRatings
from analysis.states.rating.periods import RatedPeriods
from analysis.units import DAYS_PER_MONTH


@dataclass(frozen=True, slots=True, eq=False)
class TierFutures:
    """What happened after the judged rating, by tier.

    Attributes
    ----------
    curve : SurvivalCurve or None
        By tier, in weeks since the rating: share who have not bought yet, or, contractual, share
        still under contract; None where no rating has a period after it that was observed.
    table : DataFrame of shape (tiers x horizons, 8)
        `group` (tier, low to high)`, weeks, estimate` (share who bought, or who stayed, by then)`,
        std_error, conf_low, conf_high, n, note`.
    test : LogRankTest or None
        Do the tiers differ?
    contractual : bool
        Which of the two it is.
    tiers : tuple of str
        All of the scheme, low to high.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    curve: SurvivalCurve | None
    table: pd.DataFrame
    test: LogRankTest | None
    contractual: bool
    tiers: tuple[str, ...]

    @property
    def ends(self) -> pd.DataFrame:
        """The rows of the lowest and of the highest tier that are shown, at the last horizon."""
        last = self.table[self.table["weeks"] == self.table["weeks"].max()]
        last = last.dropna(subset=["n", "estimate"])
        return last.iloc[[0, -1]] if len(last) > 1 else last.iloc[:0]


def follow_tiers(rated: RatedPeriods, tables: Tables, params: Params) -> TierFutures:
    """Follow the customers of the judged rating from its day on; the tier is known then.

    Parameters
    ----------
    rated : RatedPeriods
    tables : Tables
        Uses `transactions`, or `contracts` where the study has them.
    params : Params
        Uses `relationship`, `horizons_weeks`, `conf_level`, `observed_until`, `followed_until`.

    Returns
    -------
    TierFutures

    References
    ----------
    Anderson, Cain & Gelber (1983), J. Clin. Oncol. 1, 710-719.
    """
    contractual = params.relationship == "contractual"
    columns = ["group", "weeks", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    nothing = TierFutures(None, pd.DataFrame(columns=columns), None, contractual, ())
    if rated.judged is None:
        return nothing
    if rated.held is not None:
        found = _counted(rated, params)
    else:
        found = (_ends if contractual else _purchases)(rated, tables, params)
    found = found[found["duration"] > 0]
    if not len(found):
        return nothing
    held = found["tier"].cat.remove_unused_categories()
    found = found.assign(tier=held)
    curve = survival_curve(found, by="tier", conf_level=params.conf_level)
    horizons = _horizons(rated, params, found["duration"].max())
    table = _with_ended(curve.at(horizons).rename(columns={"time": "weeks"}), curve)
    if not contractual:
        low, high = 1 - table["conf_high"], 1 - table["conf_low"]
        table = table.assign(estimate=1 - table["estimate"], conf_low=low, conf_high=high)
    test = logrank_test(found, by="tier") if held.nunique() > 1 else None
    return TierFutures(curve, table[columns], test, contractual, rated.judged.tiers)


def _with_ended(table: pd.DataFrame, curve: SurvivalCurve) -> pd.DataFrame:
    """Once nobody of a tier is left, nobody is left later either (past its own follow-up)."""
    empty = [group for group in curve.groups if curve.of(group)["estimate"].iloc[-1] == 0]
    gone = table["estimate"].isna() & table["group"].isin(empty)
    return table.assign(
        estimate=table["estimate"].mask(gone, 0.0), note=table["note"].mask(gone, "")
    )


def _horizons(rated: RatedPeriods, params: Params, followed: float) -> list[float]:
    """The study's horizons within the period after the rating, and its last whole week."""
    last = min(rated.months * DAYS_PER_MONTH / 7, followed)
    last = float(int(last)) if last >= 1 else last
    return [*(horizon for horizon in params.horizons_weeks if horizon < 0.95 * last), last]


def _counted(rated: RatedPeriods, params: Params) -> pd.DataFrame:
    found = _count_waits(rated.held, rated.judged_at, params)
    tier = pd.Categorical.from_codes(found.pop("level"), rated.judged.tiers, ordered=True)
    return found.assign(tier=tier)


def _count_waits(held: HeldRatings, day: date, params: Params) -> pd.DataFrame:
    """Count the weeks from a rating to the next purchase, or to the end of the contract.

    Returns
    -------
    DataFrame
        `level, duration` (weeks; open ones up to the end of follow-up)`, event, count`.
    """
    rows = held.days[day].select("customer_id", "level")
    contractual = params.relationship == "contractual"
    found = (_ends_in_engine if contractual else _next_purchases)(held, day, params)
    rows = rows.join(found, "customer_id", how="inner" if contractual else "left")
    until, start = (ibis.literal(one, type="date") for one in (params.followed_until, day))
    rows = rows.mutate(
        event=ibis.ifelse(rows.end_at.notnull(), 1, 0),
        duration=days_between(ibis.coalesce(rows.end_at, until), start) + 1,
    )
    counted = count_cells(held.tables, rows, keys=["level", "event"], days=["duration"])
    return counted.assign(duration=counted["duration"] / 7, event=counted["event"] == 1)


def _next_purchases(held: HeldRatings, day: date, _) -> ibis.Table:
    days = purchase_days(held.tables)
    later = days.filter(days.bought & (days["at"] >= ibis.literal(day, type="date")))
    return later.group_by("customer_id").agg(end_at=later["at"].min())


def _ends_in_engine(held: HeldRatings, day: date, params: Params) -> ibis.Table:
    """The end of the relationship that was open at a day; null while it lasts."""
    runs = contract_runs(held.tables, params)
    days = (day, params.observed_from, params.followed_until)
    at, known, followed = (ibis.literal(one, type="date") for one in days)
    runs = runs.filter((runs.last_at > known) & (runs.started_at < at))
    runs = runs.mutate(end_at=ibis.ifelse(runs.last_at <= followed, runs.last_at, None))
    runs = runs.filter(runs.end_at.isnull() | (runs.end_at >= at))
    newest = runs.spell.max().over(ibis.window(group_by="customer_id"))
    runs = runs.mutate(newest=newest)
    return runs.filter(runs.spell == runs.newest).select("customer_id", "end_at")


def _purchases(rated: RatedPeriods, tables: Tables, params: Params) -> pd.DataFrame:
    """Weeks from the rating to the next purchase; open at the end of observation."""
    start = pd.Timestamp(rated.judged_at)
    days = purchase_days(tables)
    later = days.filter(days.bought & (days["at"] >= start.date()))
    first = tables.fetch(later.group_by("customer_id").agg(next_at=later["at"].min()))
    table = rated.judged.table[["customer_id", "tier"]]
    found = table.merge(first, on="customer_id", how="left")
    until = pd.Timestamp(params.observed_until)
    end = pd.to_datetime(found["next_at"]).fillna(until)
    found["duration"] = ((end - start).dt.days + 1) / 7
    return found.assign(event=found["next_at"].notna())[["tier", "duration", "event"]]


def _ends(rated: RatedPeriods, tables: Tables, params: Params) -> pd.DataFrame:
    """Weeks from the rating to the end of the relationship."""
    start, until = pd.Timestamp(rated.judged_at), pd.Timestamp(params.followed_until)
    held = spells(tables, params)
    held = held[(held["started_at"] < start) & ~(held["ended_at"] < start)]
    held = held.drop_duplicates("customer_id", keep="last")[["customer_id", "ended_at", "event"]]
    found = rated.judged.table[["customer_id", "tier"]].merge(held, on="customer_id")
    end = found["ended_at"].fillna(until)
    found["duration"] = ((end - start).dt.days + 1) / 7
    return found[["tier", "duration", "event"]]
