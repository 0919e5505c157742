"""The ratios seen month by month, as contracts end."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.hazards import cox_regression, discrete_hazard
from analysis.notes import note
from analysis.states.influences import LEAST_ENDS, ratio_table, why_not
from analysis.states.waiting import Waiting

ENDS = ("_conf_low", "_conf_high")
MONTHLY_COLUMNS = ["covariate", "level", "reference"]
MONTHLY_COLUMNS += [f"{ratio}{end}" for ratio in ("hazard_ratio", "monthly") for end in ("", *ENDS)]
MONTHLY_COLUMNS += ["n", "note"]
MOST_MONTHS = 150_000  # customer-months up to which every month has its own hazard


def monthly_hazard(waiting: Waiting, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Fit the covariates month by month, as contracts end: a second view of the ratios.

    Complementary log-log regression with one hazard a month (a line in the logarithm of the month
    where that would be too much to compute); its ratios are those of proportional hazards in
    continuous time that was cut into months. Both views end at the horizon.

    Parameters
    ----------
    waiting : Waiting
        Of `read_ending`.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    DataFrame of shape (numbers and levels, 11)
        `covariate, level, reference, hazard_ratio` (of the Cox regression)`, monthly` (ratio by
        months)`, n, note`, and ends of intervals; one row with a note where nothing can be fitted.

    References
    ----------
    Prentice & Gloeckler (1978), Biometrics 34, 57-67.
    """
    early = waiting.table[waiting.table["entry"] < waiting.horizon]
    early = early.assign(
        event=early["event"] & (early["duration"] <= waiting.horizon),
        duration=early["duration"].clip(upper=waiting.horizon),
    )
    if early["event"].sum() < LEAST_ENDS or not waiting.covariates:
        why = why_not(waiting)
    else:
        try:
            return _both_views(early, waiting, conf_level)
        except DataError:
            why = note("influences.not_estimable")
    return pd.DataFrame([{"n": len(early), "note": why}], columns=MONTHLY_COLUMNS)


def _both_views(early: pd.DataFrame, waiting: Waiting, conf_level: float) -> pd.DataFrame:
    cox = cox_regression(early, covariates=waiting.covariates, conf_level=conf_level)
    monthly = early.assign(
        duration=np.maximum(np.ceil(early["duration"]), 1), entry=np.floor(early["entry"])
    )
    small = (monthly["duration"] - monthly["entry"]).sum() <= MOST_MONTHS
    options = {"baseline": "period" if small else "log", "conf_level": conf_level}
    fit = discrete_hazard(monthly, covariates=waiting.covariates, **options)
    table = ratio_table(cox, waiting)
    table = table[table["level"] != table["reference"]].reset_index(drop=True)
    ratios = fit.table[["hazard_ratio", "ratio_low", "ratio_high"]].to_numpy()
    added = ["monthly", *(f"monthly{end}" for end in ENDS)]
    return table.assign(**dict(zip(added, ratios.T, strict=True)))[MONTHLY_COLUMNS]
