"""The rows that a least-squares method may use: complete, numeric, varied, more than parameters."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.notes import note


def complete_rows(
    frame: pd.DataFrame, *, numbers: Sequence[str], others: Sequence[str | None] = ()
) -> pd.DataFrame:
    """Rows without a blank in the named columns; `numbers` must be numeric."""
    used = list(dict.fromkeys([*numbers, *(column for column in others if column is not None)]))
    absent = [column for column in used if column not in frame.columns]
    if absent:
        raise DataError(f"the frame must hold {used}, but {absent} are absent")
    for column in numbers:
        values = frame[column]
        if pd.api.types.is_numeric_dtype(values):
            require_finite(values, column)
            continue
        text = pd.to_numeric(values, errors="coerce").isna() & values.notna()
        raise DataError(
            f"{column} must be a number, but {text.sum():,} of {len(frame):,} rows are text "
            f"(first: row {text.idxmax()}, {values.loc[text.idxmax()]!r}); repair or leave out"
        )
    return frame.loc[frame[used].notna().all(axis=1), used]


def require_finite(values: pd.Series, column: str) -> None:
    """Raise when a column of numbers holds infinite ones."""
    endless = np.isinf(values.to_numpy(float, na_value=np.nan))
    if endless.any():
        raise DataError(
            f"{column} must be finite, but {endless.sum():,} of {len(values):,} rows are not "
            f"(first: row {values.index[endless][0]}); blank or repair them"
        )


def sampling_weights(rows: pd.DataFrame, weight: str | None) -> np.ndarray | None:
    """The sampling weights of complete rows, positive; None without."""
    if weight is None:
        return None
    weights = rows[weight].to_numpy(float)
    if not (weights > 0).all():
        count = int((~(weights > 0)).sum())
        raise DataError(
            f"{weight} must be positive, but {count:,} rows are not; drop those not sampled"
        )
    return weights


def control_columns(rows: pd.DataFrame, controls: Sequence[str]) -> pd.DataFrame:
    """Controls as numbers: categories and text become indicators against their first level.

    An indicator that repeats the columns before it is left out: its level is counted with the
    first.
    """
    if not controls:
        return pd.DataFrame(index=rows.index)
    columns = pd.get_dummies(rows[list(controls)], drop_first=True, dtype=float)
    columns = columns.loc[:, columns.nunique() > 1]
    basis, kept = np.ones((len(rows), 1)) / np.sqrt(max(len(rows), 1)), []
    for name in columns:
        column = columns[name].to_numpy()
        rest = column - basis @ (basis.T @ column)
        rest -= basis @ (basis.T @ rest)
        if name in controls or np.linalg.norm(rest) > 1e-8 * np.linalg.norm(column):
            kept.append(name)
            basis = np.column_stack([basis, rest / max(np.linalg.norm(rest), 1e-300)])
    return columns[kept]


def require_estimable(values: np.ndarray, names: Sequence[str]) -> None:
    """Raise where a regression of the last column on the others has no single answer."""
    parameters = values.shape[1]
    if len(values) <= parameters:
        raise DataError(
            f"complete answers must outnumber the {parameters} parameters, but {len(values)} came; "
            "use fewer drivers or controls",
            why=note("reasons.few_rows", parameters=parameters),
        )
    constant = [name for name, column in zip(names, values.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise DataError(
            f"the columns must vary, but {', '.join(constant)} is constant; drop it",
            why=note("reasons.constant", columns=tuple(constant)),
        )
    predictors = values[:, :-1] - values[:, :-1].mean(axis=0)
    if np.linalg.matrix_rank(predictors / predictors.std(axis=0), tol=1e-8) < parameters - 1:
        raise DataError(
            "drivers must not repeat one another, but one is made of others; drop it",
            why=note("reasons.repeated", columns=tuple(names[:-1])),
        )


def sums_by_unit(units: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Sums (units, k) of the rows (n, k) of each unit, by its code."""
    return np.column_stack([np.bincount(units, column) for column in values.T])
