"""Who they are: meaningless ids, when each was first met, and the latent scores behind answers."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.truth import LATENTS, Preset

_LETTERS = np.frombuffer(b"23456789CDFGHJKM", dtype=np.uint8)
_ID_BITS = 36


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """One entry a customer in every array.

    `contact` is a time; `segments` are codes into the preset's names; `latent` has one column a
    score of LATENTS; `log_churn` and `log_rate` are the constant parts of the log churn hazard
    and log purchase rate; `mean_spend` is the mean amount of an order.
    """

    ids: pa.Array
    contact: np.ndarray
    segments: dict[str, np.ndarray]
    latent: np.ndarray
    frailty: np.ndarray
    log_churn: np.ndarray
    log_rate: np.ndarray
    mean_spend: np.ndarray

    @property
    def satisfaction(self) -> np.ndarray:
        """Latent satisfaction, mean 0 and variance 1."""
        return self.latent[:, LATENTS.index("satisfaction")]


def make_ids(prefix: str, count: int, seed: int) -> pa.Array:
    """Make distinct text ids that carry no meaning: a bijective mix of 0, 1, 2, …"""
    mask = np.uint64(2**_ID_BITS - 1)
    first = (seed + zlib.crc32(prefix.encode())) % 2**_ID_BITS
    number = np.arange(count, dtype=np.uint64) + np.uint64(first)
    for multiplier, shift in ((0x9E3779B97, 17), (0x5851F42D5, 19)):
        number = (number * np.uint64(multiplier)) & mask
        number ^= number >> np.uint64(shift)
    width = 1 + _ID_BITS // 4
    text = np.empty((count, width), dtype=np.uint8)
    text[:, 0] = ord(prefix)
    for place in range(1, width):
        text[:, place] = _LETTERS[(number >> np.uint64(4 * (place - 1))) & np.uint64(15)]
    offsets = np.arange(count + 1, dtype=np.int64) * width
    wide = pa.LargeStringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text))
    return wide.cast(pa.string())


def draw_people(preset: Preset, clock: Clock, ids: pa.Array, seed: int) -> People:
    """Draw the customers of a company, all first met inside the observed period."""
    count = len(ids)
    chance = stream(seed, "people")
    contact = chance.uniform(0, clock.days, count)
    segments = {
        name: chance.choice(len(shares), count, p=list(shares.values()))
        for name, shares in preset.segments.items()
    }
    latent = draw_latents(preset.survey.paths, count, stream(seed, "latent"))
    satisfaction = latent[:, LATENTS.index("satisfaction")]
    buying, stages = preset.purchases, preset.stages
    chance = stream(seed, "frailty")
    frailty = chance.gamma(buying.frailty_shape, 1 / buying.frailty_shape, count)
    spend_rate = chance.gamma(buying.q, 1 / buying.gamma, count)
    by_channel = np.array([stages.channel_effect[name] for name in preset.segments["channel"]])
    return People(
        ids=ids,
        contact=contact,
        segments=segments,
        latent=latent,
        frailty=frailty,
        log_churn=stages.satisfaction_effect * satisfaction + by_channel[segments["channel"]],
        log_rate=np.log(frailty) + buying.satisfaction_effect * satisfaction,
        mean_spend=buying.p / spend_rate,
    )


def draw_latents(paths, count: int, chance: np.random.Generator) -> np.ndarray:
    """Draw the latent scores of a recursive structural model, each of mean 0 and variance 1."""
    size = len(LATENTS)
    coefficients = np.zeros((size, size))
    for (source, target), value in paths.items():
        coefficients[LATENTS.index(target), LATENTS.index(source)] = value
    correlation = np.eye(size)
    scores = np.zeros((count, size))
    for target in range(size):
        weights = coefficients[target, :target]
        explained = weights @ correlation[:target, :target] @ weights
        correlation[target, :target] = weights @ correlation[:target, :target]
        correlation[:target, target] = correlation[target, :target]
        scores[:, target] = scores[:, :target] @ weights
        scores[:, target] += np.sqrt(1 - explained) * chance.standard_normal(count)
    return scores


def customers_table(preset: Preset, people: People, acquired: np.ndarray, seed: int) -> Columns:
    """Write `customers`: one row a person met; `acquired_at` is null for those who never bought.

    `acquisition_cost` was spent on the contact, whether or not it led to a purchase.
    """
    chance = stream(seed, "customers")
    means = np.array([preset.acquisition_cost[name] for name in preset.segments["channel"]])
    cost = means[people.segments["channel"]] * chance.gamma(4, 1 / 4, len(people.contact))
    columns = {
        "customer_id": people.ids,
        "first_contact_at": Moments(people.contact),
        "acquired_at": Moments(acquired),
        "channel": named(people.segments["channel"], preset.segments["channel"]),
        "acquisition_cost": pa.array(np.round(cost, 2)),
    }
    for name, shares in preset.segments.items():
        columns.setdefault(name, named(people.segments[name], shares))
    return columns


def latent_table(people: People) -> Columns:
    """Write the latent scores and the constants of each customer."""
    columns = {"customer_id": people.ids}
    columns |= {name: pa.array(people.latent[:, at]) for at, name in enumerate(LATENTS)}
    for name in ("frailty", "mean_spend", "log_churn", "log_rate"):
        columns[name] = pa.array(getattr(people, name))
    return columns


def named(codes: np.ndarray, names) -> pa.Array:
    """Write codes as the text that they stand for."""
    return pa.array(list(names), pa.string()).take(pa.array(codes))
