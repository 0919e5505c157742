"""The ratios seen month by month, as contracts end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.lifecycle.influences import LEAST_ENDS, ratio_table
from analysis.lifecycle.waiting import Waiting
from analysis.methods.hazards import cox_regression, discrete_hazard

MONTHLY_COLUMNS = ["covariate", "level", "reference", "hazard_ratio", "ratio_conf_low"]
MONTHLY_COLUMNS += ["ratio_conf_high", "monthly_ratio", "monthly_conf_low", "monthly_conf_high"]
MONTHLY_COLUMNS += ["n", "note"]
MOST_MONTHS = 150_000  # customer-months up to which every month has its own hazard


def monthly_hazard(waiting: Waiting, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Fit the covariates month by month, as contracts end: a second view of the ratios.

    Complementary log-log regression with one hazard a month (a line in the logarithm of the month
    where that would be too much to compute); its ratios are those of proportional hazards in
    continuous time that was cut into months. Both views end at the horizon.

    Returns
    -------
    DataFrame
        `covariate, level, reference, hazard_ratio, ratio_conf_low, ratio_conf_high` (of the Cox
        regression)`, monthly_ratio, monthly_conf_low, monthly_conf_high, n, note`.

    References
    ----------
    Prentice & Gloeckler (1978), Biometrics 34, 57-67.
    """
    early = waiting.table[waiting.table["entry"] < waiting.horizon]
    early = early.assign(
        event=early["event"] & (early["duration"] <= waiting.horizon),
        duration=early["duration"].clip(upper=waiting.horizon),
    )
    row = {"n": len(early), "note": "too few ends"}
    if early["event"].sum() < LEAST_ENDS or not waiting.covariates:
        return pd.DataFrame([row], columns=MONTHLY_COLUMNS)
    try:
        return _both_views(early, waiting, conf_level)
    except DataError:
        return pd.DataFrame([row | {"note": "not estimable"}], columns=MONTHLY_COLUMNS)


def _both_views(early: pd.DataFrame, waiting: Waiting, conf_level: float) -> pd.DataFrame:
    cox = cox_regression(early, covariates=waiting.covariates, conf_level=conf_level)
    monthly = early.assign(
        duration=np.maximum(np.ceil(early["duration"]), 1), entry=np.floor(early["entry"])
    )
    small = (monthly["duration"] - monthly["entry"]).sum() <= MOST_MONTHS
    options = {"baseline": "period" if small else "log", "conf_level": conf_level}
    fit = discrete_hazard(monthly, covariates=waiting.covariates, **options)
    table = ratio_table(cox, waiting)
    table = table[table["note"] != "reference"].reset_index(drop=True)
    ratios = fit.table[["hazard_ratio", "ratio_low", "ratio_high"]].to_numpy()
    added = ["monthly_ratio", "monthly_conf_low", "monthly_conf_high"]
    return table.assign(**dict(zip(added, ratios.T, strict=True)))[MONTHLY_COLUMNS]
