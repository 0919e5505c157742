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
    GammaGamma,
    Tracking,
    check_holdout,
    fit_bgnbd,
    fit_gammagamma,
    fit_mbgnbd,
    fit_paretonbd,
    group_totals,
    not_fitted,
    track_purchases,
)
from analysis.notes import Note
from analysis.params import Params

FITS = {"bgnbd": fit_bgnbd, "mbgnbd": fit_mbgnbd, "paretonbd": fit_paretonbd}
COLUMNS = (
    "model", "log_likelihood", "forecast", "forecast_conf_low", "forecast_conf_high", "made",
    "shortfall", "value_forecast", "value_forecast_conf_low", "value_forecast_conf_high", "brought",
    "value_shortfall", "n", "note",
)  # fmt: skip
FITTED = ("model", "term", "estimate", "conf_low", "conf_high", "n", "note")


@dataclass(frozen=True, slots=True, eq=False)
class ForecastCheck:
    """What the models would have forecast, beside what came.

    Attributes
    ----------
    table : DataFrame
        `model, log_likelihood, forecast` (purchases in the weeks held out, given the histories)
        with interval`, made, shortfall` (share of those made)`, value_forecast` (their money, net
        of returns, undiscounted) with interval`, brought, value_shortfall, n, note`; the model in
        force first.
    parameters : DataFrame
        `model, term, estimate, conf_low, conf_high, n, note`.
    tracking, calibration : Tracking, Calibration or None
        Of the model in force; None where `note` says why not.
    split_at : date
        Last day that the models saw.
    weeks : float
        Held out.
    money : {'margin', 'revenue'}
    note : Note or str
    """

    COUNTED_BY: ClassVar = {"table": "n", "parameters": "n"}

    table: pd.DataFrame
    parameters: pd.DataFrame
    tracking: Tracking | None
    calibration: Calibration | None
    split_at: date
    weeks: float
    money: str
    note: Note | str


def check_forecast(
    histories: Histories, params: Params, *, rng: np.random.Generator
) -> ForecastCheck:
    """Fit BG/NBD, MBG/NBD and Pareto/NBD up to `split_at` and compare their forecasts.

    Parameters
    ----------
    histories : Histories
        Uses `fitted`, `fitted_spend`, `starts`, `repeats`, `kept_before`, `brought`.
    params : Params
        Uses `purchase_model` (in force), `holdout_weeks`, `conf_level`.
    rng : Generator

    Returns
    -------
    ForecastCheck
    """
    told = histories.split_at, params.holdout_weeks, histories.money
    if histories.note:
        nothing = pd.DataFrame(columns=list(COLUMNS)), pd.DataFrame(columns=list(FITTED))
        return ForecastCheck(*nothing, None, None, *told, histories.note)
    models = _fitted(histories, params)
    checks = {
        name: check_holdout(
            model, histories.fitted, time=params.holdout_weeks, rng=rng,
            conf_level=params.conf_level,
        )
        for name, model in models.items() if not not_fitted(model)
    }  # fmt: skip
    spend = fit_gammagamma(histories.fitted_spend, conf_level=params.conf_level)
    rows = [_row(name, model, checks.get(name), histories) for name, model in models.items()]
    for row in rows:
        if row["model"] in checks:
            row |= _money(models[row["model"]], spend, histories, params, rng)
    fits = [model.table.assign(model=name) for name, model in models.items()]
    parameters = pd.concat(fits, ignore_index=True)[list(FITTED)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    found = checks.get(params.purchase_model)
    if found is None:
        return ForecastCheck(table, parameters, None, None, *told, rows[0]["note"])
    tracking = _track(models[params.purchase_model], histories, params)
    return ForecastCheck(table, parameters, tracking, found, *told, "")


def _fitted(histories: Histories, params: Params) -> dict:
    """The models, the one in force first."""
    order = [params.purchase_model, *(name for name in FITS if name != params.purchase_model)]
    return {name: FITS[name](histories.fitted, conf_level=params.conf_level) for name in order}


def _row(name: str, model, found: Calibration | None, histories: Histories) -> dict:
    count = histories.fitted.get("count", pd.Series(1, histories.fitted.index))
    row = {"model": name, "n": int(count.sum())}
    if found is None:
        made = (count * histories.fitted["holdout"]).sum()
        return row | {"made": made, "note": model.note}
    total = found.forecast.iloc[0]
    return row | {
        "log_likelihood": model.log_likelihood, "forecast": total["estimate"],
        "forecast_conf_low": total["conf_low"], "forecast_conf_high": total["conf_high"],
        "made": found.made, "shortfall": found.shortfall, "note": total["note"],
    }  # fmt: skip


def _money(model, spend: GammaGamma, histories: Histories, params: Params, rng) -> dict:
    """The money forecast beside what those customers brought; nothing where it has no model."""
    kept, brought = histories.kept_before, histories.brought
    known = histories.money == "revenue" or kept.margin is not None
    if not_fitted(spend) or not np.isfinite(spend.mean) or not kept.sells or not known:
        return {"brought": brought}
    margin = kept.margin if histories.money == "margin" else None
    found = group_totals(
        model, histories.fitted, time=params.holdout_weeks, rng=rng, spend=spend, margin=margin,
        net=kept.net, conf_level=params.conf_level,
    ).table.set_index("term").loc[histories.money]  # fmt: skip
    missed = 1 - found["estimate"] / brought if brought > 0 else np.nan
    ends = {f"value_forecast_conf_{end}": found[f"conf_{end}"] for end in ("low", "high")}
    forecast = {"value_forecast": found["estimate"], **ends}
    return forecast | {"brought": brought, "value_shortfall": missed}


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
