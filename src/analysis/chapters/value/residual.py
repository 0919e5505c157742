"""What present customers will still bring, as totals of groups; no number for one person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.value.counted_groups import ALL, UNKNOWN, cohorts, counted_groups
from analysis.chapters.value.forecast import FITS
from analysis.chapters.value.histories import LEAST_AGE, Histories
from analysis.chapters.value.kept import Kept
from analysis.data import Tables
from analysis.frames import EngineLabels, customer_frame, is_large
from analysis.methods.purchases import (
    BGNBD,
    Discounting,
    GammaGamma,
    ParetoNBD,
    SpendCheck,
    check_spend,
    fit_gammagamma,
    group_totals,
    not_fitted,
)
from analysis.notes import Note, joined, note
from analysis.params import Params

DRAWS, COUNTED_DRAWS = 10, 50
"""Futures drawn of each row: more where a row stands for many customers."""
RETURNED = note("value.returned")


@dataclass(frozen=True, slots=True, eq=False)
class ValueModels:
    """The models fitted on all that was observed.

    Attributes
    ----------
    purchases : BGNBD or ParetoNBD
        The model in force.
    spend : GammaGamma
    check : SpendCheck
        Whether spend and frequency go together, which Gamma-Gamma takes not to be so.
    parameters : DataFrame
        `model, term, estimate, conf_low, conf_high, n, note`.
    discounting : Discounting
    kept : Kept
        What is left of what is spent on purchases.
    money : {'margin', 'revenue'}
        Margin where the study knows it, else revenue, which is no lifetime value; net of returns.
    note : Note or str
        Why nothing is estimable; empty where something is.
    """

    COUNTED_BY: ClassVar = {"parameters": "n"}

    purchases: BGNBD | ParetoNBD
    spend: GammaGamma
    check: SpendCheck
    parameters: pd.DataFrame
    discounting: Discounting
    kept: Kept
    money: str
    note: Note | str


def fit_value_models(histories: Histories, params: Params) -> ValueModels:
    """Fit how often customers buy and what they spend.

    Parameters
    ----------
    histories : Histories
        Uses `present`, `spend`, `kept` and `money`.
    params : Params
        Uses `purchase_model`, `discount_rate`, `conf_level`.

    Returns
    -------
    ValueModels

    References
    ----------
    Fader, Hardie & Lee (2005); Fader & Hardie (2013), note 025.
    """
    model = FITS[params.purchase_model](histories.present, conf_level=params.conf_level)
    spend = fit_gammagamma(histories.spend, conf_level=params.conf_level)
    tables = [
        model.table.assign(model=params.purchase_model),
        spend.table.assign(model="gamma_gamma"),
    ]
    table = pd.concat(tables, ignore_index=True)
    columns = ["model", "term", "estimate", "conf_low", "conf_high", "n", "note"]
    finite = np.isfinite(spend.mean) or not_fitted(spend)
    infinite = "" if finite else note("value.infinite_spend")
    returned = RETURNED if histories.kept.net <= 0 else ""
    return ValueModels(
        model,
        spend,
        check_spend(histories.spend, conf_level=params.conf_level),
        table[columns],
        Discounting(params.discount_rate),
        histories.kept,
        histories.money,
        joined((not_fitted(model), not_fitted(spend), infinite, returned)),
    )


@dataclass(frozen=True, slots=True, eq=False)
class ResidualValue:
    """What customers so far are expected to bring within the horizon, net of returns, discounted.

    Attributes
    ----------
    table : DataFrame
        `segment, group, n, alive` (expected share still active, 0 to 1)`, purchases_ahead,
        value_ahead` with interval`, value_each` (a customer)`, value_part` (share of all)`, note`;
        the first row is of all customers. Money in the study's currency.
    weeks : float
        The horizon.
    money : {'margin', 'revenue'}
    net : float
        Share of what is spent on purchases that returns on other days leave.
    others : tuple of float
        The same total of all customers by each of the other purchase models that can be fitted.
    note : Note or str
        Why nothing is estimable; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    weeks: float
    money: str
    net: float
    others: tuple[float, ...]
    note: Note | str

    def of(self, segment: str) -> ResidualValue:
        """The same of one way to group only."""
        return replace(self, table=self.table[self.table["segment"] == segment])


def value_groups(
    histories: Histories,
    tables: Tables,
    params: Params,
    *,
    tier: pd.DataFrame | EngineLabels,
    stage: pd.DataFrame | EngineLabels,
) -> dict[str, pd.DataFrame]:
    """The present histories by the ways to group customers: segments, cohort, tier and stage.

    The cohort is the year of the first purchase; its quarter where all first purchases lie within
    two years, its month where they lie within a quarter. Who has no group is 'not known'.

    Parameters
    ----------
    histories : Histories
    tables : Tables
    params : Params
    tier, stage : DataFrame or EngineLabels
        `customer_id` and `tier` or `stage`, as at the end of observation; in the engine where the
        study is large.

    Returns
    -------
    dict of str to DataFrame
        'all', then each way to group: `histories.present` with `group`, an ordered category.
    """
    if is_large(tables):
        states = {"current_tier": tier, "current_stage": stage}
        return counted_groups(tables, params, states, least_age=LEAST_AGE)
    known = customer_frame(tables, params).set_index("customer_id")
    groups = {name: known[name] for name in params.segments}
    first_at = histories.present.set_index("customer_id")["first_at"]
    groups |= cohorts(first_at)
    groups["current_tier"] = tier.set_index("customer_id")["tier"]
    groups["current_stage"] = stage.set_index("customer_id")["stage"]
    return label_histories(histories, groups)


def label_histories(
    histories: Histories, groups: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    """The present histories with the `group` of each customer: 'all' first, then each way.

    Parameters
    ----------
    groups : mapping of name to Series
        The group, indexed by customer_id; who is not in it is 'not known'.
    """
    present = histories.present
    labelled = {name: present.assign(group=_labels(present, of)) for name, of in groups.items()}
    return {ALL: present.assign(group=ALL)} | labelled


def residual_value(
    models: ValueModels,
    groups: Mapping[str, pd.DataFrame],
    params: Params,
    *,
    rng: np.random.Generator,
) -> ResidualValue:
    """Forecast totals of all customers and of each group that they belong to.

    Parameters
    ----------
    models : ValueModels
    groups : mapping of name to DataFrame
        Of `value_groups`: all customers first.
    params : Params
        Uses `value_horizon_weeks`, `conf_level`.
    rng : Generator

    Returns
    -------
    ResidualValue
    """
    columns = ["segment", "group", "n", "alive", "purchases_ahead", "value_ahead"]
    columns += ["value_ahead_conf_low", "value_ahead_conf_high", "value_each", "value_part", "note"]
    told = params.value_horizon_weeks, models.money, models.kept.net
    if models.note:
        return ResidualValue(pd.DataFrame(columns=columns), *told, (), models.note)
    parts = [
        _totals(models, present, params, rng).assign(segment=name)
        for name, present in groups.items()
    ]
    table = pd.concat(parts, ignore_index=True)
    table["value_part"] = table["value_ahead"] / table["value_ahead"].iloc[0]
    return ResidualValue(table[columns], *told, _by_other_models(models, groups[ALL], params), "")


def _by_other_models(
    models: ValueModels, present: pd.DataFrame, params: Params
) -> tuple[float, ...]:
    """The total that each of the other models expects, for how much hangs on the choice."""
    totals = []
    for name, fit in FITS.items():
        model = models.purchases if name == params.purchase_model else fit(present)
        if model is models.purchases or not_fitted(model):
            continue
        bought = models.discounting.sum(
            partial(model.conditional, present), params.value_horizon_weeks
        )
        worth = bought * models.spend.conditional(present) * models.kept.share
        totals.append(float((worth * present.get("count", 1)).sum()))
    return tuple(totals)


def _labels(present: pd.DataFrame, labels: pd.Series) -> pd.Series:
    known = labels[~labels.index.duplicated()]
    found = known.astype(object).reindex(present["customer_id"]).fillna(UNKNOWN).astype(str)
    order = [str(c) for c in labels.cat.categories] if hasattr(labels, "cat") else None
    order = order or sorted(found.unique())
    extra = [name for name in found.unique() if name not in order]
    return pd.Categorical(found, [*order, *extra], ordered=True)


def _alive_share(models: ValueModels, present: pd.DataFrame) -> pd.Series:
    """Expected share of the customers of each group who are still active."""
    count = present["count"] if "count" in present else pd.Series(1, present.index)
    alive = count * models.purchases.alive(present)
    return (
        alive.groupby(present["group"], observed=True).sum()
        / count.groupby(present["group"], observed=True).sum()
    )


def _totals(models: ValueModels, present: pd.DataFrame, params: Params, rng) -> pd.DataFrame:
    found = group_totals(
        models.purchases, present, time=params.value_horizon_weeks, rng=rng, by="group",
        spend=models.spend, margin=models.kept.margin, net=models.kept.net,
        discounting=models.discounting,
        conf_level=params.conf_level, draws=COUNTED_DRAWS if "count" in present else DRAWS,
    ).table  # fmt: skip
    alive = _alive_share(models, present)
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
