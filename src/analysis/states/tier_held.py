"""The company's own tier on the day of an answer, a contact or whatever else is dated."""

from __future__ import annotations

import pandas as pd

from analysis.data import Tables
from analysis.frames import attach_known

NO_TIER = "no_tier"


def with_tier(frame: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Add `tier_held`, the company's tier on the day `at`; nothing where no tiers are known.

    Parameters
    ----------
    frame : DataFrame
        Columns used: `customer_id`, `at`.
    tables : Tables
        Uses `tier_history`, where there is one.

    Returns
    -------
    DataFrame
        The frame, with 'no_tier' for those who held none.
    """
    if "tier_history" not in tables:
        return frame
    history = tables["tier_history"]
    columns = [c for c in ("customer_id", "from_at", "to_at", "tier") if c in history.columns]
    frame = attach_known(frame, history.select(*columns), at="at")
    tier = frame.pop("tier").astype(object)
    return frame.assign(tier_held=tier.where(tier.notna(), NO_TIER))
