"""How many customers lapse, by several definitions of lapse."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import count_cells, is_large, spells
from analysis.frames.calendar import days_between
from analysis.frames.relationships import inferred_runs
from analysis.methods.survival import survival_curve
from analysis.params import Params
from analysis.units import DAYS_PER_MONTH


@dataclass(frozen=True, slots=True, eq=False)
class LapseByDefinition:
    """What lapse looks like under several definitions of silence.

    Attributes
    ----------
    table : DataFrame of shape (definitions, 6)
        `lapse_weeks`, `n` (customers), `lapsed` (share whose first relationship lapsed while
        observed), `median_weeks` (Kaplan-Meier median of the first relationship), `won_back` (share
        of the lapsed who bought again while observed), `note`.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame


def lapse_by_definition(tables: Tables, params: Params) -> LapseByDefinition:
    """Compare lapse over the grid of definitions `params.lapse_grid` and `params.lapse_weeks`.

    Lapse is inferred: the day on which the silence first exceeds the weeks of the definition. Its
    median is an echo of that number, so it is never told alone.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`, by way of `frames.spells`.
    params : Params
        Uses `lapse_grid`, `lapse_weeks` and what `frames.spells` uses.

    Returns
    -------
    LapseByDefinition
    """
    grid = sorted({*params.lapse_grid, params.lapse_weeks})
    read = _counted_first if is_large(tables) else _first_relationships
    return LapseByDefinition(pd.DataFrame([_lapse_row(w, read(tables, params, w)) for w in grid]))


def _first_relationships(tables: Tables, params: Params, lapse_weeks: float) -> pd.DataFrame:
    """`duration` (months), `event` and `again` (a later relationship began), one row a customer."""
    found = spells(tables, params, lapse_weeks=lapse_weeks)
    first = found[found["spell"] == 1]
    again = first["customer_id"].isin(found.loc[found["spell"] == 2, "customer_id"])
    return first[["duration", "event"]].assign(again=again)


def _counted_first(tables: Tables, params: Params, lapse_weeks: float) -> pd.DataFrame:
    """The same, equal rows counted in the engine."""
    runs = inferred_runs(tables, lapse_weeks)
    first = runs.spell == 1
    lives = runs.group_by("customer_id").agg(
        started_at=runs.started_at.min(),
        last_at=runs.last_at.min(where=first),
        again=ibis.ifelse(runs.spell.max() > 1, 1, 0),
    )
    until, lapse_days = ibis.literal(params.observed_until, type="date"), int(7 * lapse_weeks)
    lives = lives.mutate(
        silent=days_between(until, lives.last_at),
        bought=days_between(lives.last_at, lives.started_at),
        observed=days_between(until, lives.started_at),
    )
    lives = lives.mutate(event=ibis.ifelse(lives.silent >= lapse_days, 1, 0))
    lives = lives.mutate(
        duration=ibis.ifelse(lives.event == 1, lives.bought + lapse_days, lives.observed)
    )
    found = count_cells(tables, lives, keys=["event", "again"], days=["duration"])
    return found.assign(
        duration=found["duration"] / DAYS_PER_MONTH,
        event=found["event"] == 1,
        again=found["again"] == 1,
    )


def _lapse_row(lapse_weeks: float, first: pd.DataFrame) -> dict[str, float | int | str]:
    median = survival_curve(first.drop(columns="again")).medians.iloc[0]
    count = first["count"] if "count" in first else pd.Series(1, first.index)
    lapsed = count[first["event"].astype(bool)].sum()
    return {
        "lapse_weeks": lapse_weeks,
        "n": int(count.sum()),
        "lapsed": lapsed / count.sum(),
        "median_weeks": median["estimate"] * DAYS_PER_MONTH / 7,
        "won_back": count[first["again"]].sum() / lapsed if lapsed else np.nan,
        "note": median.get("note") or "",
    }
