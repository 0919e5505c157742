"""CDNOW as the lifetimes wheel carries it, and customers whose parameters are known."""

import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(importlib.util.find_spec("lifetimes").origin).parent / "datasets"
ORIGIN, CALIBRATED = pd.Timestamp("1997-01-01"), pd.Timestamp("1997-09-30")


@cache
def cdnow_summary() -> pd.DataFrame:
    """The published summary: 2,357 customers, weeks rounded to two digits."""
    table = pd.read_csv(FOLDER / "cdnow_customers_summary.csv")
    return table.rename(columns={"T": "age"})


@cache
def cdnow_spend() -> pd.DataFrame:
    """The published summary with mean spend, rounded to cents."""
    table = pd.read_csv(FOLDER / "cdnow_customers_summary_with_transactions.csv")
    return table.rename(
        columns={"x": "frequency", "t_x": "recency", "T": "age", "zbar": "monetary_value"}
    )


@cache
def cdnow_days() -> pd.DataFrame:
    """The 1/10 sample: one row a customer-day, with the day of the first purchase."""
    names = ["master", "id", "date", "quantity", "amount"]
    table = pd.read_csv(
        FOLDER / "CDNOW_sample.txt", sep=r"\s+", header=None, names=names, dtype={"date": str}
    )
    table["date"] = pd.to_datetime(table["date"], format="%Y%m%d")
    days = table.groupby(["id", "date"], as_index=False)["amount"].sum()
    days["first"] = days.groupby("id")["date"].transform("min")
    return days


@cache
def cdnow_frame() -> pd.DataFrame:
    """The sample counted anew at full precision, with `holdout` purchases of the next 39 weeks."""
    days = cdnow_days()
    before = days[days["date"] <= CALIBRATED]
    ages = before.groupby("id").agg(
        first=("date", "min"), last=("date", "max"), purchases=("date", "size")
    )
    repeats = before[before["date"] > before["first"]].groupby("id")["amount"].mean()
    after = days[days["date"] > CALIBRATED].groupby("id").size()
    return pd.DataFrame(
        {
            "frequency": ages["purchases"] - 1,
            "recency": (ages["last"] - ages["first"]).dt.days / 7,
            "age": (CALIBRATED - ages["first"]).dt.days / 7,
            "monetary_value": repeats.reindex(ages.index).fillna(0.0),
            "holdout": after.reindex(ages.index).fillna(0),
        }
    ).reset_index(drop=True)


def simulate_purchases(customers, rate, life, leaving, rng, *, length) -> pd.DataFrame:
    """Histories of `length` plus the purchases of an equal time after (`holdout`).

    Exactly one of `life` (when each customer leaves) and `leaving` (probability to leave after
    each repeat purchase) is given.
    """
    frequency, recency, clock, holdout = (np.zeros(customers) for _ in range(4))
    alive = np.ones(customers, bool)
    ends = np.full(customers, np.inf) if life is None else life
    while alive.any():
        clock = clock + rng.exponential(size=customers) / rate
        alive &= (clock < 2 * length) & (clock < ends)
        now = alive & (clock <= length)
        frequency[now] += 1
        recency[now] = clock[now]
        holdout[alive & ~now] += 1
        if leaving is not None:
            alive &= rng.random(customers) >= leaving
    return pd.DataFrame(
        {"frequency": frequency, "recency": recency, "age": float(length), "holdout": holdout}
    )


def simulate_bgnbd(customers, params, rng, *, length, first_coin=False) -> pd.DataFrame:
    """Customers of BG/NBD, or of MBG/NBD where a coin is thrown at the first purchase too."""
    r, alpha, a, b = params
    rate, leaving = rng.gamma(r, 1 / alpha, customers), rng.beta(a, b, customers)
    ends = np.where(rng.random(customers) < leaving, 0.0, np.inf) if first_coin else None
    return simulate_purchases(customers, rate, ends, leaving, rng, length=length)


def simulate_paretonbd(customers, params, rng, *, length) -> pd.DataFrame:
    """Customers of Pareto/NBD."""
    r, alpha, s, beta = params
    rate = rng.gamma(r, 1 / alpha, customers)
    life = rng.exponential(size=customers) / rng.gamma(s, 1 / beta, customers)
    return simulate_purchases(customers, rate, life, None, rng, length=length)


@cache
def cdnow_cohort(until: str) -> pd.DataFrame:
    """The whole cohort of 23,570 customers up to a day, with `spend` in all."""
    names = ["id", "date", "quantity", "amount"]
    table = pd.read_csv(
        FOLDER / "CDNOW_master.txt", sep=r"\s+", header=0, names=names, dtype={"date": str}
    )
    table["date"] = pd.to_datetime(table["date"], format="%Y%m%d")
    days = table.groupby(["id", "date"], as_index=False)["amount"].sum()
    return _frame(days, pd.Timestamp(until)).assign(
        spend=lambda frame: days[days["date"] <= until].groupby("id")["amount"].sum()
    )


@cache
def cdnow_sample(until: str) -> pd.DataFrame:
    """The 1/10 sample up to a day."""
    return _frame(cdnow_days(), pd.Timestamp(until))


def _frame(days: pd.DataFrame, until: pd.Timestamp) -> pd.DataFrame:
    before = days[days["date"] <= until]
    first = before.groupby("id")["date"].transform("min")
    spans = before.groupby("id")["date"].agg(["min", "max", "size"])
    repeats = before[before["date"] > first].groupby("id")["amount"].mean()
    return pd.DataFrame(
        {
            "frequency": spans["size"] - 1,
            "recency": (spans["max"] - spans["min"]).dt.days / 7,
            "age": (until - spans["min"]).dt.days / 7,
            "monetary_value": repeats.reindex(spans.index).fillna(0.0),
        }
    )
