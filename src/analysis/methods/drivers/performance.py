"""Importance against performance, and the touchpoints where it hurts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.resampling import critical_value

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
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Mean of each driver rescaled to 0-100: the columns of estimates, n the answers given."""
    if not lowest < highest:
        raise ParamsError(f"lowest must lie below highest, but {lowest} and {highest} came")
    scores = 100 * (survey[list(drivers)].astype(float) - lowest) / (highest - lowest)
    if scores.lt(-1e-9).to_numpy().any() or scores.gt(100 + 1e-9).to_numpy().any():
        raise DataError(
            f"drivers must lie between {lowest} and {highest}, but some answers do not; "
            "mend the range"
        )
    errors = scores.std() / np.sqrt(scores.count())
    reach = critical_value(conf_level) * errors
    table = pd.DataFrame(
        {
            "estimate": scores.mean(),
            "std_error": errors,
            "conf_low": (scores.mean() - reach).clip(lower=0),
            "conf_high": (scores.mean() + reach).clip(upper=100),
            "n": scores.count(),
        }
    )
    return table.rename_axis("term").reset_index()


def importance_performance(
    importance: pd.DataFrame, performance: pd.DataFrame
) -> ImportancePerformance:
    """Join a table of importance with one of performance and name the quadrants.

    Parameters
    ----------
    importance : term, estimate, conf_low, conf_high: shares of R² (`driver_importance`) or total
        effects on the target.
    performance : the same columns, 0-100 (`performance_scores`).

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
    conf_level: float = 0.95,
) -> pd.DataFrame:
    """Touchpoints in the order of the journey, ranked by pain and by weight.

    Pain is the share of those who rated a touchpoint at `pain_at` or lower (Wilson interval);
    weight its importance for the outcome.

    Returns
    -------
    term, estimate (pain), std_error, conf_low, conf_high, n, weight, pain_rank, weight_rank,
    priority (pain times weight, adds to 1), priority_rank.
    """
    weights = importance.set_index("term")["estimate"]
    lost = [touchpoint for touchpoint in touchpoints if touchpoint not in weights.index]
    if lost:
        raise DataError(f"importance must hold every touchpoint, but {lost} are absent")
    ratings = survey[list(touchpoints)].astype(float)
    n = ratings.count()
    pain = ratings.le(pain_at).sum() / n
    z = critical_value(conf_level)
    centre = (pain + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z * np.sqrt(pain * (1 - pain) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    weight = weights.loc[list(touchpoints)].clip(lower=0)
    product = pain * weight
    table = pd.DataFrame(
        {
            "estimate": pain,
            "std_error": np.sqrt(pain * (1 - pain) / n),
            "conf_low": centre - reach,
            "conf_high": centre + reach,
            "n": n,
            "weight": weight,
            "pain_rank": pain.rank(ascending=False),
            "weight_rank": weight.rank(ascending=False),
            "priority": product / product.sum() if product.sum() > 0 else np.nan,
            "priority_rank": product.rank(ascending=False),
        }
    )
    return table.rename_axis("term").reset_index()
