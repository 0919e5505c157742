"""What the chapter on renewals says: every variant, no missing number."""

import re
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.chapters.renewals.facts import check_fact, fee_year, rates_fact, worth_fact
from analysis.chapters.renewals.figures import plot_renewals
from analysis.chapters.renewals.lives import fit_renewals
from analysis.chapters.renewals.worth import contract_value
from analysis.data import Description, Tables
from analysis.params import Params
from analysis.states.retention_cost import retention_cost
from analysis.telling.keeping import keeping_fact
from analysis.telling.showing import SILENT, chapter_of

FROM, UNTIL = date(2021, 1, 1), date(2022, 12, 31)
CAUSAL = ("because", "causes", "leads to", "thanks to", "effect of")


def study(relationship="noncontractual", **more):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": relationship, "observed_from": FROM, "observed_until": UNTIL,
            "timezone": "Europe/Berlin", "currency": "EUR",
            "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
        } | more
    )  # fmt: skip


def tables_of(transactions=None, contracts=None, customers=None):
    engine = ibis.duckdb.connect()
    table = transactions if contracts is None else contracts
    if customers is None:
        customers = table[["customer_id"]].drop_duplicates()
    by_name = {"customers": engine.create_table("customers", customers)}
    for name, given in (("transactions", transactions), ("contracts", contracts)):
        if given is not None:
            stored = engine.create_table(name, given)
            days = [c for c in ("at", "started_at", "ended_at") if c in given]
            by_name[name] = stored.mutate(**{c: stored[c].cast("date") for c in days})
    described = Description("Made", "none", "none", "files")
    return Tables(engine, by_name, pd.DataFrame(), described, "made")


def check(text):
    assert not re.search(r"\b(nan|inf|None|NaT)\b", text)
    assert not any(word in text for word in CAUSAL)


def contracts_of(customers, seed=1):
    draw = np.random.default_rng(seed)
    start = pd.Timestamp("2016-01-01") + pd.to_timedelta(draw.integers(0, 1700, customers), "D")
    end = start + pd.to_timedelta(draw.integers(60, 3000, customers), "D")
    return pd.DataFrame(
        {"customer_id": [f"c{k:04d}" for k in range(customers)], "started_at": start,
         "ended_at": end.where(end <= pd.Timestamp(UNTIL)), "monthly_fee": 8.0}
    )  # fmt: skip


@pytest.mark.parametrize(
    ("contracts", "told"),
    [
        pytest.param(contracts_of(600), True, id="ordinary"),
        pytest.param(contracts_of(1), False, id="one customer"),
        pytest.param(contracts_of(6), False, id="fewer than a cell"),
        pytest.param(contracts_of(80).assign(ended_at=pd.NaT), False, id="nobody leaves"),
        pytest.param(contracts_of(600).drop(columns="monthly_fee"), False, id="no fee"),
        pytest.param(contracts_of(60).query("started_at > '2022-06-01'"), False, id="nobody"),
    ],
)
def test_renewals_are_told_in_sentences(contracts, told):
    if contracts.empty:
        contracts = contracts_of(30).assign(started_at=pd.Timestamp("2022-10-01"), ended_at=pd.NaT)
    contracts = contracts.assign(ended_at=pd.to_datetime(contracts["ended_at"]))
    params = study("contractual", observed_from=date(2016, 1, 1), holdout_weeks=104.0)
    show, tables = chapter_of(params, "renewals"), tables_of(contracts=contracts)
    fitted = fit_renewals(tables, params)
    renewals = fitted.faced_by(params.min_cell)
    worth = show.gated(contract_value(fitted, tables, params, rng=np.random.default_rng(1)))
    spent = show.gated(retention_cost(tables, params))
    renewed, foreseen = rates_fact(renewals), check_fact(renewals)
    owed = worth_fact(worth, renewals)
    kept = keeping_fact(spent, base="current", fee_year=fee_year(worth))
    texts = [show.finding(fact).markdown for fact in (renewed, foreseen, owed, kept)]
    figure = show.figure(plot_renewals, renewals, foreseen)
    texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    curve = renewals.curve.drop(columns="held_out", errors="ignore")
    for table, key, fact, count in (
        (curve, "rates.table", renewed, None),
        (worth.table, "worth.table", owed, "n"),
        (spent.table, "keeping.table", kept, "n"),
    ):
        texts.append(show.table(table, key, of=fact, count=count).markdown)
    check("\n".join(texts))
    assert ("of fees are still expected" in texts[2]) == told
