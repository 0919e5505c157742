"""Ways to end and coming ends: by hand, on odd data, and predictions against what came."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.relationships.ahead import check_ends_ahead, ends_ahead
from analysis.chapters.relationships.ends import ends_by_cause
from analysis.frames.anniversaries import calendar_months
from analysis.notes import note

MONTH = 30.4375
UNTIL = date(2024, 12, 31)


def made(started, lasts, *, until=UNTIL, cause="left"):
    """Relationships that began on a day (days before `until`) and last so many days."""
    started, lasts = np.asarray(started), np.asarray(lasts, float)
    begin = pd.Timestamp(until) - pd.to_timedelta(started, unit="D")
    event = lasts <= started
    ended = (begin + pd.to_timedelta(np.where(event, lasts, 0), unit="D")).where(event)
    last = pd.Series(ended).fillna(pd.Timestamp(until))
    return pd.DataFrame(
        {
            "spell": 1, "started_at": begin, "ended_at": ended, "entry": 0.0, "event": event,
            "duration": calendar_months(pd.Series(begin), last),
            "cause": np.where(event, cause, None),
            "reason": np.where(event, "ended", "still open"),
        }
    )  # fmt: skip


def caused(duration, cause, **columns):
    frame = pd.DataFrame({"duration": np.asarray(duration, float), "cause": cause})
    return frame.assign(event=frame["cause"].notna(), spell=1, entry=0.0, **columns)


def test_ends_by_cause_by_hand():
    # At 1: a, at 2: b, open at 3, at 4: a.  S- = 1, 3/4, 1/2; incidence a 1/4 + 1/2, b 3/4 x 1/3.
    frame = caused([1, 2, 3, 4], ["a", "b", None, "a"])
    result = ends_by_cause(frame.assign(g="x"), segments=("g",), horizon_months=36)
    last = result.marks[result.marks["months"] == 4].set_index("cause")
    assert last["estimate"].to_dict() == pytest.approx({"a": 0.75, "b": 0.25})
    assert last["ended"].to_dict() == {"a": 2, "b": 1}
    assert result.causes == ["a", "b"]
    # 1 - Kaplan-Meier with others censored: a 1 - 3/4 x 0, b 1 - 2/3.
    assert result.naive.set_index("cause")["naive"].to_dict() == pytest.approx({"a": 1, "b": 1 / 3})
    assert result.tests["note"].tolist() == [note("relationships.one_group")]
    assert result.naive["ended"].tolist() == [2, 1]


def test_rare_causes_are_joined():
    causes = ["moved"] * 30 + ["price"] * 25 + ["died"] * 3 + ["fraud"] * 9
    frame = caused(np.arange(1, 68), causes, g="x")
    result = ends_by_cause(frame, segments=("g",), horizon_months=60, min_cell=10)
    assert result.causes == ["moved", "price", "other reasons"]
    assert result.incidence.counts["all"].ends.sum(axis=0).tolist() == [30, 25, 12]


def test_nothing_ended_is_noted():
    result = ends_by_cause(caused([1, 2], [None, None], g="x"), segments=("g",), horizon_months=9)
    assert result.incidence is None
    assert not len(result.marks)
    assert not len(result.tests)
    assert result.ended == 0


def test_gray_test_leaves_out_those_who_entered_late():
    frame = caused([3, 4, 5, 6] * 5, ["a", "b"] * 10, g=["x", "x", "y", "y"] * 5)
    frame["entry"] = [1.0] + [0.0] * 19
    tests = ends_by_cause(frame, segments=("g",), horizon_months=9).tests
    assert set(tests["n"]) == {19}


def test_ends_ahead_by_hand():
    # Ended after 2, 4 and 6 months of 30 days' unit; open since 3 and 5: S = 4/5, 2/3 x 4/5 ...
    days = np.array([2, 4, 6, 3, 5]) * MONTH
    frame = made([900, 900, 900, *np.round(days[3:])], [*np.round(days[:3]), 9999, 9999])
    result = ends_ahead(frame, as_of=UNTIL, months=2)
    # At risk: 5 at 2, 3 at 4, 1 at 6. From 3 to 5: 1 - 2/3. From 5 to 7: beyond one at risk.
    assert (result.open_now, result.told) == (2, 1)
    assert result.expected == pytest.approx(1 / 3)
    variance = (2 / 3) ** 2 * 1 / (3 * 2) + 1 / 3 * 2 / 3
    assert result.conf_high == pytest.approx(min(1 / 3 + 1.959964 * np.sqrt(variance), 1))
    assert result.conf_low == 0
    assert result.observed is None


def test_ends_ahead_does_not_extrapolate():
    frame = made([100, 200, 300, 400], [50, 9999, 9999, 9999])
    result = ends_ahead(frame, as_of=UNTIL, months=12)
    assert result.told == 0
    assert np.isnan(result.expected)
    assert set(result.table["note"]) == {note("relationships.beyond_the_past")}
    assert set(result.table["told"]) == {0}


def test_ends_of_a_band_with_too_few_to_predict_are_not_told():
    rng = np.random.default_rng(4)
    frame = made(rng.integers(1, 1200, 300), rng.exponential(700, 300).round() + 1)
    result = ends_ahead(frame, as_of=UNTIL, min_cell=40)
    few = result.table[result.table["n"].between(1, 39) | result.table["told"].isna()]
    assert len(few)
    assert few[["estimate", "conf_low", "conf_high", "share"]].isna().all(axis=None)
    assert set(few["note"]) == {note("relationships.beyond_the_past")}


def test_ends_ahead_of_nobody():
    result = ends_ahead(made([100, 200], [50, 60]), as_of=UNTIL)
    assert (result.open_now, result.told) == (0, 0)
    assert len(result.table) == 0


def test_ends_ahead_uses_only_what_was_known():
    rng = np.random.default_rng(3)
    started, lasts = rng.integers(1, 1500, 400), rng.exponential(500, 400).round()
    frame = made(started, lasts)
    day = UNTIL - timedelta(days=400)
    later = frame["ended_at"] > pd.Timestamp(day)
    changed = frame.copy()
    changed.loc[later, ["ended_at", "event", "reason"]] = [pd.NaT, False, "still open"]
    changed["duration"] = calendar_months(
        changed["started_at"], changed["ended_at"].fillna(pd.Timestamp(UNTIL))
    )
    options = {"as_of": day, "followed_until": UNTIL, "min_cell": 5}
    before, after = (ends_ahead(rows, **options) for rows in (frame, changed))
    pd.testing.assert_frame_equal(before.table, after.table)
    assert before.observed > after.observed == 0


def test_check_ends_ahead_needs_earlier_ends():
    frame = made([100, 90, 80], [50, 9999, 9999])
    assert check_ends_ahead(frame, followed_until=UNTIL) is None


@pytest.mark.whole
def test_prediction_interval_covers_what_came():
    rng = np.random.default_rng(11)
    held = []
    for _ in range(200):
        started = rng.integers(366, 2200, 200)
        lasts = rng.weibull(0.8, 200) * 700 + 1
        checked = check_ends_ahead(made(started, np.ceil(lasts)), followed_until=UNTIL, min_cell=5)
        held.append(checked.conf_low <= checked.observed <= checked.conf_high)
    assert 0.895 <= np.mean(held) <= 0.990
