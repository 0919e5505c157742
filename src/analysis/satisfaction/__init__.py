"""Satisfaction and loyalty: how well measured, what goes with them, and what followed."""

from analysis.satisfaction.answers import Answers, read_answers, with_states
from analysis.satisfaction.measured import (
    Measurement,
    Response,
    group_sizes,
    measure_scales,
    study_customers,
    who_answers,
)
from analysis.satisfaction.recommendation import Recommendation, recommendation

__all__ = [
    "Answers",
    "Measurement",
    "Recommendation",
    "Response",
    "group_sizes",
    "measure_scales",
    "read_answers",
    "recommendation",
    "study_customers",
    "who_answers",
    "with_states",
]
