"""Customers drawn by lot from a study of many: always the same, and whole."""

from datetime import date

import pandas as pd
import pytest

from analysis.chapters.stages.paths import stages_among
from analysis.data import fetch, read_tables
from analysis.frames import counted, customer_frame, lot, sample_customers
from analysis.params import Params
from analysis.states.stages import assign_stages, stage_counts
from analysis.telling.showing import chapter_of


def study():
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": date(1997, 1, 1),
            "observed_until": date(1998, 6, 30), "timezone": "America/New_York", "currency": "USD",
            "data": {"package": "cdnow_sample"},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def tables():
    return read_tables(study(), stored=False)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(counted, "LARGE", 2_000)
    monkeypatch.setattr(lot, "SAMPLE", 500)


def test_a_small_study_is_looked_at_whole(tables):
    assert sample_customers(tables) is tables


def test_the_lot_falls_alike_and_brings_everything_of_those_drawn(tables, few):
    some = sample_customers(tables)
    assert some.sampled_from == 2_357
    drawn, again = (
        fetch(sample_customers(tables)["customers"].select("customer_id")) for _ in range(2)
    )
    pd.testing.assert_frame_equal(drawn, again)
    assert len(drawn) == 500
    frame, whole = customer_frame(some, study()), customer_frame(tables, study())
    own = whole[whole["customer_id"].isin(drawn["customer_id"])].reset_index(drop=True)
    known = ["customer_id", "first_at", "second_at", "purchases", "revenue"]
    pd.testing.assert_frame_equal(frame[known], own[known])
    assert frame["purchases"].mean() == pytest.approx(whole["purchases"].mean(), rel=0.2)


def test_stages_of_those_drawn_are_those_that_they_have_among_all(tables, few):
    stages = assign_stages(tables, study())
    some = sample_customers(tables)
    followed = stages_among(stages, some)
    assert stages_among(stages, tables) is stages
    rows = fetch(followed.table)
    every = fetch(stages.table)
    drawn = every[every["customer_id"].isin(rows["customer_id"])].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, drawn)
    assert rows["customer_id"].nunique() == 500
    counts = stage_counts(stages)
    assert counts.loc[counts["month"] == counts["month"].max(), "customers"].sum() == 2_357


def test_the_reader_is_told_of_a_draw_and_of_no_other(tables, few):
    show = chapter_of(study(), "returning")
    assert show.limits(tables).markdown == show.limits().markdown
    told = show.limits(sample_customers(tables)).markdown
    assert "of the study's 2,357 customers, drawn by lot" in told
