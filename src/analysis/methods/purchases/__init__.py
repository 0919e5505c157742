"""Models of a customer base: how often customers buy, when they leave, what they spend."""

from analysis.methods.purchases._fit import not_fitted
from analysis.methods.purchases._renewals import renewal_rows
from analysis.methods.purchases.assumptions import SpendCheck, check_spend
from analysis.methods.purchases.bdw import BdW, fit_bdw
from analysis.methods.purchases.bgnbd import BGNBD, fit_bgnbd, fit_mbgnbd
from analysis.methods.purchases.discounting import Discounting
from analysis.methods.purchases.gammagamma import GammaGamma, fit_gammagamma
from analysis.methods.purchases.holdout import Calibration, Tracking, check_holdout, track_purchases
from analysis.methods.purchases.paretonbd import ParetoNBD, fit_paretonbd
from analysis.methods.purchases.renewal_totals import RenewalTotals, renewal_totals
from analysis.methods.purchases.sbg import SBG, fit_sbg
from analysis.methods.purchases.totals import (
    AcquisitionValue,
    GroupTotals,
    acquisition_value,
    group_totals,
)

__all__ = [
    "BGNBD",
    "SBG",
    "AcquisitionValue",
    "BdW",
    "Calibration",
    "Discounting",
    "GammaGamma",
    "GroupTotals",
    "ParetoNBD",
    "RenewalTotals",
    "SpendCheck",
    "Tracking",
    "acquisition_value",
    "check_holdout",
    "check_spend",
    "fit_bdw",
    "fit_bgnbd",
    "fit_gammagamma",
    "fit_mbgnbd",
    "fit_paretonbd",
    "fit_sbg",
    "group_totals",
    "not_fitted",
    "renewal_rows",
    "renewal_totals",
    "track_purchases",
]
