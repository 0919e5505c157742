"""Who sits near a limit of the scheme, and whether customers gather just above one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.methods.concentration import count_near
from analysis.params.tiers import Scheme
from analysis.tiers.criteria import criteria_of
from analysis.tiers.periods import RatedPeriods

NEAR_POINTS = 2.0
"""Points of a score (of 100) that count as near."""
NEAR_SHARE = 0.1
"""Share of the lowest limit that counts as near, for a quantity of its own."""
NO_LIMITS = "groups found by clustering have no limits"


@dataclass(frozen=True, slots=True, eq=False)
class NearLimits:
    """Customers near each limit at the latest rating.

    table : quantity, tier (that begins at the limit), limit, below and above (share of customers
    within `width`), excess with excess_conf_low and excess_conf_high (how many more sit just above
    than a smooth density leads one to expect; only of a quantity that a customer can steer),
    p_value, n, note. near : share of all customers near some limit. note : why nothing is told.
    """

    table: pd.DataFrame
    near: float
    note: str


def near_limits(rated: RatedPeriods, scheme: Scheme, *, conf_level: float = 0.95) -> NearLimits:
    """Count customers within a small width of each limit of the scheme, at the latest rating."""
    columns = ["quantity", "tier", "limit", "width", "below", "above", "excess", "excess_conf_low"]
    columns += ["excess_conf_high", "p_value", "n", "note"]
    if scheme.clusters is not None:
        return NearLimits(pd.DataFrame(columns=columns), np.nan, NO_LIMITS)
    criteria, _ = criteria_of(rated.present_frame, scheme)
    rows, near = [], np.zeros(len(rated.present_frame), bool)
    for criterion in criteria:
        finite = np.isfinite(criterion.cuts)
        own = criterion.name in rated.present_frame
        known = criterion.values[~np.isnan(criterion.values)]
        if not finite.any() or not known.size:
            continue
        width = NEAR_SHARE * np.abs(criterion.cuts[finite]).min() if own else NEAR_POINTS
        if not width > 0:
            continue
        cuts = dict(zip(np.array(scheme.tiers[1:])[finite], criterion.cuts[finite], strict=True))
        found = count_near(known, cuts, width=width, conf_level=conf_level).table
        for tier, cut in cuts.items():
            of = found[found["group"] == tier].set_index("term")
            rows.append(_row(criterion, tier, cut, width, of, own))
            with np.errstate(invalid="ignore"):
                place = np.floor((criterion.values - cut) / width + 1e-9)
            near |= (place == 0) | (place == -1)
    return NearLimits(pd.DataFrame(rows, columns=columns), float(near.mean()), "")


def _row(criterion, tier, cut, width, of, own) -> tuple:
    excess = of.loc["excess_above"]
    told = excess[["estimate", "conf_low", "conf_high", "p_value"]] if own else [np.nan] * 4
    shares = of.loc["just_below", "estimate"], of.loc["just_above", "estimate"]
    note = excess["note"] if own else ""
    head = (criterion.name, tier, criterion.sign * cut, width, *shares)
    return (*head, *told, of.loc["just_below", "n"], note)
