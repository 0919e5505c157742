"""Contracts that are renewed period by period: who renews, how long, and what that is worth."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from analysis.data import Tables
from analysis.frames import spells
from analysis.methods.purchases import SBG, BdW, fit_bdw, fit_sbg
from analysis.params import Params
from analysis.value.forecast import not_fitted

DAYS_PER_MONTH = 30.4375
DRAWS = 200
LEAST_AT_RISK = 10
NOBODY = "no contract that began while observed was followed for a whole period"


@dataclass(frozen=True, slots=True, eq=False)
class Renewals:
    """Renewals made, and two models of them.

    curve : period, at_risk, renewed (share of those), staying (observed share still there),
    sbg, bdw (the same by models fitted before the periods held out), held_out. sbg, bdw : fitted on
    all. in_force : 'bdw' where the likelihood-ratio test prefers it, else 'sbg'. p_duration : of
    that test (does leaving itself depend on tenure?). error : mean absolute error of the share
    still there in the periods held out, by model. months : length of a period. starts : customers
    by the year in which their contract began. note : why nothing is estimable.
    """

    curve: pd.DataFrame
    sbg: SBG | None
    bdw: BdW | None
    in_force: str
    p_duration: float
    error: dict[str, float]
    months: int
    starts: pd.DataFrame
    note: str

    @property
    def model(self) -> SBG | BdW:
        """The model in force."""
        return self.bdw if self.in_force == "bdw" else self.sbg


def renewal_lives(found: pd.DataFrame, *, until: pd.Timestamp, months: int) -> pd.DataFrame:
    """Whole periods of each contract: `duration`, `event`, `began` (year).

    A period counts only where its end was observed: who ended in a period that `until` cuts is
    counted as renewed up to the last whole one, as those who did not end in it are. Contracts
    without a whole period are left out.

    Columns used: `started_at`, `ended_at` (NaT while open).
    """
    whole = _periods(until - found["started_at"], months)
    ended_in = _periods(found["ended_at"] - found["started_at"], months) + 1
    event = found["ended_at"].notna() & (ended_in <= whole)
    lives = pd.DataFrame(
        {
            "duration": np.where(event, ended_in, whole),
            "event": event.to_numpy(),
            "began": found["started_at"].dt.year.to_numpy(),
        }
    )
    return lives[lives["duration"] >= 1].reset_index(drop=True)


def _periods(span: pd.Series, months: int) -> pd.Series:
    return np.floor(span.dt.days / (months * DAYS_PER_MONTH) + 1e-9)


def fit_renewals(tables: Tables, params: Params) -> Renewals:
    """Fit sBG and BdW to the first relationships that began while observed.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`, by way of `frames.spells`.
    params : Params
        Uses `renewal_months`, `holdout_weeks`, `observed_from`, `observed_until`, `conf_level`.
    """
    months, until = params.renewal_months, pd.Timestamp(params.observed_until)
    found = spells(tables, params)
    begun = found["started_at"] >= pd.Timestamp(params.observed_from)
    found = found[(found["spell"] == 1) & begun]
    lives = renewal_lives(found, until=until, months=months)
    if not len(lives):
        empty = pd.DataFrame(columns=["began", "n"])
        return Renewals(_curve(lives), None, None, "sbg", np.nan, {}, months, empty, NOBODY)
    sbg, bdw = (fit(lives, conf_level=params.conf_level) for fit in (fit_sbg, fit_bdw))
    gain = 2 * (bdw.log_likelihood - sbg.log_likelihood)
    p_value = float(stats.chi2.sf(max(gain, 0), 1)) if np.isfinite(gain) else np.nan
    in_force = "bdw" if p_value < 1 - params.conf_level else "sbg"
    note = not_fitted(bdw if in_force == "bdw" else sbg)
    split = until - pd.Timedelta(days=round(7 * params.holdout_weeks))
    known = found[found["started_at"] <= split]
    known = known.assign(ended_at=known["ended_at"].where(known["ended_at"] <= split))
    early = renewal_lives(known, until=split, months=months)
    curve, error = _with_models(_curve(lives), early)
    starts = lives.groupby("began").size().rename("n").reset_index()
    return Renewals(
        curve, sbg, bdw, in_force, p_value, error, months, starts.astype({"began": str}), note
    )


def _curve(lives: pd.DataFrame) -> pd.DataFrame:
    rows, staying = [], 1.0
    for period in range(1, int(lives["duration"].max()) + 1 if len(lives) else 1):
        at_risk = int((lives["duration"] >= period).sum())
        left = int(((lives["duration"] == period) & lives["event"]).sum())
        staying *= 1 - left / at_risk
        rows.append((period, at_risk, 1 - left / at_risk, staying))
    curve = pd.DataFrame(rows, columns=["period", "at_risk", "renewed", "staying"])
    return curve.assign(held_out=False, sbg=np.nan, bdw=np.nan)


def _with_models(curve: pd.DataFrame, early: pd.DataFrame) -> tuple[pd.DataFrame, dict]:
    last = int(early["duration"].max()) if len(early) else 0
    curve = curve.assign(held_out=curve["period"] > last)
    error = {}
    for name, fit in (("sbg", fit_sbg), ("bdw", fit_bdw)):
        model = fit(early) if len(early) else None
        if model is None or not_fitted(model):
            continue
        curve[name] = model.survival(curve["period"].to_numpy())
        judged = curve["held_out"] & (curve["at_risk"] >= LEAST_AT_RISK)
        if judged.any():
            error[name] = float((curve[name] - curve["staying"])[judged].abs().mean())
    return curve, error


@dataclass(frozen=True, slots=True, eq=False)
class ContractValue:
    """What the open contracts are still worth, by the renewals behind them.

    table : renewals_made, n, fee_year (mean fees a year), periods_ahead (discounted periods still
    expected, DERL), value_ahead with value_ahead_conf_low and value_ahead_conf_high, value_each,
    note; the last row ('all') is their sum. note : why nothing is estimable.
    """

    table: pd.DataFrame
    model: str
    rate: float
    note: str


def contract_value(
    renewals: Renewals, tables: Tables, params: Params, *, rng: np.random.Generator
) -> ContractValue:
    """Value the renewals still to come of the contracts that are open.

    Discounted expected residual life (Fader & Hardie 2010) by the whole periods behind a
    customer, times the fees of a period; the period under way is paid and not counted. Intervals
    hold the uncertainty of the parameters.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`: `monthly_fee`.
    params : Params
        Uses `discount_rate` (a year), `renewal_months`, `conf_level`.
    """
    columns = ["renewals_made", "n", "fee_year", "periods_ahead", "value_ahead"]
    columns += ["value_ahead_conf_low", "value_ahead_conf_high", "value_each"]
    months = renewals.months
    rate = (1 + params.discount_rate) ** (months / 12) - 1
    note = renewals.note or ("" if rate > 0 else "the discount rate is 0: lives have no finite sum")
    open_now = pd.DataFrame() if note else _open_fees(tables, params)
    if not note and not len(open_now):
        note = "no contract with a fee is open"
    if note:
        return ContractValue(pd.DataFrame(columns=columns), renewals.in_force, rate, note)
    groups = open_now.groupby("renewals_made")["fee"].agg(["size", "mean"]).reset_index()
    model = renewals.model
    ahead = _lives(model, groups["renewals_made"], rate)
    paid = groups["size"].to_numpy() * groups["mean"].to_numpy() * months
    drawn = np.array([_lives(m, groups["renewals_made"], rate) for m in _draws(model, rng)]) * paid
    ends = [(1 - params.conf_level) / 2, (1 + params.conf_level) / 2]
    low, high = np.quantile(drawn, ends, axis=0)
    table = pd.DataFrame(
        {
            "renewals_made": groups["renewals_made"].astype(int).astype(str),
            "n": groups["size"], "fee_year": 12 * groups["mean"], "periods_ahead": ahead,
            "value_ahead": ahead * paid, "value_ahead_conf_low": low, "value_ahead_conf_high": high,
        }
    )  # fmt: skip
    whole = np.quantile(drawn.sum(axis=1), ends)
    n = int(groups["size"].sum())
    total = {
        "renewals_made": "all", "n": n, "fee_year": 12 * open_now["fee"].mean(),
        "periods_ahead": float(ahead @ groups["size"]) / n,
        "value_ahead": float(ahead @ paid), "value_ahead_conf_low": whole[0],
        "value_ahead_conf_high": whole[1],
    }  # fmt: skip
    table = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    table["value_each"] = table["value_ahead"] / table["n"]
    return ContractValue(table[columns], renewals.in_force, rate, "")


def _open_fees(tables: Tables, params: Params) -> pd.DataFrame:
    """Fees a month and whole periods behind of each customer whose relationship is open."""
    contracts = tables.fetch(tables["contracts"])
    if "monthly_fee" not in contracts:
        return pd.DataFrame()
    until = pd.Timestamp(params.observed_until)
    running = contracts["ended_at"].isna() | (pd.to_datetime(contracts["ended_at"]) > until)
    fees = contracts[running].groupby("customer_id")["monthly_fee"].sum().astype(float)
    found = spells(tables, params)
    found = found[found["ended_at"].isna() & found["customer_id"].isin(fees.index)]
    made = _periods(until - found["started_at"], params.renewal_months)
    return pd.DataFrame(
        {"renewals_made": made.to_numpy(), "fee": fees.reindex(found["customer_id"]).to_numpy()}
    )


def _lives(model: SBG | BdW, renewals: pd.Series, rate: float) -> np.ndarray:
    return np.array([model.residual_life(int(made), rate) for made in renewals])


def _draws(model: SBG | BdW, rng: np.random.Generator) -> list[SBG | BdW]:
    if not np.isfinite(model.covariance).all():
        return [model]
    logs = rng.multivariate_normal(np.log(model.params), model.covariance, DRAWS)
    return [replace(model, params=np.exp(row)) for row in logs]


@dataclass(frozen=True, slots=True, eq=False)
class RetentionCost:
    """What contacts and campaigns cost in the last year, by open contract.

    table : spent_on ('contacts', 'campaigns', 'together'), spent_year, n (customers with an open
    contract), spent_each. note : why nothing is told.
    """

    table: pd.DataFrame
    note: str


def retention_cost(tables: Tables, params: Params) -> RetentionCost:
    """Sum the cost of contacts and campaigns of the last twelve months.

    Columns used: `interactions` and `campaigns`: `customer_id, at, cost`, where there are such.
    """
    until = pd.Timestamp(params.observed_until)
    start = until - pd.DateOffset(months=12) + pd.Timedelta(days=1)
    found = spells(tables, params)
    n = int(found.loc[found["ended_at"].isna(), "customer_id"].nunique())
    rows = []
    for kind, name in (("contacts", "interactions"), ("campaigns", "campaigns")):
        if name not in tables or "cost" not in tables[name].columns:
            continue
        table = tables[name]
        day = table["at"].cast("date")
        recent = table.filter((day >= start.date()) & (day <= until.date()))
        rows.append((kind, float(tables.fetch(recent.agg(cost=recent.cost.sum())).iloc[0, 0] or 0)))
    table = pd.DataFrame(rows, columns=["spent_on", "spent_year"])
    if not len(table) or n == 0:
        note = "the study has no contacts or campaigns with a cost, or no open contract"
        return RetentionCost(
            pd.DataFrame(columns=["spent_on", "spent_year", "n", "spent_each"]), note
        )
    total = pd.DataFrame([{"spent_on": "together", "spent_year": table["spent_year"].sum()}])
    table = pd.concat([table, total], ignore_index=True)
    return RetentionCost(table.assign(n=n, spent_each=table["spent_year"] / n), "")
