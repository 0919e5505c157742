"""Sentences about coming back: every variant, and never a missing number in a sentence."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.errors import DataError
from analysis.figures import illustrate
from analysis.figures.retention import plot_cohort_retention
from analysis.figures.survival import plot_second_purchase
from analysis.findings import retention as findings
from analysis.lifecycle.lapse import LapseByDefinition
from analysis.lifecycle.retention import (
    CohortRetention,
    compare_segments,
    second_purchase,
    second_purchase_by_segment,
    segment_tests,
)
from analysis.params import Params
from analysis.tables import present
from analysis.wording import wording_for

HORIZONS = [4, 13, 26, 52]
UNTIL = pd.Timestamp("2024-12-31")


@pytest.fixture(scope="module")
def say():
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "noncontractual", "observed_from": date(2022, 1, 1),
                "observed_until": UNTIL.date(), "timezone": "Europe/Berlin", "currency": "EUR",
                "data": {"simulated": {"company": "retailer", "customers": 10, "seed": 1}},
            }
        )
    )  # fmt: skip


def customers(gap_weeks, age_weeks, **columns):
    """First purchases so many weeks ago; the second came after the gap, if observation allowed."""
    age = np.asarray(age_weeks, float)
    gap = np.broadcast_to(np.asarray(gap_weeks, float), age.shape)
    first = UNTIL - pd.to_timedelta(np.round(age * 7), unit="D")
    second = pd.Series(first + pd.to_timedelta(np.round(gap * 7), unit="D")).where(gap <= age)
    return pd.DataFrame({"first_at": first, "second_at": second, "age_weeks": age} | columns)


def shop(size=400, *, apart=2.0, seed=3):
    rng = np.random.default_rng(seed)
    channel = rng.choice(["fair", "search", "social"], size)
    gap = rng.exponential(np.where(channel == "fair", 10 * apart, 10))
    return customers(gap, rng.uniform(10, 100, size), channel=channel)


def everything(frame, say):
    """All sentences, figures and tables of one study, as one text."""
    whole = second_purchase(frame, horizons_weeks=HORIZONS)
    options = {"horizons_weeks": HORIZONS, "min_cell": say.min_cell}
    groups = second_purchase_by_segment(frame, ["channel"], **options)
    by = groups["channel"]
    texts = [
        findings.second_purchase_finding(whole, say).markdown,
        findings.segment_finding(by, "channel", say).markdown,
        present(whole.within, say, caption="retention.second_purchase.table",
                columns=["weeks", "estimate", "conf_low", "conf_high", "at_risk"]).markdown,
        present(compare_segments(groups), say, caption="retention.segments.table").markdown,
        present(segment_tests(groups), say, caption="retention.segments.tests",
                columns=["segment", "chi2", "dof", "p_holm", "note"]).markdown,
    ]  # fmt: skip
    for result, caption, alt in (
        (whole, findings.second_purchase_caption(whole, say), "alt"),
        (by, findings.segment_caption(by, "channel", say),
         findings.segment_alt(by, "channel", say)),
    ):  # fmt: skip
        illustrate(plot_second_purchase, result, say, caption=caption, alt=alt)
        texts += [caption, alt]
    text = "\n".join(texts)
    for wrong in ("nan", "NaN", "None", "inf", "−0.0", "-0."):
        assert wrong not in text, text
    return text


def test_clear_difference_names_the_extreme_groups(say):
    text = everything(shop(), say)
    assert "points lie between the groups that come back most and least" in text.replace(
        "]{.finding-number} **", " "
    )
    assert "corrected for all pairs" in text
    assert "of new customers bought a second time within" in text


def test_same_groups_have_no_clear_difference(say):
    assert "No clear difference" in everything(shop(apart=1.0, seed=8), say)


def test_extreme_shares_have_an_interval_for_all_pairs(say):
    last = pd.DataFrame(
        {"group": ["a", "b", "c"], "weeks": 26, "estimate": [0.5, 0.6, 0.4], "std_error": 0.03}
    )
    told = findings.extreme_shares(last, say)
    assert (told["high"], told["low"]) == ("b", "c")
    reach = norm.ppf(1 - 0.025 / 3) * 0.03 * np.sqrt(2)
    assert told["low_end"] == pytest.approx(0.2 - reach)
    assert told["high_end"] == pytest.approx(0.2 + reach)


def test_nobody_came_back(say):
    text = everything(shop().assign(second_at=pd.NaT), say)
    assert "0.0%" in text


def test_everybody_was_seen_for_a_few_weeks_only(say):
    frame = customers(np.tile([1.0, 9.0], 50), np.full(100, 3.0), channel=np.tile(list("ab"), 50))
    text = everything(frame, say)
    assert "fewer than" in text.lower() or "too few" in text.lower()


def test_nobody_was_seen_as_long_as_the_first_horizon(say):
    frame = customers(np.tile([1.0, 9.0], 50), np.full(100, 2.0), channel=np.tile(list("ab"), 50))
    assert "customers were observed so long" in everything(frame, say)


def test_a_group_of_three_is_not_shown(say):
    frame = pd.concat([shop(), customers([1, 2, 3], [50, 50, 50], channel="rare")])
    text = everything(frame.reset_index(drop=True), say)
    assert "rare" not in text  # joined with the next smallest


def test_many_groups_of_which_all_soon_come_back_have_no_common_horizon(say):
    rng = np.random.default_rng(2)
    channel = rng.choice(list("abcdefghij"), 300)
    frame = customers(rng.exponential(1, 300), rng.uniform(60, 90, 300), channel=channel)
    text = everything(frame, say)
    assert "enough of every group are still waiting" in text
    assert "One group" not in text


def test_one_group_is_not_compared(say):
    assert "One group" in everything(shop().assign(channel="all of them"), say)


def test_three_customers(say):
    everything(customers([1, 2, 99], [50, 50, 50], channel=["a", "a", "b"]), say)


def test_a_second_purchase_before_the_first_is_refused():
    frame = customers([5.0, 5.0], [20, 20], channel="a")
    frame.loc[0, "second_at"] = frame.loc[0, "first_at"] - pd.Timedelta(days=3)
    with pytest.raises(DataError, match="duration must be at least 0"):
        second_purchase(frame, horizons_weeks=HORIZONS)


def test_lapse_is_told_where_nobody_lapsed(say):
    table = pd.DataFrame(
        {"lapse_weeks": [13.0, 26.0], "n": 50, "lapsed": [0.0, 0.0], "median_weeks": np.nan,
         "won_back": np.nan, "note": "not reached"}
    )  # fmt: skip
    told = findings.lapse_finding(LapseByDefinition(table), 26.0, say).markdown
    assert "nan" not in told
    assert "Nobody" in told


def test_cohorts_of_few_are_not_told(say):
    table = pd.DataFrame(
        {"cohort": "2024-01", "months_since": [1, 2], "customers": 5, "active": [2, 1],
         "share": [0.4, 0.2]}
    )  # fmt: skip
    result = CohortRetention(table)
    assert "nan" not in findings.cohort_finding(result, say).markdown
    drawn = illustrate(
        plot_cohort_retention, result, say, caption=findings.cohort_caption(result, say),
        alt=findings.cohort_alt(result, say),
    )  # fmt: skip
    assert "40" not in drawn.alt
