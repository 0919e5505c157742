"""A bank with four tiers, whose customers hold contracts."""

from __future__ import annotations

from analysis.simulate.companies.common import (
    ALL_DAY,
    OFFICE_DAY,
    SEGMENTS,
    contact_truth,
    of_mean_one,
    survey_truth,
)
from analysis.simulate.truth import CampaignTruth, Preset, PurchaseTruth, StageTruth, TierTruth

BANK = Preset(
    company="bank",
    contractual=True,
    segments={
        "channel": {"branch": 0.36, "online": 0.38, "partner": 0.14, "referral": 0.12},
        **SEGMENTS,
    },
    acquisition_cost={"branch": 68.0, "online": 31.0, "partner": 52.0, "referral": 25.0},
    order_channels={"app": 0.46, "online": 0.28, "branch": 0.16, "phone": 0.10},
    products={"card": 0.46, "savings": 0.22, "fund": 0.12, "insurance": 0.08, "loan": 0.12},
    plans={"basic": 3.90, "standard": 7.90, "premium": 15.90},
    opening=(OFFICE_DAY, ALL_DAY),
    stages=StageTruth(
        hazards={
            ("new", "mature"): 0.110,
            ("new", "declining"): 0.025,
            ("new", "churned"): 0.022,
            ("mature", "declining"): 0.030,
            ("mature", "churned"): 0.004,
            ("declining", "mature"): 0.060,
            ("declining", "churned"): 0.070,
            ("churned", "won_back"): 0.010,
            ("won_back", "mature"): 0.120,
            ("won_back", "declining"): 0.040,
            ("won_back", "churned"): 0.045,
        },
        conversion={"branch": 0.40, "online": 0.20, "partner": 0.12, "referral": 0.50},
        involuntary=0.0030,
        merged=0.0020,
        satisfaction_effect=-0.50,
        channel_effect={"branch": 0.0, "online": 0.15, "partner": 0.25, "referral": -0.25},
        complaint_effect=1.10,
        fast_relief=0.80,
        complaint_days=120.0,
        fast_days=5.0,
    ),
    purchases=PurchaseTruth(
        rate={"new": 0.90, "mature": 1.80, "declining": 0.50, "won_back": 0.80},
        frailty_shape=2.5,
        satisfaction_effect=0.15,
        season=of_mean_one((1.04, 0.95, 1.02, 0.99, 0.98, 1.0, 0.96, 0.94, 0.99, 1.0, 1.03, 1.12)),
        weekday=of_mean_one((1.25, 1.15, 1.12, 1.12, 1.22, 0.64, 0.50)),
        p=4.0,
        q=3.5,
        gamma=100.0,
        return_share=0.012,
        return_days=6.0,
        margin={"card": 0.06, "savings": 0.03, "fund": 0.09, "insurance": 0.15, "loan": 0.11},
    ),
    tiers=TierTruth(
        tiers=("potential", "general", "important", "high_end"),
        thresholds=(1200.0, 3000.0, 6500.0),
        benefit={"potential": 0.0, "general": 0.05, "important": 0.30, "high_end": 0.38},
        programme="important",
    ),
    survey=survey_truth(
        {
            "quality_branch": 0.70,
            "quality_app": 0.75,
            "quality_advice": 0.80,
            "quality_hotline": 0.65,
            "quality_fees": 0.60,
        },
        {
            "quality_branch": 7.0,
            "quality_app": 7.2,
            "quality_advice": 6.5,
            "quality_hotline": 5.6,
            "quality_fees": 5.4,
        },
        {"potential": 0.30, "general": 0.40, "important": 0.60, "high_end": 0.80},
    ),
    contacts=contact_truth({"branch": 9.50, "app": 1.20, "phone": 6.20}, 0.030),
    campaigns=CampaignTruth(
        months=(5,),
        reach=0.70,
        treated_share=0.50,
        window_days=42,
        effect=0.25,
        cost=1.40,
        redeem_share=0.60,
    ),
)
