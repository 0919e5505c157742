"""Importance against performance, and the touchpoints where it hurts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.measurement import survey_means, survey_shares

QUADRANTS = {
    (True, False): "concentrate here",
    (True, True): "keep up",
    (False, False): "low priority",
    (False, True): "possible overkill",
}


@dataclass(frozen=True, slots=True, eq=False)
class ImportancePerformance:
    """The importance-performance map.

    Attributes
    ----------
    table : term, importance, importance_low, importance_high, performance (0-100),
        performance_low, performance_high, quadrant.
    importance_split, performance_split : where the quadrants part (the means of the drivers).
    """

    table: pd.DataFrame
    importance_split: float
    performance_split: float


def performance_scores(
    survey: pd.DataFrame,
    *,
    drivers: Sequence[str],
    lowest: float,
    highest: float,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Mean of each driver rescaled to 0-100: the columns of estimates, n the answers given.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    drivers : list of str
        Columns of answers.
    lowest : float
        Lowest answer of the scale.
    highest : float
        Highest answer of the scale.
    weight : str, optional
        Column of the sampling weight, above 0.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        `term, estimate, std_error, conf_low, conf_high, n` (answers), one row a driver.

    Raises
    ------
    ParamsError
        `lowest` is not below `highest`.
    DataError
        An answer lies outside them.
    """
    if not lowest < highest:
        raise ParamsError(f"lowest must lie below highest, but {lowest} and {highest} came")
    scores = 100 * (survey[list(drivers)].astype(float) - lowest) / (highest - lowest)
    if scores.lt(-1e-9).to_numpy().any() or scores.gt(100 + 1e-9).to_numpy().any():
        raise DataError(
            f"drivers must lie between {lowest} and {highest}, but some answers do not; "
            "mend the range"
        )
    rescaled = survey.assign(**scores)
    rows = [
        survey_means(
            rescaled, columns=[driver], weight=weight, cluster=cluster, conf_level=conf_level
        ).table
        for driver in drivers
    ]
    table = pd.concat(rows, ignore_index=True).drop(columns=["group", "note"])
    return table.assign(
        conf_low=table["conf_low"].clip(lower=0), conf_high=table["conf_high"].clip(upper=100)
    )


def importance_performance(
    importance: pd.DataFrame, performance: pd.DataFrame
) -> ImportancePerformance:
    """Join a table of importance with one of performance and name the quadrants.

    Parameters
    ----------
    importance : DataFrame
        `term, estimate, conf_low, conf_high`: shares of R² (`driver_importance`) or total effects
        on the target.
    performance : DataFrame
        The same columns, 0-100 (`performance_scores`).

    Returns
    -------
    ImportancePerformance

    Raises
    ------
    DataError
        A driver has no performance.

    References
    ----------
    Martilla & James (1977), J. Marketing 41(1), 77-79.
    """
    columns = ["term", "estimate", "conf_low", "conf_high"]
    joined = importance[columns].merge(
        performance[columns], on="term", suffixes=("_importance", "_performance")
    )
    lost = sorted(set(importance["term"]) - set(joined["term"]))
    if lost:
        raise DataError(f"performance must hold every driver, but {lost} are absent")
    splits = joined["estimate_importance"].mean(), joined["estimate_performance"].mean()
    high = joined["estimate_importance"].ge(splits[0]), joined["estimate_performance"].ge(splits[1])
    table = pd.DataFrame(
        {
            "term": joined["term"],
            "importance": joined["estimate_importance"],
            "importance_low": joined["conf_low_importance"],
            "importance_high": joined["conf_high_importance"],
            "performance": joined["estimate_performance"],
            "performance_low": joined["conf_low_performance"],
            "performance_high": joined["conf_high_performance"],
            "quadrant": [QUADRANTS[pair] for pair in zip(*high, strict=True)],
        }
    )
    return ImportancePerformance(table, importance_split=splits[0], performance_split=splits[1])


def rank_touchpoints(
    survey: pd.DataFrame,
    *,
    importance: pd.DataFrame,
    touchpoints: Sequence[str],
    pain_at: float,
    weight: str | None = None,
    cluster: str | None = None,
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Touchpoints in the order of the journey, ranked by pain and by weight.

    Pain is the share of those who rated a touchpoint at `pain_at` or lower (see `survey_shares`
    for its interval, `weight` and `cluster`); weight its importance for the outcome.

    Parameters
    ----------
    survey : DataFrame
        One row an answer sheet: the columns named below.
    importance : DataFrame
        `term` and `estimate` of each touchpoint (`driver_importance`).
    touchpoints : list of str
        Columns of answers, in the order of the journey.
    pain_at : float
        The highest answer that counts as pain.
    weight : str, optional
        Column of the sampling weight, above 0.
    cluster : str, optional
        Column whose rows belong together (`customer_id`).
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        `term, estimate` (pain)`, std_error, conf_low, conf_high, n, weight, pain_rank, weight_rank,
        priority` (pain times weight, adds to 1)`, priority_rank`.

    Raises
    ------
    DataError
        A touchpoint has no importance.
    """
    weights = importance.set_index("term")["estimate"]
    lost = [touchpoint for touchpoint in touchpoints if touchpoint not in weights.index]
    if lost:
        raise DataError(f"importance must hold every touchpoint, but {lost} are absent")
    ratings = survey[list(touchpoints)].astype(float)
    low = survey.assign(**ratings.le(pain_at).astype(float).where(ratings.notna()))
    shares = [
        survey_shares(
            low, column=touchpoint, weight=weight, cluster=cluster, conf_level=conf_level
        ).table
        for touchpoint in touchpoints
    ]
    table = pd.concat(shares, ignore_index=True).drop(columns=["group", "note"])
    pain, own = table["estimate"], weights.loc[list(touchpoints)].clip(lower=0).to_numpy()
    product = pain * own
    return table.assign(
        weight=own,
        pain_rank=pain.rank(ascending=False),
        weight_rank=pd.Series(own).rank(ascending=False),
        priority=product / product.sum() if product.sum() > 0 else np.nan,
        priority_rank=product.rank(ascending=False),
    )
