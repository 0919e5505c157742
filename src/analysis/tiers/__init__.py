"""Tiers: rate customers, rate them again, and judge the rating by what came after."""

from analysis.tiers.comparison import (
    SchemeComparison,
    coarser,
    compare_schemes,
    finer,
    reweighted,
)
from analysis.tiers.grouping import OwnGroups, own_groups
from analysis.tiers.judging import Judgement, judge_rating
from analysis.tiers.landmark import TierFutures, follow_tiers
from analysis.tiers.limits import NearLimits, near_limits
from analysis.tiers.moves import Moves, tier_moves
from analysis.tiers.periods import RatedPeriods, next_period, rate_periods
from analysis.tiers.profiles import (
    CostToServe,
    TierProfile,
    cost_to_serve,
    present_profile,
    profile_tiers,
)
from analysis.tiers.quantities import (
    outcomes_after,
    quantities_before,
    quantities_frame,
    rating_dates,
)
from analysis.tiers.rating import Rating, rate_customers
from analysis.tiers.rerating import Rerating, company_rating, rate_again
from analysis.tiers.schemes import OtherSchemes, compare_other_schemes
from analysis.tiers.standing import judge_periods, present_concentration

__all__ = [
    "CostToServe",
    "Judgement",
    "Moves",
    "NearLimits",
    "OtherSchemes",
    "OwnGroups",
    "RatedPeriods",
    "Rating",
    "Rerating",
    "SchemeComparison",
    "TierFutures",
    "TierProfile",
    "coarser",
    "company_rating",
    "compare_other_schemes",
    "compare_schemes",
    "cost_to_serve",
    "finer",
    "follow_tiers",
    "judge_periods",
    "judge_rating",
    "near_limits",
    "next_period",
    "outcomes_after",
    "own_groups",
    "present_concentration",
    "present_profile",
    "profile_tiers",
    "quantities_before",
    "quantities_frame",
    "rate_again",
    "rate_customers",
    "rate_periods",
    "rating_dates",
    "reweighted",
    "tier_moves",
]
