"""From named covariates to columns of numbers: numbers stay, categories become indicators.

A covariate of text or categories gets one indicator a level but the first: `plan[basic]`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import check_columns, raise_faults, read_numbers
from analysis.notes import note

RUNAWAY = 100.0  # standard error of a covariate's whole range beyond which it separates the ends


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Columns of a regression.

    Attributes
    ----------
    matrix : ndarray, (n, p)
        In the units of the covariates.
    terms : list of str, p
        Column names: `age`, `plan[basic]`.
    source : ndarray of int, (p,)
        For each column, the position of its covariate in `covariates`.
    covariates : list of str
    levels : dict of str to list of str
        Of each categorical covariate; the first is the reference.
    """

    matrix: np.ndarray
    terms: list[str]
    source: np.ndarray
    covariates: list[str]
    levels: dict[str, list[str]]


def read_design(
    frame: pd.DataFrame, covariates: list[str], levels: dict[str, list[str]] | None = None
) -> Design:
    """Check the covariates and build their columns; `levels` are those of an earlier fit.

    Parameters
    ----------
    frame : DataFrame
        The covariates: numbers, or text and categories.
    covariates : list of str
        Distinct columns.
    levels : dict, optional
        Levels of each categorical covariate in an earlier fit.

    Returns
    -------
    Design

    Raises
    ------
    ParamsError
        `covariates` is not a list of distinct columns.
    DataError
        A covariate is missing, unknown in a row, or has a level that the earlier fit had not.
    """
    if not covariates or isinstance(covariates, str) or len(set(covariates)) < len(covariates):
        raise ParamsError(f"covariates must be a list of distinct columns, but {covariates!r} came")
    check_columns(frame, list(covariates))
    columns, terms, source, found = [], [], [], {}
    faults: list[str] = []
    for position, name in enumerate(covariates):
        fixed = None if levels is None else levels.get(name, [])
        names, values = _columns_of(frame, name, fixed, faults, found)
        terms += names
        columns += values
        source += [position] * len(names)
    raise_faults(faults)
    return Design(np.column_stack(columns), terms, np.array(source), list(covariates), found)


def _columns_of(
    frame: pd.DataFrame,
    name: str,
    fixed: list[str] | None,
    faults: list[str],
    found: dict[str, list[str]],
) -> tuple[list[str], list[np.ndarray]]:
    column = frame[name]
    if not (fixed or _is_categorical(column)):
        return [name], [read_numbers(frame, name, faults)]
    if column.isna().any():
        faults.append(
            f"{name} must be known, but {column.isna().sum():,} of {len(column):,} rows have none; "
            "give them a level of their own or drop them"
        )
    text = column.astype(str).to_numpy()
    levels = fixed or _levels_of(column)
    unknown = sorted(set(text[~np.isin(text, levels)]) - {"nan", "None", "<NA>"})
    if unknown:
        faults.append(f"{name} must be one of {', '.join(levels)}, but {unknown[0]!r} came")
    if len(levels) < 2:
        faults.append(one_value(name, levels[0] if levels else "none"))
    found[name] = levels
    return (
        [f"{name}[{level}]" for level in levels[1:]],
        [(text == level).astype(float) for level in levels[1:]],
    )


def _is_categorical(column: pd.Series) -> bool:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return True
    return not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column))


def _levels_of(column: pd.Series) -> list[str]:
    if isinstance(column.dtype, pd.CategoricalDtype):
        return [str(level) for level in column.cat.remove_unused_categories().cat.categories]
    return sorted(str(level) for level in column.dropna().unique())


def one_value(name: str, value: object) -> str:
    """The sentence about a covariate that does not vary.

    Parameters
    ----------
    name : str
    value : object

    Returns
    -------
    str
    """
    return f"{name} must vary, but it has one value ({value}); leave it out"


def refuse_constant(design: Design) -> None:
    """Raise with the names of all columns that have one value.

    Parameters
    ----------
    design : Design

    Raises
    ------
    DataError
        A column has one value.
    """
    span = np.ptp(design.matrix, axis=0)
    constant = [
        (term, first)
        for term, first, wide in zip(design.terms, design.matrix[0], span, strict=True)
        if wide == 0
    ]
    if constant:
        raise DataError(
            "; ".join(one_value(term, f"{first:g}") for term, first in constant),
            why=note("reasons.constant", columns=_told(term for term, _ in constant)),
        )


def refuse_collinear(terms: list[str], information: np.ndarray) -> None:
    """Raise with the columns that are combinations of each other, given a (p, p) information.

    Parameters
    ----------
    terms : list of str
    information : array, (p, p)

    Raises
    ------
    DataError
        No column is left, or columns repeat each other.
    """
    if not terms:
        raise DataError(
            "covariates must be one or more, but none is left; take some that vary",
            why=note("reasons.singular"),
        )
    scale = np.sqrt(np.clip(np.diag(information), 0, None))
    flat = scale <= 1e-9 * max(scale.max(), 1e-300)
    if flat.any():
        names = ", ".join(term for term, bad in zip(terms, flat, strict=True) if bad)
        raise DataError(
            f"each covariate must vary among those at risk when one ends, but {names} does not; "
            "leave it out (within strata, a covariate that is constant in each says nothing)",
            why=note("reasons.constant", columns=_told(names.split(", "))),
        )
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    if values[0] > 1e-9:
        return
    names = [term for term, part in zip(terms, np.abs(vectors[:, 0]), strict=True) if part > 0.05]
    raise DataError(
        f"covariates must not be combinations of each other, but {', '.join(names)} are "
        "(collinear); leave one out",
        why=note("reasons.repeated", columns=_told(names)),
    )


def _told(terms: Iterable[str]) -> tuple[str, ...]:
    """Terms as readers are told them: `plan[basic]` is "plan: basic"."""
    return tuple(re.sub(r"\[(.*)\]$", r": \1", term) for term in terms)


def name_separating(terms: list[str], separating: np.ndarray) -> None:
    """Raise with the columns that decide by themselves who ends, given a mask of them (p,).

    Parameters
    ----------
    terms : list of str
    separating : bool array, (p,)

    Raises
    ------
    DataError
        A column separates.
    """
    if separating.any():
        names = ", ".join(term for term, bad in zip(terms, separating, strict=True) if bad)
        raise DataError(
            f"a covariate must not decide by itself who ends, but {names} does: its hazard ratio "
            "runs off to zero or infinity (separation); merge the level or leave it out",
            why=note("reasons.separating", columns=_told(names.split(", "))),
        )
