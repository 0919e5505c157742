"""Is a rating any good? What its tiers hold, and what they foretell of the next period.

All of it is separation and prediction. Whether a tier's benefits *cause* anything is another
question, which a rating cannot answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
from scipy.special import expit

from analysis.errors import DataError
from analysis.methods.concentration import (
    Discrimination,
    Gain,
    measure_auc,
    measure_gain,
    measure_trend,
)
from analysis.methods.disclosure import largest_parts
from analysis.methods.intervals import critical_value
from analysis.params import Params
from analysis.states.rating.periods import RatedPeriods
from analysis.states.rating.profiles import join_rated
from analysis.states.rating.tiers import Rating

BASELINE = "last_period"
LEVEL = "this_rating"


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """What tiers foretell of the next period.

    Attributes
    ----------
    table : DataFrame of shape (tiers, 11)
        `tier, n, share` (of customers)`, estimate` (mean value a customer in the next period) with
        `std_error, conf_low, conf_high, value_share` (the tier's part of all value) with its
        interval`, note`, and what one customer, and two, make up of the tier's value
        (`largest_share, two_largest_share`); low to high.
    trend : DataFrame of shape (1, …)
        Whether the value rises from tier to tier: `estimate` (chance that the higher rated of two
        customers brings more), `statistic, p_value, n, note`.
    gain : Gain
        Rank correlation, normalised Gini and gain curve of the tier and of the baseline (last
        period's value), and the tier's difference from it.
    churn : Discrimination or None
        AUC of the tier for not buying again (mechanical in part where churn is inferred from
        silence).
    top_share : float
        The highest tier's part of the value.
    missed : float
        The share of the next period's best customers (as many as the top tier has) who are not in
        the top tier.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    trend: pd.DataFrame
    gain: Gain
    churn: Discrimination | None
    top_share: float
    missed: float


def judge_periods(
    rated: RatedPeriods,
    outcomes: pd.DataFrame | None,
    params: Params,
    *,
    rng: np.random.Generator,
    replications: int = 200,
) -> Judgement | None:
    """Judge the rating whose next period was observed; None where there is none.

    Parameters
    ----------
    rated : RatedPeriods
    outcomes : DataFrame or None
        Of `next_period`: the value of the next period and of the last, and who stayed.
    params : Params
        Uses `conf_level`.
    rng : numpy.random.Generator
        For the bootstrap.
    replications : int
        Bootstrap samples.

    Returns
    -------
    Judgement or None
    """
    if outcomes is None:
        return None
    return judge_rating(
        rated.judged, outcomes, value="next_value", last_period="last_value",
        bought_again="stayed", rng=rng, replications=replications, conf_level=params.conf_level,
    )  # fmt: skip


def judge_rating(
    rating: Rating,
    outcomes: pd.DataFrame,
    *,
    value: str,
    rng: np.random.Generator,
    last_period: str | None = None,
    bought_again: str | None = None,
    replications: int = 200,
    conf_level: float = 0.95,
) -> Judgement:
    """Compare the tiers with what customers did in the period after the rating.

    Columns used: `outcomes`: `customer_id`, `value` (spend or margin of the next period),
    `last_period` (the same of the period before: the naive forecast), `bought_again` (True or
    False). Customers of the rating only. Counted outcomes have `tier, level, count` in the place
    of the id.
    """
    key = "level" if "count" in outcomes else "customer_id"
    wanted = [name for name in (key, value, last_period, bought_again) if name]
    absent = [name for name in wanted if name not in outcomes]
    if absent:
        raise DataError(f"outcomes must have the columns {', '.join(absent)}, but have not")
    joined = join_rated(rating, outcomes)
    scores = pd.DataFrame({LEVEL: joined["level"].astype(float)})
    if last_period:
        scores[BASELINE] = joined[last_period].astype(float)
    baseline = BASELINE if last_period else None
    counted = {"counts": joined.get("count"), "conf_level": conf_level}
    gain = measure_gain(
        scores, joined[value], rng=rng, baseline=baseline, replications=replications, **counted
    )
    trend = measure_trend(joined[value], joined["tier"], order=rating.tiers, **counted)
    churn = None
    if bought_again:
        gone = ~joined[bought_again].astype(bool)
        churn = measure_auc(-joined["level"], gone, **counted)
    table = value_by_tier(rating, joined, value, conf_level)
    means = trend.table[["estimate", "std_error", "conf_low", "conf_high"]]
    table[list(means)] = means.to_numpy()
    parts = largest_parts(joined[value], joined["tier"], counts=joined.get("count"))
    table[list(parts)] = parts.reindex(rating.tiers).fillna(0.0).to_numpy()
    top_share = float(table["value_share"].iloc[-1])
    missed = _missed(rating, joined, value)
    return Judgement(table, trend.test, gain, churn, top_share, missed)


def value_by_tier(
    rating: Rating, joined: pd.DataFrame, value: str, conf_level: float = 0.95
) -> pd.DataFrame:
    """What each tier holds of a value, with its interval (linearised ratio, logit scale).

    Columns: `tier, n, share, value_share, value_share_conf_low, value_share_conf_high, note`.
    """
    y, level = joined[value].to_numpy(float), joined["level"].to_numpy()
    count = _counts(joined)
    total = count @ y
    held = np.full((3, len(rating.tiers)), np.nan)
    if total > 0:
        of = level[:, None] == np.arange(len(rating.tiers))
        share = (count * y) @ of / total
        error = np.sqrt(((count * y**2)[:, None] * (of - share) ** 2).sum(axis=0)) / total
        inside = (share > 0) & (share < 1) & (count.sum() > 1)
        odds = np.log(np.where(inside, share, 0.5) / np.where(inside, 1 - share, 0.5))
        reach = critical_value(conf_level) * error / np.where(inside, share * (1 - share), 1.0)
        ends = np.where(inside, [expit(odds - reach), expit(odds + reach)], np.nan)
        held = np.array([share, *ends])
    names = ("value_share", "value_share_conf_low", "value_share_conf_high")
    table = rating.summary[["tier", "n", "share"]]
    return table.assign(**dict(zip(names, held, strict=True)), note=rating.summary["note"])


def _missed(rating: Rating, joined: pd.DataFrame, value: str) -> float:
    top = (joined["level"] == len(rating.tiers) - 1).to_numpy()
    if not top.any():
        return float("nan")
    values, count = joined[value].to_numpy(float), _counts(joined)
    order = np.argsort(-values, kind="stable")
    reached = np.searchsorted(np.cumsum(count[order]), count[top].sum())
    best = (values >= values[order][reached]) & (values > 0)
    return float(count[best & ~top].sum() / count[best].sum()) if best.any() else float("nan")


def _counts(joined: pd.DataFrame) -> np.ndarray:
    return joined["count"].to_numpy(float) if "count" in joined else np.ones(len(joined))
