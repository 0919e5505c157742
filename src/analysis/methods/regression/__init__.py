"""Loyalty on its drivers, by kind of outcome, with effects in the outcome's own unit."""

from analysis.methods.regression.design import Bend, Spline, Steps
from analysis.methods.regression.diagnostics import Calibration, calibrate, diagnose
from analysis.methods.regression.effects import average_marginal_effects
from analysis.methods.regression.fit import RegressionFit
from analysis.methods.regression.landmark import Landmark, landmark
from analysis.methods.regression.models import fit_counts, fit_linear, fit_logit, fit_spend
from analysis.methods.regression.ordinal import OrdinalFit, fit_ordinal
from analysis.methods.regression.proportional_odds import ProportionalOdds, check_proportional_odds
from analysis.methods.regression.shapes import ShapeComparison, compare_shapes
from analysis.methods.regression.two_part import TwoPartFit, fit_two_part

__all__ = [
    "Bend",
    "Calibration",
    "Landmark",
    "OrdinalFit",
    "ProportionalOdds",
    "RegressionFit",
    "ShapeComparison",
    "Spline",
    "Steps",
    "TwoPartFit",
    "average_marginal_effects",
    "calibrate",
    "check_proportional_odds",
    "compare_shapes",
    "diagnose",
    "fit_counts",
    "fit_linear",
    "fit_logit",
    "fit_ordinal",
    "fit_spend",
    "fit_two_part",
    "landmark",
]
