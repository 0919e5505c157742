"""What serving the tiers costs, and what is said of it."""

import pandas as pd
import pytest
from rated_studies import odd_studies, shoppers, steady, study, tables_of

from analysis.chapters.serving.cost import cost_to_serve
from analysis.chapters.serving.facts import cost_fact
from analysis.states.rating.periods import rate_periods
from analysis.telling.showing import SILENT
from analysis.telling.tiers import plot_profile

ODD = odd_studies()
COLUMNS = ["tier", "n", "mean_cost", "share_cost", "mean_value", "share_value", "cost_of_value"]


def contacts(ids, cost):
    days = pd.to_datetime(["2022-05-05 10:00"] * len(ids))
    return pd.DataFrame({"customer_id": ids, "kind": "contact", "at": days, "cost": cost})


@pytest.fixture(scope="module")
def told(chapter, words):
    def text(tables, params):
        show, rated = chapter("serving"), rate_periods(tables, params)
        serving = show.gated(cost_to_serve(rated, tables))
        fact = cost_fact(serving, rated)
        figure = show.figure(plot_profile, serving.profile, fact)
        table = show.table(serving.table[::-1], "cost.table", of=fact, columns=COLUMNS)
        assert fact.silent == (figure is SILENT) == (table is SILENT)
        return words(show.finding(fact), figure, table)

    return text


def test_cost_to_serve_sums_contacts_of_the_period():
    tables = tables_of(steady())
    rated = rate_periods(tables, study())
    calls = pd.DataFrame(
        {"customer_id": ["c0001", "c0001", "c0002"], "kind": "contact",
         "at": pd.to_datetime(["2022-03-01 10:00", "2021-03-01 10:00", "2022-12-31 23:00"]),
         "cost": [4.0, 100.0, 6.0]}
    )  # fmt: skip
    found = cost_to_serve(rated, tables_of(steady(), interactions=calls))
    assert found.table["share_cost"].sum() == pytest.approx(1)
    assert (found.table["mean_cost"] * found.table["n"]).sum() == pytest.approx(10)
    assert cost_to_serve(rated, tables).note == "no_costs"


def test_ordinary_study_is_told(told):
    calls = contacts([f"c{k:04d}" for k in range(200)], 2.5)
    text = told(tables_of(shoppers(300), interactions=calls), study())
    assert "of the cost of contacts goes to the lowest tier, “basic”" in text
    assert "share of cost of contacts" not in text
    assert "| gold |" in text or "| Gold |" in text


def test_costs_without_value_or_of_too_few_are_one_line(told):
    calls = contacts([f"c{k:04d}" for k in range(60)], 2.5)
    # one tier only: nobody spent
    assert "fewer than two tiers" in told(
        tables_of(shoppers(60, amount=0.0), interactions=calls), study()
    )
    scored = study({"preset": "value"})
    text = told(tables_of(shoppers(60, amount=0.0), interactions=calls), scored)
    assert "adds up to nothing" in text
    assert "no contacts with a cost" in told(tables_of(shoppers(60)), study())


@pytest.mark.parametrize("name", ODD)
def test_odd_studies_are_told_in_sentences(told, name):
    rows, params = ODD[name]
    ids = sorted({row[0] for row in rows})
    told(tables_of(rows, interactions=contacts(ids, 1.0)), params)
