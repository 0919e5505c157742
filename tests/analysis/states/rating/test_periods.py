"""Ratings of a study: one a period, without a look ahead."""

from datetime import date

import pandas as pd
import pytest
from rated_studies import steady, study, tables_of

from analysis.errors import DataError
from analysis.states.rating.periods import next_period, rate_periods


@pytest.fixture(scope="module")
def calm():
    tables = tables_of(steady())
    return tables, rate_periods(tables, study())


def test_ratings_stand_a_period_apart_and_one_is_judged(calm):
    _, rated = calm
    assert [r.rated_at for r in rated.rerating.ratings] == [date(2022, 1, 1), date(2023, 1, 1)]
    assert rated.judged_at == date(2022, 1, 1)
    assert rated.value == "amount"
    assert rated.present.rated_at == date(2023, 1, 1)


def test_later_purchases_change_no_earlier_rating(calm):
    _, rated = calm
    more = pd.concat(
        [steady(), pd.DataFrame([("c0001", "2022-06-01", 9e5)], columns=steady().columns)]
    )
    again = rate_periods(tables_of(more), study())
    pd.testing.assert_frame_equal(rated.rerating.ratings[0].table, again.rerating.ratings[0].table)


def test_outcomes_use_the_period_after_and_the_one_before(calm):
    tables, rated = calm
    outcomes = next_period(rated, tables, study())
    lines = tables["transactions"].to_pandas()
    year = pd.to_datetime(lines["at"]).dt.year
    by = lines.groupby(["customer_id", year])["amount"].sum()
    one = outcomes.iloc[7]
    assert one["next_value"] == pytest.approx(by.get((one["customer_id"], 2022), 0))
    assert one["last_value"] == pytest.approx(by.get((one["customer_id"], 2021), 0))


def test_contractual_ratings_are_of_open_contracts():
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    ended = [pd.Timestamp("2021-06-01")] * 15 + [pd.Timestamp("2022-06-01")] * 10 + [pd.NaT] * 15
    contracts["ended_at"] = ended
    tables = tables_of(lines, contracts=contracts)
    params = study(relationship="contractual")
    rated = rate_periods(tables, params)
    assert len(rated.judged.table) == 25
    assert len(rated.present.table) == 15
    outcomes = next_period(rated, tables, params)
    assert outcomes["stayed"].sum() == 15


def test_who_stays_is_looked_at_on_the_last_day_on_which_ends_are_known():
    """With a gap of 30 days that is 1 December 2022: the ends after it are left out for all."""
    lines = steady(customers=40)
    ids = lines["customer_id"].drop_duplicates()
    contracts = pd.DataFrame({"customer_id": ids, "started_at": pd.Timestamp("2021-01-01")})
    ended = ["2022-12-01"] * 10 + ["2022-12-02"] * 7 + ["2022-12-31"] * 3 + [None] * 20
    tables = tables_of(lines, contracts=contracts.assign(ended_at=pd.to_datetime(ended)))
    params = study(relationship="contractual")
    outcomes = next_period(rate_periods(tables, params), tables, params)
    assert outcomes["stayed"].sum() == 30
    with_no_gap = study(relationship="contractual", gap_days=0)
    outcomes = next_period(rate_periods(tables, with_no_gap), tables, with_no_gap)
    assert outcomes["stayed"].sum() == 20


def test_short_observation_is_rated_once_and_not_judged():
    params = study(until=date(2021, 8, 31))
    lines = steady()
    tables = tables_of(lines[pd.to_datetime(lines["at"]) < "2021-09-01"])
    rated = rate_periods(tables, params)
    assert len(rated.rerating.ratings) == 1
    assert rated.judged is None
    assert next_period(rated, tables, params) is None


def test_who_bought_only_after_the_last_day_of_rating_is_rated_at_the_end():
    late = pd.DataFrame([("a", "2022-11-01", 5.0)], columns=["customer_id", "at", "amount"])
    rated = rate_periods(tables_of(late), study(until=date(2022, 12, 30)))
    assert rated.present.rated_at == date(2022, 12, 31)
    assert rated.present.customers == 1
    assert rated.judged is None
    assert rated.notes[0].key == "tiers.nobody_yet"


def test_nobody_who_bought_is_refused():
    returns = pd.DataFrame([("a", "2021-03-01", -5.0)], columns=["customer_id", "at", "amount"])
    with pytest.raises(DataError, match="must have bought before the observation ends"):
        rate_periods(tables_of(returns), study())
