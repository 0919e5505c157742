"""The share of customers in each stage by months since the start of the relationship."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.stages.paths import followed_to
from analysis.chapters.stages.rule_made import RuleMade
from analysis.methods.multistate import StateOccupation, state_occupation
from analysis.notes import Note, note

YEAR = 12
NO_RULES = RuleMade()
MARKS, LATE_MARKS = (3, 6, 12, 24), (3, 12, 24, 60, 120)
COLUMNS = ["months", "stage", "customers", "estimate", "conf_low", "conf_high", "observed", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class StageCourse:
    """Shares of the stages by months since the start of the relationship.

    Attributes
    ----------
    occupation : StateOccupation or None
        Aalen-Johansen estimate at each whole month; None where nobody was followed for a month.
    marks : DataFrame of shape (months x stages,)
        `months, stage, customers` (seen in the stage then)`, estimate, conf_low, conf_high,
        observed` (followed so long)`, note` (that a rule makes a step in the months before).
    reach_months : float
        The last month in which at least `min_cell` customers were followed.
    past_known : bool
        Whether months count from the start of the relationship, not from the first purchase seen.
    steps : tuple of float
        Months at which the rules move all who are alike in them; within the reach.
    """

    COUNTED_BY: ClassVar = {"marks": "customers"}

    occupation: StateOccupation | None
    marks: pd.DataFrame
    reach_months: float
    past_known: bool = True
    steps: tuple[float, ...] = ()

    @property
    def told(self) -> pd.DataFrame:
        """The marks of the month that is told, the largest share first.

        It is the last within a year of the start, else the first; no rows where none is known.
        """
        marks = self.marks.dropna(subset=["estimate"])
        marks = marks[marks["estimate"] > 0]
        if self.occupation is None or not len(marks):
            return marks.iloc[:0]
        month = max((at for at in marks["months"] if at <= YEAR), default=marks["months"].min())
        rows = marks[marks["months"] == month]
        return rows.sort_values("estimate", ascending=False, kind="stable")


def stage_course(
    paths: pd.DataFrame,
    *,
    past_known: bool = True,
    made: RuleMade = NO_RULES,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> StageCourse:
    """Estimate the share of customers in each stage by months since the start.

    Valid although stages by rule have a memory (not Markov), since all paths begin at the start.

    Parameters
    ----------
    paths : DataFrame
        Stays since the start (`paths_by_segment`).
    past_known : bool
        Whether every customer's first purchase lies inside the observation.
    made : RuleMade
        What the rules make: steps are marked.
    min_cell : int
        The course ends where fewer customers are followed.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    StageCourse

    References
    ----------
    Datta & Satten (2001), Statistics & Probability Letters 55, 403-411.
    """
    reach = followed_to(paths, min_cell)
    if not reach:
        return StageCourse(None, pd.DataFrame(columns=COLUMNS), 0.0, past_known)
    occupation = state_occupation(paths, times=np.arange(reach + 1), conf_level=conf_level)
    table = occupation.table.rename(columns={"time": "months", "state": "stage"})
    marks = LATE_MARKS if reach >= LATE_MARKS[3] else MARKS
    times = [month for month in marks if month <= reach] or [reach]
    told = table[table["months"].isin(times)].astype({"stage": str})
    told = told.assign(observed=told.groupby("months")["at_risk"].transform("sum"))
    told["customers"] = (told["estimate"] * told["observed"]).round().astype(int)
    seen = told.groupby("stage")["customers"].transform("sum") > 0
    steps = tuple(step for step in made.steps if step <= reach)
    told["note"] = [_after_step(month, times, steps) for month in told["months"]]
    return StageCourse(occupation, told.loc[seen, COLUMNS], float(reach), past_known, steps)


def _after_step(month: float, times: Sequence[float], steps: Sequence[float]) -> Note | str:
    """The steps by rule since the month told before."""
    before = max((time for time in times if time < month), default=0)
    made = [step for step in steps if before < step <= month]
    return note("stages.step", months=tuple(f"{step:.3g}" for step in made)) if made else ""
