"""An e-commerce retailer with five tiers; nobody says goodbye."""

from __future__ import annotations

from analysis.simulate.companies.common import (
    ALL_DAY,
    LATE_DAY,
    SEGMENTS,
    contact_truth,
    of_mean_one,
    survey_truth,
)
from analysis.simulate.truth import CampaignTruth, Preset, PurchaseTruth, StageTruth, TierTruth

RETAILER = Preset(
    company="retailer",
    contractual=False,
    segments={
        "channel": {"search": 0.34, "social": 0.26, "referral": 0.16, "display": 0.24},
        **SEGMENTS,
    },
    acquisition_cost={"search": 9.0, "social": 7.0, "referral": 4.0, "display": 5.0},
    order_channels={"web": 0.52, "app": 0.40, "phone": 0.08},
    products={"clothing": 0.30, "home": 0.22, "beauty": 0.20, "electronics": 0.13, "toys": 0.15},
    plans={"basic": 4.90, "plus": 9.90, "family": 14.90},
    opening=(ALL_DAY, LATE_DAY),
    stages=StageTruth(
        hazards={
            ("new", "mature"): 0.120,
            ("new", "declining"): 0.050,
            ("new", "churned"): 0.085,
            ("mature", "declining"): 0.055,
            ("mature", "churned"): 0.010,
            ("declining", "mature"): 0.070,
            ("declining", "churned"): 0.130,
            ("churned", "won_back"): 0.020,
            ("won_back", "mature"): 0.140,
            ("won_back", "declining"): 0.060,
            ("won_back", "churned"): 0.110,
        },
        conversion={"search": 0.30, "social": 0.16, "referral": 0.42, "display": 0.09},
        involuntary=0.0020,
        merged=0.0008,
        satisfaction_effect=-0.45,
        channel_effect={"search": 0.0, "social": 0.15, "referral": -0.30, "display": 0.25},
        complaint_effect=1.00,
        fast_relief=0.75,
        complaint_days=90.0,
        fast_days=3.0,
    ),
    purchases=PurchaseTruth(
        rate={"new": 0.55, "mature": 1.10, "declining": 0.30, "won_back": 0.50},
        frailty_shape=1.8,
        satisfaction_effect=0.20,
        season=of_mean_one(
            (0.85, 0.82, 0.93, 0.96, 0.98, 0.97, 0.92, 0.94, 0.99, 1.03, 1.35, 1.45)
        ),
        weekday=of_mean_one((1.02, 0.96, 0.96, 0.97, 1.02, 0.98, 1.12)),
        p=6.0,
        q=4.0,
        gamma=25.0,
        return_share=0.07,
        return_days=9.0,
        margin={
            "clothing": 0.42,
            "home": 0.34,
            "beauty": 0.48,
            "electronics": 0.14,
            "toys": 0.31,
        },
    ),
    tiers=TierTruth(
        tiers=("ordinary", "bronze", "silver", "gold", "vip"),
        thresholds=(150.0, 400.0, 800.0, 1600.0),
        benefit={"ordinary": 0.0, "bronze": 0.04, "silver": 0.08, "gold": 0.33, "vip": 0.40},
        programme="gold",
    ),
    survey=survey_truth(
        {
            "quality_website": 0.75,
            "quality_checkout": 0.70,
            "quality_delivery": 0.80,
            "quality_product": 0.78,
            "quality_support": 0.65,
        },
        {
            "quality_website": 7.1,
            "quality_checkout": 7.3,
            "quality_delivery": 5.9,
            "quality_product": 7.0,
            "quality_support": 6.1,
        },
        {"ordinary": 0.30, "bronze": 0.40, "silver": 0.50, "gold": 0.70, "vip": 0.80},
    ),
    contacts=contact_truth({"email": 2.10, "chat": 3.40, "phone": 6.80}, 0.045),
    campaigns=CampaignTruth(
        months=(3, 9),
        reach=0.80,
        treated_share=0.50,
        window_days=42,
        effect=0.35,
        cost=0.60,
        redeem_share=0.70,
    ),
)
