"""A survey answer may explain only what came after it, in a window that was seen to its end."""

from dataclasses import dataclass

import pandas as pd

from analysis.errors import DataError
from analysis.methods.regression.design import require_columns


@dataclass(frozen=True, slots=True, eq=False)
class Landmark:
    """The answers whose outcome window lies after them and was fully observed.

    Attributes
    ----------
    answers : DataFrame
        Those rows.
    n_unobserved : int
        Rows left out because their window was cut off.
    """

    answers: pd.DataFrame
    n_unobserved: int


def landmark(
    survey: pd.DataFrame, *, answered_at: str, outcome_from: str, observed: str
) -> Landmark:
    """Keep the answers that a regression on a later outcome may use.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    answered_at : str
        Column of the day of the answer.
    outcome_from : str
        Column of the window's first day.
    observed : str
        Column that says whether the window was seen to its end.

    Returns
    -------
    Landmark

    Raises
    ------
    DataError
        An outcome window begins before its survey.
    """
    require_columns(survey, [answered_at, outcome_from, observed])
    early = survey[outcome_from] < survey[answered_at]
    if early.any():
        first = early.idxmax()
        opened, answered = survey.loc[first, [outcome_from, answered_at]]
        raise DataError(
            f"{outcome_from} must not lie before {answered_at}, but {early.sum():,} of "
            f"{len(survey):,} rows do (first: row {first}, {opened} before {answered}); "
            "an outcome before the survey explains nothing"
        )
    seen = survey[observed].fillna(False).astype(bool)
    return Landmark(answers=survey[seen], n_unobserved=int((~seen).sum()))
