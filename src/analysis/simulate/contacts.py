"""Interactions: contacts and enquiries, complaints and how they were handled, returns."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.paths import CHURNED, Complaints, Spells
from analysis.simulate.people import People, named
from analysis.simulate.purchases import Orders
from analysis.simulate.truth import Preset
from analysis.units import DAYS_PER_MONTH

KINDS = ("contact", "enquiry", "complaint", "return")
RATED_SHARE = 0.40
COST_PER_DAY = 0.35


def interactions_table(
    preset: Preset,
    clock: Clock,
    people: People,
    spells: Spells,
    complaints: Complaints,
    orders: Orders,
    seed: int,
) -> Columns:
    """Write `interactions`: one row a contact, enquiry, complaint or return, in order of time.

    Contacts have no `resolved_at`; elsewhere it is null where handling took longer than the truth
    allows or than observation lasted. `rating` is 1..5, given by some. A return here is the
    return of an order in `transactions`.
    """
    chance = stream(seed, "interactions")
    kind, customer, at, handling = _events(preset, clock, spells, complaints, orders, chance)
    order = np.argsort(at, kind="stable")
    kind, customer, at, handling = (part[order] for part in (kind, customer, at, handling))
    costs = np.array(list(preset.contacts.channels.values()))
    channel = chance.integers(costs.size, size=at.size)
    days = np.where(np.isnan(handling), 0.0, np.minimum(handling, 30.0))
    cost = (costs[channel] + COST_PER_DAY * days) * chance.gamma(9, 1 / 9, at.size)
    resolved = at + np.where(handling > preset.contacts.unresolved_days, np.nan, handling)
    mood = 3.6 + 0.6 * people.satisfaction[customer] - 0.5 * np.log1p(days)
    rating = np.clip(np.rint(mood + 0.8 * chance.standard_normal(at.size)), 1, 5).astype(int)
    silent = (chance.random(at.size) >= RATED_SHARE) | (kind == KINDS.index("contact"))
    return {
        "customer_id": people.ids.take(pa.array(customer)),
        "at": Moments(at),
        "kind": named(kind, KINDS),
        "channel": named(channel, preset.contacts.channels),
        "resolved_at": Moments(np.where(resolved < clock.days, resolved, np.nan)),
        "cost": pa.array(np.round(cost, 2)),
        "rating": pa.array(rating, mask=silent),
    }


def _events(preset, clock, spells: Spells, complaints, orders, chance):
    """Return kind code, customer, time and handling days (NaN for contacts) of all events."""
    truth = preset.contacts
    related = spells.stage != CHURNED
    customer, start = spells.customer[related], spells.start[related]
    length = spells.stop[related] - start
    parts = []
    for name in ("contact", "enquiry"):
        number = chance.poisson(truth.rates[name] / DAYS_PER_MONTH * length)
        at = np.repeat(start, number)
        at += np.repeat(length, number) * chance.random(at.size)
        parts.append((name, np.repeat(customer, number), at))
    back = orders.amount < 0
    parts.append(("return", orders.customer[back], orders.at[back]))
    events = [
        (np.full(at.size, KINDS.index(name)), who, at, _handling(truth, name, at.size, chance))
        for name, who, at in parts
    ]
    complaint = np.full(complaints.at.size, KINDS.index("complaint"))
    events.append((complaint, complaints.customer, complaints.at, complaints.handling))
    return tuple(np.concatenate(part) for part in zip(*events, strict=True))


def _handling(truth, name: str, count: int, chance) -> np.ndarray:
    if name not in truth.handling_days:
        return np.full(count, np.nan)
    median, spread = truth.handling_days[name]
    return median * np.exp(spread * chance.standard_normal(count))
