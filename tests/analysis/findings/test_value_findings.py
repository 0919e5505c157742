"""Sentences about value and renewals: every variant, no missing number."""

import re
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.data import Description, Tables
from analysis.figures.renewals import plot_renewals
from analysis.figures.value import (
    plot_forecast_calibration,
    plot_forecast_tracking,
    plot_residual_value,
)
from analysis.findings import keeping
from analysis.findings import renewals as renewal_words
from analysis.findings import value as findings
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for
from analysis.value import (
    acquired_value,
    check_forecast,
    contract_value,
    fit_renewals,
    fit_value_models,
    label_histories,
    purchase_histories,
    residual_value,
    retention_cost,
)

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


def shoppers(customers, amount=20.0, seed=2):
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        start = draw.integers(0, 400)
        made = 1 + draw.poisson(draw.gamma(0.8, 5))
        days = np.unique(np.append(start, draw.integers(start, 729, made)))
        spend = amount * draw.gamma(5) / 5
        rows += [(f"c{number:04d}", pd.Timestamp(FROM) + pd.Timedelta(days=int(d)),
                  spend * draw.gamma(6) / 6) for d in days]  # fmt: skip
    return pd.DataFrame(rows, columns=["customer_id", "at", "amount"])


def check(text):
    assert not re.search(r"\b(nan|inf|None|NaT)\b", text)
    assert not any(word in text for word in CAUSAL)


def everything(tables, params):
    """All sentences, figures and tables of the chapter, as one text."""
    say, draw = wording_for(params), np.random.default_rng(1)
    histories = purchase_histories(tables, params)
    models = fit_value_models(histories, params)
    ids = histories.present["customer_id"]
    tier = pd.Series(np.where(np.arange(len(ids)) % 5 == 0, "gold", "silver"), index=ids)
    ahead = residual_value(
        models, label_histories(histories, {"current_tier": tier}), params, rng=draw
    )
    forecast = check_forecast(histories, params, rng=draw)
    acquired = acquired_value(models, histories, tables, params, by="channel")
    spent = retention_cost(tables, params)
    told = [
        keeping.cost_finding(spent, say).markdown,
        findings.residual_finding(ahead, say, check=forecast, top="gold").markdown,
        findings.forecast_finding(forecast, say).markdown,
        findings.spend_finding(models, say).markdown,
        findings.acquired_finding(acquired, say).markdown,
    ]
    of = ahead.of("current_tier")
    drawn = [
        (plot_residual_value, of, findings.residual_caption(of, "current_tier", say),
         findings.residual_alt(of, "current_tier", say)),
        (plot_forecast_tracking, forecast, findings.forecast_caption(forecast, "tracking", say),
         findings.forecast_alt(forecast, "tracking", say)),
        (plot_forecast_calibration, forecast,
         findings.forecast_caption(forecast, "calibration", say),
         findings.forecast_alt(forecast, "calibration", say)),
    ]  # fmt: skip
    for plot, result, caption, alt in drawn:
        assert illustrate(plot, result, say, caption=caption, alt=alt).svg.startswith("<svg")
        told += [caption, alt]
    numbers = {"weeks": 52, "money": say.value(models.money), "split_at": forecast.split_at}
    for table, caption in [
        (findings.residual_table(ahead, say), "value.residual.table"),
        (findings.models_table(forecast, say), "value.forecast.models"),
        (models.parameters, "value.forecast.parameters"),
        (findings.acquired_table(acquired, say), "value.acquired.table"),
    ]:
        shown = present(table.drop(columns="note"), say, caption=caption, **numbers)
        told.append(shown.markdown)
    told.append(present(keeping.cost_table(spent, say), say, caption="keeping.table").markdown)
    return "\n".join(told)


def test_all_sentences_of_an_ordinary_study():
    lines = shoppers(500)
    ids = lines["customer_id"].unique()
    people = pd.DataFrame({"customer_id": ids, "acquisition_cost": 4.0})
    people["channel"] = np.where(np.arange(len(ids)) % 2 == 0, "web", "shop")
    text = everything(tables_of(lines, customers=people), study())
    check(text)
    assert "present customers expected to bring within the next 52 weeks" in text
    assert "It is revenue, not lifetime value" in text
    assert "Winning one costs €4.00" in text
    assert "in the tier “Gold” hold" in text


@pytest.mark.parametrize(
    ("lines", "params"),
    [
        pytest.param(shoppers(1), study(), id="one customer"),
        pytest.param(shoppers(5), study(), id="fewer than a cell"),
        pytest.param(shoppers(80, amount=0.0), study(), id="all zero spend"),
        pytest.param(
            shoppers(80).drop_duplicates("customer_id"), study(), id="nobody bought again"
        ),
        pytest.param(shoppers(80), study(holdout_weeks=300.0), id="holdout past the data"),
        pytest.param(shoppers(80), study(value_horizon_weeks=400.0), id="horizon past the data"),
        pytest.param(shoppers(80), study(discount_rate=0.0), id="no discounting"),
    ],
)
def test_degenerate_studies_are_told_in_sentences(lines, params):
    check(everything(tables_of(lines), params))


def test_cost_of_zero_is_said():
    lines = shoppers(200)
    people = lines[["customer_id"]].drop_duplicates().assign(acquisition_cost=0.0)
    text = everything(tables_of(lines, customers=people), study())
    check(text)
    assert "cost nothing by the records" in text


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
    say, tables = wording_for(params), tables_of(contracts=contracts)
    renewals = fit_renewals(tables, params)
    worth = contract_value(renewals, tables, params, rng=np.random.default_rng(1))
    spent = retention_cost(tables, params)

    def tabled(table, key):
        return present(table, say, caption=key).markdown

    caption, alt = (
        renewal_words.renewals_caption(renewals, say),
        renewal_words.renewals_alt(renewals, say),
    )
    illustrate(plot_renewals, renewals, say, caption=caption, alt=alt)
    texts = [
        renewal_words.rates_finding(renewals, say).markdown,
        renewal_words.check_finding(renewals, say).markdown,
        renewal_words.worth_finding(worth, renewals, say).markdown,
        keeping.cost_finding(spent, say, contracts=worth).markdown,
        present(
            renewal_words.renewals_table(renewals, say).drop(columns="held_out"),
            say, caption="renewals.table", count="facing",
        ).markdown,
        tabled(renewal_words.worth_table(worth, say), "renewals.worth.table"),
        tabled(keeping.cost_table(spent, say), "keeping.table"),
        caption,
        alt,
    ]  # fmt: skip
    check("\n".join(texts))
    assert ("of fees are still expected" in texts[2]) == told
