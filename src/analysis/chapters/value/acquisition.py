"""What a new customer brings, beside what winning one costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.value.counted_groups import counted_costs, counted_ways
from analysis.chapters.value.forecast import FITS
from analysis.chapters.value.histories import LEAST_AGE, Histories
from analysis.chapters.value.residual import ValueModels
from analysis.data import Tables
from analysis.frames import is_large
from analysis.methods.purchases import acquisition_value, fit_gammagamma, not_fitted
from analysis.notes import Note, joined, note
from analysis.params import Params
from analysis.states.winning_cost import WinningCosts

LEAST = 50
"""Customers of a group below which it gets no model of its own."""
TOO_FEW = note("value.no_own_model", customers=LEAST)


@dataclass(frozen=True, slots=True, eq=False)
class AcquiredValue:
    """What a customer brings from the first purchase on, within the horizon, discounted.

    Attributes
    ----------
    table : DataFrame
        `group` ('all' first)`, n, value_new` with interval`, acquisition_cost` (of one new
        customer, as `cost_of` says)`, value_to_cost` with interval`, note`. Money in the study's
        currency.
    segment : str
        How the groups were formed.
    weeks : float
        The horizon.
    money : {'margin', 'revenue'}
    cost_of : {'conversion', 'so_far', ''}
        'conversion': what is spent on each contact, over the share who become customers
        (`winning_costs`). 'so_far', where no first contact is on record, so that nobody who was
        contacted can be followed: all that was spent on winning, over the customers won by the end.
        '' where the study knows no cost, or `cost_note` says why it is not told.
    cost_weeks : float
        Within how many weeks of the contact; NaN where nobody is followed.
    cost_note : Note or str
    note : Note or str
        Why nothing is estimable; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    segment: str
    weeks: float
    money: str
    cost_of: str
    cost_weeks: float
    cost_note: Note | str
    note: Note | str


def acquired_value(
    models: ValueModels,
    histories: Histories,
    tables: Tables,
    params: Params,
    *,
    by: str,
    costs: WinningCosts,
) -> AcquiredValue:
    """Value a new customer, overall and by a characteristic known when she is won.

    Parameters
    ----------
    models : ValueModels
    histories : Histories
    tables : Tables
        Uses `customers`: `acquisition_cost` and the column `by`, where there are such.
    by : str
        A column of the table `customers`; where there is none, all customers together.
    costs : WinningCosts
        What winning a customer costs (`winning_costs_of`).
    params : Params
        Uses `value_horizon_weeks`, `purchase_model`, `conf_level`.

    Returns
    -------
    AcquiredValue
    """
    weeks = params.value_horizon_weeks
    columns = ["group", "n", "value_new", "value_new_conf_low", "value_new_conf_high"]
    columns += ["acquisition_cost", "value_to_cost", "value_to_cost_conf_low"]
    columns += ["value_to_cost_conf_high", "note"]
    told = by, weeks, models.money
    cost, cost_told = _known_costs(costs, histories, tables, params, by)
    if models.note:
        return AcquiredValue(pd.DataFrame(columns=columns), *told, *cost_told, models.note)
    if is_large(tables):
        groups = counted_ways(tables, params, by, least_age=LEAST_AGE)
    else:
        groups = _ways(histories, tables, by)
    rows = [_row("all", models.purchases, models.spend, models, cost.get("all"), params)]
    for name, (frame, spent) in sorted(groups.items()):
        size = int(frame["count"].sum()) if "count" in frame else len(frame)
        if size < LEAST:
            rows.append({"group": name, "n": size, "note": TOO_FEW})
            continue
        model = FITS[params.purchase_model](frame, conf_level=params.conf_level)
        spend = fit_gammagamma(spent, conf_level=params.conf_level)
        rows.append(_row(name, model, spend, models, cost.get(name), params))
    table = pd.DataFrame(rows, columns=columns)
    return AcquiredValue(table, *told, *cost_told, "")


def _known_costs(
    costs: WinningCosts, histories: Histories, tables: Tables, params: Params, by: str
) -> tuple[dict[str, float], tuple[str, float, Note | str]]:
    """The cost of a new customer, of all and of each group, and what kind of number it is."""
    if not costs.note:
        table = costs.table.dropna(subset=["n", "estimate"])
        cost = dict(zip(table["group"], table["estimate"], strict=True))
        return cost, ("conversion", costs.weeks, "")
    people = tables["customers"].columns
    if "acquisition_cost" not in people or "first_contact_at" in people:
        return {}, ("", np.nan, costs.note)
    if is_large(tables):
        return counted_costs(tables, params, by), ("so_far", np.nan, "")
    return _costs(histories, tables.fetch(tables["customers"]), by), ("so_far", np.nan, "")


def _ways(histories: Histories, tables: Tables, by: str) -> dict:
    """Histories and spend of each group."""
    label = _labels(histories, tables.fetch(tables["customers"]), by)
    present = histories.present
    groups = {name: present[(label == name).to_numpy()] for name in label.dropna().unique()}
    return {name: (frame, frame) for name, frame in groups.items()}


def _labels(histories: Histories, known: pd.DataFrame, by: str) -> pd.Series:
    if by not in known:
        return pd.Series(np.nan, index=histories.present.index, dtype=object)
    labels = known.drop_duplicates("customer_id").set_index("customer_id")[by].astype(object)
    return labels.reindex(histories.present["customer_id"]).reset_index(drop=True)


def _costs(histories: Histories, known: pd.DataFrame, by: str) -> dict[str, float]:
    won = known["customer_id"].isin(histories.present["customer_id"])
    spent = known["acquisition_cost"].astype(float)
    found = {"all": spent.sum() / max(won.sum(), 1)} if spent.notna().any() else {}
    if by in known:
        sums = spent.groupby(known[by].astype(str)).sum(min_count=1)
        number = won.groupby(known[by].astype(str)).sum()
        found |= {k: sums[k] / number[k] for k in sums.index if number[k] and np.isfinite(sums[k])}
    return found


def _row(name, model, spend, models: ValueModels, cost, params: Params) -> dict:
    why = joined((not_fitted(model), not_fitted(spend)))
    if why or not np.isfinite(spend.mean):
        why = why or note("value.infinite_spend")
        return {"group": name, "n": model.customers, "acquisition_cost": cost, "note": why}
    lines = acquisition_value(
        model, time=params.value_horizon_weeks, spend=spend, margin=models.kept.margin,
        net=models.kept.net, cost=cost, discounting=models.discounting,
        conf_level=params.conf_level,
    ).table.set_index("term")  # fmt: skip
    worth, ends = lines.loc[models.money], ("estimate", "conf_low", "conf_high")
    row = {"group": name, "n": model.customers, "acquisition_cost": cost, "note": worth["note"]}
    row |= {f"value_new{end}": worth[of] for end, of in zip(ENDS, ends, strict=True)}
    if cost is not None:
        ratio = lines.loc["value_to_cost"]
        row |= {f"value_to_cost{end}": ratio[of] for end, of in zip(ENDS, ends, strict=True)}
        row["note"] = ratio["note"]
    return row


ENDS = ("", "_conf_low", "_conf_high")
