"""What the three companies share: segments, the structural model, opening hours."""

from __future__ import annotations

from collections.abc import Sequence

from analysis.simulate.truth import ContactTruth, SurveyTruth

SEGMENTS = {
    "region": {"north": 0.28, "east": 0.32, "south": 0.26, "west": 0.14},
    "city_tier": {"tier_1": 0.25, "tier_2": 0.35, "tier_3": 0.40},
    "age_band": {"18-29": 0.24, "30-44": 0.36, "45-59": 0.26, "60+": 0.14},
    "gender": {"female": 0.53, "male": 0.47},
    "income_band": {"low": 0.30, "middle": 0.50, "high": 0.20},
}
PATHS = {
    ("image", "expectations"): 0.50,
    ("expectations", "quality"): 0.55,
    ("quality", "value"): 0.55,
    ("expectations", "value"): 0.15,
    ("image", "satisfaction"): 0.20,
    ("quality", "satisfaction"): 0.30,
    ("value", "satisfaction"): 0.40,
    ("image", "loyalty"): 0.15,
    ("satisfaction", "loyalty"): 0.65,
}
RESPONSE = {"18-29": 0.35, "30-44": 0.45, "45-59": 0.55, "60+": 0.60}
ALL_DAY = (0, 0, 0, 0, 0, 0, 1, 2, 3, 5, 6, 6, 7, 6, 5, 5, 5, 6, 7, 9, 10, 9, 6, 2)
LATE_DAY = (0, 0, 0, 0, 0, 0, 0, 1, 3, 6, 8, 9, 8, 7, 7, 7, 7, 6, 6, 7, 8, 8, 5, 2)
OFFICE_DAY = (0, 0, 0, 0, 0, 0, 0, 1, 4, 9, 10, 9, 8, 7, 8, 8, 7, 5, 3, 2, 2, 1, 0, 0)
SHOP_DAY = (0, 0, 0, 0, 0, 0, 0, 0, 2, 5, 7, 8, 8, 7, 6, 7, 9, 11, 10, 7, 3, 0, 0, 0)


def survey_truth(
    touchpoints: dict[str, float], means: dict[str, float], tiers: dict[str, float]
) -> SurveyTruth:
    """Build the measurement: loadings and means of the touchpoints, shares asked by tier."""
    scales = {
        "image": {"image_1": 0.80, "image_2": 0.75, "image_3": 0.70, "image_4": 0.65},
        "expectations": {"expectations_1": 0.75, "expectations_2": 0.70, "expectations_3": 0.65},
        "quality": touchpoints,
        "value": {"value_1": 0.85, "value_2": 0.80, "value_3": -0.70},
        "satisfaction": {"satisfaction_1": 0.90, "satisfaction_2": 0.85, "satisfaction_3": 0.80},
        "loyalty": {"loyalty_1": 0.85, "loyalty_2": 0.80, "loyalty_3": 0.75},
    }
    own = {"image": 6.8, "expectations": 6.9, "value": 6.2, "satisfaction": 6.6, "loyalty": 6.3}
    item_means = {item: own[scale] for scale in own for item in scales[scale]}
    return SurveyTruth(
        paths=PATHS,
        loadings=scales,
        means=item_means | {"value_3": 4.6} | means,
        item_sd=1.6,
        nps_loading=0.85,
        nps_mean=7.6,
        nps_sd=2.0,
        sampling=tiers,
        response=RESPONSE,
        missing_share=0.02,
    )


def contact_truth(channels: dict[str, float], complaint_rate: float) -> ContactTruth:
    """Build the handling of contacts: costs by channel, complaints a month."""
    return ContactTruth(
        rates={"contact": 0.10, "enquiry": 0.12},
        complaint_rate=complaint_rate,
        complaint_satisfaction=-0.45,
        handling_days={"enquiry": (0.4, 0.9), "complaint": (3.0, 1.0), "return": (4.0, 0.6)},
        unresolved_days=30.0,
        channels=channels,
    )


def of_mean_one(weights: Sequence[float]) -> tuple[float, ...]:
    """Scale weights to a mean of one."""
    return tuple(weight * len(weights) / sum(weights) for weight in weights)
