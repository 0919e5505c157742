"""What complaints and their handling say."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.findings.satisfaction import headline_of
from analysis.satisfaction.complaints import Complaints
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording

LOSS = "complaints.finding"
HANDLED = "complaints.handled"


def complaints_finding(result: Complaints, say: Wording) -> Finding:
    """How many more customers are lost after a complaint that was answered late."""
    options = {"claim": "predictive"}
    late = _row(result, "answered_late", say)
    if late is None:
        return finding(say, f"{LOSS}.none", in_summary=False, **options)
    numbers = {"points": late["points_apart"]}
    limits = {"low": late["points_conf_low"], "high": late["points_conf_high"]}
    kind = say(f"{LOSS}.kind.{'contracts' if result.contractual else 'purchases'}")
    if limits["low"] <= 0:
        key = f"{LOSS}.unclear"
        detail = say(f"{key}.detail", **numbers, **limits)
        return finding(say, key, detail, kind, in_summary=False, **options, **numbers)
    fast = _row(result, "answered_fast", say)
    details = [say(f"{LOSS}.detail", weeks=result.weeks, **limits)]
    if fast is not None and fast["points_apart"] > 0:
        told = {"fast": result.fast_days, "fast_points": fast["points_apart"]}
        details.append(say(f"{LOSS}.fast", **told))
    return finding(say, LOSS, *details, kind, **options, **numbers)


def _row(result: Complaints, handling: str, say: Wording) -> pd.Series | None:
    rows = result.table[result.table["handling"].eq(handling)]
    if rows.empty or rows["contacts"].iloc[0] < say.min_cell:
        return None
    return rows.iloc[0] if np.isfinite(rows["points_conf_low"].iloc[0]) else None


def handling_finding(result: Complaints, say: Wording) -> Finding:
    """How many complaints are answered, and how soon."""
    options = {"claim": "descriptive", "in_summary": False}
    within = result.answered_within
    if result.complaints < say.min_cell or not np.isfinite(list(within.values())).all():
        return finding(say, f"{HANDLED}.none", **options)
    numbers = {
        "share": within[result.fast_days],
        "days": result.fast_days,
        "late": result.late_days,
        "late_share": within[result.late_days],
        "complaints": result.complaints,
        "complainers": result.complainers,
    }
    if np.isfinite(result.median_days):
        detail = say(f"{HANDLED}.detail", median=result.median_days, **numbers)
    else:
        detail = say(f"{HANDLED}.no_median", **numbers)
    return finding(say, HANDLED, detail, **options, **numbers)


def complaints_caption(result: Complaints, say: Wording) -> str:
    """What the figure of the shares shows."""
    headline = headline_of(complaints_finding(result, say))
    numbers = {"weeks": result.weeks, "late": result.late_days, "fast": result.fast_days}
    return say("complaints.caption", headline=headline, **numbers)


def complaints_alt(result: Complaints, say: Wording) -> str:
    """The same in words."""
    return say("complaints.alt")
