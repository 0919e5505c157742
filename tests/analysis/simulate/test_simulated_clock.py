from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.simulate.clock import Clock, stream
from analysis.simulate.companies import COMPANIES
from analysis.simulate.people import make_ids
from analysis.simulate.purchases import activity_until, times_of
from analysis.simulate.tiers import rating_edges


def clock_of(name="retailer", start=date(2022, 1, 1), until=date(2023, 12, 31)):
    preset = COMPANIES[name]
    buying = preset.purchases
    return Clock.of(start, until, buying.season, buying.weekday, preset.opening)


def test_clock_counts_both_days_of_the_period_by_hand():
    flat = (1.0,) * 12, (1.0,) * 7, ((0.0,) * 12 + (1.0,) * 12,) * 2
    clock = Clock.of(date(2024, 2, 28), date(2024, 3, 1), *flat)
    assert clock.days == 3
    np.testing.assert_allclose(clock.weight, [0, 1, 2, 3])
    moments = clock.stamp(np.array([0.0, 1.5, 2.999999, np.nan])).to_pylist()
    assert [str(moment) for moment in moments] == [
        "2024-02-28 12:00:00",
        "2024-02-29 18:00:00",
        "2024-03-01 23:59:59",
        "None",
    ]


def test_clock_weighs_months_and_weekdays_by_hand():
    season = tuple(float(month) for month in range(1, 13))
    weekday = tuple(10.0**-day for day in range(7))
    clock = Clock.of(date(2023, 12, 30), date(2024, 1, 2), season, weekday, ((1.0,) * 24,) * 2)
    # Saturday and Sunday in December, Monday and Tuesday in January
    np.testing.assert_allclose(np.diff(clock.weight), [12e-5, 12e-6, 1.0, 0.1])


def test_rating_days_lie_strictly_inside():
    # 1 July 2022, 1 January and 1 July 2023
    assert rating_edges(clock_of()).tolist() == [0, 181, 365, 546, 730]
    half_year = clock_of(start=date(2022, 7, 1), until=date(2022, 12, 31))
    assert rating_edges(half_year).tolist() == [0, 184]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 729.9), min_size=1, max_size=50))
def test_times_invert_activity(times):
    clock = clock_of()
    times = np.array(times)
    np.testing.assert_allclose(times_of(clock, activity_until(clock, times)), times, atol=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 729.9), min_size=2, max_size=50))
def test_stamp_keeps_order_and_day(times):
    clock = clock_of("bank")
    times = np.sort(np.array(times))
    ticks = clock.stamp(times, "us").to_numpy(False)
    assert (np.diff(ticks.astype(np.int64)) >= 0).all()
    days = (ticks - np.datetime64("2022-01-01", "us")) // np.timedelta64(1, "D")
    assert (days == np.floor(times)).all()


@pytest.mark.parametrize("name", COMPANIES)
def test_orders_fall_on_weekdays_and_months_as_weighted_and_in_opening_hours(name):
    clock, buying = clock_of(name), COMPANIES[name].purchases
    activity = stream(1, "test").uniform(0, clock.weight[-1], 200_000)
    moments = clock.stamp(times_of(clock, activity)).to_numpy(False)
    days = moments.astype("datetime64[D]").astype(int)
    weekday = np.bincount((days + 3) % 7, minlength=7) / activity.size
    np.testing.assert_allclose(weekday, np.array(buying.weekday) / 7, atol=0.006)
    month = np.bincount(moments.astype("datetime64[M]").astype(int) % 12) / activity.size
    np.testing.assert_allclose(month, np.array(buying.season) / 12, atol=0.008)
    hours = (moments - moments.astype("datetime64[D]")) / np.timedelta64(1, "h")
    assert hours.min() >= 6
    weekend = (days + 3) % 7 >= 5
    for mask, weights in zip((~weekend, weekend), COMPANIES[name].opening, strict=True):
        share = np.bincount(hours[mask].astype(int), minlength=24) / mask.sum()
        np.testing.assert_allclose(share, np.array(weights) / np.sum(weights), atol=0.01)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**64 - 1), st.sampled_from("CO"))
def test_make_ids_are_distinct_text(seed, prefix):
    ids = make_ids(prefix, 5_000, seed).to_pylist()
    assert len(set(ids)) == 5_000
    assert all(name.startswith(prefix) and len(name) == 10 for name in ids)


def test_streams_differ_by_name_and_seed():
    draws = {stream(seed, name).random() for seed in (1, 2) for name in ("a", "b")}
    assert len(draws) == 4
    assert stream(1, "a").random() == stream(1, "a").random()
