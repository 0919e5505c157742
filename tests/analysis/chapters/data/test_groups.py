"""Who the customers are: counted one by one or in the engine, the same."""

from datetime import date

import pandas as pd
import pytest

from analysis.chapters.data.facts import customers_fact
from analysis.chapters.data.groups import customers_held
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.frames import counted
from analysis.params import Params


def study(**changed):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
            "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
            "data": {"simulated": {"company": "retailer", "customers": 300, "seed": 1}},
            "segments": ("channel", "city_tier", "first_value_third", "acquired_month"),
        } | changed
    )  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    return read_tables(study(), stored=False)


def test_counted_in_the_engine_they_are_the_same(tables, monkeypatch):
    params = study()
    each = customers_held(tables, params)
    monkeypatch.setattr(counted, "LARGE", 0)
    held = customers_held(tables, params)
    pd.testing.assert_frame_equal(held.sizes, each.sizes)
    assert (held.customers, held.purchases) == (each.customers, each.purchases)
    assert held.revenue == pytest.approx(each.revenue, rel=1e-12)
    assert held.sizes.groupby("segment")["n"].sum().eq(held.customers).all()


def test_fact_tells_people_and_their_purchases(tables):
    held = customers_held(tables, study())
    fact = customers_fact(held, tables.audit)
    assert (fact.estimate, fact.numbers["purchases"]) == (held.customers, held.purchases)


@pytest.mark.parametrize("large", [False, True])
def test_a_segment_that_is_no_column_is_refused(tables, monkeypatch, large):
    monkeypatch.setattr(counted, "LARGE", 0 if large else 10**9)
    with pytest.raises(DataError, match="segments must be columns of the customers, but colour"):
        customers_held(tables, study(segments=("colour",)))
