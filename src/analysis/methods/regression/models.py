"""Regressions by kind of outcome: intention, a window, counts, spend.

Which columns they take beside the outcome and its drivers is said once, in `sample.Columns`.
"""

from collections.abc import Sequence
from typing import Unpack

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.regression._family import fit_family
from analysis.methods.regression._sample import Columns, Sample, take_sample
from analysis.methods.regression.design import require_numbers
from analysis.methods.regression.fit import Errors, RegressionFit
from analysis.notes import note


def fit_linear(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    errors: Errors = "robust",
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> RegressionFit:
    """Least squares of an intention, a scale score or a margin on its drivers.

    Incomplete rows are left out and counted.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of numbers.
    drivers : list of str
        Columns of numbers; none constant or twice.
    errors : {"robust", "model"}
        Sandwich errors (by customer with `cluster`), or those of the model.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    RegressionFit

    Raises
    ------
    DataError
        Text in a number, constant or repeated drivers, fewer answers than parameters.
    """
    sample = _sample(frame, outcome, drivers, columns)
    return fit_family(sample, outcome, family="linear", errors=errors, conf_level=conf_level)


def fit_logit(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    errors: Errors = "robust",
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> RegressionFit:
    """Logit of something that happened or not in a window after the survey (0/1).

    Only rows whose window was observed to its end belong here (see `landmark`). Terms that
    separate the outcomes perfectly are NaN with a note.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of 0 and 1.
    drivers : list of str
        Columns of numbers; none constant or twice.
    errors : {"robust", "model"}
        Sandwich errors (by customer with `cluster`), or those of the model.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    RegressionFit

    Raises
    ------
    DataError
        An outcome that is not 0/1 or does not vary, and as `fit_linear`.
    """
    sample = _sample(frame, outcome, drivers, columns)
    _require_both(sample.outcome, outcome)
    return fit_family(sample, outcome, family="logit", errors=errors, conf_level=conf_level)


def fit_counts(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    overdispersed: bool = False,
    errors: Errors = "robust",
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> RegressionFit:
    """Poisson, or negative binomial (NB2), regression of purchases in a window.

    `exposure` (positive; the time observed) enters as log offset. The Poisson coefficients with
    robust errors hold under overdispersion; the negative binomial (`overdispersed`) also describes
    the spread.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of whole numbers, 0 or more.
    drivers : list of str
        Columns of numbers; none constant or twice.
    overdispersed : bool
        Negative binomial (NB2) instead of Poisson.
    errors : {"robust", "model"}
        Sandwich errors (by customer with `cluster`), or those of the model.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    RegressionFit

    Raises
    ------
    DataError
        Counts that are negative or not whole, and as `fit_linear`.
    """
    sample = _sample(frame, outcome, drivers, columns)
    _require_not_negative(sample.outcome, outcome)
    if (np.mod(sample.outcome.astype(float), 1) != 0).any():
        raise DataError(f"{outcome} must be whole numbers, but fractions came; use fit_spend")
    return fit_family(
        sample,
        outcome,
        family="negative_binomial" if overdispersed else "poisson",
        errors=errors,
        conf_level=conf_level,
        exposure=columns.get("exposure"),
    )


def fit_spend(
    frame: pd.DataFrame,
    *,
    outcome: str,
    drivers: Sequence[str],
    conf_level: float = 0.95,
    **columns: Unpack[Columns],
) -> RegressionFit:
    """Spend in a window, zeros with the rest, by Poisson pseudo-likelihood with robust errors.

    Only the mean exp(x'b) must be right; amounts need not be whole, nor Poisson.

    Parameters
    ----------
    frame : DataFrame
        One row an answer: the outcome, the drivers and the columns named below.
    outcome : str
        Column of amounts, 0 or more, in currency.
    drivers : list of str
        Columns of numbers; none constant or twice.
    conf_level : float
        Level of the intervals, in (0, 1).
    **columns
        Further columns by name (`Columns`): `controls, moderator, shapes, weight, count, cluster,
        exposure`.

    Returns
    -------
    RegressionFit

    Raises
    ------
    DataError
        An amount below 0, and as `fit_linear`.

    References
    ----------
    Santos Silva & Tenreyro (2006), Rev. Econ. Stat. 88, 641-658.
    """
    sample = _sample(frame, outcome, drivers, columns)
    _require_not_negative(sample.outcome, outcome)
    return fit_family(
        sample,
        outcome,
        family="poisson",
        errors="robust",
        conf_level=conf_level,
        exposure=columns.get("exposure"),
    )


def _sample(frame: pd.DataFrame, outcome: str, drivers: Sequence[str], columns: Columns) -> Sample:
    require_numbers(frame, outcome)
    return take_sample(frame, outcome=outcome, drivers=drivers, **columns)


def _require_both(values: np.ndarray, outcome: str) -> None:
    given = set(np.unique(values.astype(float)))
    if not given <= {0.0, 1.0}:
        raise DataError(f"{outcome} must be 0 or 1, but {sorted(given)[:5]} came")
    if len(given) < 2:
        raise DataError(
            f"{outcome} must vary, but every row is {given.pop():g}; widen the window",
            why=note("reasons.alike", outcome=outcome),
        )


def _require_not_negative(values: np.ndarray, outcome: str) -> None:
    if (values < 0).any():
        raise DataError(
            f"{outcome} must not be negative, but {(values < 0).sum():,} rows are (returns above "
            "purchases?); net over a longer window or use fit_linear"
        )
    if not (values > 0).any():
        raise DataError(
            f"{outcome} must be above zero somewhere, but every row is 0",
            why=note("reasons.nothing", outcome=outcome),
        )
