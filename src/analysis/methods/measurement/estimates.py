"""Survey means and NPS, with sampling weights and customers who answer more than once.

A mean of a sample with weights is a ratio of two totals; its variance is that of its linear
(Taylor) approximation, summed over customers: Woodruff (1971), JASA 66, 411-414.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._rows import require_finite, sums_by_unit
from analysis.methods.intervals import critical_value, wilson
from analysis.notes import Note, note

PROMOTER_FROM = 9
DETRACTOR_TO = 6


@dataclass(frozen=True, slots=True, eq=False)
class SurveyEstimates:
    """Means of a survey.

    Attributes
    ----------
    table : group, term, estimate, std_error, conf_low, conf_high, n (answers), note; NPS and its
        shares are per cent.
    n_missing : answers left out because score, weight, group or cluster was missing.
    """

    table: pd.DataFrame
    n_missing: int


def net_promoter_score(
    survey: pd.DataFrame,
    *,
    score: str = "nps",
    by: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> SurveyEstimates:
    """Promoters (9-10) less detractors (0-6), per cent, with its standard error.

    Without weight and cluster the error is 100 sqrt((p + d - (p-d)^2)/n); else linearised.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    score : str
        Column of whole numbers from 0 to 10.
    by : str, optional
        Column of groups that are told one by one; all together by default.
    weight : str, optional
        Column of the sampling weight, above 0.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SurveyEstimates

    Raises
    ------
    DataError
        Text, scores outside 0-10, or weights that are not positive.
    """
    numbers = _numeric(survey, score)
    wrong = numbers.notna() & (~numbers.between(0, 10) | numbers.mod(1).ne(0))
    if wrong.any():
        raise DataError(
            f"surveys.{score} must be a whole number from 0 to 10, but {wrong.sum():,} of "
            f"{len(survey):,} rows are not (first: row {wrong.idxmax()}, "
            f"{numbers[wrong].iloc[0]:g})"
        )
    promoter = numbers.ge(PROMOTER_FROM).astype(float)
    detractor = numbers.le(DETRACTOR_TO).astype(float)
    marks = pd.DataFrame(
        {
            "nps": 100 * (promoter - detractor),
            "promoters": 100 * promoter,
            "passives": 100 * (1 - promoter - detractor),
            "detractors": 100 * detractor,
        }
    ).where(numbers.notna())
    return _means_by_group(survey, marks, by, weight, cluster, conf_level)


def survey_means(
    survey: pd.DataFrame,
    *,
    columns: Sequence[str],
    by: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> SurveyEstimates:
    """Mean of each column in the unit of its answers, by group, with linearised errors.

    Rows that miss one of the columns are left out for all of them, and counted.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    columns : list of str
        Columns of numbers.
    by : str, optional
        Column of groups that are told one by one; all together by default.
    weight : str, optional
        Column of the sampling weight, above 0.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SurveyEstimates
    """
    marks = pd.DataFrame({column: _numeric(survey, column) for column in columns})
    return _means_by_group(survey, marks, by, weight, cluster, conf_level, corrected=True)


def survey_shares(
    survey: pd.DataFrame,
    *,
    column: str,
    by: str | None = None,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> SurveyEstimates:
    """Share of answers that are 1, by group; Wilson intervals that stay within 0 and 1.

    With weights or clusters the interval is that of as many independent answers as would have the
    same linearised error.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    column : str
        Column of 0 and 1.
    by : str, optional
        Column of groups that are told one by one; all together by default.
    weight : str, optional
        Column of the sampling weight, above 0.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SurveyEstimates

    Raises
    ------
    DataError
        Other numbers than 0 and 1, or weights that are not positive.

    References
    ----------
    Korn & Graubard (1998), Survey Methodology 24, 193-201 (effective sample size).
    """
    marks = pd.DataFrame({column: _numeric(survey, column)})
    if not marks[column].dropna().isin([0, 1]).all():
        raise DataError(f"{column} must be 0 or 1, but other numbers came")
    found = _means_by_group(survey, marks, by, weight, cluster, conf_level)
    share, error = found.table["estimate"], found.table["std_error"]
    known = error.gt(0)
    effective = (share * (1 - share) / error.where(known) ** 2).fillna(found.table["n"])
    low, high = wilson(share, effective, critical_value(conf_level))
    told = error.notna()
    table = found.table.assign(conf_low=low.where(told), conf_high=high.where(told))
    return SurveyEstimates(table=table, n_missing=found.n_missing)


def _numeric(survey: pd.DataFrame, column: str) -> pd.Series:
    if column not in survey.columns:
        raise DataError(f"surveys.{column} must be a column, but it is absent; mend the mapping")
    numbers = pd.to_numeric(survey[column], errors="coerce")
    text = numbers.isna() & survey[column].notna()
    if text.any():
        raise DataError(
            f"surveys.{column} must be a number, but {text.sum():,} of {len(survey):,} rows "
            f"are not (first: row {text.idxmax()}, {survey.loc[text.idxmax(), column]!r})"
        )
    require_finite(numbers, f"surveys.{column}")
    return numbers.astype(float)


def _means_by_group(
    survey: pd.DataFrame,
    marks: pd.DataFrame,
    by: str | None,
    weight: str | None,
    cluster: str | None,
    conf_level: float,
    corrected: bool = False,
) -> SurveyEstimates:
    weights = pd.Series(1.0, survey.index) if weight is None else _numeric(survey, weight)
    if weights.le(0).any():
        raise DataError(
            f"surveys.{weight} must be positive, but {weights.le(0).sum():,} rows are not; "
            "drop those who were not sampled"
        )
    usable = marks.notna().all(axis=1) & weights.notna()
    usable &= True if by is None else survey[by].notna()
    usable &= True if cluster is None else survey[cluster].notna()
    if not usable.any():
        raise DataError("a survey must have at least one complete answer, but none came")
    groups = pd.Series("all", survey.index) if by is None else survey[by]
    units = pd.factorize(survey.loc[usable, cluster])[0] if cluster else np.arange(usable.sum())
    linearised = corrected or weight is not None or cluster is not None
    tables = [
        _group_means(
            marks[usable], weights[usable], units, groups[usable].eq(group), linearised
        ).assign(group=group)
        for group in groups[usable].drop_duplicates().sort_values()
    ]
    table = pd.concat(tables, ignore_index=True)
    reach = critical_value(conf_level) * table["std_error"]
    table = table.assign(
        conf_low=table["estimate"] - reach,
        conf_high=table["estimate"] + reach,
        note=[_why_not(row.std_error, row.n) for row in table.itertuples()],
    )
    order = ["group", "term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
    return SurveyEstimates(table=table[order], n_missing=int((~usable).sum()))


def _why_not(error: float, n: int) -> Note | str:
    if np.isfinite(error):
        return ""
    return note("measurement.one_answer") if n < 2 else note("measurement.of_one_customer")


def _group_means(
    marks: pd.DataFrame,
    weights: pd.Series,
    units: np.ndarray,
    member: pd.Series,
    linearised: bool,
) -> pd.DataFrame:
    within = (weights * member).to_numpy()
    values = marks.to_numpy()
    means = within @ values / within.sum()
    influence = within[:, None] * (values - means) / within.sum()
    totals = sums_by_unit(units, influence)
    n_units = len(totals)
    enough = np.unique(units[member.to_numpy()]).size > 1
    factor = n_units / (n_units - 1) if linearised and n_units > 1 else 1.0
    errors = np.sqrt(factor * (totals**2).sum(axis=0)) if enough else np.nan
    return pd.DataFrame(
        {"term": marks.columns, "estimate": means, "std_error": errors, "n": int(member.sum())}
    )
