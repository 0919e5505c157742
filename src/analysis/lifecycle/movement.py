"""How customers move through the stages: where they are, now and by age, and where they go next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import customer_frame
from analysis.lifecycle.stages import NO_PROSPECTS, Stages, stage_counts, stage_paths
from analysis.methods.disclosure import pool_small, small_rows
from analysis.methods.multistate import (
    StateOccupation,
    TransitionProbabilities,
    state_occupation,
    step_probabilities,
)
from analysis.params import Params
from analysis.states.segments import MOST_GROUPS, require_segment, with_unknown

MARKS, LATE_MARKS = (3, 6, 12, 24), (3, 12, 24, 60, 120)
FEW = "too few to be shown"
NOBODY = "nobody was followed for a month"
OUTSIDE = ("prospect", "churned")  # stages of those who are no customers now


@dataclass(frozen=True, slots=True, eq=False)
class StagesNow:
    """Where customers are at the end of the observation.

    Attributes
    ----------
    table : DataFrame
        `stage, customers, share, earlier_customers, earlier_share` (twelve months before; NaN where
        that was not observed).
    as_of : date
    at_risk_stage : str or None
        The scheme's stage of decline.
    prospects_known : bool
        Whether people are seen before they buy.
    """

    table: pd.DataFrame
    as_of: date
    at_risk_stage: str | None
    prospects_known: bool

    def customers_in(self, *stages: str) -> int:
        """Customers who are in any of these stages."""
        return int(self.table.loc[self.table["stage"].isin(stages), "customers"].sum())


@dataclass(frozen=True, slots=True, eq=False)
class StageCourse:
    """Shares of the stages by months since the start of the relationship.

    Attributes
    ----------
    occupation : StateOccupation or None
        Aalen-Johansen estimate at each whole month; None where nobody was followed for a month.
    marks : DataFrame
        `months, stage, customers` (seen in the stage then)`, estimate, conf_low, conf_high,
        observed, note`; estimates are blank where they would tell of fewer than `min_cell`
        customers.
    reach_months : float
        The last month in which at least `min_cell` customers were followed.
    past_known : bool
        Whether months count from the start of the relationship, not from the first purchase seen.
    """

    occupation: StateOccupation | None
    marks: pd.DataFrame
    reach_months: float
    past_known: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyMoves:
    """Share of the customers of a stage who are in each stage one month later.

    `probabilities` (None where nobody was followed); `table`: `from, to, estimate, conf_low,
    conf_high, customer_months` (months that customers began in the stage)`, note`; moves that were
    never made are left out, and those that fewer than `min_cell` customers made are counted with
    another.
    """

    probabilities: TransitionProbabilities | None
    table: pd.DataFrame


def stages_now(stages: Stages, *, as_of: date, min_cell: int = 1) -> StagesNow:
    """Count the customers in each stage at the end of the last month, and a year before.

    Numbers of the year before are blank where they would tell of fewer than `min_cell` customers.
    """
    counts = stage_counts(stages)
    months = pd.to_datetime(counts["month"])
    last = months.max()
    table = pd.DataFrame({"stage": list(stages.order)})
    table = _counted(table, counts[months == last], "customers", "share")
    year_before = counts[months == last - pd.DateOffset(years=1)]
    table = _counted(table, year_before, "earlier_customers", "earlier_share")
    earlier = ["earlier_customers", "earlier_share"]
    hidden = small_rows(table["earlier_customers"].fillna(0), min_cell)
    table[earlier] = table[earlier].astype(float).mask(hidden, axis=0)
    known = NO_PROSPECTS not in stages.notes
    if not known:
        table = table[table["stage"] != "prospect"].reset_index(drop=True)
    declining = ("declining", "declining_or_churned")
    at_risk = next((name for name in declining if name in stages.order), None)
    return StagesNow(table, as_of, at_risk, known)


def _counted(table: pd.DataFrame, counts: pd.DataFrame, number: str, share: str) -> pd.DataFrame:
    found = counts.astype({"stage": str}).set_index("stage")
    if not len(found):
        return table.assign(**{number: np.nan, share: np.nan})
    told = found.reindex(table["stage"])
    return table.assign(
        **{
            number: told["customers"].fillna(0).astype(int).to_numpy(),
            share: told["share"].fillna(0.0).to_numpy(),
        }
    )


def stages_among(stages: Stages, tables: Tables) -> Stages:
    """The stages of the customers of these tables only, where they are some drawn by lot."""
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
    """Return `grouped_paths` for every segment of the params, in their order."""
    bought = "transactions" in tables
    people = customer_frame(tables, params) if bought else tables.fetch(tables["customers"])
    groups = {
        segment: segment_groups(people, segment, min_cell=params.min_cell)
        for segment in params.segments
    }
    return {segment: grouped_paths(stages, own) for segment, own in groups.items()}


def stage_course(
    paths: pd.DataFrame,
    *,
    past_known: bool = True,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> StageCourse:
    """Estimate the share of customers in each stage by months since the start.

    Valid although stages by rule have a memory (not Markov), since all paths begin at the start
    (Datta & Satten 2001, Statistics & Probability Letters 55, 403-411).
    """
    columns = ["months", "stage", "customers", "estimate", "conf_low", "conf_high", "observed"]
    reach = followed_to(paths, min_cell)
    if not reach:
        blank = {"months": 0, "stage": "all", "note": NOBODY}
        return StageCourse(None, pd.DataFrame([blank], columns=[*columns, "note"]), 0.0, past_known)
    occupation = state_occupation(paths, times=np.arange(reach + 1), conf_level=conf_level)
    table = occupation.table.rename(columns={"time": "months", "state": "stage"})
    marks = LATE_MARKS if reach >= LATE_MARKS[3] else MARKS
    times = [month for month in marks if month <= reach] or [reach]
    told = table[table["months"].isin(times)].astype({"stage": str})
    told = told.assign(observed=told.groupby("months")["at_risk"].transform("sum"))
    told["customers"] = (told["estimate"] * told["observed"]).round().astype(int)
    seen = told.groupby("stage")["customers"].transform("sum") > 0
    told = _blank_few(told[seen], min_cell)
    return StageCourse(occupation, told[[*columns, "note"]], float(reach), past_known)


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
    return float(min(reached))


def _blank_few(table: pd.DataFrame, least: int) -> pd.DataFrame:
    """Blank the shares of a month that would tell of fewer than `least` customers."""
    hidden = small_rows(table["customers"], least, within=table["months"])
    numbers = ["estimate", "conf_low", "conf_high", "customers"]
    shown = {name: table[name].astype(float).mask(hidden) for name in numbers}
    return table.assign(**shown, note=np.where(hidden, FEW, ""))


def monthly_moves(
    paths: pd.DataFrame, *, min_cell: int = 1, conf_level: float = 0.95
) -> MonthlyMoves:
    """Estimate where the customers of each stage are one month later, pooled over all months."""
    columns = ["from", "to", "estimate", "conf_low", "conf_high", "customer_months", "note"]
    if not len(paths):
        blank = {"from": "all", "to": "all", "note": NOBODY}
        return MonthlyMoves(None, pd.DataFrame([blank], columns=columns))
    steps = step_probabilities(paths, step=1.0, least=min_cell, conf_level=conf_level)
    made = (steps.table["estimate"] != 0) & (steps.table["n"] > 0)
    table = steps.table[made].rename(columns={"n": "customer_months"})
    return MonthlyMoves(steps, table[columns].reset_index(drop=True))
