"""Partial least squares path models: what leads to satisfaction, and satisfaction to what."""

from analysis.methods.pathmodel.describe import INADMISSIBLE
from analysis.methods.pathmodel.estimate import PathEstimate, estimate_path_model
from analysis.methods.pathmodel.model import ECSI_PATHS, PathModel, ecsi_model

__all__ = [
    "ECSI_PATHS",
    "INADMISSIBLE",
    "PathEstimate",
    "PathModel",
    "ecsi_model",
    "estimate_path_model",
]
