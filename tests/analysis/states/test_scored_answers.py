"""Scored answers: items as asked, what was known before an answer, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.states.answers import read_answers, with_states


def test_weights_that_some_answers_lack_are_refused(asked, survey, block):
    gaps = survey.assign(survey_weight=np.where(survey.index < 3, np.nan, 1.5))
    refuse(
        asked,
        gaps,
        block,
        "must be given in every row, or in none, but 3 of 200 rows",
    )


def test_blank_items_are_handled_as_asked_and_counted(asked, survey, block):
    gaps = survey.astype({"quality_1": float})
    gaps.loc[:19, "quality_1"] = np.nan
    listwise = read_answers(*asked(gaps, block)).counts.set_index("scale").loc["quality"]
    assert (listwise["n"], listwise["n_dropped"], listwise["n_filled"]) == (180, 20, 0)
    filled = block | {"missing_items": "person_mean"}
    counts = read_answers(*asked(gaps, filled)).counts.set_index("scale").loc["quality"]
    assert (counts["n"], counts["n_dropped"], counts["n_filled"]) == (200, 0, 20)


def test_reverse_item_is_turned(asked, survey, block):
    turned = survey.assign(quality_2=11 - survey["quality_2"])
    scales = block["scales"] | {
        "quality": {"items": ("quality_1", "quality_2"), "reverse": ("quality_2",)}
    }
    straight = read_answers(*asked(survey, block)).frame["quality"]
    found = read_answers(*asked(turned, block | {"scales": scales})).frame["quality"]
    pd.testing.assert_series_equal(found, straight)


def refuse(asked, survey, block, match):
    with pytest.raises(DataError, match=match):
        read_answers(*asked(survey, block))


def test_item_outside_its_range_is_refused(asked, survey, block):
    survey.loc[3, "quality_1"] = 11
    refuse(asked, survey, block, r"surveys.quality_1 must lie from 1 to 10.*1 of 200 rows")


def test_text_in_an_item_is_refused(asked, survey, block):
    text = survey.astype({"quality_1": object})
    text.loc[3, "quality_1"] = "good"
    refuse(asked, text, block, "surveys.quality_1 must be a number, but 1 of 200 rows")


def test_absent_item_is_refused(asked, survey, block):
    refuse(asked, survey.drop(columns="loyalty_2"), block, "loyalty_2 must be a column")


def test_answer_that_is_not_listed_is_refused(asked, survey, block):
    words = survey.assign(mood=np.where(survey["quality_1"] > 6, "good", "bad"))
    answer = {"item": "mood", "levels": ("bad", "fine"), "drivers": ("satisfaction",)}
    with pytest.raises(DataError, match="mood must be one of bad, fine"):
        asked(words, block | {"answer": answer})


def test_what_was_known_before_does_not_change_with_what_came_later(bank):
    cut = pd.Timestamp("2022-12-31")
    early = bank.params.model_copy(update={"observed_until": cut.date()})
    kept = {
        name: bank.tables[name].filter(bank.tables[name]["at"] <= cut)
        for name in ("transactions", "surveys")
    }
    held = bank.tables["tier_history"]
    kept["tier_history"] = held.filter(held.from_at <= cut)
    before = read_answers(replace(bank.tables, by_name={**bank.tables.by_name, **kept}), early)
    columns = ["tier_held", "tenure_years", "log_spend_before", "satisfaction"]
    whole = bank.answers.frame.set_index(["customer_id", "at"])
    part = before.frame.set_index(["customer_id", "at"])
    for column in columns:
        now, then = whole.loc[part.index, column], part[column]
        assert (now.map(str).to_numpy() == then.map(str).to_numpy()).all(), column


def test_states_are_those_of_the_month_before(bank):
    months = pd.DataFrame(
        {
            "customer_id": bank.answers.frame["customer_id"].iloc[0],
            "month": pd.to_datetime(["2019-01-01", "2019-02-01"]).date,
            "stage": ["new", "mature"],
        }
    )
    day = pd.Timestamp("2019-02-15")
    frame = bank.answers.frame.iloc[:1].assign(at=day)
    table = ibis.memtable(
        months, schema={"customer_id": "string", "month": "date", "stage": "string"}
    )
    found = with_states(
        replace(bank.answers, frame=frame), table, name="stage", order=("new", "mature")
    )
    # February is judged at its end: on the 15th only January is known.
    assert found.frame["stage"].tolist() == ["new"]
