"""What was known of each customer at the end of each month: the features of the stage rules."""

from __future__ import annotations

import ibis

from analysis.frames.calendar import days_between, month_number
from analysis.frames.money import CENTS, minor_units

OWN_RHYTHM_PURCHASES = 3
SHORTEST_RHYTHM_DAYS = 7
TREND_MONTHS = 3
RANK_MONTHS = 12


def stage_features(
    months: ibis.Table, *, lapse_days: float, rhythm_quantile: float = 0.75, digits: int = CENTS
) -> ibis.Table:
    """Add the features of the stage rules to the months of `relationship_months`.

    ====================  ==================================================================
    clock                 months since the customer's first row
    tenure_months         months since that of the first purchase or contract; null before it
    begun                 whether it has been made: 1 or 0
    purchases             purchase days so far
    recency_days          days from the last purchase to the end of the month
    lapse_share           above 1 the relationship counts as ended (see `relationship_months`)
    rhythm_days           mean days between the purchases so far, at least a week; with fewer than
                          three purchase days the `rhythm_quantile` of this over the customers who
                          have them, as of that month; `lapse_days` while nobody has
    silence               recency_days / rhythm_days
    spend_trend           mean monthly spend of the last 3 months over that of the months before;
                          null until there are 3 such months with a positive spend
    value_rank            share of buyers who spent less in the last 12 months (0 to 1), compared
                          in whole minor units (`digits`: their decimal places)
    months_since_return   months since a purchase or contract after an end (0 in that month); null
                          without one
    ====================  ==================================================================
    """
    life = _so_far(months, digits)
    life = _since_return(_rhythm(life, lapse_days, rhythm_quantile))
    rank = ibis.window(group_by=["month", life.purchases > 0], order_by="recent_year")
    return life.select(
        "customer_id",
        "month",
        "month_end",
        "clock",
        "tenure_months",
        "purchases",
        "recency_days",
        "begun",
        "lapse_share",
        rhythm_days="rhythm_days",
        silence=life.recency_days / life.rhythm_days.nullif(0),
        spend_trend=_trend(life),
        value_rank=(life.purchases > 0).ifelse(ibis.percent_rank().over(rank), None),
        months_since_return="months_since_return",
    )


def _so_far(months: ibis.Table, digits: int) -> ibis.Table:
    """Add the clocks, and each customer's spend up to the end of the month, in minor units."""
    months = months.mutate(number=month_number(months.month).cast("int64"))
    past = ibis.cumulative_window(group_by="customer_id", order_by="number")
    year = ibis.trailing_window(RANK_MONTHS - 1, group_by="customer_id", order_by="number")
    recent = ibis.trailing_window(TREND_MONTHS - 1, group_by="customer_id", order_by="number")

    def whole(amount: ibis.Value) -> ibis.Value:
        return minor_units(amount, digits).cast("float64")

    return months.mutate(
        clock=months.number - months.number.min().over(past),
        tenure_months=months.number - month_number(months.begun_at),
        begun=months.begun_at.notnull().ifelse(1, 0),
        spent=whole(months.amount.sum().over(past)),
        recent_year=whole(months.amount.sum().over(year)),
        recent_months=whole(months.amount.sum().over(recent)),
    )


def _rhythm(life: ibis.Table, lapse_days: float, quantile: float) -> ibis.Table:
    between = days_between(life.last_at, life.first_at) / (life.purchases - 1).nullif(0)
    enough = life.purchases >= OWN_RHYTHM_PURCHASES
    own = ibis.greatest(between, float(SHORTEST_RHYTHM_DAYS))
    life = life.mutate(own=enough.ifelse(own, None))
    usual = life.group_by("month").agg(usual=life.own.quantile(quantile))
    life = life.left_join(usual, "month").drop("month_right")
    return life.mutate(rhythm_days=ibis.coalesce(life.own, life.usual, float(lapse_days)))


def _trend(life: ibis.Table) -> ibis.Value:
    earlier_months = life.tenure_months + 1 - TREND_MONTHS
    earlier = life.spent - life.recent_months
    known = (earlier_months >= TREND_MONTHS) & (earlier > 0)
    return known.ifelse(
        life.recent_months * earlier_months / (TREND_MONTHS * earlier).nullif(0), None
    )


def _since_return(life: ibis.Table) -> ibis.Table:
    past = ibis.cumulative_window(group_by="customer_id", order_by="number")
    life = life.mutate(came_back=life.returned.ifelse(life.number, None))
    return life.mutate(months_since_return=life.number - life.came_back.max().over(past))
