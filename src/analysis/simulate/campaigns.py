"""Campaigns with a control arm: who is reached and who is treated is decided by lot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.people import People
from analysis.simulate.truth import Preset

FIRST_AFTER_DAYS = 150


@dataclass(frozen=True, slots=True, eq=False)
class Campaign:
    """One campaign: its window of times, the customers reached, and whether each was treated."""

    name: str
    begin: float
    end: float
    customer: np.ndarray
    treated: np.ndarray


def plan_campaigns(preset: Preset, clock: Clock, acquired: np.ndarray, seed: int) -> list[Campaign]:
    """Draw the arms of every campaign whose window ends inside the observed period.

    A campaign begins on the first Monday of its month, reaches a share of those who have bought
    by then, and treats a share of the reached.
    """
    truth, chance = preset.campaigns, stream(seed, "campaigns")
    plans = []
    for day in _mondays(clock, truth.months):
        begin = clock.midnight(day)
        known = np.flatnonzero(acquired < begin)
        reached = known[chance.random(known.size) < truth.reach]
        treated = chance.random(reached.size) < truth.treated_share
        end = begin + truth.window_days
        if begin >= FIRST_AFTER_DAYS and end <= clock.days and reached.size:
            plans.append(Campaign(f"{day:%Y-%m}", begin, end, reached, treated))
    return plans


def _mondays(clock: Clock, months: tuple[int, ...]) -> list[date]:
    last = clock.start + timedelta(days=clock.days - 1)
    years = range(clock.start.year, last.year + 1)
    firsts = [date(year, month, 1) for year in years for month in months]
    days = [first + timedelta(days=-first.weekday() % 7) for first in firsts]
    return [day for day in days if clock.start <= day <= last]


def campaigns_table(
    preset: Preset, people: People, plans: list[Campaign], orders, seed: int
) -> Columns:
    """Write `campaigns`: one row a customer reached, `at` the midnight on which the window begins.

    `cost` is nil in the control arm. A treated customer who orders within the window may redeem
    the offer with the first of these orders (`redeemed_at`).
    """
    truth, chance = preset.campaigns, stream(seed, "redemptions")
    columns: dict[str, list] = {"customer": [], "at": [], "name": [], "treated": [], "redeemed": []}
    for plan in plans:
        first = _first_orders(plan, orders, len(people.ids))[plan.customer]
        redeems = plan.treated & (chance.random(plan.customer.size) < truth.redeem_share)
        columns["customer"].append(plan.customer)
        columns["at"].append(np.full(plan.customer.size, plan.begin))
        columns["name"].append(pa.repeat(plan.name, plan.customer.size))
        columns["treated"].append(plan.treated)
        columns["redeemed"].append(np.where(redeems, first, np.nan))
    customer, at, treated, redeemed = (
        np.concatenate([*columns[name], np.empty(0, kind)])
        for name, kind in (("customer", int), ("at", float), ("treated", bool), ("redeemed", float))
    )
    return {
        "customer_id": people.ids.take(pa.array(customer)),
        "campaign": pa.chunked_array(columns["name"], pa.string()).combine_chunks(),
        "at": Moments(at, midnight=True),
        "arm": pa.array(["control", "treated"]).take(pa.array(treated.astype(int))),
        "cost": pa.array(np.where(treated, truth.cost, 0.0)),
        "redeemed_at": Moments(redeemed),
    }


def _first_orders(plan: Campaign, orders, count: int) -> np.ndarray:
    """Return each customer's first order within the window, NaN where there is none."""
    inside = (orders.at >= plan.begin) & (orders.at < plan.end) & (orders.amount > 0)
    first = np.full(count, np.inf)
    np.minimum.at(first, orders.customer[inside], orders.at[inside])
    return np.where(np.isfinite(first), first, np.nan)


def campaign_effects_table(plans: list[Campaign], effects: dict[str, float]) -> Columns:
    """Write the true average effect of each campaign on orders in its window."""
    treated = [int(plan.treated.sum()) for plan in plans]
    begins, ends = (np.array([getattr(p, end) for p in plans], float) for end in ("begin", "end"))
    return {
        "campaign": pa.array([plan.name for plan in plans], pa.string()),
        "from_at": Moments(begins, midnight=True),
        "until_at": Moments(ends, midnight=True),
        "treated": pa.array(treated, pa.int64()),
        "control": pa.array(
            [plan.customer.size - arm for plan, arm in zip(plans, treated, strict=True)],
            pa.int64(),
        ),
        "effect": pa.array([effects[plan.name] for plan in plans], pa.float64()),
    }
