"""A chain of shops with three tiers; nobody says goodbye."""

from __future__ import annotations

from analysis.simulate.companies.common import (
    SEGMENTS,
    SHOP_DAY,
    contact_truth,
    of_mean_one,
    survey_truth,
)
from analysis.simulate.truth import CampaignTruth, Preset, PurchaseTruth, StageTruth, TierTruth

CHAIN = Preset(
    company="chain",
    contractual=False,
    segments={
        "channel": {"walk_in": 0.55, "app": 0.20, "flyer": 0.15, "referral": 0.10},
        **SEGMENTS,
    },
    acquisition_cost={"walk_in": 1.2, "app": 3.5, "flyer": 2.4, "referral": 2.0},
    order_channels={"shop": 0.78, "app": 0.16, "delivery": 0.06},
    products={"drinks": 0.34, "bakery": 0.26, "meals": 0.24, "snacks": 0.16},
    plans={"card": 2.90, "club": 5.90},
    opening=(SHOP_DAY, SHOP_DAY),
    stages=StageTruth(
        hazards={
            ("new", "mature"): 0.180,
            ("new", "declining"): 0.060,
            ("new", "churned"): 0.130,
            ("mature", "declining"): 0.070,
            ("mature", "churned"): 0.014,
            ("declining", "mature"): 0.080,
            ("declining", "churned"): 0.160,
            ("churned", "won_back"): 0.030,
            ("won_back", "mature"): 0.160,
            ("won_back", "declining"): 0.080,
            ("won_back", "churned"): 0.140,
        },
        conversion={"walk_in": 0.60, "app": 0.35, "flyer": 0.15, "referral": 0.45},
        involuntary=0.0040,
        merged=0.0005,
        satisfaction_effect=-0.40,
        channel_effect={"walk_in": 0.0, "app": -0.15, "flyer": 0.20, "referral": -0.25},
        complaint_effect=0.90,
        fast_relief=0.70,
        complaint_days=60.0,
        fast_days=2.0,
    ),
    purchases=PurchaseTruth(
        rate={"new": 1.20, "mature": 2.80, "declining": 0.70, "won_back": 1.10},
        frailty_shape=1.4,
        satisfaction_effect=0.25,
        season=of_mean_one((0.94, 0.95, 0.99, 1.0, 1.03, 1.05, 1.04, 1.03, 1.0, 0.98, 0.97, 1.02)),
        weekday=of_mean_one((0.94, 0.94, 0.96, 1.0, 1.12, 1.18, 0.86)),
        p=5.0,
        q=5.0,
        gamma=12.0,
        return_share=0.006,
        return_days=2.0,
        margin={"drinks": 0.62, "bakery": 0.51, "meals": 0.38, "snacks": 0.44},
    ),
    tiers=TierTruth(
        tiers=("low", "potential", "high"),
        thresholds=(120.0, 450.0),
        benefit={"low": 0.0, "potential": 0.06, "high": 0.28},
        programme="high",
    ),
    survey=survey_truth(
        {
            "quality_shop": 0.75,
            "quality_staff": 0.80,
            "quality_waiting": 0.65,
            "quality_taste": 0.78,
        },
        {
            "quality_shop": 6.9,
            "quality_staff": 7.2,
            "quality_waiting": 5.5,
            "quality_taste": 7.4,
        },
        {"low": 0.30, "potential": 0.40, "high": 0.60},
    ),
    contacts=contact_truth({"shop": 1.50, "app": 0.80, "phone": 5.40}, 0.035),
    campaigns=CampaignTruth(
        months=(2, 5, 10),
        reach=0.60,
        treated_share=0.50,
        window_days=28,
        effect=0.30,
        cost=0.25,
        redeem_share=0.75,
    ),
)
