"""Levels of one characteristic that say the same of everybody as those of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from analysis.methods.hazards.design import Design, read_design
from analysis.methods.regression.design import REPEATED


def join_repeated(
    frame: pd.DataFrame, covariates: Sequence[str]
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Count levels with the first of their kind where the columns before say the same of everybody.

    Two characteristics that are not known of the same customers have such a level: the ratio of one
    of them is all that can be told.

    Parameters
    ----------
    frame : DataFrame
        The covariates, none missing, each of two values or more.
    covariates : sequence of str
        Numbers, which come first, and categories, in the order in which they stand for what they
        share.

    Returns
    -------
    DataFrame
        The frame, with such levels renamed to the first of their category.
    dict of str to list of str
        The levels joined of each characteristic that has any.
    """
    covariates = sorted(covariates, key=lambda name: not is_numeric_dtype(frame[name]))
    if not covariates or not len(frame):
        return frame, {}
    design = read_design(frame, covariates)
    joined: dict[str, list[str]] = {}
    for place in _repeated(design):
        name = covariates[design.source[place]]
        if name in design.levels:
            joined.setdefault(name, []).append(design.terms[place].removeprefix(name)[1:-1])
    renamed = {}
    for name, levels in joined.items():
        order = [level for level in design.levels[name] if level not in levels]
        text = frame[name].astype(str)
        renamed[name] = pd.Categorical(text.where(~text.isin(levels), order[0]), order)
    return frame.assign(**renamed), joined


def _repeated(design: Design) -> list[int]:
    """The columns that those before them make up, in their order."""
    matrix = design.matrix / np.maximum(np.abs(design.matrix).max(axis=0), 1e-300)
    basis = np.full((len(matrix), 1), 1 / np.sqrt(len(matrix)))
    found = []
    for place, column in enumerate(matrix.T):
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        if np.linalg.norm(rest) <= REPEATED * np.linalg.norm(column):
            found.append(place)
        else:
            basis = np.column_stack([basis, rest / np.linalg.norm(rest)])
    return found


def without_repeats(frame: pd.DataFrame, columns: Sequence[str]) -> list[str]:
    """The columns that vary, without numbers that are made up by those before them.

    Parameters
    ----------
    frame : DataFrame
        Rows that lack one of the columns are not looked at.
    columns : sequence of str
        Numbers and categories.
    """
    complete = frame[list(columns)].dropna()
    varying = [name for name in columns if complete[name].nunique() > 1]
    numbers = [name for name in varying if is_numeric_dtype(frame[name])]
    if not numbers:
        return varying
    repeated = {numbers[place] for place in _repeated(read_design(complete, numbers))}
    return [name for name in varying if name not in repeated]
