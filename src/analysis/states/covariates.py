"""How a characteristic of the first day enters a regression, or why it cannot."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.methods.disclosure import pool_small
from analysis.methods.hazards.design import read_design
from analysis.methods.pairs import NO_GROUPS, is_known
from analysis.notes import Note, note
from analysis.states.repeated import join_repeated
from analysis.states.segments import OTHERS, UNKNOWN

MOST_LEVELS = 8
ENDS_A_LEVEL = 10
NO_VALUE = "first_value_none"
ONE_VALUE = note("influences.one_value")


def prepare_covariate(
    column: pd.Series, event: pd.Series, least: int
) -> tuple[list[pd.Series], Note | str]:
    """The columns that a covariate enters with, or why it cannot."""
    if column.name == "first_value":
        return _log_value(column, event, least)
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        spread = column.std()
        if not spread > 0:
            return [], ONE_VALUE
        return [(column - column.mean()) / spread], ""
    grouped = group_levels(column, event, least)
    several = grouped[is_known(grouped)].nunique() > 1
    return ([grouped], "") if several else ([], ONE_VALUE)


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


def group_levels(column: pd.Series, event: pd.Series, least: int) -> pd.Series:
    """Categories with enough customers and ends each, the most frequent first."""
    known = column.astype(object).where(column.notna(), UNKNOWN).astype(str)
    if isinstance(column.dtype, pd.CategoricalDtype):
        held = set(known.unique())
        order = [str(level) for level in column.cat.categories if str(level) in held]
        order += [UNKNOWN] * bool((known == UNKNOWN).any() and UNKNOWN not in order)
        known = pd.Series(pd.Categorical(known, order, ordered=True), known.index, name=column.name)
    told = pool_small(known, least, most=MOST_LEVELS, pooled=OTHERS)
    if event.any():
        told = told.astype(str).where(~told.isin(_rare_levels(told, event)), OTHERS)
    sizes = told.value_counts()
    order = [level for level in _in_order(told) if sizes.get(level, 0)]
    known = [level for level in order if level not in NO_GROUPS]
    first = str(sizes[known or order].idxmax())
    order = [first, *(level for level in order if level != first)]
    return pd.Series(pd.Categorical(told.astype(str), order), column.index, name=column.name)


def _rare_levels(told: pd.Series, event: pd.Series) -> list[str]:
    """Levels with too few ends, and the next rarest until they have enough together."""
    ends = event.groupby(told.astype(str)).sum().sort_values(kind="stable")
    rare = int((ends < ENDS_A_LEVEL).sum())
    if not rare:
        return []
    return list(ends.index[: max(rare, 1 + int((ends.cumsum() < ENDS_A_LEVEL).sum()))])


def _in_order(told: pd.Series) -> list[str]:
    """Categories in their own order, else sorted; those joined last."""
    names = told.cat.categories if hasattr(told, "cat") else sorted(told.unique())
    return sorted(map(str, names), key=lambda name: name in (OTHERS, UNKNOWN))


def without_repeated(
    table: pd.DataFrame, covariates: list[str], column: pd.Series
) -> tuple[pd.Series, tuple[str, ...]]:
    """The covariate with those levels joined that repeat what stands before it, and their names."""
    name = str(column.name)
    complete = table[covariates].assign(**{name: column}).dropna()
    if not len(complete) or not hasattr(column, "cat") or complete[name].nunique() < 2:
        return column, ()
    complete[name] = complete[name].cat.remove_unused_categories()
    levels = tuple(join_repeated(complete, [*covariates, name])[1].get(name, ()))
    known = [level for level in levels if level not in NO_GROUPS]
    if not levels or known:
        return column, ()
    order = [level for level in column.cat.categories if level not in levels]
    text = column.astype(str)
    told = pd.Categorical(text.where(~text.isin(levels), order[0]), order)
    return pd.Series(told, column.index, name=column.name), levels


def why_repeated(table: pd.DataFrame, covariates: list[str], column: pd.Series) -> Note | str:
    """Why a covariate says the same as those before it; empty where it does not."""
    joined = table[covariates].assign(**{str(column.name): column}).dropna()
    if not len(joined):
        return note("influences.nobody_has_it")
    matrix = read_design(joined, [*covariates, str(column.name)]).matrix
    matrix = np.column_stack([np.ones(len(matrix)), matrix / np.abs(matrix).max(axis=0)])
    rank = np.linalg.matrix_rank(matrix.T @ matrix / len(matrix), tol=1e-10, hermitian=True)
    return "" if rank == matrix.shape[1] else note("influences.the_same_as_others")
