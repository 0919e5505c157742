"""Quantities before a day and outcomes after it, in the engine."""

from datetime import date

import ibis
import pandas as pd
import pytest

from analysis.errors import DataError, ParamsError
from analysis.params.tiers import preset_scheme
from analysis.states.rating.quantities import outcomes_after, quantities_frame, rating_dates
from analysis.states.rating.tiers import rate_customers

DAY = date(2024, 7, 1)


@pytest.fixture(scope="module")
def tables():
    lines = pd.DataFrame(
        [
            ("a", "2023-01-10 09:00", 50.0, 20.0, "tea", "web"),  # older than the window
            ("a", "2024-02-01 10:00", 30.0, 10.0, "tea", "web"),
            ("a", "2024-02-01 18:00", 20.0, 5.0, "cup", "shop"),  # the same day: one purchase
            ("a", "2024-02-20 12:00", 10.0, 4.0, "tea", "web"),
            ("a", "2024-03-05 12:00", -15.0, -6.0, "cup", "shop"),  # a return: no purchase
            ("a", "2024-07-01 00:00", 99.0, 50.0, "pot", "web"),  # on the day: not known before it
            ("b", "2024-06-30 23:59", 40.0, 9.0, "pot", "shop"),
            ("b", "2024-12-31 23:00", 7.0, 1.0, "tea", "web"),
            ("b", "2025-01-01 00:00", 1000.0, 400.0, "tea", "web"),  # after the next six months
            ("c", "2022-05-05 12:00", 80.0, 30.0, "tea", "web"),  # nothing in the window
            ("d", "2024-08-01 12:00", 60.0, 30.0, "tea", "web"),  # not a customer yet
        ],
        columns=["customer_id", "at", "amount", "margin", "product", "channel"],
    ).assign(at=lambda t: pd.to_datetime(t["at"]))
    calls = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b"],
            "at": pd.to_datetime(["2024-01-05", "2024-07-02", "2024-02-02", "2020-01-01"]),
            "kind": ["complaint", "complaint", "enquiry", "complaint"],
        }
    )
    answers = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a"],
            "at": pd.to_datetime(["2024-01-01", "2024-05-01", "2024-07-01"]),
            "nps": [3.0, 8.0, 0.0],
        }
    )
    engine = ibis.duckdb.connect()
    made = {"transactions": lines, "interactions": calls, "surveys": answers}
    return {name: engine.create_table(name, frame) for name, frame in made.items()}


def test_quantities_are_those_before_the_day(tables):
    frame = quantities_frame(tables, rated_at=DAY, months=12).set_index("customer_id")
    assert frame.index.tolist() == ["a", "b", "c"]
    a = frame.loc["a"]
    assert (a["purchases"], a["amount"], a["margin"]) == (2, 45.0, 13.0)
    assert a["average_purchase"] == 22.5
    assert (a["products"], a["channels"], a["active_months"]) == (2, 2, 1)
    assert a["recency_days"] == (DAY - date(2024, 2, 20)).days
    assert a["tenure_days"] == (DAY - date(2023, 1, 10)).days
    assert (a["complaints"], a["nps"]) == (1, 8.0)
    assert (frame.loc["b", "recency_days"], frame.loc["b", "complaints"]) == (1, 0)
    c = frame.loc["c"]
    assert (c["purchases"], c["amount"], c["average_purchase"]) == (0, 0.0, 0.0)
    assert pd.isna(c["nps"])


def test_all_time_looks_back_without_end(tables):
    frame = quantities_frame(tables, rated_at=DAY).set_index("customer_id")
    assert frame["purchases"].to_dict() == {"a": 3, "b": 1, "c": 1}
    assert frame.loc["b", "complaints"] == 1


def test_what_comes_later_changes_nothing(tables):
    past = tables["transactions"]
    only_past = {"transactions": past.filter(past["at"] < ibis.timestamp("2024-07-01"))}
    kept = quantities_frame(only_past, rated_at=DAY, months=12)
    frame = quantities_frame({"transactions": past}, rated_at=DAY, months=12)
    pd.testing.assert_frame_equal(frame, kept)


def test_outcomes_are_those_from_the_day_on(tables):
    frame = outcomes_after(tables, rated_at=DAY, months=6, observed_until=date(2025, 1, 31))
    assert frame["customer_id"].tolist() == ["a", "b", "c"]
    assert frame["next_amount"].tolist() == [99.0, 7.0, 0.0]
    assert frame["next_margin"].tolist() == [50.0, 1.0, 0.0]
    assert frame["next_purchases"].tolist() == [1, 1, 0]
    assert frame["bought_again"].tolist() == [True, True, False]


def test_a_period_past_the_data_is_refused(tables):
    with pytest.raises(
        ParamsError, match="must be observed to its end, 2025-07-01, but the data end"
    ):
        outcomes_after(tables, rated_at=DAY, months=12, observed_until=date(2025, 1, 31))


def test_nobody_to_rate_is_refused(tables):
    with pytest.raises(DataError, match="bought before 2020-01-01 to be rated, but nobody had"):
        quantities_frame(tables, rated_at=date(2020, 1, 1))


def test_quantities_are_rated_without_a_leak(tables):
    frame = quantities_frame(tables, rated_at=DAY, months=12)
    rating = rate_customers(frame, preset_scheme("ecommerce"), rated_at=DAY)
    assert rating.summary["n"].sum() == 3
    with pytest.raises(DataError, match="only what happened before it"):
        rate_customers(frame, preset_scheme("ecommerce"), rated_at=date(2024, 6, 30))


def test_rating_dates_have_their_window_before_them():
    days = rating_dates(
        observed_from=date(2022, 1, 1), observed_until=date(2024, 12, 31), months=12
    )
    assert days == [date(2023, 1, 1), date(2024, 1, 1), date(2025, 1, 1)]
    often = rating_dates(
        observed_from=date(2022, 1, 1), observed_until=date(2023, 6, 29), months=12, every=6
    )
    assert often == [date(2023, 1, 1)]
