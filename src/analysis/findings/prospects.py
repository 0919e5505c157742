"""What the way from the first contact to the first purchase says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.findings.retention import extreme_shares, longest_horizon
from analysis.lifecycle.prospect_costs import ConversionCosts
from analysis.lifecycle.prospects import Conversion
from analysis.methods.survival.contrasts import joint_level
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

ALL = "prospects.conversion"
CHANNELS = "prospects.channels"
COSTS = "prospects.costs"


def conversion_finding(result: Conversion, say: Wording) -> Finding:
    """How many prospects become customers, and how soon half of those looked at do."""
    last = longest_horizon(result, say.min_cell)
    if last is None:
        return finding(say, f"{ALL}.too_few", claim="descriptive", in_summary=False)
    row, early = last.iloc[0], result.within.iloc[0]
    numbers = {"share": row["estimate"], "weeks": row["weeks"], "n": row["n"]}
    details = []
    if np.isfinite(row["conf_low"]):
        details.append(say("prospects.interval", low=row["conf_low"], high=row["conf_high"]))
    if early["weeks"] < row["weeks"]:
        told = {"share": early["estimate"], "weeks": early["weeks"]}
        details.append(say(f"{ALL}.early", **told))
    median = result.curve.medians["estimate"].iloc[0]
    key = "reached" if np.isfinite(median) else "not_reached"
    details.append(say(f"{ALL}.{key}", **({"median": median} if key == "reached" else {})))
    return finding(say, f"{ALL}.told", *details, claim="descriptive", **numbers)


def channel_finding(result: Conversion, say: Wording) -> Finding:
    """Whether channels differ, and by how many points the extreme ones do."""
    last = longest_horizon(result, say.min_cell)
    options = {"claim": "descriptive", "in_summary": False}
    if last is None or len(last) < 2 or result.test is None:
        return finding(say, f"{CHANNELS}.too_few", say(f"{CHANNELS}.too_few.detail"), **options)
    numbers = extreme_shares(last, say)
    p_value = result.test.p_value
    tested = say(f"{CHANNELS}.tested", p=p_value) if np.isfinite(p_value) else ""
    clear = p_value < 1 - say.conf_level and numbers["low_end"] > 0
    key = f"{CHANNELS}.clear" if clear else f"{CHANNELS}.no_difference"
    return finding(say, key, say(f"{key}.detail", **numbers), tested, **options, **numbers)


def conversion_caption(result: Conversion, say: Wording) -> str:
    """What the curves show."""
    told = channel_finding(result, say)
    people = sum(risk.n for risk in result.curve.risk_sets.values())
    drawn = say(f"{ALL}.caption", people=people)
    if result.test is None:
        return drawn
    return f"{told.number} {told.headline} {drawn}"


def conversion_alt(result: Conversion, say: Wording) -> str:
    """The same in words."""
    return say(f"{ALL}.alt", detail=channel_finding(result, say).detail)


def cost_finding(result: ConversionCosts, say: Wording) -> Finding:
    """What a new customer costs, and how far the channels lie apart."""
    if result.table is None or not np.isfinite(result.table["estimate"].iloc[0]):
        return finding(say, f"{COSTS}.untold", claim="descriptive", in_summary=False)
    whole = result.table.iloc[0]
    if whole["n"] < say.min_cell:
        return finding(say, f"{COSTS}.untold", claim="descriptive", in_summary=False)
    numbers = {"cost": whole["estimate"], "weeks": result.weeks}
    interval = ""
    if np.isfinite(whole["conf_low"]):
        interval = say(f"{COSTS}.interval", low=whole["conf_low"], high=whole["conf_high"])
    details = [interval, _apart(result.table.iloc[1:], say)]
    return finding(say, f"{COSTS}.told", *details, claim="descriptive", **numbers)


def _apart(groups: pd.DataFrame, say: Wording) -> str:
    told = groups[(groups["n"] >= say.min_cell) & (groups["estimate"] > 0)]
    told = told[np.isfinite(told["std_error"])]
    if len(told) < 2:
        return ""
    cheap, dear = told.loc[told["estimate"].idxmin()], told.loc[told["estimate"].idxmax()]
    ratio = dear["estimate"] / cheap["estimate"]
    errors = [row["std_error"] / row["estimate"] for row in (cheap, dear)]
    level = joint_level(say.conf_level, len(told) * (len(told) - 1) // 2)
    reach = np.exp(norm.ppf((1 + level) / 2) * np.hypot(*errors))
    numbers = {"cheap": say.value(str(cheap["group"])), "dear": say.value(str(dear["group"]))}
    numbers |= {"least": cheap["estimate"], "most": dear["estimate"]}
    numbers |= {"ratio": ratio, "low": ratio / reach, "high": ratio * reach}
    return say(f"{COSTS}.{'apart' if ratio / reach > 1 else 'alike'}", **numbers)


def cost_table(result: ConversionCosts) -> str:
    """The key of the caption of the cost table."""
    return f"{COSTS}.{'table_untold' if result.table is None else 'table'}"
