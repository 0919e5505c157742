"""What each tier holds at the latest rating."""

from __future__ import annotations

from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.profiles import TierProfile, profile_tiers, sum_by_tier


def present_profile(rated: RatedPeriods) -> TierProfile:
    """Customers, purchases and value (margin, else revenue) of each tier at the latest rating.

    Parameters
    ----------
    rated : RatedPeriods

    Returns
    -------
    TierProfile
        Of 'purchases' and 'value' in the period before the rating.
    """
    if rated.held is not None:
        rows = rated.held.days[rated.present.rated_at]
        sums = sum_by_tier(rated, rows.mutate(value=rows[rated.value]), ["purchases", "value"])
        return profile_tiers(rated.present, sums, ["purchases", "value"])
    frame = rated.present_frame.assign(value=rated.present_frame[rated.value])
    return profile_tiers(rated.present, frame, ["purchases", "value"])
