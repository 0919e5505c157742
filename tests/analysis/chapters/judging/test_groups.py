"""Groups of the customers' own."""

import pandas as pd
import pytest
from rated_studies import rng, study, tables_of

from analysis.chapters.judging.groups import own_groups
from analysis.states.rating.periods import rate_periods


def test_groups_of_their_own_are_found_where_there_are_some():
    rare = [(f"a{k:03d}", "2022-03-01", 20.0 + k % 5) for k in range(60)]
    days = pd.date_range("2022-01-05", periods=24, freq="15D")
    often = [(f"b{k:03d}", day, 400.0 + k) for k in range(40) for day in days]
    tables = tables_of(pd.DataFrame(rare + often, columns=["customer_id", "at", "amount"]))
    params = study()
    found = own_groups(rate_periods(tables, params), params.tiers.rated_by, rng=rng())
    chosen = found.table[found.table["chosen"]].iloc[0]
    assert chosen["k"] == 2
    assert chosen["silhouette"] > 0.9
    assert chosen["stability"] == pytest.approx(1)
    assert found.tiers_silhouette == pytest.approx(chosen["silhouette"])  # basic and gold are these
    assert found.quantities == ("amount", "purchases", "-recency_days")


def test_customers_who_are_alike_have_no_groups():
    rows = [(f"c{k:03d}", "2022-03-01", 20.0) for k in range(30)]
    tables = tables_of(pd.DataFrame(rows, columns=["customer_id", "at", "amount"]))
    params = study()
    found = own_groups(rate_periods(tables, params), params.tiers.rated_by, rng=rng())
    assert found.table.empty
