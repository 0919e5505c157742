"""What came after the rating, by tier."""

import pandas as pd
import pytest
from rated_studies import steady, study, tables_of

from analysis.chapters.judging.futures import follow_tiers
from analysis.states.rating.periods import rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_futures_count_from_the_rating(calm):
    tables, rated = calm
    found = follow_tiers(rated, tables, study())
    last = found.table[found.table["weeks"] == found.table["weeks"].max()].set_index("group")
    assert list(last.index) == ["basic", "silver", "gold"]
    assert last["estimate"].is_monotonic_increasing
    assert last["n"].sum() == 400
    # by hand: the share of gold customers who bought in the 52 weeks from the rating on
    gold = rated.judged.table.query("tier == 'gold'")["customer_id"]
    after = tables["transactions"].to_pandas()
    after["at"] = pd.to_datetime(after["at"])
    seen = after[(after["at"] >= "2022-01-01") & (after["at"] < "2022-12-31")]
    share = gold.isin(seen["customer_id"]).mean()
    assert last.loc["gold", "estimate"] == pytest.approx(share, abs=0.01)


def test_contracts_are_followed_to_their_ends():
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    ended = [pd.Timestamp("2021-06-01")] * 15 + [pd.Timestamp("2022-06-01")] * 10 + [pd.NaT] * 15
    tables = tables_of(lines, contracts=contracts.assign(ended_at=ended))
    params = study(relationship="contractual")
    futures = follow_tiers(rate_periods(tables, params), tables, params)
    assert futures.contractual
    assert futures.curve.table["events"].sum() == 10


def test_nobody_is_followed_past_the_day_on_which_ends_are_known():
    """The last ends known are those of 1 December 2022, with a gap of 30 days."""
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    days = ["2022-06-01"] * 10 + ["2022-12-01"] * 5 + ["2022-12-02"] * 5 + [None] * 20
    tables = tables_of(lines, contracts=contracts.assign(ended_at=pd.to_datetime(days)))
    params = study(relationship="contractual")
    curve = follow_tiers(rate_periods(tables, params), tables, params).curve.table
    days = (pd.Timestamp("2022-12-01") - pd.Timestamp("2022-01-01")).days + 1
    assert curve["events"].sum() == 15
    assert curve["time"].max() == pytest.approx(days / 7)
    assert curve.loc[curve["time"].lt(days / 7 - 0.01), "censored"].sum() == 0
    assert curve["censored"].sum() == 25


def test_where_no_contract_was_open_nobody_is_followed():
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    tables = tables_of(lines, contracts=contracts.assign(ended_at=pd.Timestamp("2021-03-01")))
    params = study(relationship="contractual")
    rated = rate_periods(tables, params)
    assert rated.judged.customers == 40
    futures = follow_tiers(rated, tables, params)
    assert futures.curve is None
    assert futures.table.empty
