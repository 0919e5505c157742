"""The latent lives: a continuous-time process over stages, with complaints that endanger it.

Intensities are constant between a customer's own turning points (a complaint, the end of its
effect), so each round draws one exponential waiting time for everybody still under way, and a
customer who meets a turning point first simply starts anew from there: exact, and vectorised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from analysis.simulate.clock import Clock, Columns, Moments, stream
from analysis.simulate.people import People, named
from analysis.simulate.truth import ACTIVE_STAGES, STAGES, Preset
from analysis.units import DAYS_PER_MONTH

REASONS = ("voluntary", "involuntary", "merged")
PROSPECT, NEW, CHURNED, WON_BACK = (
    STAGES.index(name) for name in ("prospect", "new", "churned", "won_back")
)
ACTIVE = np.array([name in ACTIVE_STAGES for name in STAGES])


@dataclass(frozen=True, slots=True, eq=False)
class Spells:
    """Stays in a stage, ordered by customer and time; `reason` is -1 where none applies.

    `stop` is the end of observation where `ended` is false.
    """

    customer: np.ndarray
    stage: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    ended: np.ndarray
    reason: np.ndarray

    def acquired(self, count: int) -> np.ndarray:
        """Return each customer's first entry into `new`, NaN for those who never bought."""
        moment = np.full(count, np.nan)
        first = self.stage == NEW
        moment[self.customer[first]] = self.start[first]
        return moment


@dataclass(frozen=True, slots=True, eq=False)
class Complaints:
    """Complaints made while a customer was active; `handling` in days."""

    customer: np.ndarray
    at: np.ndarray
    handling: np.ndarray


def draw_paths(
    preset: Preset, clock: Clock, people: People, seed: int
) -> tuple[Spells, Complaints]:
    """Draw every customer's stages and complaints from first contact to the end."""
    walk = _Walk(preset, clock, people, stream(seed, "paths"))
    while walk.under_way.size:
        walk.step()
    return walk.spells(), walk.complaints()


class _Walk:
    """The state of all customers on their way through the stages."""

    def __init__(self, preset: Preset, clock: Clock, people: People, chance) -> None:
        self.truth, self.contacts = preset.stages, preset.contacts
        self.end = float(clock.days)
        self.chance = chance
        count = len(people.contact)
        self.base = np.zeros((len(STAGES), len(STAGES)))
        for (source, target), hazard in self.truth.hazards.items():
            self.base[STAGES.index(source), STAGES.index(target)] = hazard / DAYS_PER_MONTH
        conversion = [self.truth.conversion[name] for name in preset.segments["channel"]]
        self.conversion = np.array(conversion)[people.segments["channel"]] / DAYS_PER_MONTH
        self.log_churn = people.log_churn
        complaining = np.exp(self.contacts.complaint_satisfaction * people.satisfaction)
        self.complaint_wait = DAYS_PER_MONTH / (self.contacts.complaint_rate * complaining)
        self.now = people.contact.copy()
        self.entered = people.contact.copy()
        self.stage = np.full(count, PROSPECT)
        self.next_complaint = self.now + self.complaint_wait * chance.standard_exponential(count)
        self.upset_until = np.full(count, -np.inf)
        self.upset = np.zeros(count)
        self.under_way = np.arange(count)
        self._spells: list[tuple] = []
        self._complaints: list[tuple] = []

    def step(self) -> None:
        """Move everybody under way to the next change of stage or turning point."""
        who = self.under_way
        rates, other_ends = self._rates(who)
        wait = self.chance.standard_exponential(who.size) / rates.sum(axis=1)
        calm = np.where(self.upset_until[who] > self.now[who], self.upset_until[who], np.inf)
        turn = np.minimum(np.minimum(self.next_complaint[who], calm), self.end)
        moves = self.now[who] + wait < turn
        lots = self.chance.random((2, who.size))
        self.now[who] = np.where(moves, self.now[who] + wait, turn)
        self._move(who[moves], rates[moves], other_ends[moves], lots[:, moves])
        over = ~moves & (turn >= self.end)
        self._record(who[over], ended=False, reason=-1)
        complains = ~moves & ~over & (turn == self.next_complaint[who])
        self._complain(who[complains])
        self.under_way = who[~over]

    def _rates(self, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the intensities into each stage, and the part of other ends in `churned`."""
        stage = self.stage[who]
        rates = self.base[stage]
        active = ACTIVE[stage]
        upset = np.where(self.upset_until[who] > self.now[who], self.upset[who], 0.0)
        rates[:, CHURNED] *= np.exp(self.log_churn[who] + upset)
        rates[:, CHURNED] += active * (self.truth.involuntary + self.truth.merged) / DAYS_PER_MONTH
        rates[:, NEW] += (stage == PROSPECT) * self.conversion[who]
        with np.errstate(invalid="ignore", divide="ignore"):
            voluntary = self.base[stage, CHURNED] * np.exp(self.log_churn[who] + upset)
            other = 1 - voluntary / rates[:, CHURNED]
        return rates, other

    def _move(self, who, rates, other_ends, lots) -> None:
        cumulative = np.cumsum(rates, axis=1)
        target = (lots[0][:, None] * cumulative[:, -1:] >= cumulative).sum(axis=1)
        target = np.minimum(target, len(STAGES) - 1)
        involuntary = self.truth.involuntary / (self.truth.involuntary + self.truth.merged)
        reason = np.where(
            lots[1] >= other_ends, 0, np.where(lots[1] < other_ends * involuntary, 1, 2)
        )
        self._record(who, ended=True, reason=np.where(target == CHURNED, reason, -1))
        self.stage[who] = target
        self.entered[who] = self.now[who]

    def _record(self, who, *, ended: bool, reason) -> None:
        reason = np.broadcast_to(reason, who.shape)
        stay = (who, self.stage[who], self.entered[who], self.now[who])
        self._spells.append((*stay, np.full(who.shape, ended), reason))

    def _complain(self, who: np.ndarray) -> None:
        truth, (median, spread) = self.truth, self.contacts.handling_days["complaint"]
        handling = median * np.exp(spread * self.chance.standard_normal(who.size))
        wait = self.chance.standard_exponential(who.size)
        self.next_complaint[who] = self.now[who] + self.complaint_wait[who] * wait
        made = ACTIVE[self.stage[who]]
        who, handling = who[made], handling[made]
        nights = np.floor(self.now[who] + handling) - np.floor(self.now[who])
        relief = np.where(nights <= truth.fast_days, truth.fast_relief, 0.0)
        self.upset[who] = truth.complaint_effect - relief
        self.upset_until[who] = self.now[who] + truth.complaint_days
        self._complaints.append((who, self.now[who], handling))

    def spells(self) -> Spells:
        """Return all stays, ordered by customer and time."""
        parts = [np.concatenate(part) for part in zip(*self._spells, strict=True)]
        order = np.lexsort((parts[2], parts[0]))
        return Spells(*(part[order] for part in parts))

    def complaints(self) -> Complaints:
        """Return all complaints, ordered by customer and time."""
        if not self._complaints:
            return Complaints(np.empty(0, int), np.empty(0), np.empty(0))
        parts = [np.concatenate(part) for part in zip(*self._complaints, strict=True)]
        order = np.lexsort((parts[1], parts[0]))
        return Complaints(*(part[order] for part in parts))


def path_table(people: People, spells: Spells) -> Columns:
    """Write the true stays: `customer_id, stage, from_at, to_at, reason`."""
    return {
        "customer_id": people.ids.take(pa.array(spells.customer)),
        "stage": named(spells.stage, STAGES),
        "from_at": Moments(spells.start, "us"),
        "to_at": Moments(np.where(spells.ended, spells.stop, np.nan), "us"),
        "reason": pa.array(REASONS, pa.string()).take(
            pa.array(spells.reason, mask=spells.reason < 0)
        ),
    }
