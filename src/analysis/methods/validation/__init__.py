"""How good predictions of survival are, judged on customers that the model has not seen.

Discrimination (who ends first: concordance, AUC at a time), error (Brier score, against the
Kaplan-Meier curve that knows no covariates) and calibration (do 30 % end where 30 % was said).
Those censored before a horizon are made up for by weighting the others by one over the chance to be
still observed (Graf et al. 1999); this assumes that censoring does not depend on the covariates.
"""

from analysis.methods.validation.accuracy import BrierScore, Calibration, brier_score, calibrate
from analysis.methods.validation.discrimination import (
    dynamic_auc,
    harrell_concordance,
    uno_concordance,
)

__all__ = [
    "BrierScore",
    "Calibration",
    "brier_score",
    "calibrate",
    "dynamic_auc",
    "harrell_concordance",
    "uno_concordance",
]
