"""Time to what is waited for (a second purchase, an end), with what was known on the first day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError, ParamsError
from analysis.frames import customer_frame, spells
from analysis.methods.disclosure import pool_small
from analysis.methods.hazards.design import read_design
from analysis.notes import Note, note
from analysis.params import Params
from analysis.states.relationships import OF_THE_FIRST_PURCHASE, attributes_at_start
from analysis.states.segments import OTHERS, UNKNOWN

LATER = ("second_at", "last_at", "purchases", "frequency", "recency_weeks", "age_weeks")
LATER += ("monetary_value", "revenue", "margin")
DATES = ("customer_id", "first_at", "first_contact_at", "acquired_at", "started_at")
NOT_OFFERED = ("acquisition_cost", "first_value_third")  # known, but not taken unless asked for
MOST_LEVELS = 8
ENDS_A_LEVEL = 10
NO_VALUE = "first_value_none"
ONE_VALUE = note("influences.one_value")


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
    """The months from the start to the end of first relationships, open ones right-censored.

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
    every = spells(tables, params)
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
    names = _asked(timed, params.covariates, late) if asked else _offered(timed, params, late)
    table = timed[["duration", "entry", "event"]].copy()
    covariates, left_out = [], []
    for name in names:
        columns, reason = _prepare(timed[name], timed["event"], params.min_cell, asked)
        for column in columns:
            reason = reason or _repeats(table, covariates, column)
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


def _asked(timed: pd.DataFrame, names: Sequence[str], late: Sequence[str]) -> list[str]:
    absent = [name for name in names if name not in timed]
    if absent:
        known = [c for c in timed if c not in (*LATER, *DATES, "duration", "entry", "event")]
        raise DataError(
            f"covariates must be columns of the customers, but {', '.join(absent)} is none; "
            f"there are {', '.join(known)}"
        )
    wrong = [name for name in names if name in (*LATER, *DATES, *late)]
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


def _prepare(
    column: pd.Series, event: pd.Series, least: int, asked: bool
) -> tuple[list[pd.Series], Note | str]:
    """The columns that a covariate enters with, or why it cannot."""
    if column.name == "first_value":
        return _log_value(column, event, least)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        spread = column.std()
        if not spread > 0:
            return [], ONE_VALUE
        return [(column - column.mean()) / spread], ""
    grouped = _levels(column, event, least)
    return ([grouped], "") if grouped.nunique() > 1 else ([], ONE_VALUE)


def _log_value(
    column: pd.Series, event: pd.Series, least: int
) -> tuple[list[pd.Series], Note | str]:
    """Logarithm to base 2; those without a positive amount get an indicator, or drop out."""
    paid = column > 0
    with np.errstate(divide="ignore", invalid="ignore"):
        doubled = np.log2(column.where(paid))
    if not doubled.std() > 0:
        return [], ONE_VALUE
    free = column.notna() & ~paid
    if min(event[free].sum(), (~event[free]).sum()) < max(least, ENDS_A_LEVEL):
        return [doubled], ""
    doubled = doubled.where(~free, doubled.mean())
    return [doubled, free.astype(float).rename(NO_VALUE)], ""


def _levels(column: pd.Series, event: pd.Series, least: int) -> pd.Series:
    """Categories with enough customers and ends each, the most frequent first."""
    known = column.astype(object).where(column.notna(), UNKNOWN).astype(str)
    if isinstance(column.dtype, pd.CategoricalDtype):
        order = [str(level) for level in column.cat.categories if (known == str(level)).any()]
        order += [UNKNOWN] * bool((known == UNKNOWN).any() and UNKNOWN not in order)
        known = pd.Series(pd.Categorical(known, order, ordered=True), known.index, name=column.name)
    told = pool_small(known, least, most=MOST_LEVELS, pooled=OTHERS)
    if event.any():
        told = told.astype(str).where(~told.isin(_rare_levels(told, event)), OTHERS)
    sizes = told.value_counts()
    order = [level for level in pool_order(told) if sizes.get(level, 0)]
    first = str(sizes.idxmax())
    order = [first, *(level for level in order if level != first)]
    return pd.Series(pd.Categorical(told.astype(str), order), column.index, name=column.name)


def _rare_levels(told: pd.Series, event: pd.Series) -> list[str]:
    """Levels with too few ends, and the next rarest until they have enough together."""
    ends = event.groupby(told.astype(str)).sum().sort_values(kind="stable")
    rare = int((ends < ENDS_A_LEVEL).sum())
    if not rare:
        return []
    return list(ends.index[: max(rare, 1 + int((ends.cumsum() < ENDS_A_LEVEL).sum()))])


def pool_order(told: pd.Series) -> list[str]:
    """Categories in their own order, else sorted; those joined last."""
    names = told.cat.categories if hasattr(told, "cat") else sorted(told.unique())
    return sorted(map(str, names), key=lambda name: name in (OTHERS, UNKNOWN))


def _repeats(table: pd.DataFrame, covariates: list[str], column: pd.Series) -> Note | str:
    """Why a covariate says the same as those before it; empty where it does not."""
    joined = table[covariates].assign(**{str(column.name): column}).dropna()
    if not len(joined):
        return note("influences.nobody_has_it")
    matrix = read_design(joined, [*covariates, str(column.name)]).matrix
    matrix = np.column_stack([np.ones(len(matrix)), matrix / np.abs(matrix).max(axis=0)])
    rank = np.linalg.matrix_rank(matrix.T @ matrix / len(matrix), tol=1e-10, hermitian=True)
    return "" if rank == matrix.shape[1] else note("influences.the_same_as_others")
