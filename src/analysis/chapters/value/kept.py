"""What is left of the amounts of purchase days: net of returns on other days, and as margin."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import ibis
import numpy as np

from analysis.data import Tables
from analysis.frames import purchase_days


@dataclass(frozen=True, slots=True)
class Kept:
    """What is left of what is spent on purchases.

    A return on the day of a purchase is netted in its amount; one on a day without a purchase
    belongs to no purchase that the data name, so that its share is told of all together.

    Attributes
    ----------
    net : float
        Share of the amounts of purchase days that returns on other days left, at most 1; NaN where
        nothing was sold, 0 or less where as much came back.
    margin : float or None
        Share of net revenue that is kept, above 0, at most 1; None where unknown.
    """

    net: float
    margin: float | None

    @property
    def share(self) -> float:
        """What is left of an amount of a purchase day, in the money that is told."""
        return self.net * (1.0 if self.margin is None else self.margin)

    @property
    def sells(self) -> bool:
        """Whether anything is left of what is sold."""
        return bool(self.net > 0)


def kept_share(tables: Tables, *, until: date, weeks: float) -> Kept:
    """Measure what was left, as it was known at the end of a day.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`: `amount`, `margin` where there is one; those from a customer's first
        purchase on.
    until : date
        The last day that is known.
    weeks : float
        The returns and the purchases of so many weeks up to `until` are compared: as many as are
        forecast, so that returns still to come of the last purchases stand against returns of
        those before; all weeks where nothing was sold in these. The margin is that of all weeks.

    Returns
    -------
    Kept
    """
    days = since_first_purchase(tables)
    days = days.filter(days["at"] <= ibis.literal(until, type="date"))
    began = until - timedelta(days=round(7 * weeks))
    late = days["at"] > ibis.literal(began, type="date")
    asked = {
        "sold": days.amount.sum(where=late & days.bought),
        "left": days.amount.sum(where=late),
        "all_sold": days.amount.sum(where=days.bought),
        "amount": days.amount.sum(),
    }
    has_margin = "margin" in days.columns
    asked |= {"margin": days.margin.sum()} if has_margin else {}
    sums = tables.fetch(days.aggregate(**asked), money=list(asked)).fillna(0).iloc[0]
    net = _share(sums["left"], sums["sold"])
    net = net if np.isfinite(net) else _share(sums["amount"], sums["all_sold"])
    margin = _share(sums["margin"], sums["amount"]) if has_margin else np.nan
    return Kept(net, margin if 0 < margin <= 1 else None)


def money_after(tables: Tables, split: date, *, money: str) -> float:
    """The money that customers who had bought by the end of a day brought after it, net of returns.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`.
    split : date
    money : {'margin', 'revenue'}
    """
    days, day = since_first_purchase(tables), ibis.literal(split, type="date")
    days = days.filter((days.first_at <= day) & (days["at"] > day))
    brought = days["margin" if money == "margin" else "amount"].sum()
    found = tables.fetch(days.aggregate(brought=brought), money=["brought"])
    return float(found["brought"].fillna(0).iloc[0])


def since_first_purchase(tables: Tables) -> ibis.Table:
    """The days of `purchase_days` from each customer's first purchase on, with its `first_at`."""
    days = purchase_days(tables)
    first = days.filter(days.bought).group_by("customer_id").agg(first_at=lambda t: t["at"].min())
    days = days.join(first, "customer_id")
    return days.filter(days["at"] >= days.first_at)


def _share(part: float, whole: float) -> float:
    return round(float(part / whole), 6) if whole > 0 else np.nan
