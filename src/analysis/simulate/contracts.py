"""Contracts of the relationships: one from entry to churn, and for some a second one inside."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.paths import NEW, REASONS, WON_BACK, Spells
from analysis.simulate.people import People, named
from analysis.simulate.truth import Preset

SECOND_SHARE = 0.30
SECOND_AFTER_DAYS = 30  # at the earliest
SECOND_WAIT_DAYS = 240.0
SECOND_LASTS_DAYS = 600.0


def contracts_table(
    preset: Preset, clock: Clock, people: People, spells: Spells, seed: int
) -> Columns:
    """Write `contracts`: one row a contract; `ended_at` and `ended_reason` null while it runs.

    A relationship's first contract runs from its first day until it churns. A second contract,
    where there is one, never outlives the first, and ends as voluntary where it ends before.
    """
    chance = stream(seed, "contracts")
    customer, start, stop, reason = _relationships(spells)
    count = customer.size
    later = start + SECOND_AFTER_DAYS + chance.exponential(SECOND_WAIT_DAYS, count)
    given_up = later + chance.exponential(SECOND_LASTS_DAYS, count)
    until = np.where(np.isnan(stop), clock.days, stop)
    second = (chance.random(count) < SECOND_SHARE) & (later < until)
    early = given_up < until
    second_stop = np.where(early, given_up, stop)
    second_reason = np.where(early, REASONS.index("voluntary"), reason)
    plan = chance.choice(len(preset.plans), 2 * count)
    plan = np.concatenate([plan[:count], plan[count:][second]])
    customer = np.concatenate([customer, customer[second]])
    start = np.concatenate([start, later[second]])
    stop = np.concatenate([stop, second_stop[second]])
    reason = np.concatenate([reason, second_reason[second]])
    order = np.lexsort((start, customer))
    customer, start, stop, reason, plan = (
        part[order] for part in (customer, start, stop, reason, plan)
    )
    return {
        "customer_id": people.ids.take(pa.array(customer)),
        "started_at": Moments(start),
        "ended_at": Moments(stop),
        "ended_reason": pa.array(REASONS).take(pa.array(reason, mask=np.isnan(stop))),
        "plan": named(plan, preset.plans),
        "monthly_fee": pa.array(np.array(list(preset.plans.values()))[plan]),
    }


def _relationships(spells: Spells) -> tuple[np.ndarray, ...]:
    """Return customer, start, stop (NaN while it lasts) and reason of each relationship."""
    begins = np.flatnonzero((spells.stage == NEW) | (spells.stage == WON_BACK))
    ends = np.flatnonzero(spells.reason >= 0)
    follows = np.searchsorted(ends, begins)
    found = follows < ends.size
    end = ends[np.minimum(follows, max(ends.size - 1, 0))] if ends.size else np.zeros_like(begins)
    found &= spells.customer[end] == spells.customer[begins]
    stop = np.where(found, spells.stop[end], np.nan)
    reason = np.where(found, spells.reason[end], 0)
    return spells.customer[begins], spells.start[begins], stop, reason
