"""Who renews, how well that is foreseen, and what the open contracts are still worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.chapters.renewals.lives import Renewals
from analysis.chapters.renewals.worth import ContractValue
from analysis.telling.facts import Beside, Fact, nothing

FACING = "renewals.facing_the_first"


def rates_fact(result: Renewals, *, conf_level: float = 0.95, wait: int = 0) -> Fact:
    """How many make the first renewal, and whether more make the later ones.

    Parameters
    ----------
    result : Renewals
        With the renewals that enough customers faced (`Renewals.faced_by`).
    conf_level : float
        At which the share renewed is said to change with tenure.
    wait : int
        Days by which follow-up ends before the observation.

    Returns
    -------
    Fact
    """
    rows = result.curve
    if not len(rows):
        return nothing("rates", "none")
    first, last = rows.iloc[0], rows.iloc[-1]
    also = []
    if len(rows) > 1:
        also = [_course(result, conf_level), "staying"]
    tested = [result.in_force] if np.isfinite(result.p_duration) else []
    return Fact(
        "rates",
        estimate=first["renewed"],
        unit="percent",
        n=int(first["at_risk"]),
        base=FACING,
        also=(*also, *tested, *(["follow_up"] if wait else [])),
        numbers={
            "months": result.months,
            "last": last["renewed"],
            "period": last["period"],
            "facing": last["at_risk"],
            "share": last["staying"],
            "p": result.p_duration,
            "p_trend": result.p_trend,
        },
        in_summary=False,
    )


def _course(result: Renewals, conf_level: float) -> str:
    """Whether the share renewed rises or falls with tenure, as far as that is clear."""
    if not np.isfinite(result.p_trend):
        return "same"
    if result.p_trend >= 1 - conf_level:
        return "steady"
    first, last = result.curve["renewed"].iloc[[0, -1]]
    return "rises" if last > first else "falls"


def check_fact(result: Renewals) -> Fact:
    """How far the model lay from what came in the periods held out.

    Parameters
    ----------
    result : Renewals
        With the renewals that enough customers faced.

    Returns
    -------
    Fact
    """
    held = _held_out(result)
    if not len(held) or result.in_force not in result.error:
        return nothing("check", "none", claim="predictive")
    last = held.iloc[-1]
    return Fact(
        "check",
        "predictive",
        estimate=result.error[result.in_force],
        unit="points",
        n=int(result.curve["at_risk"].iloc[0]),
        base=FACING,
        also=("detail",),
        numbers={
            "model": result.in_force,
            "months": result.months,
            "periods": len(held),
            "period": last["period"],
            "made": last["staying"],
            "forecast": last[result.in_force],
        },
        comparator=Beside("made", last["staying"], unit="percent"),
    )


def _held_out(result: Renewals) -> pd.DataFrame:
    rows = result.curve
    return rows[rows["held_out"].astype(bool)] if len(rows) else rows


def worth_fact(result: ContractValue, renewals: Renewals) -> Fact:
    """What the open contracts are still worth, and how the model fared when it was checked.

    Parameters
    ----------
    result : ContractValue
        The gated result.
    renewals : Renewals
        With the renewals that enough customers faced.

    Returns
    -------
    Fact
    """
    rows = result.table.dropna(subset=["n"])
    if not len(rows) or rows["group"].iloc[-1] != result.table["group"].iloc[-1]:
        reason = "too_few" if len(result.table) else "none"
        return nothing("worth", reason, claim="predictive", why=result.note)
    row, held = rows.iloc[-1], _held_out(renewals)
    interval = ["interval"] if np.isfinite([row["conf_low"], row["conf_high"]]).all() else []
    numbers, fared, check = {"each": row["each"], "periods": row["periods"]}, "unchecked", None
    if len(held) and np.isfinite(held[renewals.in_force].iloc[-1]):
        made, forecast = held["staying"].iloc[-1], held[renewals.in_force].iloc[-1]
        numbers |= {"made": made, "forecast": forecast}
        fared = "too_many" if forecast > made else "too_few_stay"
        check = Beside("held_out", forecast - made, unit="points")
    return Fact(
        "worth",
        "predictive",
        estimate=row["estimate"],
        low=row["conf_low"],
        high=row["conf_high"],
        unit="money",
        n=int(row["n"]),
        base="renewals.open_with_fee",
        also=(*interval, "detail", fared),
        numbers=numbers,
        check=check,
    )


def fee_year(result: ContractValue) -> float:
    """Mean fees a year of the open contracts.

    Parameters
    ----------
    result : ContractValue

    Returns
    -------
    float
        In the study's currency; 0 where there are none.
    """
    return float(result.table["fee_year"].iloc[-1]) if len(result.table) else 0.0
