"""Shares within a time: how many have done something so many weeks later, and which groups
differ most clearly.

The complement of a survival curve, for chapters that tell who bought rather than who waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from analysis.methods.pairs import best_supported, compare_pairs
from analysis.methods.survival import SurvivalCurve


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


def best_supported_shares(last: pd.DataFrame, *, conf_level: float) -> dict[str, Any]:
    """The two groups whose shares differ most clearly, and how far they lie apart.

    All pairs are compared, by the standard errors of the curves; where everybody or nobody of a
    group has done it, by that of two more customers of whom one has (Agresti & Caffo).

    Parameters
    ----------
    last : DataFrame
        One row a group, of one horizon: `group, weeks, estimate, std_error, n`.

    Returns
    -------
    dict
        Empty where fewer than two groups are known.

    References
    ----------
    Agresti & Caffo (2000), The American Statistician 54, 280-288.
    """
    share = (last["estimate"] * last["n"] + 1) / (last["n"] + 2)
    error = np.sqrt(share * (1 - share) / (last["n"] + 2))
    groups = last.assign(std_error=last["std_error"].where(last["std_error"] > 0, error))
    pairs = compare_pairs(groups, conf_level=conf_level)
    pair = best_supported(pairs)
    if pair is None:
        return {}
    shares = last.set_index("group")["estimate"]
    return {
        "estimate": pair["estimate"],
        "low": pair["conf_low"],
        "high": pair["conf_high"],
        "weeks": last["weeks"].iloc[0],
        "most": str(pair["group"]),
        "least": str(pair["reference"]),
        "most_share": shares[pair["group"]],
        "least_share": shares[pair["reference"]],
        "p_pair": pair["p_holm"],
        "pairs": len(pairs),
    }
