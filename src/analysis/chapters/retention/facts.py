"""What the retention results say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.retention.cohorts import CohortRetention
from analysis.chapters.retention.lapse import LapseByDefinition
from analysis.chapters.retention.second_purchase import SecondPurchase
from analysis.telling.facts import Fact, Sentence, nearly_all, nothing
from analysis.telling.within import groups_within, share_within

FEWEST_COHORTS = 3


def second_purchase_fact(result: SecondPurchase, *, min_cell: int) -> Fact:
    """How many ever buy again, how soon, and whether half do.

    Parameters
    ----------
    result : SecondPurchase
    min_cell : int
        The smallest group that may be told.

    Returns
    -------
    Fact
    """
    options = {"n": result.customers, "base": "ever_bought", "min_cell": min_cell}
    return share_within("second_purchase", result, **options)


def segment_fact(result: SecondPurchase, segment: str, *, min_cell: int, conf_level: float) -> Fact:
    """Whether groups differ in coming back, and by how many points.

    Parameters
    ----------
    result : SecondPurchase
    segment : str
        How the groups are formed.
    min_cell : int
        The smallest group that may be told.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Fact
    """
    options = {"n": result.customers, "base": "ever_bought", "min_cell": min_cell}
    return groups_within("segments", result, conf_level=conf_level, segment=segment, **options)


def lapse_fact(
    result: LapseByDefinition, lapse_weeks: float, *, churned: int, min_cell: int
) -> Fact:
    """How many have lapsed by the stated definition, beside those who have churned, and others.

    Parameters
    ----------
    result : LapseByDefinition
        The gated result.
    lapse_weeks : float
        The stated definition.
    churned : int
        Who has been silent for so long up to the end (`Bases`): a part of those who lapsed.
    min_cell : int

    Returns
    -------
    Fact
    """
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
        also=("nobody",)
        if row["lapsed"] == 0
        else ("detail", *_churned(row, churned, min_cell), *_by_definition(row)),
        numbers={
            "weeks": lapse_weeks,
            "fewest": table["lapsed"].min(),
            "most": table["lapsed"].max(),
            "fewest_weeks": table["lapse_weeks"].min(),
            "most_weeks": table["lapse_weeks"].max(),
            "won_back": row["won_back"],
            "churned": churned / row["n"],
            "churned_n": churned,
        },
        in_summary=False,
    )


def _churned(row: pd.Series, churned: int, min_cell: int) -> tuple[str, ...]:
    """Why the share that lapsed is not the share that churned, by the same weeks."""
    lapsed = round(row["lapsed"] * row["n"])
    if churned >= lapsed:
        return ("churned_all",)
    if churned < min_cell:
        return ("churned_few",)
    return ("churned",) if min(lapsed - churned, row["n"] - churned) >= min_cell else ()


def _by_definition(row: pd.Series) -> tuple[Sentence, ...]:
    """A warning where nearly all lapse, or nearly all who lapse buy again."""
    share = max(row["lapsed"], row["won_back"] if np.isfinite(row["won_back"]) else 0.0)
    return nearly_all(share, "weeks_of_silence")


def cohort_fact(result: CohortRetention) -> Fact:
    """How many of a month's new customers buy in later months, as far as that is shown.

    Parameters
    ----------
    result : CohortRetention

    Returns
    -------
    Fact
    """
    reached = result.typical
    if not len(reached):
        return nothing("cohorts", "too_few")
    if np.isnan(reached["median"].iloc[0]):
        return nothing("cohorts", "hidden")
    large = reached["cohorts"].max()
    reached = reached[reached["cohorts"] >= min(FEWEST_COHORTS, large)].dropna()
    first, last = reached.iloc[0], reached.iloc[-1]
    return Fact(
        "cohorts",
        estimate=first["median"],
        unit="percent",
        n=result.customers,
        base="retention.in_whole_months",
        variant="" if last["months_since"] > 1 else "one_month",
        also=("detail",),
        numbers={
            "last": last["median"],
            "last_months": last["months_since"],
            "oldest": last["cohorts"],
            "cohorts": result.cohorts,
            "large": large,
        },
    )
