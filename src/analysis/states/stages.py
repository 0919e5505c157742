"""Which stage each customer is in, month by month, by the study's ordered rules.

A month is judged at its end, with what was known then: the customer's own rhythm, the rhythm of
the population and the rank by value use purchases up to that day only, so later data change no
earlier stage. Everything runs in the engine until it has been counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables, fetch
from analysis.frames.calendar import month_number
from analysis.params import Params
from analysis.params.stages import Bounds, StageRule
from analysis.states.stage_features import stage_features
from analysis.states.stage_months import relationship_months

QUARTER = 3  # months
START_DIGITS, CODE_DIGITS = 4, 2  # of a step of a path: months, and the stage by its place


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The stage of every customer in every month since the first contact or purchase.

    Attributes
    ----------
    table : ibis.Table
        `customer_id, month` (its first day), `clock` (months since the customer's first row),
        `tenure_months`, `begun`, `stage`; kept in the engine, 50 bytes a row.
    features : ibis.Table
        The same with all features of the rules, computed when asked for.
    order : tuple of str
        The stages in the order of a life.
    prospects_known : bool
        Whether first contacts are recorded, so that people are seen before they buy.
    past_known : bool
        Whether every customer's first purchase lies inside the observation; where not, months
        count from the first that was seen.
    settled_months : float
        How many months before the last one stages may be compared with (`settled_months`).
    """

    table: ibis.Table
    features: ibis.Table
    order: tuple[str, ...]
    prospects_known: bool = True
    past_known: bool = True
    settled_months: float = np.inf


def assign_stages(tables: Tables, params: Params) -> Stages:
    """Assign every customer to exactly one stage a month.

    The rules of `params.stages` are tried in their order and the first that holds decides; one
    whose feature is unknown does not hold; the last rule has no condition. Where customers bought
    before the observation began, nobody can be told to have just begun (`rules_in_force`).

    Parameters
    ----------
    tables : Tables
        Transactions, or contracts in a contractual study; `customers.first_contact_at` where
        prospects are to be seen.
    params : Params
        Uses `stages`, `relationship`, `lapse_weeks` or `gap_days`, and the period.

    Returns
    -------
    Stages
    """
    past_known = tables.description.history_complete
    rules = params.stages.rules_in_force(past_known=past_known)
    months = relationship_months(tables, params)
    quantile = params.stages.rhythm_quantile
    options = {"rhythm_quantile": quantile, "digits": params.money_digits}
    table = stage_features(months, lapse_days=7 * params.lapse_weeks, **options)
    features = table.mutate(stage=stage_of(table, rules))
    kept = features.select(
        "customer_id",
        "month",
        clock=features.clock.cast("int32"),
        tenure_months=features.tenure_months.cast("int32"),
        begun=features.begun.cast("int8"),
        stage="stage",
    ).cache()  # asked for many times
    given = {rule.stage for rule in rules}
    order = tuple(stage for stage in params.stages.stages if stage in given)
    contacts = "first_contact_at" in tables["customers"].columns
    return Stages(kept, features, order, contacts, past_known, settled_months(params))


def settled_months(params: Params) -> int:
    """How many months before the last one had seen a lapse and a quarter of observation.

    Earlier nobody can have lapsed, or hardly anybody: stages there tell of the first day of the
    observation, and a later month is not compared with them.

    Parameters
    ----------
    params : Params
        Uses `observed_from`, `observed_until`, `relationship`, `lapse_weeks` or `gap_days`.

    Returns
    -------
    int
        Below 0 where not even the last month had.
    """
    contractual = params.relationship == "contractual"
    lapse = timedelta(days=params.gap_days if contractual else int(7 * params.lapse_weeks))
    day = pd.Timestamp(params.observed_from + lapse) + pd.DateOffset(months=QUARTER)
    last = params.observed_until
    return (last.year - day.year) * 12 + last.month - day.month


def stage_of(features: ibis.Table, rules: tuple[StageRule, ...]) -> ibis.Value:
    """The stage as an expression over the features."""
    *rules, last = rules
    branches = []
    for rule in rules:
        holds = [
            bound for name, limits in rule.when.items() for bound in _bounds(features[name], limits)
        ]
        branches.append((ibis.and_(*holds), ibis.literal(rule.stage)))
    return ibis.cases(*branches, else_=last.stage) if branches else ibis.literal(last.stage)


def stage_counts(stages: Stages) -> pd.DataFrame:
    """Customers in each stage at the end of each month: `month, stage, customers, share`."""
    counted = fetch(stages.table.group_by("month", "stage").agg(customers=ibis._.count()))
    counted = _ordered(counted, stages.order, "stage").sort_values(["month", "stage"])
    total = counted.groupby("month")["customers"].transform("sum")
    return counted.assign(share=counted["customers"] / total).reset_index(drop=True)


def stage_paths(
    stages: Stages,
    *,
    groups: pd.DataFrame | None = None,
    axis: Literal["tenure", "calendar"] = "tenure",
) -> pd.DataFrame:
    """Stays in stages, for the multi-state methods; equal paths are counted once in the engine.

    Parameters
    ----------
    stages : Stages
    groups : DataFrame, optional
        `customer_id, group`, known when the path begins. Customers that it lacks have no group.
    axis : {"tenure", "calendar"}
        Months since the customer's first row, or since the first month of the study.

    Returns
    -------
    DataFrame
        `customer_id` (a number for the path), `start, stop` (months), `from, to` (missing where
        observation ended), `count`, and `group` where groups were given. Customers seen in
        one month only have no path.
    """
    turns, keys = _turns(stages, axis), ["path", "stop"]
    if groups is not None:
        known = ibis.memtable(groups[["customer_id", "group"]].astype(str))
        turns = turns.left_join(known, "customer_id").drop("customer_id_right")
        keys = [*keys, "group"]
    codes = [(name, f"{place:0{CODE_DIGITS}}") for place, name in enumerate(stages.order)]
    step = turns["at"].cast("string").lpad(START_DIGITS, "0") + turns.stage.cases(*codes)
    of_customer = ["customer_id", "stop", *keys[2:]]
    steps = turns.mutate(step=step).group_by(of_customer)
    paths = steps.agg(path=lambda rows: rows.step.collect().sort().join(""))
    counted = fetch(paths.group_by(keys).agg(count=ibis._.count()))
    return _stays(counted, stages.order)


def _stays(paths: pd.DataFrame, order: tuple[str, ...]) -> pd.DataFrame:
    """Take counted paths apart: one row a stay of a path, in their order."""
    text = "".join(paths["path"]).encode("ascii")
    digits = np.frombuffer(text, np.uint8).reshape(-1, START_DIGITS + CODE_DIGITS) - ord("0")
    start, code = (
        part @ 10 ** np.arange(part.shape[1])[::-1]
        for part in np.split(digits.astype("int64"), [START_DIGITS], axis=1)
    )
    row = np.repeat(np.arange(len(paths)), paths["path"].str.len() // digits.shape[1])
    last = np.append(row[1:] != row[:-1], True)[: len(row)]
    columns = {
        "start": start,
        "stop": np.where(last, paths["stop"].to_numpy("int64")[row], np.roll(start, -1)),
        "from": pd.Categorical.from_codes(code, order, ordered=True),
        "to": pd.Categorical.from_codes(np.where(last, -1, np.roll(code, -1)), order, ordered=True),
        "count": paths["count"].to_numpy()[row],
    }
    columns |= {"group": paths["group"].to_numpy()[row]} if "group" in paths else {}
    stays = pd.DataFrame(columns, index=row)
    stays = stays[stays["stop"] > stays["start"]]
    stays.insert(0, "customer_id", pd.factorize(stays.index)[0])
    return stays.reset_index(drop=True)


def _bounds(feature: ibis.Value, bounds: Bounds) -> list[ibis.Value]:
    held = {
        "min": lambda limit: feature >= limit,
        "max": lambda limit: feature <= limit,
        "above": lambda limit: feature > limit,
        "below": lambda limit: feature < limit,
    }
    return [held[name](limit) for name, limit in bounds.model_dump(exclude_none=True).items()]


def _turns(stages: Stages, axis: str) -> ibis.Table:
    """Where a stay begins: `customer_id, at` (months)`, stage`, and `stop`, the last month seen."""
    row = ibis.window(group_by="customer_id", order_by="clock")
    table = stages.table
    at = table.clock
    if axis == "calendar":
        number = month_number(table.month)
        at = number - number.min().over(ibis.window())
    table = table.select("customer_id", "stage", at=at, before=table.stage.lag(1).over(row))
    table = table.mutate(stop=table["at"].max().over(ibis.window(group_by="customer_id")))
    turns = table.filter(table.before.isnull() | (table.before != table.stage))
    return turns.select("customer_id", "stage", "at", "stop")


def _ordered(table: pd.DataFrame, order: tuple[str, ...], *columns: str) -> pd.DataFrame:
    categories = pd.CategoricalDtype(list(order), ordered=True)
    return table.astype({column: categories for column in columns})
