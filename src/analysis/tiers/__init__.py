"""Tiers: rate customers, rate them again, and judge the rating by what came after."""

from analysis.tiers.judging import (
    Judgement,
    SchemeComparison,
    TierProfile,
    coarser,
    compare_schemes,
    finer,
    judge_rating,
    near_thresholds,
    profile_tiers,
    reweighted,
)
from analysis.tiers.quantities import (
    outcomes_after,
    quantities_before,
    quantities_frame,
    rating_dates,
)
from analysis.tiers.rating import Rating, rate_customers
from analysis.tiers.rerating import Rerating, company_rating, rate_again

__all__ = [
    "Judgement",
    "Rating",
    "Rerating",
    "SchemeComparison",
    "TierProfile",
    "coarser",
    "company_rating",
    "compare_schemes",
    "finer",
    "judge_rating",
    "near_thresholds",
    "outcomes_after",
    "profile_tiers",
    "quantities_before",
    "quantities_frame",
    "rate_again",
    "rate_customers",
    "rating_dates",
    "reweighted",
]
