"""What the retention results say."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.chapters.retention.cohorts import CohortRetention
from analysis.chapters.retention.lapse import LapseByDefinition
from analysis.chapters.retention.second_purchase import SecondPurchase
from analysis.methods.survival.contrasts import joint_level
from analysis.telling.facts import Beside, Fact, nothing

FEWEST_COHORTS = 3


def second_purchase_fact(result: SecondPurchase, *, min_cell: int) -> Fact:
    """How many ever buy again, how soon, and whether half do."""
    last = longest_horizon(result, min_cell)
    if last is None:
        return nothing("second_purchase", "too_few")
    row, early = last.iloc[0], result.within.iloc[0]
    median = result.medians["estimate"].iloc[0]
    told = {
        "interval": np.isfinite(row["conf_low"]),
        "early": early["weeks"] < row["weeks"],
        "half": True,
    }
    return Fact(
        "second_purchase",
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="percent",
        n=result.customers,
        base="ever_bought",
        variant="half_reached" if np.isfinite(median) else "half_not_reached",
        also=tuple(key for key, holds in told.items() if holds),
        numbers={
            "weeks": row["weeks"],
            "early_share": early["estimate"],
            "early_weeks": early["weeks"],
            "median": median,
        },
    )


def longest_horizon(result: SecondPurchase, min_cell: int) -> pd.DataFrame | None:
    """The rows of the longest horizon at which every shown group was still observed, or None."""
    shown = result.within.dropna(subset=["n"])
    whole = shown.groupby("weeks").filter(
        lambda rows: rows["estimate"].notna().all() and (rows["at_risk"] >= min_cell).all()
    )
    return whole[whole["weeks"] == whole["weeks"].max()] if len(whole) else None


def segment_fact(result: SecondPurchase, segment: str, *, min_cell: int, conf_level: float) -> Fact:
    """Whether groups differ in coming back, and by how many points the extreme ones do."""
    last = longest_horizon(result, min_cell)
    several = result.within.dropna(subset=["n"])["group"].nunique() > 1
    if result.test is None or not several:
        return nothing("segments", "too_few", "detail", segment=segment)
    numbers = {"segment": segment, "p": result.test.p_value}
    tested = ("tested",) if np.isfinite(result.test.p_value) else ()
    options = {"n": result.customers, "base": "ever_bought", "unit": "points"}
    if last is None or len(last) < 2:
        told = {"variant": "no_horizon", "also": ("detail", *tested), "in_summary": False}
        return Fact("segments", numbers=numbers, **options, **told)
    apart = extreme_shares(last, conf_level=conf_level)
    clear = result.test.p_value < 1 - conf_level and apart["low"] > 0
    ends = {name: apart.pop(name) for name in ("estimate", "low", "high")}
    return Fact(
        "segments",
        variant="" if clear else "no_difference",
        also=("detail", *tested),
        numbers=numbers | apart,
        comparator=Beside("least", apart["least_share"], unit="percent"),
        **ends,
        **options,
    )


def extreme_shares(last: pd.DataFrame, *, conf_level: float) -> dict[str, float | str]:
    """The groups with the highest and the lowest share, and how far they lie apart.

    The pair is chosen by its difference, so the interval is one that holds for all pairs together.
    """
    ordered = last.sort_values("estimate", kind="stable")
    least, most = ordered.iloc[0], ordered.iloc[-1]
    difference = most["estimate"] - least["estimate"]
    level = joint_level(conf_level, len(last) * (len(last) - 1) // 2)
    reach = norm.ppf((1 + level) / 2) * np.hypot(most["std_error"], least["std_error"])
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


def lapse_fact(result: LapseByDefinition, lapse_weeks: float) -> Fact:
    """How many lapse by the stated definition, beside the other definitions."""
    table = result.table.dropna(subset=["n"])
    own = table[table["lapse_weeks"] == lapse_weeks]
    if not len(own):
        return nothing("lapse", "too_few")
    row = own.iloc[0]
    return Fact(
        "lapse",
        estimate=row["lapsed"],
        unit="percent",
        n=int(row["n"]),
        base="ever_bought",
        also=("nobody" if row["lapsed"] == 0 else "detail",),
        numbers={
            "weeks": lapse_weeks,
            "fewest": table["lapsed"].min(),
            "most": table["lapsed"].max(),
            "fewest_weeks": table["lapse_weeks"].min(),
            "most_weeks": table["lapse_weeks"].max(),
            "won_back": row["won_back"],
        },
        in_summary=False,
    )


def cohort_fact(result: CohortRetention) -> Fact:
    """How many of a month's new customers buy in later months."""
    reached = result.typical
    if not len(reached):
        return nothing("cohorts", "too_few")
    reached = reached[reached["cohorts"] >= min(FEWEST_COHORTS, reached["cohorts"].max())]
    first, last = reached.iloc[0], reached.iloc[-1]
    return Fact(
        "cohorts",
        estimate=first["median"],
        unit="percent",
        n=result.customers,
        base="retention.in_whole_months",
        also=("detail",),
        numbers={
            "last": last["median"],
            "last_months": last["months_since"],
            "oldest": last["cohorts"],
            "cohorts": result.cohorts,
        },
    )
