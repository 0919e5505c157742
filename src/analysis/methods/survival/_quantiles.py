"""Times by which a share has ended, and their intervals: a curve and its band read backwards."""

import numpy as np

from analysis.methods._risksets import RiskSets
from analysis.notes import note

SAME_SHARE = np.sqrt(np.finfo(float).eps)  # R's tolerance for a curve that lies on the quantile


def quantile_row(group: str, curve, sets: RiskSets, share: float) -> dict:
    """One row of a table of quantiles: the time by which `share` has ended, with its interval."""
    times = np.asarray(curve["time"])
    estimate, low, high = (
        first_time_below(times, np.asarray(curve[name]), 1 - share)
        for name in ("estimate", "conf_low", "conf_high")
    )
    return {
        "group": group,
        "term": "median" if share == 0.5 else note("survival.quantile", share=share),
        "share": share,
        "estimate": estimate,
        "std_error": np.nan,
        "conf_low": low,
        "conf_high": high,
        "n": sets.n,
        "events": int(sets.events.sum()),
        "note": note("survival.not_reached") if np.isnan(estimate) else "",
    }


def first_time_below(times: np.ndarray, shares: np.ndarray, level: float) -> float:
    """First time at which a falling curve is at or below `level`; NaN if never.

    Where the curve lies exactly on the level, the middle of that stretch, which may last to the end
    of follow-up: as R's `quantile.survfit` has it (its printed medians take the beginning there).
    """
    below = shares < level + SAME_SHARE
    if not below.any():
        return np.nan
    first = int(np.argmax(below))
    if abs(shares[first] - level) < SAME_SHARE:
        later = shares[first:] < shares[first] - SAME_SHARE
        last = first + int(np.argmax(later)) if later.any() else -1
        return float(times[first] + times[last]) / 2
    return float(times[first])
