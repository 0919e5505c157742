"""Satisfaction and loyalty: how well measured, what goes with them, and what followed."""

from analysis.satisfaction.answers import Answers, read_answers, with_states
from analysis.satisfaction.measured import Measurement, Response, measure_scales, who_answers
from analysis.satisfaction.recommendation import Recommendation, recommendation

__all__ = [
    "Answers",
    "Measurement",
    "Recommendation",
    "Response",
    "measure_scales",
    "read_answers",
    "recommendation",
    "who_answers",
    "with_states",
]
