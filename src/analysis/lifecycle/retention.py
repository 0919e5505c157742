"""Do customers come back, and for how long do they stay?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from analysis.data import fetch
from analysis.errors import DataError
from analysis.lifecycle.segments import stack_segments
from analysis.methods.disclosure import pool_small
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.methods.survival.pairwise import holm

MOST_GROUPS = 6


@dataclass(frozen=True, slots=True, eq=False)
class SecondPurchase:
    """Time from the first to the second purchase day, open ones right-censored.

    Attributes
    ----------
    curve : SurvivalCurve
        Share of customers who have not bought again, by weeks since the first purchase.
    within : DataFrame of shape (groups x horizons, 7)
        `group, weeks, estimate, std_error, conf_low, conf_high, n`: share who bought again within
        so many weeks; NaN and a `note` past the follow-up.
    medians : DataFrame of shape (groups, …)
        Weeks until half have bought again; NaN and a `note` where half is not reached.
    test : LogRankTest or None
        Whether the groups differ; None for one group.
    customers : int
        Customers at risk at the start.
    """

    curve: SurvivalCurve
    within: pd.DataFrame
    medians: pd.DataFrame
    test: LogRankTest | None
    customers: int

    def wide(self) -> pd.DataFrame:
        """One row a group: customers and the share within each horizon, for a table."""
        wide = self.within.pivot(index="group", columns="weeks", values="estimate")
        wide = wide.reindex(self.within["group"].unique())
        wide.columns = [f"within_{weeks:g}_weeks".replace(".", "_") for weeks in wide]
        sizes = self.within.drop_duplicates("group").set_index("group")["n"]
        return wide.assign(n=sizes).reset_index()[["group", "n", *wide.columns]]


def second_purchase(
    customers: pd.DataFrame,
    *,
    horizons_weeks: Sequence[float],
    by: str | None = None,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> SecondPurchase:
    """Estimate how soon, and whether, customers buy a second time.

    The first gap only: later gaps, pooled, would be dependently censored.

    Parameters
    ----------
    customers : DataFrame
        The customer frame; columns used: `first_at`, `second_at` (days, NaT when there is none),
        `age_weeks` (weeks from the first purchase to the end of observation), and `by`.
    horizons_weeks : sequence of float
        Weeks since the first purchase at which the share is told.
    by : str, optional
        A segment known on the day of the first purchase. Groups of fewer than `min_cell`, and the
        smallest beyond six, are joined.
    conf_level : float
        Between 0.5 and 1.

    Raises
    ------
    DataError
        No customers, or a segment that the frame does not have.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481.
    """
    if by is not None and by not in customers:
        raise DataError(
            f"segment '{by}' must be a column of the customer frame, but is not; "
            f"there are {', '.join(customers.columns)}"
        )
    days = (customers["second_at"] - customers["first_at"]).dt.days
    durations = pd.DataFrame(
        {
            "duration": (days / 7).fillna(customers["age_weeks"]),
            "event": customers["second_at"].notna(),
        }
    )
    if by is not None:
        durations[by] = pool_small(_known(customers[by]), min_cell, most=MOST_GROUPS)
    curve = survival_curve(durations, by=by, conf_level=conf_level)
    several = by is not None and durations[by].nunique() > 1
    return SecondPurchase(
        curve=curve,
        within=_bought_within(curve, horizons_weeks),
        medians=curve.medians,
        test=logrank_test(durations, by=by) if several else None,
        customers=len(durations),
    )


def _known(segment: pd.Series) -> pd.Series:
    return segment.astype(object).fillna("not known") if segment.isna().any() else segment


def second_purchase_by_segment(
    customers: pd.DataFrame,
    segments: Sequence[str],
    *,
    horizons_weeks: Sequence[float],
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> dict[str, SecondPurchase]:
    """Apply `second_purchase` to each segment: segment name to result."""
    options = {"horizons_weeks": horizons_weeks, "min_cell": min_cell, "conf_level": conf_level}
    return {name: second_purchase(customers, by=name, **options) for name in segments}


def compare_segments(results: Mapping[str, SecondPurchase]) -> pd.DataFrame:
    """One row a segment and group: customers and the share within each horizon.

    Parameters
    ----------
    results : mapping of segment name to SecondPurchase

    Returns
    -------
    DataFrame
        `segment, group, n, within_<weeks>_weeks …`.
    """
    return stack_segments({name: result.wide() for name, result in results.items()})


def segment_tests(results: Mapping[str, SecondPurchase]) -> pd.DataFrame:
    """One row a segment: log-rank test over all its groups, corrected for the number of segments.

    Returns
    -------
    DataFrame
        `segment, chi2, dof, p_holm, n, note`.
    """
    rows = []
    for name, result in results.items():
        test = result.test
        row = {"segment": name, "chi2": np.nan, "dof": np.nan, "p_holm": np.nan}
        row |= {"n": result.customers, "note": "one group only"}
        if test is not None:
            row |= {"chi2": test.chi2, "dof": test.dof, "p_holm": test.p_value}
            row["note"] = "not estimable" if test.note else ""
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p_holm"].to_numpy(float)))


def _bought_within(curve: SurvivalCurve, horizons_weeks: Sequence[float]) -> pd.DataFrame:
    waiting = curve.at(horizons_weeks)
    return waiting.assign(
        estimate=1 - waiting["estimate"],
        conf_low=1 - waiting["conf_high"],
        conf_high=1 - waiting["conf_low"],
    ).rename(columns={"time": "weeks"})


@dataclass(frozen=True, slots=True, eq=False)
class CohortRetention:
    """Share of each month's new customers who buy in each later month.

    Attributes
    ----------
    table : DataFrame
        `cohort` (month of the first purchase), `months_since` (1, 2, …), `customers` (size of the
        cohort), `active` (those who bought in the month), `share`; complete months only.
    """

    table: pd.DataFrame

    def matrix(self, values: str = "share") -> pd.DataFrame:
        """Cohorts down, months since the first purchase across."""
        return self.table.pivot(index="cohort", columns="months_since", values=values)


def cohort_retention(months: ibis.Table, *, observed_until: pd.Timestamp) -> CohortRetention:
    """Count who buys in each month after the month of the first purchase.

    The counting happens in the engine; only counts come back.

    Parameters
    ----------
    months : ibis.Table
        The customer months; columns used: `customer_id`, `month` (its first day), `purchases`.
    observed_until : date
        Months that end after it are incomplete and left out.
    """
    first = months.group_by("customer_id").aggregate(cohort=months.month.min())
    joined = months.join(first, "customer_id")
    cell = joined.group_by(["cohort", "month"]).aggregate(
        customers=joined.count(), active=(joined.purchases > 0).sum()
    )
    counts = fetch(cell.order_by(["cohort", "month"]))
    for column in ("cohort", "month"):
        counts[column] = pd.to_datetime(counts[column])
    complete = counts["month"] + pd.offsets.MonthEnd(0) <= pd.Timestamp(observed_until)
    begun, seen = counts["cohort"].dt, counts["month"].dt
    counts["months_since"] = (seen.year - begun.year) * 12 + seen.month - begun.month
    counts = counts[complete & (counts["months_since"] > 0)]
    counts["cohort"] = counts["cohort"].dt.strftime("%Y-%m")
    counts["share"] = counts["active"] / counts["customers"]
    columns = ["cohort", "months_since", "customers", "active", "share"]
    return CohortRetention(counts[columns].reset_index(drop=True))
