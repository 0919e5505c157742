"""Rates of ending: what goes with a higher or lower hazard, and whether it stays constant."""

from analysis.methods.hazards.cox import CoxRegression, cox_regression
from analysis.methods.hazards.discrete import DiscreteHazard, discrete_hazard
from analysis.methods.hazards.prediction import predict_survival
from analysis.methods.hazards.proportionality import ProportionalHazardsTest

__all__ = [
    "CoxRegression",
    "DiscreteHazard",
    "ProportionalHazardsTest",
    "cox_regression",
    "discrete_hazard",
    "predict_survival",
]
