"""The company's own tiers in the engine, for customers too many to bring back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.data.crossing import fetch_count
from analysis.frames import sample_customers
from analysis.frames.relationships import open_relationships
from analysis.params import Params
from analysis.params.tiers import preset_scheme
from analysis.states.rating.company import COMPANY, notes_of, order_of_tiers, tiers_held
from analysis.states.rating.engine_ranks import with_percents
from analysis.states.rating.engine_rating import HeldRatings, RatedRows, engine_quantities
from analysis.states.rating.tiers import Rating


def rate_company_in_engine(
    tables: Tables, params: Params, days: Sequence[date], *, open_only: bool
) -> tuple[list[Rating], list[np.ndarray], HeldRatings, int]:
    """The company's ratings at each day, as `rate_by_company` on the frames of those days.

    Parameters
    ----------
    tables : Tables
        Uses `tier_history` and what `engine_quantities` uses.
    params : Params
        Uses `tiers`.
    days : sequence of date
    open_only : bool
        Rate only those whose contract is open on the day.

    Returns
    -------
    ratings, kept, held, without
        `kept`: nobody; `without`: how many held no tier at the latest rating.
    """
    months, some = params.tiers.rating_months, sample_customers(tables)
    schemes = [params.tiers.rated_by, *(preset_scheme(name) for name in params.tiers.compare)]
    bases, without = {}, {}
    for day in days:
        base = engine_quantities(tables, day, months, params.money_digits)
        if open_only:
            base = base.semi_join(open_relationships(tables, params, day), "customer_id")
        customers = fetch_count(base)
        base = base.inner_join(tiers_held(tables, day).drop("since"), "customer_id").cache()
        if rated := fetch_count(base):
            bases[day], without[day] = base, customers - rated
    if not bases:
        return [], [], HeldRatings({}, {}, tables, some, months), 0
    tiers = order_of_tiers(params, _worth(tables, bases))
    ratings, held = [], {}
    for day, base in bases.items():
        level = base.tier.cases(*((tier, place) for place, tier in enumerate(tiers)))
        rows = base.mutate(level=level, earned=level, below=0).drop("tier")
        rated = RatedRows(with_percents(rows, schemes).cache(), [], notes_of(without[day]), tiers)
        held[day] = rated.rows
        ratings.append(rated.rating(tables, COMPANY, day))
    nobody = [np.zeros(len(tiers), int)] * len(ratings)
    return (
        ratings, nobody, HeldRatings(held, {day: [] for day in held}, tables, some, months),
        without[max(without)],
    )  # fmt: skip


def _worth(tables: Tables, bases: dict[date, ibis.Table]) -> dict[str, float]:
    """The mean value of who held each tier, over all ratings."""
    value = "margin" if all("margin" in base.columns for base in bases.values()) else "amount"
    sums = [
        tables.fetch(
            base.group_by("tier").agg(worth=base[value].cast("float64").sum(), n=base.count()),
            money=["worth"],
        )
        for base in bases.values()
    ]
    sums = pd.concat(sums).groupby("tier").sum()
    return (sums["worth"] / sums["n"]).to_dict()
