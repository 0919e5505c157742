"""How long customers stay after a rating, tier by tier: from the day of the rating on."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.data import Tables
from analysis.frames import purchase_days, spells
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.params import Params
from analysis.tiers.engine_counts import count_waits
from analysis.tiers.periods import RatedPeriods

NOT_OBSERVED = "no rating has a period after it that was observed"


@dataclass(frozen=True, slots=True, eq=False)
class TierFutures:
    """What happened after the judged rating, by tier.

    curve : Kaplan-Meier by tier, in weeks since the rating: share who have not bought yet, or,
    contractual, share still under contract. table : group (tier, low to high), weeks, estimate
    (share who bought, or who stayed, by then), std_error, conf_low, conf_high, n, note. test : do
    the tiers differ? contractual : which of the two it is. tiers : all of the scheme, low to high.
    note : why nothing is told.
    """

    curve: SurvivalCurve | None
    table: pd.DataFrame
    test: LogRankTest | None
    contractual: bool
    tiers: tuple[str, ...]
    note: str


def follow_tiers(rated: RatedPeriods, tables: Tables, params: Params) -> TierFutures:
    """Follow the customers of the judged rating from its day on; the tier is known then."""
    contractual = params.relationship == "contractual"
    columns = ["group", "weeks", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    if rated.judged is None:
        nothing = pd.DataFrame(columns=columns)
        return TierFutures(None, nothing, None, contractual, (), NOT_OBSERVED)
    if rated.held is not None:
        found = _counted(rated, params)
    else:
        found = (_ends if contractual else _purchases)(rated, tables, params)
    held = found["tier"].cat.remove_unused_categories()
    found = found.assign(tier=held)
    curve = survival_curve(found, by="tier", conf_level=params.conf_level)
    horizons = _horizons(rated, params, found["duration"].max())
    table = _with_ended(curve.at(horizons).rename(columns={"time": "weeks"}), curve)
    if not contractual:
        low, high = 1 - table["conf_high"], 1 - table["conf_low"]
        table = table.assign(estimate=1 - table["estimate"], conf_low=low, conf_high=high)
    test = logrank_test(found, by="tier") if held.nunique() > 1 else None
    return TierFutures(curve, table[columns], test, contractual, rated.judged.tiers, "")


def _with_ended(table: pd.DataFrame, curve: SurvivalCurve) -> pd.DataFrame:
    """Once nobody of a tier is left, nobody is left later either (past its own follow-up)."""
    empty = [group for group in curve.groups if curve.of(group)["estimate"].iloc[-1] == 0]
    gone = table["estimate"].isna() & table["group"].isin(empty)
    return table.assign(
        estimate=table["estimate"].mask(gone, 0.0), note=table["note"].mask(gone, "")
    )


def _horizons(rated: RatedPeriods, params: Params, followed: float) -> list[float]:
    """The study's horizons within the period after the rating, and its last whole week."""
    last = min(rated.months * 365.25 / 12 / 7, followed)
    last = float(int(last)) if last >= 1 else last
    return [*(horizon for horizon in params.horizons_weeks if horizon < 0.95 * last), last]


def _counted(rated: RatedPeriods, params: Params) -> pd.DataFrame:
    found = count_waits(rated.held, rated.judged_at, params)
    tier = pd.Categorical.from_codes(found.pop("level"), rated.judged.tiers, ordered=True)
    return found.assign(tier=tier)


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
    start, until = pd.Timestamp(rated.judged_at), pd.Timestamp(params.observed_until)
    held = spells(tables, params)
    held = held[(held["started_at"] < start) & ~(held["ended_at"] < start)]
    held = held.drop_duplicates("customer_id", keep="last")[["customer_id", "ended_at", "event"]]
    found = rated.judged.table[["customer_id", "tier"]].merge(held, on="customer_id")
    end = found["ended_at"].fillna(until)
    found["duration"] = ((end - start).dt.days + 1) / 7
    return found[["tier", "duration", "event"]]
