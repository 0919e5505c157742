"""Orders within the stages, their amounts and returns, and the tiers that they earn.

Tiers are rated on past spend and raise the purchase rate, so the period is walked from one
rating day to the next; within such a term all rates are known beforehand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis.simulate.campaigns import Campaign
from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.paths import NEW, WON_BACK, Spells
from analysis.simulate.people import People, make_ids, named
from analysis.simulate.tiers import Ratings, rate_tiers, rating_edges
from analysis.simulate.truth import STAGES, Preset
from analysis.units import DAYS_PER_MONTH


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """One entry a row of `transactions` before it is written; a return has a negative amount.

    `order` numbers the orders; a return carries the number of its order.
    """

    customer: np.ndarray
    at: np.ndarray
    amount: np.ndarray
    order: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class _Exposure:
    """Stays within a window: cumulative activity at both ends, and the orders expected."""

    customer: np.ndarray
    low: np.ndarray
    high: np.ndarray
    expected: np.ndarray


def draw_orders(
    preset: Preset,
    clock: Clock,
    people: People,
    spells: Spells,
    campaigns: list[Campaign],
    seed: int,
) -> tuple[Orders, Ratings, dict[str, float]]:
    """Draw all orders and returns, rate the customers on the way, and note campaign effects.

    The effect of a campaign is what treatment adds to the expected orders of its window, averaged
    over all who were reached.
    """
    edges = rating_edges(clock)
    terms, count = len(edges) - 1, len(people.contact)
    tier = np.zeros((terms, count), dtype=np.int8)
    spend = np.zeros((terms, count))
    benefit = np.array([preset.tiers.benefit[name] for name in preset.tiers.tiers])
    chance = {name: stream(seed, name) for name in ("orders", "campaign orders", "amounts")}
    parts: list[Orders] = []
    effects: dict[str, float] = {}
    for term in range(terms):
        window = edges[term], edges[term + 1]
        if term:
            tier[term] = rate_tiers(preset.tiers, spend[max(term - 2, 0) : term].sum(axis=0))
        log_rate = people.log_rate + benefit[tier[term]]
        exposure = _exposure(preset, clock, spells, log_rate, window)
        drawn = [_entries(spells, window), _order_times(clock, exposure, chance["orders"])]
        for plan in campaigns:
            if window[0] <= plan.begin < window[1]:
                added, effects[plan.name] = _added(preset, clock, spells, log_rate, plan)
                drawn.append(_order_times(clock, added, chance["campaign orders"]))
        customer, at = (np.concatenate(part) for part in zip(*drawn, strict=True))
        parts.append(_priced(preset, clock, people, customer, at, chance["amounts"]))
        _book(spend, parts[-1], edges)
    return _joined(parts), Ratings(edges[:-1], tier), effects


def _exposure(preset, clock, spells, log_rate, window) -> _Exposure:
    rates = np.array([preset.purchases.rate.get(name, 0.0) for name in STAGES]) / DAYS_PER_MONTH
    buying = (spells.start < window[1]) & (spells.stop > window[0]) & (rates[spells.stage] > 0)
    customer = spells.customer[buying]
    low = activity_until(clock, np.maximum(spells.start[buying], window[0]))
    high = activity_until(clock, np.minimum(spells.stop[buying], window[1]))
    expected = rates[spells.stage[buying]] * np.exp(log_rate[customer]) * (high - low)
    return _Exposure(customer, low, high, expected)


def activity_until(clock: Clock, times: np.ndarray) -> np.ndarray:
    """Return the cumulative activity up to each time."""
    day = np.minimum(times.astype(np.int64), clock.days - 1)
    return clock.weight[day] + (times - day) * (clock.weight[day + 1] - clock.weight[day])


def times_of(clock: Clock, activity: np.ndarray) -> np.ndarray:
    """Return the time at which the cumulative activity is reached."""
    day = np.searchsorted(clock.weight, activity, side="right") - 1
    day = np.clip(day, 0, clock.days - 1)
    share = (activity - clock.weight[day]) / (clock.weight[day + 1] - clock.weight[day])
    return day + np.clip(share, 0, 1 - 1e-9)


def _added(preset, clock, spells, log_rate, plan) -> tuple[_Exposure, float]:
    """Return the orders that treatment adds for the treated, and its average over all reached."""
    all_stays = _exposure(preset, clock, spells, log_rate, (plan.begin, plan.end))
    expected = np.expm1(preset.campaigns.effect) * all_stays.expected
    reached, treated = np.zeros((2, log_rate.size), dtype=bool)
    reached[plan.customer] = True
    treated[plan.customer[plan.treated]] = True
    effect = expected[reached[all_stays.customer]].sum() / plan.customer.size
    here = treated[all_stays.customer]
    added = _Exposure(
        all_stays.customer[here], all_stays.low[here], all_stays.high[here], expected[here]
    )
    return added, float(effect)


def _entries(spells: Spells, window) -> tuple[np.ndarray, np.ndarray]:
    """Return the orders with which a relationship begins, or begins again."""
    entry = (spells.stage == NEW) | (spells.stage == WON_BACK)
    entry &= (spells.start >= window[0]) & (spells.start < window[1])
    return spells.customer[entry].astype(np.int32), spells.start[entry]


def _order_times(clock, exposure, chance) -> tuple[np.ndarray, np.ndarray]:
    """Draw a Poisson process in each stay, uniform in cumulative activity."""
    number = chance.poisson(exposure.expected)
    activity = np.repeat(exposure.low, number)
    width = exposure.high - exposure.low
    activity += np.repeat(width, number) * chance.random(activity.size)
    return np.repeat(exposure.customer.astype(np.int32), number), times_of(clock, activity)


def _priced(preset, clock, people, customer, at, chance) -> Orders:
    """Draw the amounts of orders, and the returns of some."""
    truth, count = preset.purchases, customer.size
    amount = chance.standard_gamma(truth.p, count) * people.mean_spend[customer] / truth.p
    amount = np.maximum(np.round(amount, 2), 0.01)
    lag = chance.gamma(2.0, truth.return_days / 2, count)
    back = (chance.random(count) < truth.return_share) & (at + lag < clock.days)
    order = np.arange(count)
    return Orders(
        np.concatenate([customer, customer[back]]),
        np.concatenate([at, (at + lag)[back]]),
        np.concatenate([amount, -amount[back]]),
        np.concatenate([order, order[back]]),
    )


def _book(spend: np.ndarray, part: Orders, edges: np.ndarray) -> None:
    """Add amounts to the customers' net spend in the terms into which they fall."""
    terms = np.searchsorted(edges, part.at, side="right") - 1
    for term in np.unique(terms):
        inside = terms == term
        spend[term] += np.bincount(part.customer[inside], part.amount[inside], spend.shape[1])


def _joined(parts: list[Orders]) -> Orders:
    """Put the terms together in order of time, orders numbered through."""
    sizes = [part.order.max(initial=-1) + 1 for part in parts]
    begins = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    at = np.concatenate([part.at for part in parts])
    by_time = np.argsort(at, kind="stable")
    number = [part.order + begin for part, begin in zip(parts, begins, strict=True)]
    return Orders(
        np.concatenate([part.customer for part in parts])[by_time],
        at[by_time],
        np.concatenate([part.amount for part in parts])[by_time],
        np.concatenate(number)[by_time],
    )


def transactions_table(preset: Preset, people: People, orders: Orders, seed: int) -> Columns:
    """Write `transactions`: one row an order or a return, in order of time.

    A return repeats its order's product, channel and `order_id`, with amount and margin negated.
    """
    chance = stream(seed, "transactions")
    count = int(orders.order.max(initial=-1)) + 1
    product, channel = (
        _lots(shares, count, chance) for shares in (preset.products, preset.order_channels)
    )
    means = np.array([preset.purchases.margin[name] for name in preset.products])
    rate = means[product] * (1 + 0.15 * chance.standard_normal(count).clip(-3, 3))
    return {
        "customer_id": people.ids.take(pa.array(orders.customer)),
        "at": Moments(orders.at),
        "amount": pa.array(orders.amount),
        "margin": pa.array(np.round(orders.amount * rate[orders.order], 2)),
        "product": named(product[orders.order], preset.products),
        "channel": named(channel[orders.order], preset.order_channels),
        "order_id": make_ids("O", count, seed).take(pa.array(orders.order)),
    }


def _lots(shares, count: int, chance: np.random.Generator) -> np.ndarray:
    cumulative = np.cumsum(list(shares.values()))[:-1]
    return np.searchsorted(cumulative, chance.random(count), side="right").astype(np.int8)
