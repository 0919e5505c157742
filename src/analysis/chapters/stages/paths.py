"""The paths through the stages since the start of a relationship, by groups known then."""

from __future__ import annotations

from dataclasses import replace

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.frames import customer_frame
from analysis.methods.disclosure import pool_small
from analysis.params import Params
from analysis.states.segments import MOST_GROUPS, require_segment, with_unknown
from analysis.states.stages import Stages, stage_paths


def stages_among(stages: Stages, tables: Tables) -> Stages:
    """The stages of the customers of these tables only, where they are some drawn by lot.

    Parameters
    ----------
    stages : Stages
    tables : Tables
        Of `frames.sample_customers`.

    Returns
    -------
    Stages
        The same where all customers are followed.
    """
    if not tables.sampled_from:
        return stages
    some = tables["customers"].select("customer_id")
    return replace(stages, table=stages.table.semi_join(some, "customer_id").cache())


def since_start(stages: Stages) -> Stages:
    """Cut the prospect's months off: months count from the first purchase or contract.

    Customers whose relationship began before their first month here are left out, since the start
    of their path was not seen.
    """
    table = stages.table.filter(stages.table.begun == 1)
    opening = table.tenure_months.min().over(ibis.window(group_by="customer_id"))
    table = table.mutate(clock=table.tenure_months, opening=opening)
    return replace(stages, table=table.filter(table.opening == 0).drop("opening"))


def segment_groups(people: pd.DataFrame, segment: str, *, min_cell: int) -> pd.DataFrame:
    """Return `customer_id, group`: a segment of the customers with small groups joined.

    Raises
    ------
    DataError
        The segment is no column of the customers.
    """
    require_segment(segment, people)
    pooled = pool_small(with_unknown(people[segment]), min_cell, most=MOST_GROUPS)
    return pd.DataFrame({"customer_id": people["customer_id"], "group": pooled})


def grouped_paths(stages: Stages, groups: pd.DataFrame) -> pd.DataFrame:
    """Stays since the start with the group of each customer, in the order of the groups."""
    paths = stage_paths(since_start(stages), groups=groups)
    names = groups["group"]
    order = names.cat.categories if hasattr(names, "cat") else sorted(names.astype(str).unique())
    return paths.assign(group=pd.Categorical(paths["group"], [str(name) for name in order]))


def paths_by_segment(stages: Stages, tables: Tables, params: Params) -> dict[str, pd.DataFrame]:
    """The stays since the start with the group of each customer, for every segment of the params.

    Parameters
    ----------
    stages : Stages
        Of these customers (`stages_among`).
    tables : Tables
    params : Params
        Uses `segments` (columns of the customers) and `min_cell`: smaller groups are joined.

    Returns
    -------
    dict of str to DataFrame
        `stage_paths` with `group`, an ordered category, in the order of the segments.

    Raises
    ------
    DataError
        A segment is no column of the customers.
    """
    bought = "transactions" in tables
    people = customer_frame(tables, params) if bought else tables.fetch(tables["customers"])
    groups = {
        segment: segment_groups(people, segment, min_cell=params.min_cell)
        for segment in params.segments
    }
    return {segment: grouped_paths(stages, own) for segment, own in groups.items()}


def followed_to(paths: pd.DataFrame, least: int) -> float:
    """The last month in which at least so many customers (of each group) are followed."""
    if not len(paths):
        return 0.0
    last = paths.groupby("customer_id").agg(stop=("stop", "max"), count=("count", "first"))
    groups = pd.Series("all", index=last.index)
    if "group" in paths:
        groups = paths.groupby("customer_id")["group"].first().astype(str)
    reached = []
    for _, rows in last.groupby(groups):
        followed = rows.sort_values("stop", ascending=False)
        enough = followed[followed["count"].cumsum() >= least]
        reached.append(enough["stop"].iloc[0] if len(enough) else 0.0)
    return float(min(reached, default=0.0))
