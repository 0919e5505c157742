"""The time from the first to the second purchase, for all and by groups known at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.pairs import holm, is_known
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.notes import note
from analysis.states.segments import stack_segments
from analysis.states.within import shares_within


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
        Whether the known groups differ; None for one group.
    customers : int
        Customers at risk at the start.
    """

    COUNTED_BY: ClassVar = {"within": "n", "medians": "n"}

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
    gaps: pd.DataFrame,
    *,
    horizons_weeks: Sequence[float],
    by: str | None = None,
    conf_level: float = 0.95,
) -> SecondPurchase:
    """Estimate how soon, and whether, customers buy a second time.

    Parameters
    ----------
    gaps : DataFrame
        Of `first_gaps`: `duration` (weeks), `event`, `by`; optional `count`.
    horizons_weeks : sequence of float
        Weeks since the first purchase at which the share is told.
    by : str, optional
        The segment that the gaps were read by.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    SecondPurchase

    Raises
    ------
    DataError
        No customers, or a second purchase before the first.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481.
    """
    curve = survival_curve(gaps, by=by, conf_level=conf_level)
    known = gaps if by is None else gaps[is_known(gaps[by])]
    several = by is not None and known[by].nunique() > 1
    return SecondPurchase(
        curve=curve,
        within=shares_within(curve, horizons_weeks),
        medians=curve.medians,
        test=logrank_test(known, by=by) if several else None,
        customers=int(gaps["count"].sum()) if "count" in gaps else len(gaps),
    )


def second_purchase_by_segment(
    gaps: Mapping[str, pd.DataFrame],
    *,
    horizons_weeks: Sequence[float],
    conf_level: float = 0.95,
) -> dict[str, SecondPurchase]:
    """Apply `second_purchase` to each segment of `first_gaps_by_segment`: segment to result.

    Parameters
    ----------
    gaps : Mapping[str, DataFrame]
    horizons_weeks : Sequence[float]
        Weeks after the first purchase at which shares are told.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    dict[str, SecondPurchase]
    """
    options = {"horizons_weeks": horizons_weeks, "conf_level": conf_level}
    return {name: second_purchase(own, by=name, **options) for name, own in gaps.items()}


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

    Parameters
    ----------
    results : Mapping[str, SecondPurchase]

    Returns
    -------
    DataFrame
        `segment, chi2, dof, p_holm, n, note`.
    """
    rows = []
    for name, result in results.items():
        test = result.test
        row = {"segment": name, "chi2": np.nan, "dof": np.nan, "p_holm": np.nan}
        row |= {"n": result.customers, "note": note("one_group")}
        if test is not None:
            row |= {"chi2": test.chi2, "dof": test.dof, "p_holm": test.p_value}
            row["note"] = note("not_estimable") if test.note else ""
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.assign(p_holm=holm(table["p_holm"].to_numpy(float)))
