"""Shares within a time: how many have done something so many weeks later, and who most and least.

The complement of a survival curve, for chapters that tell who bought rather than who waits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.methods.intervals import critical_value
from analysis.methods.survival import SurvivalCurve
from analysis.methods.survival.contrasts import joint_level


def shares_within(curve: SurvivalCurve, horizons_weeks: Sequence[float]) -> pd.DataFrame:
    """Turn a curve of those who wait, in weeks, into shares of those who no longer do.

    Returns
    -------
    DataFrame of shape (groups x horizons, 10)
        `group, term, weeks, estimate, std_error, conf_low, conf_high, at_risk` (still waiting)`, n,
        note`; NaN and a note past the follow-up.
    """
    waiting = curve.at(horizons_weeks)
    return waiting.assign(
        estimate=1 - waiting["estimate"],
        conf_low=1 - waiting["conf_high"],
        conf_high=1 - waiting["conf_low"],
    ).rename(columns={"time": "weeks"})


def longest_horizon(within: pd.DataFrame, *, min_cell: int) -> pd.DataFrame | None:
    """The rows of the longest horizon at which every shown group was still observed, or None.

    Parameters
    ----------
    within : DataFrame
        Gated: of `shares_within`; hidden rows have no count.
    min_cell : int
        How many of every group must be waiting still.
    """
    shown = within.dropna(subset=["n"])
    groups = shown["group"].nunique()
    whole = shown.groupby("weeks").filter(
        lambda rows: (
            len(rows) == groups
            and rows["estimate"].notna().all()
            and (rows["at_risk"] >= min_cell).all()
        )
    )
    return whole[whole["weeks"] == whole["weeks"].max()] if len(whole) else None


def extreme_shares(last: pd.DataFrame, *, conf_level: float) -> dict[str, float | str]:
    """The groups with the highest and the lowest share, and how far they lie apart.

    The pair is chosen by its difference, so the interval is one that holds for all pairs together.

    Parameters
    ----------
    last : DataFrame
        One row a group, of one horizon: `group, weeks, estimate, std_error`.
    """
    ordered = last.sort_values("estimate", kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    difference = most["estimate"] - least["estimate"]
    level = joint_level(conf_level, len(last) * (len(last) - 1) // 2)
    reach = critical_value(level) * np.hypot(most["std_error"], least["std_error"])
    return {
        "estimate": difference,
        "low": difference - reach,
        "high": difference + reach,
        "weeks": most["weeks"],
        "most": str(most["group"]),
        "least": str(least["group"]),
        "most_share": most["estimate"],
        "least_share": least["estimate"],
    }
