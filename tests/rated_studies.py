"""Small studies whose customers are rated, made by hand."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Description, Tables
from analysis.params import Params

FROM, UNTIL = date(2021, 1, 1), date(2022, 12, 31)
SPEND = {
    "rating_months": 12,
    "scheme": {
        "tiers": ("basic", "silver", "gold"),
        "thresholds": {"limits": {"amount": (100.0, 300.0)}},
    },
}


def study(tiers=SPEND, relationship="noncontractual", until=UNTIL, **more):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": relationship, "observed_from": FROM, "observed_until": until,
            "timezone": "Europe/Berlin", "currency": "EUR", "tiers": tiers,
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(transactions, history_complete=True, **more):
    if isinstance(transactions, list):
        transactions = pd.DataFrame(transactions, columns=["customer_id", "at", "amount"])
    engine = ibis.duckdb.connect()
    customers = transactions[["customer_id"]].drop_duplicates()
    by_name = {"customers": engine.create_table("customers", customers)}
    typed = transactions.assign(at=pd.to_datetime(transactions["at"]))
    sold = engine.create_table("transactions", typed)
    by_name["transactions"] = sold.mutate(at=sold["at"].cast("date"))
    for name, table in more.items():
        stored = engine.create_table(name, table)
        days = {c: stored[c].cast("date") for c in ("started_at", "ended_at") if c in table}
        by_name[name] = stored.mutate(**days)
    described = Description("Made", "none", "none", "files", history_complete=history_complete)
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def steady(customers=400, seed=5, change=0.0):
    """Customers who buy at a constant rate from the first day on; `change` of them stop in 2022."""
    draw = np.random.default_rng(seed)
    rate = draw.gamma(1.5, 4, customers)
    rows = []
    for number, mean in enumerate(rate):
        rows.append((f"c{number:04d}", "2020-12-31", 0.0))
        for year in (2021, 2022):
            stops = year == 2022 and draw.random() < change
            made = 0 if stops else draw.poisson(mean)
            days = pd.Timestamp(f"{year}-01-01") + pd.to_timedelta(draw.integers(0, 365, made), "D")
            rows += [(f"c{number:04d}", day, 30.0) for day in days]
    return pd.DataFrame(rows, columns=["customer_id", "at", "amount"])


def shoppers(customers, amount=30.0, seed=3):
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        days = pd.Timestamp(FROM) + pd.to_timedelta(draw.integers(0, 729, 1 + number % 30), "D")
        rows += [(f"c{number:04d}", day, amount) for day in days]
    return rows


def rng():
    return np.random.default_rng(2)


SHORT = date(2021, 6, 30)
CLUSTERS = {"scheme": {"clusters": {"quantities": ("amount", "purchases"), "k": 3}}}
LESS = {"tiers": ("a", "b"), "quantiles": {"quantity": "-recency_days", "cuts": (0.5,)}}


def odd_studies():
    """Name to rows and params: studies of which little or nothing can be told."""
    half = [row for row in shoppers(60) if row[1] < pd.Timestamp("2021-07-01")]
    return {
        "one customer": ([("a", "2021-02-01", 20.0)], study()),
        "all zero spend": (shoppers(60, amount=0.0), study()),
        "zero by score": (shoppers(60, amount=0.0), study({"preset": "value"})),
        "fewer than a cell": (shoppers(6), study()),
        "tiers that nobody is in": (shoppers(60, amount=0.01), study()),
        "shorter than a period": (half, study(until=SHORT)),
        "quantities missing": (shoppers(80), study({"preset": "bank"})),
        "clusters": (shoppers(80), study(CLUSTERS)),
        "less is better": (shoppers(80), study({"scheme": LESS})),
    }
