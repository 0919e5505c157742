"""What open contracts are still worth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.renewals.lives import Renewals
from analysis.data import Tables
from analysis.frames.anniversaries import whole_periods
from analysis.methods.purchases import renewal_totals
from analysis.notes import Note, note
from analysis.params import Params
from analysis.states.relationships import followed_spells


@dataclass(frozen=True, slots=True, eq=False)
class ContractValue:
    """What the open contracts are still worth, by the renewals behind them.

    Attributes
    ----------
    table : DataFrame
        `group` (renewals made)`, n, fee_year` (mean fees a year)`, periods` (discounted periods
        still expected, DERL)`, estimate` (total) with interval`, each, note`; the last row ('all')
        is their sum. Money in the study's currency.
    model : {'sbg', 'bdw'}
    rate : float
        Discount rate of a period.
    note : Note or str
        Why nothing is estimable; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    model: str
    rate: float
    note: Note | str


def contract_value(
    renewals: Renewals, tables: Tables, params: Params, *, rng: np.random.Generator
) -> ContractValue:
    """Value the renewals still to come of the contracts that are open when follow-up ends.

    Discounted expected residual life (Fader & Hardie 2010) by the whole periods behind a
    customer, times the fees of a period; the period under way is paid and not counted. Intervals
    are for what will be paid: they hold the uncertainty of the parameters and of who stays.

    Parameters
    ----------
    renewals : Renewals
    tables : Tables
        Uses `contracts`: `monthly_fee`.
    params : Params
        Uses `discount_rate` (a year), `renewal_months`, `followed_until`, `conf_level`.
    rng : Generator

    Returns
    -------
    ContractValue

    References
    ----------
    Fader & Hardie (2010), Customer-base valuation in a contractual setting.
    """
    columns = ["group", "n", "fee_year", "periods", "estimate", "conf_low", "conf_high", "each"]
    columns += ["note"]
    months = renewals.months
    rate = (1 + params.discount_rate) ** (months / 12) - 1
    why = renewals.note or ("" if rate > 0 else note("renewals.no_discount"))
    open_now = pd.DataFrame() if why else _open_fees(tables, params)
    if not why and not len(open_now):
        why = note("renewals.no_fee")
    if why:
        return ContractValue(pd.DataFrame(columns=columns), renewals.in_force, rate, why)
    found = renewal_totals(
        renewals.model, open_now, rate=rate, rng=rng, conf_level=params.conf_level
    ).table
    fees = open_now.groupby("renewals")["fee"].mean().to_numpy()
    found["fee_year"] = 12 / months * np.append(fees, open_now["fee"].mean())
    found["each"] = found["estimate"] / found["n"]
    return ContractValue(found[columns], renewals.in_force, rate, "")


def _open_fees(tables: Tables, params: Params) -> pd.DataFrame:
    """Fees a period and whole periods behind of each customer whose relationship is open."""
    contracts = tables.fetch(tables["contracts"])
    if "monthly_fee" not in contracts:
        return pd.DataFrame()
    until = pd.Timestamp(params.followed_until)
    running = contracts["ended_at"].isna() | (pd.to_datetime(contracts["ended_at"]) > until)
    running &= pd.to_datetime(contracts["started_at"]) <= until
    fees = contracts[running].groupby("customer_id")["monthly_fee"].sum().astype(float)
    found = followed_spells(tables, params)
    found = found[found["ended_at"].isna() & found["customer_id"].isin(fees.index)]
    made = whole_periods(found["started_at"], until, months=params.renewal_months)
    fee = params.renewal_months * fees.reindex(found["customer_id"])
    return pd.DataFrame({"renewals": made.to_numpy(), "fee": fee.to_numpy()})
