"""What a first purchase costs: what is spent on each contact, over the share who buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.errors import DataError, ParamsError
from analysis.lifecycle.prospects import EVERYBODY, Prospects, conversion, with_group


@dataclass(frozen=True, slots=True, eq=False)
class ConversionCosts:
    """What a first purchase costs.

    `table`: that of `cost_per_conversion`, first for all, then by group; None where no cost is on
    record or nobody was followed so long. `weeks`: the horizon.
    """

    table: pd.DataFrame | None
    weeks: float

    def summary(self) -> pd.DataFrame:
        """For a table: `group, n, prospect_cost, conversion, cost` with interval`, note`."""
        columns = ["group", "n", "prospect_cost", "conversion", "cost", "cost_conf_low"]
        columns += ["cost_conf_high", "note"]
        if self.table is None:
            blank = {"group": EVERYBODY, "n": 0, "note": "no cost is known, or nobody was followed"}
            return pd.DataFrame([blank], columns=columns)
        names = {"mean_cost": "prospect_cost", "estimate": "cost"}
        names |= {"conf_low": "cost_conf_low", "conf_high": "cost_conf_high"}
        return self.table.rename(columns=names)[columns].replace({"group": {"all": EVERYBODY}})


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

    Returns
    -------
    DataFrame
        `group, term, estimate, std_error, conf_low, conf_high, n` (people with a known cost),
        `conversion, mean_cost, note`; money in the study's currency.

    Raises
    ------
    DataError
        There is no `acquisition_cost`.
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


def conversion_costs(
    prospects: Prospects, *, within: pd.DataFrame, min_cell: int = 1, conf_level: float = 0.95
) -> ConversionCosts:
    """Estimate the cost of a first purchase for everybody and by `group`.

    Parameters
    ----------
    prospects : Prospects
        With `group` (`pool_channels`).
    within : DataFrame
        That of the conversion by group: the horizon is the longest at which `min_cell` of every
        group were still followed.
    """
    followed = within.groupby("weeks").agg(told=("estimate", "count"), least=("at_risk", "min"))
    groups = within["group"].nunique()
    reached = followed[(followed["told"] == groups) & (followed["least"] >= min_cell)]
    if "acquisition_cost" not in prospects.table or not len(reached):
        return ConversionCosts(None, np.nan)
    weeks = float(reached.index.max())
    options = {"horizon_weeks": weeks, "conf_level": conf_level}
    tables = [cost_per_conversion(prospects, by=None, **options)]
    if groups > 1:
        tables.append(cost_per_conversion(prospects, by="group", **options))
    return ConversionCosts(pd.concat(tables, ignore_index=True), weeks)


def _ratio_table(rows: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    share = rows["estimate"].where(rows["estimate"] > 0)
    ratio = rows["mean_cost"] / share
    error = np.sqrt(rows["spread"] / rows["mean_cost"] ** 2 + (rows["std_error"] / share) ** 2)
    reach = np.exp(norm.ppf(0.5 + conf_level / 2) * error)
    beyond = np.where(rows["estimate"].isna(), rows["note"], "nobody bought within the horizon")
    note = np.where(rows["n"] == 0, "no cost is known", np.where(share.isna(), beyond, ""))
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
            "note": note,
        }
    )
