"""How long relationships last: curves, tests and summaries of durations of which some are open."""

from analysis.methods.survival.gaps import gap_milestones
from analysis.methods.survival.kaplan_meier import SurvivalCurve, survival_curve
from analysis.methods.survival.landmark import follow_up, landmark_curve, remaining_life
from analysis.methods.survival.log_rank import LogRankTest, logrank_test
from analysis.methods.survival.milestones import Milestones, milestone_differences
from analysis.methods.survival.pairwise import pairwise_tests
from analysis.methods.survival.restricted_mean import RestrictedMeans, restricted_mean

__all__ = [
    "LogRankTest",
    "Milestones",
    "RestrictedMeans",
    "SurvivalCurve",
    "follow_up",
    "gap_milestones",
    "landmark_curve",
    "logrank_test",
    "milestone_differences",
    "pairwise_tests",
    "remaining_life",
    "restricted_mean",
    "survival_curve",
]
