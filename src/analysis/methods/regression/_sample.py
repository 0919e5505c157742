"""The rows that a regression uses: complete, checked, counted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._rows import require_finite
from analysis.methods.regression.design import (
    Design,
    Term,
    build_design,
    join_repeated,
    require_columns,
    require_numbers,
)
from analysis.notes import note

REPEATED = 1e-9
"""Singular value of columns of length one, below which one repeats the others."""
CLEARLY = 1e-8
"""Its square from which no rounding of the cross-product, some 1e-15, can mislead."""


class Columns(TypedDict, total=False):
    """What a regression may take from a frame beside the outcome and its drivers.

    controls, moderator : numbers or categories, known before the survey; the moderator multiplies
        every driver.
    shapes : a driver's term where it is not a line (see `design`).
    cluster : the customer; errors are then by customer.
    weight : sampling weight, positive; errors are then linearised (Binder 1983, Int. Stat. Rev. 51,
        279-292), with replacement and without strata.
    count : frequency weight. exposure : positive, its logarithm enters with coefficient one.
    """

    controls: Sequence[str]
    moderator: str | None
    shapes: Mapping[str, Term] | None
    cluster: str | None
    weight: str | None
    count: str | None
    exposure: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """What a regression is fitted to.

    Attributes
    ----------
    frame : DataFrame
        The complete rows.
    design : Design
        The terms.
    matrix : ndarray, (rows, k)
    outcome : ndarray, (rows,)
    weights : ndarray, (rows,)
        Sampling weights scaled to mean one; ones without.
    counts : ndarray, (rows,)
        How many identical answers a row stands for; ones without.
    units : ndarray of int, (rows,), or None
        Code of the customer (cluster); None without clusters.
    n : int
        Answers (the sum of counts).
    n_missing : int
        Answers left out for missing values.
    weighted : bool
        Whether there are sampling weights.
    """

    frame: pd.DataFrame
    design: Design
    matrix: np.ndarray
    outcome: np.ndarray
    weights: np.ndarray
    counts: np.ndarray
    units: np.ndarray | None
    n: int
    n_missing: int
    weighted: bool


def take_sample(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    controls: Sequence[str] = (),
    moderator: str | None = None,
    shapes: Mapping[str, Term] | None = None,
    weight: str | None = None,
    count: str | None = None,
    cluster: str | None = None,
    exposure: str | None = None,
    intercept: bool = True,
    extra_parameters: int = 0,
) -> Sample:
    """Keep complete rows, make the design, and refuse what cannot be estimated."""
    explaining = [*drivers, *controls, *([] if moderator is None else [moderator])]
    if not [*drivers, *controls] or outcome in explaining:
        came = "none came" if not explaining else f"{outcome} is to explain itself"
        raise ParamsError(f"drivers or controls must name a column but the outcome, but {came}")
    positive = [column for column in (weight, count, exposure) if column is not None]
    used = [outcome, *explaining, *positive, *([] if cluster is None else [cluster])]
    complete = _complete(frame, list(dict.fromkeys(used)), positive)
    counts = np.ones(len(complete)) if count is None else complete[count].to_numpy(float)
    weights = np.ones(len(complete)) if weight is None else complete[weight].to_numpy(float)
    design = build_design(
        complete,
        drivers=drivers,
        controls=controls,
        moderator=moderator,
        shapes=shapes,
        intercept=intercept,
    )
    matrix = design.matrix(complete)
    if len(complete) and not _independent(matrix):
        plain = [column for column in controls if column != moderator and column not in drivers]
        design = join_repeated(design, complete, plain)
        matrix = design.matrix(complete)
    n = int(counts.sum())
    _require_estimable(matrix, design, n, extra_parameters)
    units = None if cluster is None else pd.factorize(complete[cluster])[0]
    if units is not None and units.max() < 1:
        raise DataError(
            f"{cluster} must name at least two customers, but one came",
            why=note("reasons.one_customer"),
        )
    all_counts = len(frame) if count is None else int(frame[count].fillna(0).sum())
    return Sample(
        frame=complete,
        design=design,
        matrix=matrix,
        outcome=complete[outcome].to_numpy(),
        weights=weights / weights.mean(),
        counts=counts,
        units=units,
        n=n,
        n_missing=all_counts - n,
        weighted=weight is not None,
    )


def _complete(frame: pd.DataFrame, used: list[str], positive: list[str]) -> pd.DataFrame:
    """Rows without a blank in the columns used: finite numbers, some of them positive."""
    require_columns(frame, used)
    for column in positive:
        require_numbers(frame, column)
    for column in used:
        if pd.api.types.is_numeric_dtype(frame[column]):
            require_finite(frame[column], column)
    complete = frame.loc[frame[used].notna().all(axis=1), used]
    for column in positive:
        wrong = int((complete[column] <= 0).sum())
        if wrong:
            raise DataError(f"{column} must be positive, but {wrong:,} rows are not; drop them")
    return complete


def _independent(matrix: np.ndarray) -> bool:
    """Whether no column repeats the others: seen by the cross-product, where that is clear."""
    scaled = _scaled(matrix)
    if np.linalg.eigvalsh(scaled.T @ scaled)[0] > CLEARLY:
        return True
    return bool(np.linalg.matrix_rank(scaled, tol=REPEATED) == matrix.shape[1])


def _scaled(matrix: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(matrix, axis=0)
    return matrix / np.where(length > 0, length, 1.0)


def _require_estimable(matrix: np.ndarray, design: Design, n: int, extra_parameters: int) -> None:
    parameters = matrix.shape[1] + extra_parameters
    if n <= parameters:
        raise DataError(
            f"complete answers must outnumber the {parameters} parameters, but {n} came; "
            "use fewer drivers or controls",
            why=note("reasons.few_rows", parameters=parameters),
        )
    first = int(design.intercept)
    constant = [
        name
        for name, values in zip(design.names[first:], matrix.T[first:], strict=True)
        if np.ptp(values) == 0
    ]
    if constant:
        raise DataError(
            f"drivers must vary, but {', '.join(constant)} is constant; drop it",
            why=note("reasons.constant", columns=tuple(constant)),
        )
    if not _independent(matrix):
        *_, last = np.linalg.svd(_scaled(matrix), full_matrices=False)
        tied = [
            name for name, share in zip(design.names, last[-1], strict=True) if abs(share) > 1e-6
        ]
        raise DataError(
            f"drivers must not repeat one another, but {', '.join(tied)} do; drop one of them",
            why=note("reasons.repeated", columns=tuple(tied)),
        )
