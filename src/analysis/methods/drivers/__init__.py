"""Which drivers matter: shares of R², importance against performance, penalties and rewards."""

from analysis.methods.drivers.importance import DriverImportance, driver_importance
from analysis.methods.drivers.penalty_reward import PenaltyReward, penalty_reward
from analysis.methods.drivers.performance import (
    ImportancePerformance,
    importance_performance,
    performance_scores,
    rank_touchpoints,
)

__all__ = [
    "DriverImportance",
    "ImportancePerformance",
    "PenaltyReward",
    "driver_importance",
    "importance_performance",
    "penalty_reward",
    "performance_scores",
    "rank_touchpoints",
]
