"""Present histories by group, counted in the engine."""

from __future__ import annotations

from collections.abc import Mapping

import ibis
import pandas as pd

from analysis.chapters.value.counted import count_histories, count_spend, count_worth
from analysis.data import Tables
from analysis.frames import EngineLabels, customer_rows
from analysis.frames.calendar import first_day, month_number, month_of
from analysis.params import Params
from analysis.states.segments import engine_groups

ALL, UNKNOWN = "all", "not known"
MOST_YEARS_BY_QUARTER = 2
MOST_LEVELS = 24
"""Groups of a segment; where there are more, the smallest are joined."""


def cohorts(first_at: pd.Series) -> dict[str, pd.Series]:
    """The cohort of each first purchase: its year, quarter or month, whichever tells them apart."""
    year = first_at.dt.year.astype(str)
    quarter = year + " Q" + first_at.dt.quarter.astype(str)
    if year.nunique() > MOST_YEARS_BY_QUARTER:
        return {"acquired_year": year}
    if quarter.nunique() > 1:
        return {"acquired_quarter": quarter}
    return {"acquired_month": first_at.dt.strftime("%Y-%m")}


def counted_groups(
    tables: Tables, params: Params, states: Mapping[str, EngineLabels], *, least_age: float
) -> dict[str, pd.DataFrame]:
    """Count the present histories by each way to group them, as `value_groups` tells."""
    rows = customer_rows(tables, params)
    counted = {ALL: count_worth(tables, rows, least_age=least_age, keys=[]).assign(group=ALL)}
    for segment in params.segments:
        groups = engine_groups(tables, rows, segment, least=params.min_cell, most=MOST_LEVELS)
        keys = ["group_value", "group_kind"]
        own = count_worth(tables, groups.add_to(rows), least_age=least_age, keys=keys)
        counted[segment] = own.assign(group=groups.name_of(own)).drop(columns=keys)
    counted |= _by_cohort(tables, rows, least_age)
    return counted | {
        name: _by_state(tables, rows, labels, least_age) for name, labels in states.items()
    }


def counted_ways(
    tables: Tables, params: Params, by: str, *, least_age: float
) -> dict[str, tuple[pd.DataFrame, pd.DataFrame]]:
    """Count the histories and the spend of each group of a column of `customers`.

    Who has no group is left out; the smallest groups beyond `MOST_LEVELS` are joined.
    """
    rows = customer_rows(tables, params)
    if by not in tables["customers"].columns:
        return {}
    groups = engine_groups(tables, rows, by, least=1, most=MOST_LEVELS)
    rows = groups.add_to(rows.filter(rows[by].notnull()))
    keys = ["group_value", "group_kind"]
    parts = (
        count_histories(tables, rows, least_age=least_age, keys=keys),
        count_spend(tables, rows, keys=keys),
    )
    present, spend = (part.groupby(groups.name_of(part).astype(str)) for part in parts)
    none = parts[1].head(0)
    return {
        name: (own, spend.get_group(name) if name in spend.groups else none)
        for name, own in present
    }


def counted_costs(tables: Tables, params: Params, by: str) -> dict[str, float]:
    """What was spent on winning, by customer won: 'all', and each group of `by`."""
    known = tables["customers"]
    if "acquisition_cost" not in known.columns:
        return {}
    won = customer_rows(tables, params).select("customer_id", won=ibis.literal(1))
    people = known.left_join(won, "customer_id")
    keys = [by] if by in known.columns else []
    sums = people.group_by(keys).agg(
        spent=people.acquisition_cost.cast("float64").sum(), won=people.won.sum()
    )
    found = tables.fetch(sums.order_by(keys), money=["spent"]).fillna({"won": 0})
    if not found["spent"].notna().any():
        return {}
    costs = {"all": found["spent"].sum() / max(found["won"].sum(), 1)}
    told = found[(found["won"] > 0) & found["spent"].notna()]
    if keys:
        told = told[told[by].notna()]
        costs |= dict(zip(told[by].astype(str), told["spent"] / told["won"], strict=True))
    return costs


def _by_cohort(tables: Tables, rows: ibis.Table, least_age: float) -> dict[str, pd.DataFrame]:
    rows = rows.mutate(cohort=month_of(rows.first_at))
    months = tables.fetch(rows.select("cohort").distinct().order_by("cohort"))
    ((name, labels),) = cohorts(months["cohort"]).items()
    span = {"acquired_year": 12, "acquired_quarter": 3}.get(name, 1)
    rows = rows.mutate(cohort=first_day(month_number(rows.first_at) // span * span))
    own = count_worth(tables, rows, least_age=least_age, keys=["cohort"])
    group = pd.Categorical(cohorts(own["cohort"])[name], sorted(set(labels)), ordered=True)
    return {name: own.assign(group=group).drop(columns="cohort")}


def _by_state(
    tables: Tables, rows: ibis.Table, labels: EngineLabels, least_age: float
) -> pd.DataFrame:
    rows = rows.left_join(labels.table, "customer_id").drop("customer_id_right")
    own = count_worth(tables, rows, least_age=least_age, keys=["label"])
    found = own["label"].astype(object).where(own["label"].notna(), UNKNOWN)
    order = [*labels.order, *([UNKNOWN] if (found == UNKNOWN).any() else [])]
    return own.assign(group=pd.Categorical(found, order, ordered=True)).drop(columns="label")
