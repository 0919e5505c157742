"""Does the model forecast? Fitted before the weeks held out, judged in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.value.histories import Histories
from analysis.methods.purchases import (
    Calibration,
    Tracking,
    check_holdout,
    fit_bgnbd,
    fit_mbgnbd,
    fit_paretonbd,
    not_fitted,
    track_purchases,
)
from analysis.notes import Note
from analysis.params import Params

FITS = {"bgnbd": fit_bgnbd, "mbgnbd": fit_mbgnbd, "paretonbd": fit_paretonbd}


@dataclass(frozen=True, slots=True, eq=False)
class ForecastCheck:
    """What the models would have forecast, beside what came.

    Attributes
    ----------
    table : DataFrame
        `model, log_likelihood, forecast` (purchases in the weeks held out, given the histories)
        with interval`, made, shortfall` (share of those made)`, n, note`; the model in force first.
    parameters : DataFrame
        `model, term, estimate, conf_low, conf_high, n, note`.
    tracking, calibration : Tracking, Calibration or None
        Of the model in force; None where `note` says why not.
    split_at : date
        Last day that the models saw.
    weeks : float
        Held out.
    note : Note or str
    """

    COUNTED_BY: ClassVar = {"table": "n", "parameters": "n"}

    table: pd.DataFrame
    parameters: pd.DataFrame
    tracking: Tracking | None
    calibration: Calibration | None
    split_at: date
    weeks: float
    note: Note | str


def check_forecast(
    histories: Histories, params: Params, *, rng: np.random.Generator
) -> ForecastCheck:
    """Fit BG/NBD, MBG/NBD and Pareto/NBD up to `split_at` and compare their forecasts.

    Parameters
    ----------
    histories : Histories
        Uses `fitted`, `starts`, `repeats`.
    params : Params
        Uses `purchase_model` (in force), `holdout_weeks`, `conf_level`.
    rng : Generator

    Returns
    -------
    ForecastCheck
    """
    columns = ["model", "log_likelihood", "forecast", "forecast_conf_low", "forecast_conf_high"]
    columns += ["made", "shortfall", "n", "note"]
    fits = ["model", "term", "estimate", "conf_low", "conf_high", "n", "note"]
    weeks = params.holdout_weeks
    nothing = pd.DataFrame(columns=columns), pd.DataFrame(columns=fits)
    if histories.note:
        return ForecastCheck(*nothing, None, None, histories.split_at, weeks, histories.note)
    frame, options = histories.fitted, {"conf_level": params.conf_level}
    count = frame["count"] if "count" in frame else pd.Series(1, frame.index)
    customers = int(count.sum())
    order = [params.purchase_model, *(name for name in FITS if name != params.purchase_model)]
    rows, parameters, tracking, calibration = [], [], None, None
    for name in order:
        model = FITS[name](frame, **options)
        parameters.append(model.table.assign(model=name))
        if not_fitted(model):
            made = (count * frame["holdout"]).sum()
            empty = dict.fromkeys(columns[2:5], np.nan) | {"made": made}
            rows.append({"model": name, "n": customers, "note": model.note} | empty)
            continue
        found = check_holdout(model, frame, time=weeks, rng=rng, **options)
        rows.append(_row(name, model, found, customers))
        if name == params.purchase_model:
            calibration, tracking = found, _track(model, histories, params)
    fitted = pd.concat(parameters, ignore_index=True)[fits]
    note = "" if calibration is not None else rows[0]["note"]
    return ForecastCheck(
        pd.DataFrame(rows, columns=columns), fitted, tracking, calibration, histories.split_at,
        weeks, note,
    )  # fmt: skip


def _row(name: str, model, found: Calibration, n: int) -> dict:
    total = found.forecast.iloc[0]
    return {
        "model": name, "log_likelihood": model.log_likelihood, "forecast": total["estimate"],
        "forecast_conf_low": total["conf_low"], "forecast_conf_high": total["conf_high"],
        "made": found.made, "shortfall": found.shortfall, "n": n, "note": total["note"],
    }  # fmt: skip


def _track(model, histories: Histories, params: Params) -> Tracking:
    """Weeks are counted so that the models' last day ends one."""
    split_at = pd.Timestamp(histories.split_at)
    split = -(-(split_at - pd.Timestamp(params.observed_from)).days // 7)
    earlier = split - (split_at - pd.Timestamp(params.observed_from)).days / 7
    until = split + (pd.Timestamp(params.observed_until) - split_at).days / 7
    starts = histories.starts.assign(start=histories.starts["start"] + earlier)
    repeats = histories.repeats.assign(time=histories.repeats["time"] + earlier)
    return track_purchases(
        model, starts, repeats, split=float(split), until=until, observed_until=until
    )
