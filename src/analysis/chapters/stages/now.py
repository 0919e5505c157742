"""Where customers are at the end of the observation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.disclosure import small_rows
from analysis.notes import Note, note
from analysis.states.stages import Stages, stage_counts

OUTSIDE = ("prospect", "churned")  # stages of those who are no customers now
EARLIER = ["earlier_customers", "earlier_share"]


@dataclass(frozen=True, slots=True, eq=False)
class StagesNow:
    """Where customers are at the end of the observation.

    Attributes
    ----------
    table : DataFrame of shape (stages,)
        `stage, customers, share, earlier_customers, earlier_share` (at `earlier_at`; NaN where
        there is none).
    as_of : date
    at_risk_stage : str or None
        The scheme's stage of decline.
    prospects_known : bool
        Whether people are seen before they buy.
    total, living : int
        Customers in any stage, and in one of those who are customers now.
    earlier_at : date or None
        The end of a month that lies nearest to a year before `as_of`; None where by then less than
        a lapse and a quarter had been observed.
    """

    COUNTED_BY: ClassVar = {"table": "customers"}

    table: pd.DataFrame
    as_of: date
    at_risk_stage: str | None
    prospects_known: bool
    total: int
    living: int
    earlier_at: date | None = None

    @property
    def then(self) -> Note:
        """What the shares are set beside, for a caption."""
        if self.earlier_at is None:
            return note("stages.now_alone")
        return note("stages.now_and_then", day=self.earlier_at)

    def row_of(self, stage: str) -> pd.Series:
        """The row of one stage; without a count where it is hidden."""
        return self.table.set_index("stage").loc[stage]


def stages_now(stages: Stages, *, as_of: date, min_cell: int = 1) -> StagesNow:
    """Count the customers in each stage at the end of the last month, and about a year before.

    Parameters
    ----------
    stages : Stages
    as_of : date
        The last day of the observation.
    min_cell : int
        Numbers of the year before are blank where they would tell of fewer customers.

    Returns
    -------
    StagesNow
    """
    counts = stage_counts(stages)
    months = pd.to_datetime(counts["month"])
    last = months.max()
    table = pd.DataFrame({"stage": list(stages.order)})
    table = _counted(table, counts[months == last], "customers", "share")
    earlier_at = _year_before(as_of, stages.settled_months)
    at = None if earlier_at is None else pd.Timestamp(earlier_at).replace(day=1)
    table = _counted(table, counts[months == at], *EARLIER)
    hidden = small_rows(table["earlier_customers"].fillna(0), min_cell)
    table[EARLIER] = table[EARLIER].astype(float).mask(hidden, axis=0)
    if not stages.prospects_known:
        table = table[table["stage"] != "prospect"].reset_index(drop=True)
    declining = ("declining", "declining_or_churned")
    at_risk = next((name for name in declining if name in stages.order), None)
    total = int(table["customers"].sum())
    outside = int(table.loc[table["stage"].isin(OUTSIDE), "customers"].sum())
    known, earlier_at = stages.prospects_known, earlier_at if (months == at).any() else None
    return StagesNow(table, as_of, at_risk, known, total, total - outside, earlier_at)


def _year_before(as_of: date, settled_months: float) -> date | None:
    """The end of a month nearest to a year before, since stages are known at ends of months."""
    day = pd.Timestamp(as_of) - pd.DateOffset(years=1)
    ends = [day + pd.offsets.MonthEnd(0), day - pd.offsets.MonthEnd(1)]
    back = [12, 13]
    nearest = min((0, 1), key=lambda place: abs((ends[place] - day).days))
    return ends[nearest].date() if back[nearest] <= settled_months else None


def _counted(table: pd.DataFrame, counts: pd.DataFrame, number: str, share: str) -> pd.DataFrame:
    if not len(counts):
        return table.assign(**{number: np.nan, share: np.nan})
    counted = counts.astype({"stage": str}).set_index("stage").reindex(table["stage"])
    return table.assign(
        **{
            number: counted["customers"].fillna(0).astype(int).to_numpy(),
            share: counted["share"].fillna(0.0).to_numpy(),
        }
    )
