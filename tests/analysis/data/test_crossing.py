"""What comes over from an engine is counted, with its size and who asked."""

from __future__ import annotations

import ibis
import pandas as pd
import pytest

from analysis.data import Crossing, crossings, fetch, fetch_count, fetch_rows


@pytest.fixture
def sales():
    rows = pd.DataFrame({"customer_id": ["a", "a", "b"], "amount": [1.0, 2.0, None]})
    return ibis.duckdb.connect().create_table("sales", rows)


def test_fetch_is_counted_with_its_size(sales):
    with crossings() as ledger:
        fetch(sales)
        fetch_count(sales)
        fetch_rows(sales.filter(sales.customer_id == "none"))
    assert [(c.rows, c.columns) for c in ledger] == [(3, 2), (1, 1), (0, 2)]
    assert {c.engine for c in ledger} == {"duckdb"}
    assert all(isinstance(c, Crossing) and c.size >= 0 for c in ledger)


def test_fetch_names_who_asked(sales):
    with crossings() as ledger:
        fetch(sales)
    assert ledger[0].purpose == "test_fetch_names_who_asked"


def test_crossings_count_only_while_they_are_asked_for(sales):
    with crossings() as outer:
        fetch(sales)
        with crossings() as inner:
            fetch(sales)
    fetch(sales)
    assert (len(outer), len(inner)) == (2, 1)


def test_fetch_rows_keeps_nulls_as_none(sales):
    assert fetch_rows(sales.order_by("amount"))[-1] == {"customer_id": "b", "amount": None}
