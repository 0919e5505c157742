"""Random tables of a small study, ordinary or degenerate in one way or several.

Every function takes a `Sketch`, what is drawn once for the whole study, and returns one table of
the contract as people keep it. Most columns come from `_numbers` and `_groups`, in which what real
exports bring is as likely as what is usual: all equal, all missing, one a customer, extreme.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

AMOUNTS = (
    *("usual", "usual", "usual", "usual", "equal", "equal", "zero", "some returns", "some returns"),
    *("huge", "huge", "returns only", "tiny", "cents"),
)
COSTS = ("usual", "usual", "equal", "zero", "missing", "half missing", "huge")
GROUPS = ("few", "few", "few", "one", "own", "missing", "half missing", "numbers")
RHYTHMS = ("usual", "usual", "usual", "often", "once", "one day", "early", "two at most")
ENDS = ("usual", "usual", "usual", "none", "one day", "all", "at once", "last day", "no column")
ANSWERS = ("usual", "usual", "usual", "equal", "missing", "half missing", "extremes", "like others")
KINDS = ("complaint", "enquiry", "contact", "return")


@dataclass(frozen=True, slots=True, eq=False)
class Sketch:
    """What all tables of a study share: random numbers, people, the observed days."""

    rng: np.random.Generator
    people: np.ndarray
    begin: date
    days: int

    def pick(self, kinds):
        """One of several, all equally likely."""
        return kinds[self.rng.integers(len(kinds))]

    def chance(self, share: float) -> bool:
        """Whether something happens that happens with this probability."""
        return bool(self.rng.random() < share)

    def some(self, share: float | None = None) -> np.ndarray:
        """Some of the people, at least one, in their order."""
        share = self.rng.choice([0.3, 0.7, 1.0]) if share is None else share
        kept = self.rng.random(len(self.people)) < share
        kept[self.rng.integers(len(kept))] = True
        return self.people[kept]

    def dates(self, numbers) -> pd.Series:
        """Days counted from the first one, as text; NaN stays missing."""
        counted = pd.to_timedelta(pd.Series(np.asarray(numbers, dtype=float)), unit="D")
        return (pd.Timestamp(self.begin) + counted).dt.strftime("%Y-%m-%d")


def transactions(sketch: Sketch) -> pd.DataFrame:
    """Purchase lines: how often, when and how much are three draws."""
    rng, buyers, rhythm = sketch.rng, sketch.some(), sketch.pick(RHYTHMS)
    rate = {"often": 25, "once": 0, "one day": 1, "two at most": 0}.get(rhythm, 3)
    counts = 1 + rng.poisson(rng.gamma(1, rate, len(buyers)) if rate else 0, len(buyers))
    if rhythm == "two at most":
        counts = rng.integers(1, 3, len(buyers))
    rows = int(counts.sum())
    span = {"one day": 1, "early": max(1, sketch.days // 10)}.get(rhythm, sketch.days)
    start = rng.integers(0, span, len(buyers)) if sketch.chance(0.7) else np.zeros(len(buyers), int)
    first = np.repeat(start, counts)
    later = first + np.floor(rng.random(rows) * (span - first)).astype(int)
    began = np.r_[True, np.diff(np.repeat(np.arange(len(buyers)), counts)) > 0]
    table = pd.DataFrame(
        {
            "customer_id": np.repeat(buyers, counts),
            "at": sketch.dates(np.where(began, first, later)),
            "amount": _numbers(sketch, rows, sketch.pick(AMOUNTS)),
        }
    )
    if sketch.chance(0.3):
        table["margin"] = table["amount"] * rng.choice([0.3, 0.0, -0.2, np.nan, 1.0])
    if sketch.chance(0.3):
        table["product"] = _groups(sketch, rows, sketch.pick(GROUPS))
    if sketch.chance(0.3):
        table["channel"] = _groups(sketch, rows, sketch.pick(GROUPS))
    return table


def customers(sketch: Sketch) -> pd.DataFrame:
    """Everybody, or some; the groups, the first contact and what winning them cost."""
    people = sketch.people if sketch.chance(0.8) else sketch.some(0.5)
    table = pd.DataFrame({"customer_id": people})
    for name in ("channel", "region", "age_band"):
        if sketch.chance(0.7):
            table[name] = _groups(sketch, len(table), sketch.pick(GROUPS))
    if sketch.chance(0.5):
        contact = sketch.rng.integers(-60, sketch.days, len(table)).astype(float)
        contact[sketch.rng.random(len(table)) < sketch.pick((0, 0, 0.3, 1))] = np.nan
        table["first_contact_at"] = sketch.dates(contact)
    if sketch.chance(0.4):
        table["acquisition_cost"] = _numbers(sketch, len(table), sketch.pick(COSTS))
    if sketch.chance(0.3):
        table["income"] = _numbers(sketch, len(table), sketch.pick(COSTS))
    return table


def contracts(sketch: Sketch) -> pd.DataFrame:
    """Contracts, one or several a customer, with ends of every kind."""
    rng, holders, ends = sketch.rng, sketch.some(), sketch.pick(ENDS)
    held = np.repeat(holders, rng.integers(1, sketch.pick((2, 2, 4)), len(holders)))
    before = sketch.pick((0, 0, 30, 1500))
    started = rng.integers(-before, sketch.days, len(held))
    if sketch.chance(0.15):
        started[:] = started[0]
    length = rng.exponential(sketch.pick((20, 200, 900)), len(held)).astype(int)
    ended = (started + length).astype(float)
    last = sketch.days - 1.0
    if ends == "none":
        ended[:] = np.nan
    elif ends == "one day":
        ended = np.where(started <= last / 2, np.floor(last / 2), np.nan)
    elif ends == "last day":
        ended[:] = last
    elif ends == "at once":
        ended = started.astype(float)
    elif ends == "usual":
        ended[(ended > last) | (rng.random(len(held)) < 0.2)] = np.nan
    table = pd.DataFrame({"customer_id": held, "started_at": sketch.dates(started)})
    if ends != "no column":
        table["ended_at"] = sketch.dates(ended)
        if sketch.chance(0.5):
            reason = pd.Series(_groups(sketch, len(held), sketch.pick(GROUPS)))
            table["ended_reason"] = reason.where(np.isfinite(ended))
    if sketch.chance(0.6):
        table["monthly_fee"] = _numbers(sketch, len(held), sketch.pick(COSTS))
    if sketch.chance(0.4):
        table["plan"] = _groups(sketch, len(held), sketch.pick(GROUPS))
    return table.drop_duplicates(["customer_id", "started_at"])


def surveys(sketch: Sketch, items: tuple[str, ...], low: float, high: float) -> pd.DataFrame:
    """Answers to the items of the scales, to the 0-10 question and to one in words."""
    rng, asked = sketch.rng, sketch.some()
    who = np.repeat(asked, rng.integers(1, sketch.pick((2, 2, 4)), len(asked)))
    day = rng.integers(0, sketch.days, len(who)) if sketch.chance(0.7) else np.zeros(len(who), int)
    table = pd.DataFrame({"customer_id": who, "at": sketch.dates(day)})
    mood, kind = rng.normal(size=len(who)), sketch.pick(ANSWERS)
    for item in items:
        own = kind if sketch.chance(0.8) else sketch.pick(ANSWERS)
        table[item] = _answers(sketch, mood, own, low, high)
    if sketch.chance(0.8):
        table["nps"] = _answers(sketch, mood, sketch.pick(ANSWERS), 0, 10)
    if sketch.chance(0.3):
        table["verdict"] = np.array(["poor", "fair", "good"])[
            np.clip(np.rint(mood + 1), 0, 2).astype(int) if sketch.chance(0.8) else [0] * len(who)
        ]
    if sketch.chance(0.2):
        table["survey_weight"] = rng.choice([0.5, 1.0, 3.0], len(who))
    return table


def interactions(sketch: Sketch) -> pd.DataFrame:
    """Contacts, some of them complaints, settled or not."""
    rng, callers = sketch.rng, sketch.some()
    who = np.repeat(callers, rng.integers(1, sketch.pick((2, 4)), len(callers)))
    begun = rng.random(len(who)) * sketch.days * 0.999
    kinds = KINDS if sketch.chance(0.7) else (sketch.pick(KINDS),)
    moment = pd.Timestamp(sketch.begin) + pd.to_timedelta(begun, unit="D").round("min")
    table = pd.DataFrame({"customer_id": who, "at": moment, "kind": rng.choice(kinds, len(who))})
    table["at"] = table["at"].clip(upper=_close(sketch))
    if sketch.chance(0.7):
        took = pd.to_timedelta(rng.exponential(sketch.pick((0.5, 5, 40)), len(who)), unit="D")
        settled = (table["at"] + took.round("min")).mask(rng.random(len(who)) < 0.3)
        table["resolved_at"] = settled if sketch.chance(0.8) else pd.NaT
    if sketch.chance(0.5):
        table["cost"] = _numbers(sketch, len(who), sketch.pick(COSTS))
    if sketch.chance(0.4):
        table["rating"] = _answers(sketch, rng.normal(size=len(who)), sketch.pick(ANSWERS), 1, 5)
    return table


def tier_history(sketch: Sketch) -> pd.DataFrame:
    """Stays in one, two or three tiers."""
    rng, held = sketch.rng, sketch.some()
    tiers = ("basic", "silver", "gold")[: sketch.pick((1, 2, 3))]
    who = np.repeat(held, rng.integers(1, 4, len(held)))
    began = rng.integers(-sketch.pick((1, 300)), sketch.days, len(who))
    table = pd.DataFrame(
        {"customer_id": who, "tier": rng.choice(tiers, len(who)), "day": began}
    ).drop_duplicates(["customer_id", "day"])
    table = table.sort_values(["customer_id", "day"], ignore_index=True)
    table["from_at"] = sketch.dates(table["day"])
    if sketch.chance(0.6):
        table["to_at"] = sketch.dates(table.groupby("customer_id")["day"].shift(-1) - 0)
    return table.drop(columns="day")


def campaigns(sketch: Sketch) -> pd.DataFrame:
    """People in one campaign or two, with and without a control group."""
    rng, asked = sketch.rng, sketch.some()
    table = pd.DataFrame({"customer_id": asked, "campaign": "spring"})
    if sketch.chance(0.3):
        table = pd.concat([table, table.assign(campaign="autumn")], ignore_index=True)
    table["at"] = sketch.dates(rng.integers(0, sketch.days, len(table)))
    arms = sketch.pick((("treated", "control"), ("treated",), ("control",), None))
    if arms:
        table["arm"] = rng.choice(arms, len(table))
    if sketch.chance(0.5):
        table["cost"] = _numbers(sketch, len(table), sketch.pick(COSTS))
    return table


def _close(sketch: Sketch) -> pd.Timestamp:
    return pd.Timestamp(sketch.begin) + pd.Timedelta(days=sketch.days, minutes=-1)


def _numbers(sketch: Sketch, rows: int, kind: str) -> np.ndarray:
    """Amounts of money of one kind."""
    usual = np.round(sketch.rng.gamma(2, 20, rows) + 0.01, 2)
    blank = np.where(sketch.rng.random(rows) < 0.5, np.nan, usual)
    signed = np.where(sketch.rng.random(rows) < 0.3, -usual, usual)
    return {
        "usual": usual,
        "equal": np.full(rows, 19.99),
        "zero": np.zeros(rows),
        "returns only": -usual,
        "some returns": signed,
        "huge": np.round(usual * 1e9),
        "tiny": np.full(rows, 0.01),
        "cents": np.round(usual * 100),
        "missing": np.full(rows, np.nan),
        "half missing": blank,
    }[kind]


def _groups(sketch: Sketch, rows: int, kind: str) -> list:
    """Names of groups of one kind."""
    few = sketch.rng.choice(["north", "south", "west"], rows)
    return {
        "few": list(few),
        "one": ["all"] * rows,
        "own": [f"g{number}" for number in range(rows)],
        "missing": [None] * rows,
        "half missing": [one if number % 2 else None for number, one in enumerate(few)],
        "numbers": list(sketch.rng.integers(1, 4, rows)),
    }[kind]


def _answers(sketch: Sketch, mood: np.ndarray, kind: str, low: float, high: float) -> np.ndarray:
    """Answers from `low` to `high` that go with a mood, or do not."""
    rows, middle, width = len(mood), (low + high) / 2, (high - low) / 4
    own = mood + sketch.rng.normal(size=rows) * 0.7
    usual = np.clip(np.rint(middle + width * own), low, high)
    return {
        "usual": usual,
        "equal": np.full(rows, high),
        "missing": np.full(rows, np.nan),
        "half missing": np.where(sketch.rng.random(rows) < 0.5, np.nan, usual),
        "extremes": np.where(own > 0, high, low),
        "like others": np.clip(np.rint(middle + width * mood), low, high),
    }[kind]
