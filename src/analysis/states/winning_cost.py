"""The cost of winning a customer: what is spent on each contact, over the share who buy.

Decided once, here: whoever tells what winning a customer costs tells this number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError, ParamsError
from analysis.methods.intervals import critical_value
from analysis.notes import Note, note
from analysis.params import Params
from analysis.states.conversion import (
    Prospects,
    conversion,
    pool_channels,
    read_prospects,
    with_group,
)
from analysis.states.within import longest_horizon

COST_COLUMNS = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n"]
COST_COLUMNS += ["conversion", "mean_cost", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class WinningCosts:
    """What a first purchase costs.

    Attributes
    ----------
    table : DataFrame of shape (1 + groups, 10)
        That of `cost_per_conversion`, first for all, then by group; empty where nothing is told.
    weeks : float
        The horizon.
    note : Note or str
        Why nothing is told; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    weeks: float
    note: Note | str


def cost_per_conversion(
    prospects: Prospects,
    *,
    horizon_weeks: float,
    by: str | None = "channel",
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Estimate what one first purchase within the horizon costs.

    The mean `acquisition_cost` of a contact over the share of contacts that buy within the horizon.
    Spending so far over purchases so far would blame a channel for its recent contacts, who have
    not had the time to buy. Interval on the log scale by the delta method; cost and conversion of
    a person are taken as unrelated within a group.

    Parameters
    ----------
    prospects : Prospects
        Columns used: `acquisition_cost` (the study's currency) and those of `conversion`.
    horizon_weeks : float
        Above 0.
    by, conf_level
        As those of `conversion`.

    Returns
    -------
    DataFrame of shape (groups, 10)
        `group, term, estimate, std_error, conf_low, conf_high, n` (people with a known cost),
        `conversion, mean_cost, note`; money in the study's currency.

    Raises
    ------
    DataError
        There is no `acquisition_cost`.
    ParamsError
        The horizon is not above 0.
    """
    if "acquisition_cost" not in prospects.table:
        raise DataError(
            "customers must have acquisition_cost for the cost of a conversion, but it is missing; "
            "add what was spent on each contact"
        )
    if not horizon_weeks > 0:
        raise ParamsError(f"horizon_weeks must be above 0, but {horizon_weeks:g} came")
    bought = conversion(prospects, horizons_weeks=[horizon_weeks], by=by, conf_level=conf_level)
    table = with_group(prospects.table, by)
    groups = table[by].astype(str) if by is not None else "all"
    cost = table["acquisition_cost"].groupby(groups if by is not None else lambda _: "all")
    rows = bought.within.set_index("group")
    rows = rows.assign(n=cost.count(), mean_cost=cost.mean(), spread=cost.std() ** 2 / cost.count())
    return _ratio_table(rows, conf_level)


def winning_costs(
    prospects: Prospects, *, within: pd.DataFrame, min_cell: int = 1, conf_level: float = 0.95
) -> WinningCosts:
    """Estimate the cost of a first purchase for everybody and by `group`.

    Parameters
    ----------
    prospects : Prospects
        With `group` (`pool_channels`).
    within : DataFrame
        That of the conversion by group: the horizon is the longest at which `min_cell` of every
        group were still followed.
    min_cell : int
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    WinningCosts
    """
    last = longest_horizon(within, min_cell=min_cell)
    on_record = "acquisition_cost" in prospects.table
    if not on_record or last is None:
        return _untold("too_few_followed" if on_record else "no_cost_on_record")
    weeks = float(last["weeks"].iloc[0])
    options = {"horizon_weeks": weeks, "conf_level": conf_level}
    tables = [cost_per_conversion(prospects, by=None, **options)]
    if len(last) > 1:
        tables.append(cost_per_conversion(prospects, by="group", **options))
    return WinningCosts(pd.concat(tables, ignore_index=True), weeks, "")


def winning_costs_of(tables: Tables, params: Params) -> WinningCosts:
    """Estimate what a new customer of a study costs, for everybody and by channel.

    Parameters
    ----------
    tables : Tables
        Uses `customers` (`first_contact_at`, `acquisition_cost`, `channel`) and `transactions` (or
        `contracts`).
    params : Params
        Uses `horizons_weeks`, `min_cell`, `conf_level` and those of `read_prospects`.

    Returns
    -------
    WinningCosts
        As the chapter on prospects tells it; where no first contact is on record, none.
    """
    if not {"first_contact_at", "acquisition_cost"} <= set(tables["customers"].columns):
        on_record = "acquisition_cost" in tables["customers"].columns
        return _untold("no_contact_on_record" if on_record else "no_cost_on_record")
    try:
        prospects = read_prospects(tables, params)
    except DataError:  # nobody has a first contact in the observation
        return _untold("no_contact_on_record")
    prospects = pool_channels(prospects, min_cell=params.min_cell)
    weeks = {"horizons_weeks": params.horizons_weeks, "conf_level": params.conf_level}
    within = conversion(prospects, by="group", **weeks).within
    few = {"min_cell": params.min_cell, "conf_level": params.conf_level}
    return winning_costs(prospects, within=within, **few)


def _untold(why: str) -> WinningCosts:
    return WinningCosts(pd.DataFrame(columns=COST_COLUMNS), np.nan, note(f"winning.{why}"))


def _ratio_table(rows: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    share = rows["estimate"].where(rows["estimate"] > 0)
    ratio = rows["mean_cost"] / share
    error = np.sqrt(rows["spread"] / rows["mean_cost"] ** 2 + (rows["std_error"] / share) ** 2)
    reach = np.exp(critical_value(conf_level) * error)
    return pd.DataFrame(
        {
            "group": rows.index.astype(str),
            "term": "cost_per_conversion",
            "estimate": ratio.to_numpy(),
            "std_error": (ratio * error).to_numpy(),
            "conf_low": (ratio / reach).to_numpy(),
            "conf_high": (ratio * reach).to_numpy(),
            "n": rows["n"].to_numpy(),
            "conversion": rows["estimate"].to_numpy(),
            "mean_cost": rows["mean_cost"].to_numpy(),
            "note": [_why_not(row) for row in rows.itertuples()],
        }
    )


def _why_not(row) -> Note | str:
    if row.n == 0:
        return note("winning.no_cost_known")
    if row.estimate > 0:
        return ""
    return row.note if np.isnan(row.estimate) else note("winning.nobody_bought")
