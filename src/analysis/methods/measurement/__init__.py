"""Measuring satisfaction and loyalty: reliability of scales, NPS, survey means, who answered."""

from analysis.methods.measurement.estimates import (
    SurveyEstimates,
    net_promoter_score,
    survey_means,
    survey_shares,
)
from analysis.methods.measurement.reliability import Reliability, estimate_reliability
from analysis.methods.measurement.response import (
    ResponseRates,
    estimate_response,
    item_nonresponse,
)
from analysis.methods.measurement.validity import DiscriminantValidity, heterotrait_monotrait
from analysis.methods.scales import (
    ItemAnswers,
    Scale,
    ScaleScores,
    check_scales,
    item_answers,
    scale_scores,
)

__all__ = [
    "DiscriminantValidity",
    "ItemAnswers",
    "Reliability",
    "ResponseRates",
    "Scale",
    "ScaleScores",
    "SurveyEstimates",
    "check_scales",
    "estimate_reliability",
    "estimate_response",
    "heterotrait_monotrait",
    "item_answers",
    "item_nonresponse",
    "net_promoter_score",
    "scale_scores",
    "survey_means",
    "survey_shares",
]
