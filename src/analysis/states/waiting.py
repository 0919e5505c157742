"""Time to what is waited for (a second purchase, an end), with what was known on the first day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError, ParamsError
from analysis.frames import customer_frame
from analysis.notes import note
from analysis.params import Params
from analysis.states.covariates import (
    MOST_LEVELS,
    prepare_covariate,
    why_repeated,
    without_repeated,
)
from analysis.states.relationships import (
    OF_THE_FIRST_PURCHASE,
    attributes_at_start,
    followed_spells,
)

LATER = ("second_at", "last_at", "purchases", "frequency", "recency_weeks", "age_weeks")
LATER += ("monetary_value", "revenue", "margin")
DATES = ("customer_id", "first_at", "first_contact_at", "acquired_at", "started_at")
NOT_OFFERED = ("acquisition_cost", "first_value_third")  # known, but not taken unless asked for

KNOWN_LATER = note("influences.known_later")


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """One row a customer: how long he was waited for, and what was known on the first day.

    Attributes
    ----------
    table : DataFrame
        `duration, entry` (in `unit`)`, event`, and the covariates: numbers (the logarithm to base
        2 of `first_value`, so that one more is a doubling; others in standard deviations) or
        categories, the most frequent first.
    covariates : list of str
    left_out : DataFrame
        `covariate, reason` (a note): what was offered and could not be used.
    incomplete : int
        Customers left out because a number is missing or has no logarithm.
    kind : {'returning', 'ending'}
    unit : {'weeks', 'months'}
    horizon : float
        In `unit`.
    """

    table: pd.DataFrame
    covariates: list[str]
    left_out: pd.DataFrame
    incomplete: int
    kind: str
    unit: str
    horizon: float

    @property
    def ended(self) -> int:
        """How many came back, or ended."""
        return int(self.table["event"].sum())


def read_returning(tables: Tables, params: Params) -> Waiting:
    """The weeks from the first to the second purchase, open ones right-censored.

    Parameters
    ----------
    tables : Tables
        Uses `transactions` and `customers`.
    params : Params
        Uses `covariates` (by default the segments, the value of the first order and the columns of
        `customers` with two to eight values)`, segments, horizons_weeks, min_cell`.

    Returns
    -------
    Waiting

    Raises
    ------
    DataError
        A covariate is no column.
    ParamsError
        A covariate is known only after the first day.
    """
    customers = customer_frame(tables, params)
    days = (customers["second_at"] - customers["first_at"]).dt.days
    timed = customers.assign(
        duration=(days / 7).fillna(customers["age_weeks"]),
        entry=0.0,
        event=customers["second_at"].notna(),
    )
    horizon = float(max(params.horizons_weeks))
    return _waiting(timed, params, kind="returning", unit="weeks", horizon=horizon)


def read_ending(tables: Tables, params: Params) -> Waiting:
    """The calendar months from the start to the end of first relationships, open ones censored.

    What is known of the first purchase is used only where it was made on the first day of the
    relationship.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`, `customers` and, where there are any, `transactions`.
    params : Params
        Uses `covariates, segments, horizon_months, min_cell`, as `read_returning` does, and what
        `frames.spells` uses.

    Returns
    -------
    Waiting

    Raises
    ------
    DataError
        A covariate is no column.
    ParamsError
        A covariate is known only after the first day.
    """
    every = followed_spells(tables, params)
    columns = ["customer_id", "started_at", "duration", "entry", "event"]
    first = every.loc[every["spell"] == 1, columns]
    people = attributes_at_start(tables, params)
    timed = first.merge(people, on="customer_id", how="left", suffixes=("", "_known"))
    late: tuple[str, ...] = ()
    if "first_at" in timed and not (timed["first_at"] <= timed["started_at"]).all():
        late = OF_THE_FIRST_PURCHASE
    horizon = params.horizon_months
    return _waiting(timed, params, kind="ending", unit="months", horizon=horizon, late=late)


def _waiting(
    timed: pd.DataFrame,
    params: Params,
    *,
    kind: str,
    unit: str,
    horizon: float,
    late: Sequence[str] = (),
) -> Waiting:
    if not len(timed):
        raise DataError("the study must have customers, but none was observed; mend observed_from")
    timed = timed.assign(event=timed["event"].astype(bool))
    asked = bool(params.covariates)
    names = _asked(timed, params.covariates) if asked else _offered(timed, params, late)
    table = timed[["duration", "entry", "event"]].copy()
    covariates, left_out = [], [(name, KNOWN_LATER) for name in names if name in late]
    names = [name for name in names if name not in late]
    for name in names:
        columns, reason = prepare_covariate(timed[name], timed["event"], params.min_cell)
        for column in columns:
            column, levels = without_repeated(table, covariates, column)
            if levels and column.nunique() > 1:
                left_out.append((name, note("influences.level_joined", levels=levels)))
            reason = reason or why_repeated(table, covariates, column)
            if not reason:
                table[column.name] = column
                covariates.append(str(column.name))
        if reason:
            left_out.append((name, reason))
    complete = table.dropna()
    return Waiting(
        table=complete.reset_index(drop=True),
        covariates=covariates,
        left_out=pd.DataFrame(left_out, columns=["covariate", "reason"]),
        incomplete=len(table) - len(complete),
        kind=kind,
        unit=unit,
        horizon=horizon,
    )


def _asked(timed: pd.DataFrame, names: Sequence[str]) -> list[str]:
    absent = [name for name in names if name not in timed]
    if absent:
        known = [c for c in timed if c not in (*LATER, *DATES, "duration", "entry", "event")]
        raise DataError(
            f"covariates must be columns of the customers, but {', '.join(absent)} is none; "
            f"there are {', '.join(known)}"
        )
    wrong = [name for name in names if name in (*LATER, *DATES)]
    wrong += [name for name in names if name in ("duration", "entry", "event")]
    if wrong:
        raise ParamsError(
            f"covariates must be known on the first day, but {', '.join(wrong)} is known only "
            "later; leave it out, or compare from a landmark on"
        )
    return list(names)


def _offered(timed: pd.DataFrame, params: Params, late: Sequence[str]) -> list[str]:
    hidden = {*LATER, *DATES, *late, *NOT_OFFERED, "duration", "entry", "event"}
    segments = [name for name in params.segments if name in timed and name not in hidden]
    few = [
        name
        for name in timed
        if name not in hidden
        and (pd.api.types.is_numeric_dtype(timed[name]) or timed[name].nunique() <= MOST_LEVELS)
        and not pd.api.types.is_datetime64_any_dtype(timed[name])
    ]
    segments = [name for name in segments if name in few]
    return [*segments, *(name for name in few if name not in segments)]
