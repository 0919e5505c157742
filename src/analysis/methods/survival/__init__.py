"""How long relationships last: curves, tests and summaries of durations of which some are open."""

from analysis.methods.survival.kaplan_meier import SurvivalCurve, survival_curve
from analysis.methods.survival.log_rank import LogRankTest, logrank_test

__all__ = ["LogRankTest", "SurvivalCurve", "logrank_test", "survival_curve"]
