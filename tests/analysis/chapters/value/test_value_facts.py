"""What the chapter on value says: every variant, no missing number."""

import re
from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest
from valued_studies import made_by_bgnbd, with_returns

from analysis.chapters.value.acquisition import acquired_value
from analysis.chapters.value.facts import (
    acquired_fact,
    acquired_table,
    forecast_fact,
    groups_fact,
    residual_fact,
    spend_fact,
)
from analysis.chapters.value.figures import (
    plot_forecast_calibration,
    plot_forecast_tracking,
    plot_residual_value,
)
from analysis.chapters.value.forecast import check_forecast
from analysis.chapters.value.histories import purchase_histories
from analysis.chapters.value.residual import fit_value_models, label_histories, residual_value
from analysis.data import Description, Tables
from analysis.params import Params
from analysis.states.retention_cost import retention_cost
from analysis.states.winning_cost import winning_costs_of
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
    show, draw = chapter_of(params, "value"), np.random.default_rng(1)
    histories = purchase_histories(tables, params)
    models = show.gated(fit_value_models(histories, params))
    ids = histories.present["customer_id"]
    tier = pd.Series(np.where(np.arange(len(ids)) % 5 == 0, "gold", "silver"), index=ids)
    labelled = label_histories(histories, {"current_tier": tier})
    ahead = show.gated(residual_value(models, labelled, params, rng=draw))
    forecast = show.gated(check_forecast(histories, params, rng=draw))
    acquired = show.gated(
        acquired_value(
            models, histories, tables, params, by="channel", costs=winning_costs_of(tables, params)
        )
    )
    spent = show.gated(retention_cost(tables, params))
    remaining = residual_fact(ahead, forecast, top="gold")
    by_tier, level = ahead.of("current_tier"), {"conf_level": 0.95}
    by_group, foreseen = groups_fact(by_tier, "current_tier", **level), forecast_fact(forecast)
    together, won = spend_fact(models, min_cell=params.min_cell), acquired_fact(acquired, **level)
    kept = keeping_fact(spent, base="value.bought_within_year")
    facts = (kept, remaining, by_group, foreseen, together, won)
    told = [show.finding(fact).markdown for fact in facts if fact is not by_group or fact.silent]
    for plot, result, fact, named in (
        (plot_residual_value, by_tier, by_group, ""),
        (plot_forecast_tracking, forecast, foreseen, "tracking"),
        (plot_forecast_calibration, forecast, foreseen, "calibration"),
    ):
        figure = show.figure(plot, result, fact, named=named)
        if figure is not SILENT:
            assert figure.svg.startswith("<svg")
            told += [figure.caption, figure.alt, figure.reading]
    for table, key, fact in (
        (ahead.table, "residual.table", remaining),
        (forecast.table, "forecast.models", foreseen),
        (models.parameters, "spend.parameters", together),
        (acquired_table(acquired), "acquired.table", won),
        (spent.table, "keeping.table", kept),
    ):
        plain = table.drop(columns="note", errors="ignore")
        told.append(show.table(plain, key, of=fact).markdown)
    return "\n".join(told)


def test_all_sentences_of_an_ordinary_study():
    lines = shoppers(500)
    ids = lines["customer_id"].unique()
    people = pd.DataFrame({"customer_id": ids, "acquisition_cost": 4.0})
    people["channel"] = np.where(np.arange(len(ids)) % 2 == 0, "web", "shop")
    text = everything(tables_of(lines, customers=people), study())
    check(text)
    assert "expected to bring within the next 52 weeks" in text
    assert "It is revenue, not lifetime value" in text
    assert "Winning one costs €4.00: all that was spent on winning" in text
    assert "no first contact is on record" in text
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


def test_sentences_say_net_and_check_the_money():
    text = everything(tables_of(with_returns(made_by_bgnbd(customers=600), 0.65)), study())
    assert "net of returns, are the" in text
    assert "returns on later days leave 6" in text
    assert "Two other models of purchases" in text
    assert "In revenue, net of returns," in text
    assert "present customers" not in text
    without = everything(tables_of(made_by_bgnbd(customers=300)), study())
    assert "returns on later days leave" not in without


def leavers(customers, seed=3):
    """Who stops at any time, as Pareto/NBD has it: also long after the last purchase."""
    draw = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        start, rate = draw.integers(0, 180), draw.gamma(0.9, 1 / 60)
        stay = draw.exponential(1 / draw.gamma(0.8, 1 / 320))
        days = start + np.cumsum(draw.exponential(1 / rate, 200))
        days = days[(days <= start + stay) & (days < 729)].astype(int)
        days = np.unique(np.append(start, days))
        rows += [
            (
                f"c{number:05d}",
                pd.Timestamp(FROM) + pd.Timedelta(days=int(d)),
                20 * draw.gamma(5) / 5,
            )
            for d in days
        ]
    return pd.DataFrame(rows, columns=["customer_id", "at", "amount"])


def test_a_model_that_describes_the_histories_better_is_named():
    draw = np.random.default_rng(1)
    histories = purchase_histories(tables_of(leavers(4000)), study())
    found = check_forecast(histories, study(), rng=draw)
    likelihood = found.table.set_index("model")["log_likelihood"]
    assert likelihood["paretonbd"] - likelihood["bgnbd"] > 5
    text = chapter_of(study(), "value").finding(forecast_fact(found)).markdown
    assert "“Pareto/NBD” describes the histories up to that day clearly better" in text
    own = check_forecast(histories, study(purchase_model="paretonbd"), rng=draw)
    text = chapter_of(study(), "value").finding(forecast_fact(own)).markdown
    assert "clearly better" not in text


def test_a_shop_that_gets_all_back_is_told_so():
    lines = made_by_bgnbd(customers=300)
    lines = lines[lines["at"] < pd.Timestamp("2022-12-01")]
    text = everything(tables_of(with_returns(lines, 0.0)), study(value_horizon_weeks=104))
    assert "What customers will still bring is not told: as much was returned as was bought" in text
    assert "What a new customer brings is not told: as much was returned as was bought" in text


def test_cost_of_zero_is_said():
    lines = shoppers(200)
    people = lines[["customer_id"]].drop_duplicates().assign(acquisition_cost=0.0)
    text = everything(tables_of(lines, customers=people), study())
    check(text)
    assert "cost nothing by the records" in text
