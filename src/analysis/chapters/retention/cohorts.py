"""How each month's new customers buy on, month by month."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd

from analysis.data import fetch


def small_cohorts(table: pd.DataFrame, min_cell: int) -> pd.Series:
    """Which months of which cohorts must be hidden: those in which few bought.

    No total over cohorts or over months is told, so that none takes another with it.

    Parameters
    ----------
    table : DataFrame
        That of `CohortRetention`.
    min_cell : int
        The smallest number that may be shown.

    Returns
    -------
    Series of bool, indexed as `table`
    """
    return (table["active"] > 0) & (table["active"] < min_cell) | table["active"].isna()


MOST_COHORTS = 12
"""Rows of a heat map that can be read; more are folded to quarters."""


@dataclass(frozen=True, slots=True, eq=False)
class CohortRetention:
    """Share of each month's new customers who buy in each later month.

    Attributes
    ----------
    table : DataFrame
        `cohort` (month of the first purchase), `months_since` (1, 2, …), `customers` (size of the
        cohort), `active` (those who bought in the month), `share`; complete months only.
    typical : DataFrame
        One row a later month: `months_since`, `median` (share of the median cohort), `cohorts`
        (that were observed so long); cohorts that are shown: of at least `min_cell` customers, and
        with at least half of their cells. The share is missing where that of the median cohort may
        not be shown.
    customers, cohorts : int
        How many customers, in how many cohorts, the table is about.
    """

    COUNTED_BY: ClassVar = {"table": small_cohorts}

    table: pd.DataFrame
    typical: pd.DataFrame
    customers: int
    cohorts: int

    def matrix(self, values: str = "share") -> pd.DataFrame:
        """Cohorts down, months since the first purchase across."""
        return self.table.pivot(index="cohort", columns="months_since", values=values)

    def folded(self) -> pd.DataFrame:
        """Shares by cohort; by quarters where there are more than `MOST_COHORTS`.

        A quarter's cell is there where all of its months may be shown and were observed.
        """
        if self.cohorts <= MOST_COHORTS:
            return self.matrix()
        counts = self.matrix("active"), self.matrix("customers")
        quarter = pd.PeriodIndex(counts[0].index, freq="M").asfreq("Q").strftime("%Y Q%q")
        active, customers = (
            one.groupby(quarter).agg(lambda cells: cells.sum(skipna=False)) for one in counts
        )
        return (active / customers).rename_axis("cohort")


def cohort_retention(
    months: ibis.Table, *, observed_until: pd.Timestamp, min_cell: int = 1
) -> CohortRetention:
    """Count who buys in each month after the month of the first purchase.

    The counting happens in the engine; only counts come back.

    Parameters
    ----------
    months : ibis.Table
        The customer months; columns used: `customer_id`, `month` (its first day), `purchases`.
    observed_until : date
        Months that end after it are incomplete and left out.
    min_cell : int
        The smallest cohort that counts in `typical`.

    Returns
    -------
    CohortRetention
    """
    first = months.group_by("customer_id").aggregate(cohort=months.month.min())
    joined = months.join(first, "customer_id")
    cell = joined.group_by(["cohort", "month"]).aggregate(
        customers=joined.count(), active=(joined.purchases > 0).sum()
    )
    counts = fetch(cell)
    for column in ("cohort", "month"):
        counts[column] = pd.to_datetime(counts[column])
    complete = counts["month"] + pd.offsets.MonthEnd(0) <= pd.Timestamp(observed_until)
    begun, seen = counts["cohort"].dt, counts["month"].dt
    counts["months_since"] = (seen.year - begun.year) * 12 + seen.month - begun.month
    counts = counts[complete & (counts["months_since"] > 0)]
    counts["cohort"] = counts["cohort"].dt.strftime("%Y-%m")
    counts["share"] = counts["active"] / counts["customers"]
    columns = ["cohort", "months_since", "customers", "active", "share"]
    table = counts[columns].reset_index(drop=True)
    sizes = table.drop_duplicates("cohort")["customers"]
    return CohortRetention(table, _typical(table, min_cell), int(sizes.sum()), len(sizes))


def _typical(table: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """The share of the median cohort of those that are shown, where that very cell may be.

    The median of the cells that may be shown would be too high: it is the small ones that may not.
    """
    if not len(table):
        return pd.DataFrame(columns=["months_since", "median", "cohorts"])
    known = table.assign(shown=~small_cohorts(table, min_cell))
    mostly = known.groupby("cohort")["shown"].transform("mean") >= 0.5
    told = known[mostly & (known["customers"] >= min_cell)].sort_values("share", kind="stable")
    middle = [_middle(rows) for _, rows in told.groupby("months_since")]
    return pd.DataFrame(middle, columns=["months_since", "median", "cohorts"])


def _middle(rows: pd.DataFrame) -> dict[str, float]:
    """The median of one month's cohorts in the order of their shares; NaN where it is hidden."""
    told = rows.iloc[(len(rows) - 1) // 2 : len(rows) // 2 + 1]
    median = told["share"].mean() if told["shown"].all() else np.nan
    month = int(rows["months_since"].iloc[0])
    return {"months_since": month, "median": median, "cohorts": len(rows)}
