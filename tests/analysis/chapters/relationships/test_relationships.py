"""Sentences about relationships: every variant, and never a missing number in a sentence."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.relationships.ahead import ends_ahead
from analysis.chapters.relationships.ends import ends_by_cause
from analysis.chapters.relationships.facts import (
    ahead_fact,
    clearest_pair,
    ends_fact,
    length_fact,
    segment_fact,
)
from analysis.chapters.relationships.figures import (
    plot_ends_ahead,
    plot_ends_by_cause,
    plot_relationship_length,
)
from analysis.chapters.relationships.length import relationship_length
from analysis.chapters.relationships.length_by_segment import length_by_segment
from analysis.params import Params
from analysis.telling.showing import SILENT, Chapter, chapter_of

UNTIL = date(2024, 12, 31)
MONTH = 30.4375
FEW = {"min_cell": 10}


@pytest.fixture(scope="module")
def show() -> Chapter:
    return chapter_of(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "contractual", "observed_from": date(2019, 1, 1),
                "observed_until": UNTIL, "timezone": "Europe/Berlin", "currency": "EUR",
                "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
            }
        ),
        "relationships",
    )  # fmt: skip


def made(duration, event, **columns):
    duration = np.asarray(duration, float)
    frame = pd.DataFrame({"duration": duration, "event": np.asarray(event, bool)})
    begin = pd.Timestamp(UNTIL) - pd.to_timedelta(np.round(duration * MONTH), unit="D")
    frame = frame.assign(
        spell=1, entry=0.0, started_at=begin, ended_at=pd.Timestamp(UNTIL), reason="still open"
    )
    frame["ended_at"] = frame["ended_at"].where(frame["event"])
    frame["cause"] = np.where(frame["event"], "voluntary", None)
    return frame.assign(**columns)


def several(seed=1, rows=300, shorter=0.5):
    rng = np.random.default_rng(seed)
    channel = np.where(np.arange(rows) % 2, "online", "branch")
    lasts = rng.exponential(np.where(channel == "online", 30 * shorter, 30))
    seen = rng.uniform(1, 72, rows)
    frame = made(np.minimum(lasts, seen), lasts < seen, channel=channel)
    moved = rng.random(rows) < 0.3
    frame["cause"] = frame["cause"].where(~moved | frame["cause"].isna(), "merged")
    return frame


def told(frame, show):
    """Facts of one study, by key, and all its sentences, figures and tables as one text."""
    length = show.gated(relationship_length(frame, horizon_months=36, **FEW))
    compared = show.gated(length_by_segment(frame, ["channel"], horizon_months=36, **FEW))
    groups = compared.of["channel"]
    ends = show.gated(ends_by_cause(frame, segments=["channel"], horizon_months=36, **FEW))
    ahead = show.gated(ends_ahead(frame, as_of=UNTIL, **FEW))
    facts = {
        "length": length_fact(length, **FEW),
        "segments": segment_fact(groups, "channel", conf_level=0.95),
        "ends": ends_fact(ends, **FEW),
        "ahead": ahead_fact(ahead, None, **FEW),
    }
    texts = [show.finding(fact).markdown for fact in facts.values()]
    for plot, result, key in (
        (plot_relationship_length, length, "length"),
        (plot_relationship_length, groups, "segments"),
        (plot_ends_by_cause, ends, "ends"), (plot_ends_ahead, ahead, "ahead"),
    ):  # fmt: skip
        figure = show.figure(plot, result, facts[key])
        assert (figure is SILENT) == facts[key].silent
        texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
        assert figure is SILENT or "\\" not in figure.alt  # it is plain text
    tables = (
        (compared.summary(), "segments.table", "segments", "n"),
        (compared.tests, "segments.tests", "segments", "n"),
        (groups.pairs.drop(columns="std_error"), "segments.pairs", "segments", "n"),
        (length.marks.drop(columns=["std_error", "n"]), "length.marks", "length", "at_risk"),
        (length.quantiles.drop(columns=["std_error", "term", "events"]), "length.quantiles",
         "length", "n"),
        (ends.marks.drop(columns=["std_error", "n"]), "ends.table", "ends", "ended"),
        (ends.tests, "ends.tests", "ends", "n"),
        (ahead.table, "ahead.table", "ahead", "n"),
    )  # fmt: skip
    for table, key, fact, count in tables:
        shown = show.table(table, key, of=facts[fact], count=count, until=36)
        texts += [shown.markdown, getattr(shown, "caption", "")]
    text = "\n".join(texts)
    for wrong in ("nan", "inf", "NaN"):
        assert wrong not in text, text
    assert "None" not in text.replace("[None]", "").replace("None of", "")
    return facts, text


def test_clear_difference_is_told_with_the_longer_group_first(show):
    facts, text = told(several(), show)
    assert "than those in “online” (by channel)" in text
    assert "months is how long half of all relationships last at least" in text
    assert "too many: it must not be used" in text
    assert facts["segments"].numbers["long"] == "branch"
    assert facts["segments"].low > 0
    assert facts["segments"].comparator.estimate > 1
    assert facts["ends"].n == facts["length"].n == 300
    assert "Through merger of accounts it is" in show.finding(facts["ends"]).detail


def test_the_pair_furthest_apart_is_turned_so_that_it_is_positive(show):
    frame = several()
    for group, renamed in (("online", "zeta"), ("online", "alpha")):
        turned = frame.assign(channel=frame["channel"].replace(group, renamed))
        result = relationship_length(turned, by="channel", horizon_months=36, **FEW)
        pair = clearest_pair(result)
        assert (pair["long"], pair["short"]) == ("branch", renamed)
        assert pair["low"] < pair["estimate"] < pair["high"]
        assert 1 < pair["ratio_low"] < pair["ratio"] < pair["ratio_high"]


def test_same_groups_have_no_clear_difference(show):
    assert "No clear difference" in told(several(shorter=1.0), show)[1]


def test_nothing_ended(show):
    facts, text = told(made(np.linspace(1, 60, 40), [0] * 40, channel="online"), show)
    assert "of 40 relationships was seen to end" in text
    assert "In which ways relationships end is not told: no relationship was seen to end" in text
    assert facts["ends"].silent
    assert not facts["length"].silent


def test_half_not_reached(show):
    frame = made([2, 20] * 30, [1, 0] + [0, 0] * 29, channel="online")
    facts, text = told(frame, show)
    assert "of relationships still last after 12 months" in text
    assert facts["length"].unit == "percent"


def test_half_not_reached_and_nobody_followed_for_three_months(show):
    facts, text = told(made([1, 2] * 30, [1, 0] + [0, 0] * 29, channel="online"), show)
    assert facts["length"].silent
    assert "fewer than 10 were followed for three months" in text


def test_all_ended_within_two_months(show):
    facts, text = told(made([1, 2] * 30, [1] * 60, channel=["a", "b"] * 30), show)
    assert facts["length"].estimate == 1.5
    assert "half of the relationships have ended after 1.5 months" in text


def test_a_group_of_three(show):
    frame = made(np.linspace(1, 60, 43), [1, 0] * 21 + [1], channel=["a"] * 40 + ["b"] * 3)
    facts, text = told(frame, show)
    assert "Fewer than two groups are large enough to be told, by channel" in text
    assert facts["segments"].silent


def test_three_customers(show):
    facts, text = told(made([1, 2, 3], [1, 0, 1], channel="online"), show)
    assert "How long relationships last is not told: fewer than 10 were observed" in text
    assert all(fact.silent for fact in facts.values())


def test_all_censored_before_the_horizon(show):
    assert (
        "How long they last cannot be told yet"
        in told(made([3] * 50, [0] * 50, channel="x"), show)[1]
    )


def test_groups_that_were_never_followed_together(show):
    frame = made([0.0] * 30 + [5.0] * 30, [0] * 59 + [1], channel=["a"] * 30 + ["b"] * 30)
    facts, text = told(frame, show)
    assert facts["segments"].variant == "no_horizon"
    assert "no month up to which enough of every group were followed" in text


def test_late_entry_is_said(show):
    frame = several()
    frame.loc[:29, "entry"] = frame.loc[:29, "duration"] / 2
    assert "30 of the 300 relationships began before the observation" in told(frame, show)[1]
    frame.loc[5:29, "entry"] = 0.0
    assert "Fewer than 10 of the 300 relationships began before" in told(frame, show)[1]


def test_a_way_of_few_ends_is_not_told_nor_the_one_beside_it(show):
    result = ends_by_cause(several(), segments=["channel"], horizon_months=36, **FEW)
    last = result.marks["months"] == result.until_months
    few = last & (result.marks["cause"] == "merged")
    thin = replace(
        result,
        marks=result.marks.assign(ended=result.marks["ended"].mask(few, 5)),
        naive=result.naive.assign(
            ended=result.naive["ended"].mask(result.naive["cause"] == "merged", 5)
        ),
    )
    fact = ends_fact(show.gated(thin), **FEW)
    assert fact.silent
    assert "too few ended in one of the ways for any to be told" in show.finding(fact).markdown
    third = result.marks[last].tail(1).assign(cause="moved", ended=40, estimate=0.1)
    more = replace(thin, marks=pd.concat([thin.marks, third], ignore_index=True))
    detail = show.finding(ends_fact(show.gated(more), **FEW)).detail
    assert "merge" not in detail
    assert "moved" not in detail


def test_one_way_to_end(show):
    facts, text = told(several().assign(cause="voluntary"), show)
    assert facts["ends"].variant == "one"
    assert "all ends have the same reason" in text


def test_a_prediction_is_set_beside_what_came(show):
    frame = several(rows=600)
    ahead = ends_ahead(frame, as_of=UNTIL, min_cell=10)
    checked = replace(
        ahead, expected=100.0, conf_low=90.0, conf_high=110.0, told=480, observed=150,
        as_of=date(2023, 12, 31),
    )  # fmt: skip
    missed = ahead_fact(ahead, checked, **FEW)
    assert missed.claim == "predictive"
    assert (missed.check.kind, missed.check.estimate) == ("holdout", 100)
    assert "Be careful: the same prediction made on 31 December 2023 expected 100 ends among 480 " \
        "relationships (90 to 110), but 150 came." in show.finding(missed).detail  # fmt: skip
    held = ahead_fact(ahead, replace(checked, observed=104), **FEW)
    assert "(90 to 110); 104 came." in show.finding(held).detail
    unknown = ahead_fact(ahead, replace(checked, observed=None), **FEW)
    assert unknown.check is None
    assert "too short to check" in show.finding(unknown).detail


def test_a_prediction_for_few_at_every_tenure_is_not_told(show):
    ahead = ends_ahead(several(rows=600), as_of=UNTIL, min_cell=10)
    fact = ahead_fact(replace(ahead, table=ahead.table.assign(share=np.nan)), None, **FEW)
    assert "at no tenure are there 10" in show.finding(fact).markdown
    few = ahead_fact(replace(ahead, open_now=ahead.told + 3), None, **FEW)
    assert "Fewer than 10 further open relationships" in show.finding(few).detail


def test_where_no_relationship_was_seen_to_end_nothing_is_compared_or_foreseen(show):
    frame = several()
    facts, text = told(
        frame.assign(event=False, ended_at=pd.NaT, cause=None, reason="still open"), show
    )
    assert facts["length"].variant == "none"
    assert facts["segments"].silent
    assert facts["ends"].silent
    assert facts["ahead"].silent
    assert text.count("no relationship was seen to end") >= 3
    assert "[None]{.finding-number} **of 300 relationships was seen to end.**" in text


def test_all_ends_on_one_day_of_life_are_told(show):
    facts, _ = told(made([12.0] * 40, [True] * 40, channel="online"), show)
    assert facts["length"].estimate == pytest.approx(12.0)
