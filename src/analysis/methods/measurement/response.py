"""Who answered, who did not, and which questions were left blank."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from analysis.errors import DataError
from analysis.methods.intervals import critical_value, wilson


@dataclass(frozen=True, slots=True, eq=False)
class ResponseRates:
    """Share of the invited who answered.

    Attributes
    ----------
    table : group, term ("response_rate"), estimate (0-1), std_error, conf_low, conf_high
        (Wilson), n (invited), note.
    p_value : of equal response in all groups (Pearson chi-squared); NaN with one group.
    """

    table: pd.DataFrame
    p_value: float


def estimate_response(
    invited: pd.DataFrame,
    *,
    responded: str,
    by: str | None = None,
    conf_level: float = 0.95,
) -> ResponseRates:
    """Response by segment: if segments differ, so may the satisfaction of those who were silent.

    Parameters
    ----------
    invited : DataFrame
        One row a person who was asked.
    responded : str
        Column of true and false (or 1 and 0), no blanks.
    by : str, optional
        Column of a segment that is known for all who were invited.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    ResponseRates

    Raises
    ------
    DataError
        A mark that is neither true nor false.
    """
    marks = invited[responded]
    if not marks.isin([0, 1]).all():
        raise DataError(f"{responded} must be true or false for all who were invited, but is not")
    groups = pd.Series("all", invited.index) if by is None else invited[by].fillna("unknown")
    answered = marks.astype(int).groupby(groups).agg(["sum", "count"])
    n, share = answered["count"], answered["sum"] / answered["count"]
    low, high = wilson(share, n, critical_value(conf_level))
    table = pd.DataFrame(
        {
            "term": "response_rate",
            "estimate": share,
            "std_error": np.sqrt(share * (1 - share) / n),
            "conf_low": low,
            "conf_high": high,
            "n": n,
            "note": "",
        }
    )
    counts = np.column_stack([answered["sum"], n - answered["sum"]])
    comparable = len(counts) > 1 and (counts.sum(axis=0) > 0).all()
    p_value = stats.chi2_contingency(counts, correction=False).pvalue if comparable else np.nan
    return ResponseRates(table=table.rename_axis("group").reset_index(), p_value=float(p_value))


def item_nonresponse(survey: pd.DataFrame, *, items: Sequence[str]) -> pd.DataFrame:
    """Share of answer sheets on which each item is blank: item, n, n_missing, share_missing.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    items : list of str
        Columns of answers.

    Returns
    -------
    DataFrame
        `item, n` (answer sheets)`, n_missing, share_missing` (0 to 1), one row an item.

    Raises
    ------
    DataError
        An item is absent.
    """
    absent = [item for item in items if item not in survey.columns]
    if absent:
        raise DataError(f"items must be columns of the survey, but {absent} are absent")
    blank = survey[list(items)].isna()
    return pd.DataFrame(
        {
            "item": list(items),
            "n": len(survey),
            "n_missing": blank.sum().to_numpy(),
            "share_missing": blank.mean().to_numpy(),
        }
    )
