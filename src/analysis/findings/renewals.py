"""Who renews, how well that is foreseen, and what the open contracts are still worth."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.value import or_nothing
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.value import ContractValue, Renewals

RATES, CHECK, WORTH = (f"renewals.{part}" for part in ("rates", "check", "worth"))


def told_periods(result: Renewals, say: Wording) -> pd.DataFrame:
    """The renewals that enough customers faced to be told."""
    return result.curve[result.curve["at_risk"] >= say.min_cell]


def rates_finding(result: Renewals, say: Wording) -> Finding:
    """How many make the first renewal, and whether more make the later ones."""
    rows = told_periods(result, say)
    options = {"claim": "descriptive", "in_summary": False}
    if not len(rows):
        return finding(say, f"{RATES}.none", **options)
    first, last = rows.iloc[0], rows.iloc[-1]
    numbers = {"first": first["renewed"], "n": first["at_risk"], "months": result.months}
    details = []
    if len(rows) > 1:
        ends = {"last": last["renewed"], "period": last["period"], "n": last["at_risk"]}
        more = "rises" if last["renewed"] > first["renewed"] else "falls"
        details.append(say(f"{RATES}.{more}", **ends))
        details.append(say(f"{RATES}.staying", share=last["staying"], period=last["period"]))
    if np.isfinite(result.p_duration):
        details.append(say(f"{RATES}.{result.in_force}", p=result.p_duration))
    return finding(say, f"{RATES}.told", *details, **options, **numbers)


def check_finding(result: Renewals, say: Wording) -> Finding:
    """How far the model lay from what came in the periods held out."""
    rows = told_periods(result, say)
    held = rows[rows["held_out"]] if len(rows) else rows
    if not len(held) or result.in_force not in result.error:
        return finding(say, f"{CHECK}.none", claim="predictive", in_summary=False)
    last = held.iloc[-1]
    numbers = {"off": result.error[result.in_force], "model": say.value(result.in_force)}
    numbers |= {"periods": len(held), "period": last["period"], "made": last["staying"]}
    numbers |= {"forecast": last[result.in_force]}
    detail = say(f"{CHECK}.detail", **numbers)
    return finding(say, f"{CHECK}.told", detail, claim="predictive", **numbers)


def renewals_caption(result: Renewals, say: Wording) -> str:
    """What the figure of those still there shows."""
    told = check_finding(result, say)
    head = f"{told.number} {told.headline}"
    n = int(result.curve["at_risk"].iloc[0]) if len(result.curve) else 0
    return f"{head} {say('renewals.caption', months=result.months, n=n)}"


def renewals_alt(result: Renewals, say: Wording) -> str:
    """The same in words."""
    told = rates_finding(result, say)
    return say("renewals.alt", headline=f"{told.number} {told.headline}")


def renewals_table(result: Renewals, say: Wording) -> pd.DataFrame:
    """Renewals faced and made; one line that says why where there are none."""
    table = result.curve.assign(period=result.curve["period"].astype(str))
    return or_nothing(table.rename(columns={"at_risk": "facing"}), "period", say)


def worth_finding(result: ContractValue, renewals: Renewals, say: Wording) -> Finding:
    """What the open contracts are still worth, and how the model fared when it was checked."""
    if not len(result.table) or result.table["n"].iloc[-1] < say.min_cell:
        return finding(say, f"{WORTH}.none", claim="predictive", in_summary=False)
    row = result.table.iloc[-1]
    numbers = {"total": row["value_ahead"], "n": row["n"], "each": row["value_each"]}
    details = []
    if np.isfinite([row["value_ahead_conf_low"], row["value_ahead_conf_high"]]).all():
        ends = {"low": row["value_ahead_conf_low"], "high": row["value_ahead_conf_high"]}
        details.append(say(f"{WORTH}.interval", **ends))
    details += [say(f"{WORTH}.detail", periods=row["periods_ahead"], **numbers)]
    details.append(_fared(renewals, say))
    return finding(say, f"{WORTH}.told", *details, claim="predictive", **numbers)


def _fared(result: Renewals, say: Wording) -> str:
    rows = told_periods(result, say)
    held = rows[rows["held_out"]] if len(rows) else rows
    if not len(held) or not np.isfinite(held[result.in_force].iloc[-1]):
        return say(f"{WORTH}.unchecked")
    last = held.iloc[-1]
    numbers = {"forecast": last[result.in_force], "made": last["staying"]}
    key = "too_many" if numbers["forecast"] > numbers["made"] else "too_few_stay"
    return say(f"{WORTH}.{key}", **numbers)


def worth_table(result: ContractValue, say: Wording) -> pd.DataFrame:
    """By renewals made; one line that says why where there is none."""
    return or_nothing(result.table, "renewals_made", say)
