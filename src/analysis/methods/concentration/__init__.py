"""How value is spread over customers, how they move, and how well a rating sorts them."""

from analysis.methods.concentration.bunching import NearThreshold, count_near
from analysis.methods.concentration.lorenz import Concentration, measure_concentration
from analysis.methods.concentration.migration import (
    Migration,
    NoChange,
    measure_migration,
    simulate_no_change,
)
from analysis.methods.concentration.ordered_groups import (
    Discrimination,
    Trend,
    measure_auc,
    measure_trend,
)
from analysis.methods.concentration.ranking import Gain, measure_gain

__all__ = [
    "Concentration",
    "Discrimination",
    "Gain",
    "Migration",
    "NearThreshold",
    "NoChange",
    "Trend",
    "count_near",
    "measure_auc",
    "measure_concentration",
    "measure_gain",
    "measure_migration",
    "measure_trend",
    "simulate_no_change",
]
