"""What open contracts are still worth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import spells
from analysis.methods.purchases import renewal_totals
from analysis.params import Params
from analysis.value.renewals import Renewals, whole_periods

NAMES = {
    "group": "renewals_made",
    "periods": "periods_ahead",
    "estimate": "value_ahead",
    "conf_low": "value_ahead_conf_low",
    "conf_high": "value_ahead_conf_high",
}


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
    are for what will be paid: they hold the uncertainty of the parameters and of who stays.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`: `monthly_fee`.
    params : Params
        Uses `discount_rate` (a year), `renewal_months`, `conf_level`.
    """
    columns = ["renewals_made", "n", "fee_year", "periods_ahead", "value_ahead"]
    columns += ["value_ahead_conf_low", "value_ahead_conf_high", "value_each", "note"]
    months = renewals.months
    rate = (1 + params.discount_rate) ** (months / 12) - 1
    note = renewals.note or ("" if rate > 0 else "the discount rate is 0: lives have no finite sum")
    open_now = pd.DataFrame() if note else _open_fees(tables, params)
    if not note and not len(open_now):
        note = "no contract with a fee is open"
    if note:
        return ContractValue(pd.DataFrame(columns=columns), renewals.in_force, rate, note)
    found = renewal_totals(
        renewals.model, open_now, rate=rate, rng=rng, conf_level=params.conf_level
    ).table.rename(columns=NAMES)
    fees = open_now.groupby("renewals")["fee"].mean().to_numpy()
    found["fee_year"] = 12 / months * np.append(fees, open_now["fee"].mean())
    found["value_each"] = found["value_ahead"] / found["n"]
    return ContractValue(found[columns], renewals.in_force, rate, "")


def _open_fees(tables: Tables, params: Params) -> pd.DataFrame:
    """Fees a period and whole periods behind of each customer whose relationship is open."""
    contracts = tables.fetch(tables["contracts"])
    if "monthly_fee" not in contracts:
        return pd.DataFrame()
    until = pd.Timestamp(params.observed_until)
    running = contracts["ended_at"].isna() | (pd.to_datetime(contracts["ended_at"]) > until)
    fees = contracts[running].groupby("customer_id")["monthly_fee"].sum().astype(float)
    found = spells(tables, params)
    found = found[found["ended_at"].isna() & found["customer_id"].isin(fees.index)]
    made = whole_periods(until - found["started_at"], params.renewal_months)
    fee = params.renewal_months * fees.reindex(found["customer_id"])
    return pd.DataFrame({"renewals": made.to_numpy(), "fee": fee.to_numpy()})
