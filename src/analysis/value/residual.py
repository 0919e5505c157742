"""What present customers will still bring, as totals of groups; no number for one person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.methods.purchases import (
    BGNBD,
    Discounting,
    GammaGamma,
    ParetoNBD,
    SpendCheck,
    check_spend,
    fit_gammagamma,
    group_totals,
)
from analysis.params import Params
from analysis.value.forecast import FITS, not_fitted
from analysis.value.histories import Histories

DRAWS = 10
MOST_YEARS_BY_QUARTER = 2
ALL = "all"
UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, eq=False)
class ValueModels:
    """The models fitted on all that was observed.

    purchases : the model in force. spend : Gamma-Gamma. check : whether spend and frequency go
    together, which Gamma-Gamma takes not to be so. parameters : model, parameter, fit,
    fit_conf_low, fit_conf_high, n, note. discounting : as applied. margin : share of revenue that
    is kept, or None. note : why nothing is estimable.
    """

    purchases: BGNBD | ParetoNBD
    spend: GammaGamma
    check: SpendCheck
    parameters: pd.DataFrame
    discounting: Discounting
    margin: float | None
    note: str

    @property
    def money(self) -> str:
        """'margin' where the study knows it, else 'revenue': not a lifetime value."""
        return "revenue" if self.margin is None else "margin"


def fit_value_models(histories: Histories, params: Params) -> ValueModels:
    """Fit how often customers buy and what they spend.

    Parameters
    ----------
    histories : Histories
        Uses `present` and `margin`.
    params : Params
        Uses `purchase_model`, `discount_rate`, `conf_level`.
    """
    model = FITS[params.purchase_model](histories.present, conf_level=params.conf_level)
    spend = fit_gammagamma(histories.present, conf_level=params.conf_level)
    names = {"term": "parameter", "estimate": "fit"}
    names |= {"conf_low": "fit_conf_low", "conf_high": "fit_conf_high"}
    tables = [
        model.table.assign(model=params.purchase_model),
        spend.table.assign(model="gamma_gamma"),
    ]
    table = pd.concat(tables, ignore_index=True).rename(columns=names)
    columns = ["model", "parameter", "fit", "fit_conf_low", "fit_conf_high", "n", "note"]
    infinite = "" if np.isfinite(spend.mean) or not_fitted(spend) else "the mean spend is infinite"
    return ValueModels(
        model,
        spend,
        check_spend(histories.present, conf_level=params.conf_level),
        table[columns],
        Discounting(params.discount_rate),
        histories.margin,
        "; ".join(filter(None, (not_fitted(model), not_fitted(spend), infinite))),
    )


@dataclass(frozen=True, slots=True, eq=False)
class ResidualValue:
    """What the present customers are expected to bring within the horizon, discounted.

    table : segment, group, n, alive (expected share still active), purchases_ahead, value_ahead
    with value_ahead_conf_low and value_ahead_conf_high, value_each (a customer), value_part (share
    of all), note; the first row is of all customers. weeks : the horizon. money : 'margin' or
    'revenue'. note : why nothing is estimable.
    """

    table: pd.DataFrame
    weeks: float
    money: str
    note: str

    def of(self, segment: str) -> ResidualValue:
        """The same of one way to group only."""
        return replace(self, table=self.table[self.table["segment"] == segment])


def value_groups(
    customers: pd.DataFrame,
    segments: Sequence[str],
    *,
    tier: pd.DataFrame,
    stage: pd.DataFrame,
    histories: Histories,
) -> dict[str, pd.Series]:
    """The ways to group customers: segments, cohort, tier and stage, by customer_id.

    The cohort is the year of the first purchase; its quarter where all first purchases lie within
    two years, its month where they lie within a quarter.

    Columns used: `customers`: `customer_id` and the segments; `tier`, `stage`: `customer_id` and
    `tier`, `stage`, as at the end of observation; `histories.present`: `first_at`.
    """
    known = customers.set_index("customer_id")
    groups = {name: known[name] for name in segments}
    groups |= _cohorts(histories.present.set_index("customer_id")["first_at"])
    groups["current_tier"] = tier.set_index("customer_id")["tier"]
    groups["current_stage"] = stage.set_index("customer_id")["stage"]
    return groups


def _cohorts(first_at: pd.Series) -> dict[str, pd.Series]:
    year = first_at.dt.year.astype(str)
    quarter = year + " Q" + first_at.dt.quarter.astype(str)
    if year.nunique() > MOST_YEARS_BY_QUARTER:
        return {"acquired_year": year}
    if quarter.nunique() > 1:
        return {"acquired_quarter": quarter}
    return {"acquired_month": first_at.dt.strftime("%Y-%m")}


def residual_value(
    models: ValueModels,
    histories: Histories,
    groups: Mapping[str, pd.Series],
    params: Params,
    *,
    rng: np.random.Generator,
) -> ResidualValue:
    """Forecast totals of all customers and of each group that they belong to.

    Parameters
    ----------
    groups : mapping of name to Series
        For each way to group (a segment, the tier, the stage): the group, indexed by customer_id,
        as known at the end of observation. Who is not in it is 'not known'.
    params : Params
        Uses `value_horizon_weeks`, `conf_level`.
    """
    columns = ["segment", "group", "n", "alive", "purchases_ahead", "value_ahead"]
    columns += ["value_ahead_conf_low", "value_ahead_conf_high", "value_each", "value_part", "note"]
    weeks = params.value_horizon_weeks
    if models.note:
        return ResidualValue(pd.DataFrame(columns=columns), weeks, models.money, models.note)
    present = histories.present.assign(alive=models.purchases.alive(histories.present))
    parts = []
    for name, labels in ({ALL: None} | dict(groups)).items():
        label = ALL if labels is None else _labels(present, labels)
        parts.append(_totals(models, present.assign(group=label), params, rng).assign(segment=name))
    table = pd.concat(parts, ignore_index=True)
    table["value_part"] = table["value_ahead"] / table["value_ahead"].iloc[0]
    return ResidualValue(table[columns], weeks, models.money, "")


def _labels(present: pd.DataFrame, labels: pd.Series) -> pd.Series:
    known = labels[~labels.index.duplicated()]
    found = known.astype(object).reindex(present["customer_id"]).fillna(UNKNOWN).astype(str)
    order = [str(c) for c in labels.cat.categories] if hasattr(labels, "cat") else None
    order = order or sorted(found.unique())
    extra = [name for name in found.unique() if name not in order]
    return pd.Categorical(found, [*order, *extra], ordered=True)


def _totals(models: ValueModels, present: pd.DataFrame, params: Params, rng) -> pd.DataFrame:
    found = group_totals(
        models.purchases, present, time=params.value_horizon_weeks, rng=rng, by="group",
        spend=models.spend, margin=models.margin, discounting=models.discounting,
        conf_level=params.conf_level, draws=DRAWS,
    ).table  # fmt: skip
    alive = present.groupby("group", observed=True)["alive"].mean()
    bought = found[found["term"] == "purchases"].set_index("group")["estimate"]
    money = found[found["term"] != "purchases"].set_index("group")
    order = [name for name in alive.index if name in money.index]
    money = money.loc[order]
    return pd.DataFrame(
        {
            "group": order,
            "n": money["n"].to_numpy(int),
            "alive": alive[order].to_numpy(float),
            "purchases_ahead": bought[order].to_numpy(float),
            "value_ahead": money["estimate"].to_numpy(float),
            "value_ahead_conf_low": money["conf_low"].to_numpy(float),
            "value_ahead_conf_high": money["conf_high"].to_numpy(float),
            "value_each": (money["estimate"] / money["n"]).to_numpy(float),
            "note": money["note"].to_numpy(),
        }
    )
