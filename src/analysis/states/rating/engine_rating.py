"""Ratings in the engine, for customers too many to bring back: only counts and cuts come over."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.data.crossing import fetch_count
from analysis.frames import EngineLabels, sample_customers
from analysis.frames.money import to_minor_unit
from analysis.frames.relationships import open_relationships
from analysis.notes import Note
from analysis.params import Params
from analysis.params.tiers import Scheme, preset_scheme
from analysis.states.rating.engine_criteria import (
    EngineCriterion,
    engine_criteria,
    engine_level,
)
from analysis.states.rating.engine_groups import engine_clusters
from analysis.states.rating.engine_ranks import with_percents
from analysis.states.rating.quantities import SUMS, quantities_before
from analysis.states.rating.tiers import Rating, summary_of, thresholds_of


@dataclass(frozen=True, slots=True, eq=False)
class HeldRatings:
    """Ratings kept in the engine.

    days : day of a rating to its table: `customer_id, level`, what was known before it, what
    schemes rank by (`percent_…`) and a column for each criterion. criteria : day to the criteria.
    tables : of the study. some : of the customers drawn by lot. months : of a period.
    """

    days: Mapping[date, ibis.Table]
    criteria: Mapping[date, list[EngineCriterion]]
    tables: Tables
    some: Tables
    months: int

    def quantities(self, day: date) -> list[str]:
        """What was known of each customer before a rating."""
        added = {"level", "below", "earned", *(one.column for one in self.criteria[day])}
        names = (name for name in self.days[day].columns if not name.startswith("percent_"))
        return [name for name in names if name not in added]

    def sample(self, day: date) -> pd.DataFrame:
        """What was known of those drawn by lot before a rating, and their level."""
        rows = self.days[day].select("level", *self.quantities(day))
        return self.tables.fetch(rows.semi_join(self.some["customers"], "customer_id"))


def rate_in_engine(
    tables: Tables,
    params: Params,
    days: Sequence[date],
    *,
    kept_days: Collection[date],
    open_only: bool,
) -> tuple[list[Rating], list[np.ndarray], HeldRatings]:
    """Rate at each day, letting customers keep a tier as the scheme's rules allow.

    As `rate_again` on the frames of those days.

    Parameters
    ----------
    kept_days : collection of date
        The ratings that are asked for later; the others only lend their memory.
    open_only : bool
        Rate only those whose contract is open on the day.

    Returns
    -------
    ratings, kept, held
        `kept`: customers of each tier who hold it only by hysteresis or grace.
    """
    scheme, months = params.tiers.rated_by, params.tiers.rating_months
    schemes = [scheme, *(preset_scheme(name) for name in params.tiers.compare)]
    some = sample_customers(tables)
    ratings, kept, held, criteria, state = [], [], {}, {}, None
    for day in days:
        base = engine_quantities(tables, day, months, params.money_digits)
        if open_only:
            base = base.semi_join(open_relationships(tables, params, day), "customer_id")
        base = base.cache()
        if not fetch_count(base):
            continue
        base = with_percents(base, schemes).cache()
        rated = rate_rows(tables, base, scheme, some, state)
        if day in kept_days:
            held[day], criteria[day] = rated.rows, rated.criteria
        state = rated.rows.select("customer_id", "level", "below")
        ratings.append(rated.rating(tables, scheme.name, day))
        kept.append(rated.kept(tables))
    return ratings, kept, HeldRatings(held, criteria, tables, some, months)


def engine_quantities(tables: Tables, day: date, months: int, digits: int) -> ibis.Table:
    """`quantities_before` with average_purchase, money at the minor unit, as in the frame."""
    rows = quantities_before(tables, rated_at=day, months=months)
    rows = rows.mutate(
        **{name: to_minor_unit(rows[name], digits) for name in SUMS if name in rows.columns}
    )
    average = to_minor_unit(rows.amount / rows.purchases.nullif(0), digits)
    return rows.mutate(average_purchase=ibis.ifelse(rows.purchases > 0, average, 0.0))


@dataclass(frozen=True, slots=True, eq=False)
class RatedRows:
    """Customers rated at one day, in the engine: `customer_id, level, below, …`."""

    rows: ibis.Table
    criteria: list[EngineCriterion]
    notes: list[Note]
    tiers: tuple[str, ...]

    def rating(self, tables: Tables, name: str, day: date) -> Rating:
        """Count the customers of each tier."""
        n = self._counted(tables, self.rows)
        tier = self.rows.level.cases(*enumerate(self.tiers))
        labels = EngineLabels(self.rows.select("customer_id", label=tier), self.tiers)
        return Rating(
            labels, summary_of(n, self.tiers), thresholds_of(self.criteria, self.tiers),
            tuple(self.notes), name, self.tiers, day,
        )  # fmt: skip

    def kept(self, tables: Tables) -> np.ndarray:
        """Customers of each tier who hold it only by hysteresis or grace."""
        return self._counted(tables, self.rows.filter(self.rows.level > self.rows.earned))

    def _counted(self, tables: Tables, rows: ibis.Table) -> np.ndarray:
        found = tables.fetch(rows.group_by("level").agg(n=rows.count()))
        n = np.zeros(len(self.tiers), int)
        n[found["level"].to_numpy(int)] = found["n"]
        return n


def rate_rows(
    tables: Tables, base: ibis.Table, scheme: Scheme, some: Tables, state: ibis.Table | None = None
) -> RatedRows:
    """Rate customers by a scheme, from what is known of them.

    Parameters
    ----------
    base : ibis.Table
        Of `engine_quantities` and `with_percents`, kept in the engine.
    some : Tables
        Of the customers whom clusters are formed on.
    state : ibis.Table, optional
        `customer_id, level, below` of the rating before; nobody's by default.
    """
    if scheme.clusters is not None:
        rows, tiers, notes = engine_clusters(tables, base, scheme, some)
        rows = rows.mutate(earned=rows.level, below=0)
        return RatedRows(rows.cache(), [], notes, tiers)
    rows, criteria, notes = engine_criteria(tables, base, scheme)
    rows = rows.mutate(
        earned=engine_level(rows, criteria, scheme),
        relaxed=engine_level(rows, criteria, scheme, slack=scheme.hysteresis),
    )
    if state is None or not (scheme.hysteresis or scheme.grace_periods):
        rows = rows.mutate(level=rows.earned, below=0).drop("relaxed")
    else:
        rows = _knowing(rows, state, scheme.grace_periods).drop("relaxed").cache()
    return RatedRows(rows, criteria, notes, scheme.tiers)


def _knowing(rows: ibis.Table, state: ibis.Table, grace_periods: int) -> ibis.Table:
    """Let customers keep a level: while they reach it relaxed, and for some ratings more."""
    state = state.rename(last="level", spared="below")
    rows = rows.left_join(state, "customer_id").drop("customer_id_right")
    last, spared = rows["last"].fill_null(-1), rows.spared.fill_null(0)
    steady = ibis.greatest(rows.earned, ibis.least(last, rows.relaxed))
    rows = rows.mutate(last=last, spared=spared, steady=steady)
    grace = (rows.steady < rows["last"]) & (rows.spared < grace_periods)
    return rows.mutate(
        level=ibis.ifelse(grace, rows["last"], rows.steady),
        below=ibis.ifelse(grace, rows.spared + 1, 0),
    ).drop("last", "spared", "steady")
