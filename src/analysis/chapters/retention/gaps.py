"""The wait from the first to the second purchase: one row a customer, or counted rows."""

from __future__ import annotations

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.frames import count_cells, customer_frame, customer_rows, is_large
from analysis.frames.calendar import days_between
from analysis.methods.disclosure import pool_small
from analysis.params import Params
from analysis.states.segments import MOST_GROUPS, engine_groups, require_segment, with_unknown


def first_gaps(tables: Tables, params: Params, *, by: str | None = None) -> pd.DataFrame:
    """Return the weeks from the first to the second purchase, open ones right-censored.

    The first gap only: later gaps, pooled, would be dependently censored.

    Parameters
    ----------
    tables : Tables
    params : Params
    by : str, optional
        A segment known on the day of the first purchase. Groups of fewer than `min_cell`, and the
        smallest beyond six, are joined.

    Returns
    -------
    DataFrame
        `duration` (weeks), `event` (bought again) and `by`: one row a customer. In a large study
        (`frames.is_large`) equal rows are counted in the engine, and `count` says how many.

    Raises
    ------
    DataError
        A segment that the customers do not have.
    """
    if is_large(tables):
        return _counted_gaps(tables, params, by)
    customers = customer_frame(tables, params)
    days = (customers["second_at"] - customers["first_at"]).dt.days
    gaps = pd.DataFrame(
        {
            "duration": (days / 7).fillna(customers["age_weeks"]),
            "event": customers["second_at"].notna(),
        }
    )
    if by is None:
        return gaps
    require_segment(by, customers)
    groups = pool_small(with_unknown(customers[by]), params.min_cell, most=MOST_GROUPS)
    return gaps.assign(**{by: groups})


def first_gaps_by_segment(tables: Tables, params: Params) -> dict[str, pd.DataFrame]:
    """Return `first_gaps` for every segment of the params: segment name to gaps.

    Parameters
    ----------
    tables : Tables
    params : Params

    Returns
    -------
    dict[str, DataFrame]
    """
    return {name: first_gaps(tables, params, by=name) for name in params.segments}


def _counted_gaps(tables: Tables, params: Params, by: str | None) -> pd.DataFrame:
    rows, keys = customer_rows(tables, params), ["event"]
    if by is not None:
        groups = engine_groups(tables, rows, by, least=params.min_cell)
        rows, keys = groups.add_to(rows), [*keys, "group_value", "group_kind"]
    again = days_between(rows.second_at, rows.first_at)
    rows = rows.mutate(
        event=ibis.ifelse(rows.second_at.notnull(), 1, 0),
        duration=ibis.coalesce(again, rows.age_days),
    )
    found = count_cells(tables, rows, keys=keys, days=["duration"])
    if by is not None:
        found[by] = groups.name_of(found)
    found = found.assign(duration=found["duration"] / 7, event=found["event"] == 1)
    return found[["duration", "event", *([by] if by else []), "count"]]
