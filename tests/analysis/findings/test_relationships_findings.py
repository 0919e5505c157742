"""Sentences about relationships: every variant, and never a missing number in a sentence."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.figures.relationships import (
    plot_ends_ahead,
    plot_ends_by_cause,
    plot_relationship_length,
)
from analysis.findings import relationships as findings
from analysis.lifecycle.ahead import ends_ahead
from analysis.lifecycle.ends import ends_by_cause
from analysis.lifecycle.relationships import relationship_length
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for

UNTIL = date(2024, 12, 31)
MONTH = 30.4375


@pytest.fixture(scope="module")
def say():
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "contractual", "observed_from": date(2019, 1, 1),
                "observed_until": UNTIL, "timezone": "Europe/Berlin", "currency": "EUR",
                "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
            }
        )
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


def everything(frame, say, **options):
    """All sentences, figures and tables of one study, as one text."""
    settings = {"min_cell": 10, "conf_level": 0.95} | options
    length = relationship_length(frame, horizon_months=36, **settings)
    groups = relationship_length(frame, by="channel", horizon_months=36, **settings)
    ends = ends_by_cause(frame, segments=["channel"], horizon_months=36, **settings)
    ahead = ends_ahead(frame, as_of=UNTIL, **settings)
    told = [
        findings.length_finding(length, say).markdown,
        findings.length_caption(length, say),
        findings.length_alt(length, say),
        findings.segment_length_finding(groups, "channel", say).markdown,
        findings.segment_length_caption(groups, "channel", say),
        findings.segment_length_alt(groups, "channel", say),
        findings.ends_finding(ends, say).markdown,
        findings.ends_caption(ends, say),
        findings.ends_alt(ends, say),
        findings.ahead_finding(ahead, None, say).markdown,
        findings.ahead_caption(ahead, say),
        findings.ahead_alt(ahead, say),
    ]
    for plot, result in (
        (plot_relationship_length, length), (plot_relationship_length, groups),
        (plot_ends_by_cause, ends), (plot_ends_ahead, ahead),
    ):  # fmt: skip
        assert illustrate(plot, result, say, caption="c", alt="a").svg.startswith("<svg")
    tables = (
        (groups.summary(), "relationships.segments.table", "n"),
        (groups.pairs, "relationships.segments.pairs", "n"),
        (length.marks.drop(columns="std_error"), "relationships.length.marks", "followed"),
        (ends.marks.drop(columns="std_error"), "relationships.ends.table", "ended"),
        (ends.tests.drop(columns=["chi2", "dof", "p_value"]), "relationships.ends.tests", "n"),
        (ahead.table, "relationships.ahead.table", "open_now"),
    )
    numbers = {"segment": "channel", "until": 36, "months": 12}
    told += [
        present(table, say, caption=caption, count=count, **numbers).markdown
        for table, caption, count in tables
    ]
    text = "\n".join(told)
    assert "nan" not in text
    assert "None" not in text.replace("[None]", "").replace("None of", "")
    return text


def several(seed=1, rows=300, shorter=0.5):
    rng = np.random.default_rng(seed)
    channel = np.where(np.arange(rows) % 2, "online", "branch")
    lasts = rng.exponential(np.where(channel == "online", 30 * shorter, 30))
    seen = rng.uniform(1, 72, rows)
    frame = made(np.minimum(lasts, seen), lasts < seen, channel=channel)
    moved = rng.random(rows) < 0.3
    frame["cause"] = frame["cause"].where(~moved | frame["cause"].isna(), "merged")
    return frame


def test_clear_difference_is_told_with_the_longer_group_first(say):
    text = everything(several(), say)
    assert "than those in “online” (by channel)" in text
    assert "months is how long half of all relationships last at least" in text
    assert "too many: it must not be used" in text


def test_same_groups_have_no_clear_difference(say):
    text = everything(several(shorter=1.0), say)
    assert "No clear difference" in text


def test_nothing_ended(say):
    text = everything(made(np.linspace(1, 60, 40), [0] * 40, channel="online"), say)
    assert "of 40 relationships ended while observed" in text
    assert "in which ways relationships end: fewer than 10 ended" in text


def test_half_not_reached(say):
    frame = made([2, 20] * 30, [1, 0] + [0, 0] * 29, channel="online")
    text = everything(frame, say)
    assert "of relationships still last after 12 months" in text


def test_a_group_of_three(say):
    frame = made(np.linspace(1, 60, 43), [1, 0] * 21 + [1], channel=["a"] * 40 + ["b"] * 3)
    text = everything(frame, say)
    assert "only is large enough to be told, by channel" in text
    assert "Only one group is large enough" in text


def test_three_customers(say):
    text = everything(made([1, 2, 3], [1, 0, 1], channel="online"), say)
    assert "relationships to tell how long they last: fewer than 10" in text


def test_all_censored_before_the_horizon(say):
    text = everything(made([3] * 50, [0] * 50, channel="online"), say)
    assert "How long they last cannot be told yet" in text


def test_a_prediction_that_failed_is_said(say):
    frame = several(rows=600)
    ahead = ends_ahead(frame, as_of=UNTIL, min_cell=10)
    checked = type(ahead)(ahead.table, 100.0, 90.0, 110.0, 500, 480, 150, date(2023, 12, 31), 12.0)
    assert "Be careful: the same prediction" in findings.ahead_finding(ahead, checked, say).detail
    assert findings.ahead_finding(ahead, checked, say).claim == "predictive"
