"""What complaints and their handling say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.complaints.contacts import FAST, OTHER, SLOW
from analysis.chapters.complaints.loss import Handling, Loss
from analysis.notes import note
from analysis.telling.facts import Beside, Fact, nothing


def handling_fact(result: Handling, *, min_cell: int) -> Fact:
    """How many complaints are answered, and how soon.

    Parameters
    ----------
    result : Handling
    min_cell : int
        Customers who must have complained for it to be told.

    Returns
    -------
    Fact
    """
    if not result.settled:
        return nothing("handling", "none")
    if result.customers < min_cell:
        return nothing("handling", "too_few")
    (fast, share), (late, late_share) = result.within.items()
    half = np.isfinite(result.median_days)
    return Fact(
        "handling",
        estimate=share,
        unit="percent0",
        n=result.settled,
        base="complaints.settled",
        also=("median" if half else "no_median", "counted"),
        numbers={
            "days": fast,
            "late": late,
            "late_share": late_share,
            "median": result.median_days,
            "complaints": result.complaints,
            "customers": result.customers,
        },
        in_summary=False,
    )


def loss_fact(result: Loss) -> Fact:
    """How many more customers are lost after a complaint that was answered late.

    Parameters
    ----------
    result : Loss
        Gated.

    Returns
    -------
    Fact
    """
    late, fast, other = map(result.row, (SLOW, FAST, OTHER))
    if late is None or not np.isfinite(late["difference_conf_low"]):
        why = result.why or note("reasons.no_error")
        return nothing("loss", _why_untold(result), claim="predictive", why=why)
    clear = late["difference_conf_low"] > 0
    fewer = late["difference_conf_high"] < 0
    faster = clear and fast is not None and fast["difference"] > 0
    kind = "contracts" if result.contractual else "purchases"
    return Fact(
        "loss",
        claim="predictive",
        **_ends(late, turned=fewer),
        unit="points",
        n=result.customers,
        base="complaints.followed",
        variant="" if clear else "fewer" if fewer else "unclear",
        also=("detail", "fast", kind) if faster else ("detail", kind),
        numbers={
            "weeks": result.weeks,
            "fast_days": result.fast_days,
            "late_days": result.late_days,
            "fast_difference": fast["difference"] if faster else np.nan,
        },
        comparator=None
        if other is None
        else Beside("other_contacts", *other[["estimate", "conf_low", "conf_high"]], "percent"),
        in_summary=bool(clear),
    )


def _ends(late: pd.Series, *, turned: bool) -> dict[str, float]:
    gap = late[["difference", "difference_conf_low", "difference_conf_high"]].to_numpy(float)
    estimate, *ends = -gap if turned else gap
    return {"estimate": estimate, "low": min(ends), "high": max(ends)}


def _why_untold(result: Loss) -> str:
    if result.row(SLOW) is None:
        return "too_few"
    return "nothing_beside" if OTHER not in set(result.table["handling"]) else "alike"
