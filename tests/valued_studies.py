"""Studies whose purchases follow the models, made by hand."""

from __future__ import annotations

from datetime import date

import ibis
import numpy as np
import pandas as pd

from analysis.data import Description, Tables
from analysis.params import Params

FROM, UNTIL = date(2021, 1, 1), date(2022, 12, 31)


def study(**more):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": FROM, "observed_until": UNTIL,
            "timezone": "Europe/Berlin", "currency": "EUR",
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(transactions, customers=None, history_complete=True, **more):
    engine = ibis.duckdb.connect()
    if customers is None:
        customers = transactions[["customer_id"]].drop_duplicates()
    sold = transactions.assign(at=pd.to_datetime(transactions["at"]))
    sold = engine.create_table("transactions", sold)
    by_name = {"customers": engine.create_table("customers", customers)}
    by_name["transactions"] = sold.mutate(at=sold["at"].cast("date"))
    by_name |= {name: engine.create_table(name, table) for name, table in more.items()}
    described = Description("Made", "none", "none", "files", history_complete=history_complete)
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def made_by_bgnbd(customers=1500, seed=3, r=0.8, alpha=4.0, a=0.8, b=3.0):
    """Purchases of customers who follow BG/NBD and Gamma-Gamma exactly, won over 2021."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        at = draw.uniform(0, 52)
        rate, leaves = draw.gamma(r) / alpha, draw.beta(a, b)
        scale = draw.gamma(4.0) / 20.0
        rows.append((f"c{number:05d}", at, draw.gamma(5.0) / scale))
        while (at := at + draw.exponential(1 / rate)) < 104.1:
            rows.append((f"c{number:05d}", at, draw.gamma(5.0) / scale))
            if draw.random() < leaves:
                break
    table = pd.DataFrame(rows, columns=["customer_id", "at", "amount"])
    days = pd.to_timedelta((7 * table["at"]).astype(int), "D")
    return table.assign(at=pd.Timestamp(FROM) + days)


def rng():
    return np.random.default_rng(6)


def with_returns(lines, kept, seed=8):
    """Each purchase comes back whole, some days later, with the chance 1 - kept."""
    draw = np.random.default_rng(seed)
    back = lines[draw.random(len(lines)) >= kept]
    later = pd.to_timedelta(draw.integers(3, 20, len(back)), "D")
    back = back.assign(at=back["at"] + later, amount=-back["amount"])
    return pd.concat([lines, back], ignore_index=True)
