"""Net promoter scores: by groups that may be shown, and never with a missing number."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.chapters.recommendation.facts import score_fact
from analysis.chapters.recommendation.figures import plot_scores
from analysis.states.answers import read_answers
from analysis.states.recommendation import recommendation
from analysis.telling.showing import SILENT, chapter_of


def scored(asked, survey, block):
    tables, params = asked(survey, block | {"recommendation": "nps"})
    show = chapter_of(params, "recommendation")
    return show.gated(recommendation(read_answers(tables, params))), show


def told(result, show, words) -> str:
    fact = score_fact(result, conf_level=0.95)
    table = result.table.drop(columns="std_error")
    return words(
        show.finding(fact),
        show.figure(plot_scores, result, fact),
        show.table(table, "score.table", of=fact),
    )


def test_every_survey_is_told(asked, odd_survey, block, words):
    name, survey = odd_survey
    nps = np.random.default_rng(4).integers(0, 11, len(survey))
    text = told(*scored(asked, survey.assign(nps=nps), block), words)
    if name in ("four answers", "one answer"):
        assert "fewer than 10 answers to the question were given" in text
    else:
        assert "is the net promoter score" in text
        assert "No clear difference between the groups by branch" in text
    assert ("weighted for who was asked" in text) == (name == "weighted")
    assert "west" not in text


def test_extreme_groups_are_told_with_their_gap(asked, survey, block, words):
    nps = np.where(survey["branch"] == "north", 9, 3)
    nps[:20] = 7
    result, show = scored(asked, survey.assign(nps=nps), block)
    fact = score_fact(result, conf_level=0.95)
    assert (fact.numbers["most"], fact.numbers["least"]) == ("north", "south")
    assert fact.numbers["gap_low"] > 0
    assert "It is highest for “north”" in told(result, show, words)


def test_everybody_answers_alike(asked, survey, block, words):
    result, show = scored(asked, survey.assign(nps=10), block)
    text = told(result, show, words)
    assert "[100]{.finding-number}" in text
    assert show.figure(plot_scores, result, score_fact(result, conf_level=0.95)).svg
    assert "highest for" not in text


def test_a_question_that_was_not_asked_is_not_told(asked, survey, block, words):
    tables, params = asked(survey, block)
    show = chapter_of(params, "recommendation")
    result = show.gated(recommendation(read_answers(tables, params)))
    assert "the question was not asked" in told(result, show, words)
    assert show.figure(plot_scores, result, score_fact(result, conf_level=0.95)) is SILENT


@pytest.fixture
def branches(asked, chapter):
    survey = pd.DataFrame({"nps": [9, 3] * 52, "branch": ["x"] * 60 + ["y"] * 40 + ["z"] * 4})
    tables, params = asked(survey, {"recommendation": "nps"}, min_cell=1)
    return recommendation(read_answers(tables, params)), chapter("recommendation")


def test_small_groups_are_left_out(branches):
    result, show = branches
    shown = show.gated(result)
    labels = plot_scores(shown, Figure().subplots(), show.say).get_yticklabels()
    # z is too small, and y goes with it: the total would give z away.
    assert [label.get_text() for label in labels] == ["x (n = 60)"]
    assert "gap" not in score_fact(shown, conf_level=0.95).numbers


def test_without_a_group_to_show_all_are_drawn(branches):
    result, show = branches
    table = result.table.assign(n=[104, *[5] * (len(result.table) - 1)])
    shown = show.gated(type(result)(table, result.segments, asked=True, weighted=False))
    fact = score_fact(shown, conf_level=0.95)
    assert fact.numbers["by"] == "all"
    labels = plot_scores(shown, Figure().subplots(), show.say).get_yticklabels()
    assert [label.get_text() for label in labels] == ["All customers (n = 104)"]


def test_recommendation_follows_the_tier_of_the_day(bank):
    found = recommendation(bank.answers)
    tiers = found.of("tier_held")
    assert tiers["group"].tolist() == ["potential", "general", "important", "high_end"]
    parts = found.table[["promoters", "passives", "detractors"]].sum(axis=1)
    np.testing.assert_allclose(parts, 1)
    overall = found.table.iloc[0]
    expected = 100 * (overall["promoters"] - overall["detractors"])
    assert overall["estimate"] == pytest.approx(expected)
