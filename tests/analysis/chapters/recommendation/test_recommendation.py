"""Net promoter scores: by groups that may be shown, and never with a missing number."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from scipy.stats import norm
from shared_cases import shared_case

from analysis.chapters.recommendation.facts import score_fact
from analysis.chapters.recommendation.figures import plot_scores
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.params import read_params
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


def test_clearest_groups_are_told_with_their_gap(asked, survey, block, words):
    nps = np.where(survey["branch"] == "north", 9, 3)
    nps[:20] = 7
    result, show = scored(asked, survey.assign(nps=nps), block)
    fact = score_fact(result, conf_level=0.95)
    assert (fact.numbers["most"], fact.numbers["least"]) == ("north", "south")
    assert fact.numbers["gap_low"] > 0
    assert "the clearest difference is between “north”" in told(result, show, words)


def test_everybody_answers_alike(asked, survey, block, words):
    result, show = scored(asked, survey.assign(nps=10), block)
    text = told(result, show, words)
    assert "[100]{.finding-number}" in text
    assert show.figure(plot_scores, result, score_fact(result, conf_level=0.95)).svg
    assert "clearest difference" not in text


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
    told = [label.get_text() for label in labels]
    assert told == ["All customers (n = 100)"]  # 104 in steps of ten


def test_recommendation_follows_the_tier_of_the_day(bank):
    found = recommendation(bank.answers)
    tiers = found.of("tier_held")
    assert tiers["group"].tolist() == ["potential", "general", "important", "high_end"]
    parts = found.table[["promoters", "passives", "detractors"]].sum(axis=1)
    np.testing.assert_allclose(parts, 1)
    overall = found.table.iloc[0]
    expected = 100 * (overall["promoters"] - overall["detractors"])
    assert overall["estimate"] == pytest.approx(expected)


def of_case(folder, **overrides):
    params = read_params(folder / "groups.yml", overrides)
    show = chapter_of(params, "recommendation")
    answers = read_answers(read_tables(params), params)
    return show.gated(recommendation(answers)), show


def test_pair_told_is_that_of_the_large_groups(tmp_path, words):
    result, show = of_case(shared_case("nps_groups", tmp_path))
    numbers = score_fact(result, conf_level=0.95).numbers
    assert (numbers["most"], numbers["least"]) == ("South", "North")
    assert (round(numbers["most_score"]), round(numbers["least_score"])) == (51, 42)
    reach = (numbers["gap_high"] - numbers["gap_low"]) / 2
    level = 1 - 0.05 / numbers["pairs"]
    assert numbers["gap"] / (reach / norm.ppf((1 + level) / 2)) == pytest.approx(3.2, abs=0.05)
    assert numbers["p_gap"] < 0.05
    # 50.67 less 42.33 is 8.33: neither 51 and 42 nor 50.7 and 42.3 may be told 9 or 8.4 apart.
    said = "the clearest difference is between “South” (50.7) and “North” (42.3): 8 points"
    assert said in told(result, show, words)


CODED = """customer_id,region,at,nps
""" + "".join(
    f"{k},{1 + k % 2 if k % 5 else ''},2024-03-01,{9 if k % 3 else k % 2 * 8}\n" for k in range(200)
)  # fmt: skip


@pytest.fixture
def coded(tmp_path):
    (tmp_path / "survey.csv").write_text(CODED)
    (tmp_path / "groups.yml").write_text("""
schema_version: 1
study: groups
title: Groups in numbers
author: A
relationship: contractual
observed_from: 2024-01-01
observed_until: 2024-12-31
timezone: UTC
currency: EUR
data: {files: {surveys: {file: survey.csv, keep: [region]}}}
segments: [region]
satisfaction: {recommendation: nps}
""")
    return tmp_path


def test_whole_numbers_with_gaps_name_groups_as_the_source_does(coded, words):
    result, show = of_case(coded)
    assert set(result.table["group"]) == {"all", "1", "2", "unknown"}
    assert {score_fact(result, conf_level=0.95).numbers[key] for key in ("most", "least")} == {
        "1", "2"
    }  # fmt: skip
    assert "1.0" not in told(result, show, words)


def test_labels_of_the_params_name_groups_everywhere(coded, words):
    labels = {"group_labels": {"region": {"1": "Nord", "2": "Süd"}}}
    result, show = of_case(coded, **labels)
    assert set(result.table["group"]) == {"all", "Nord", "Süd", "unknown"}
    text = told(result, show, words)
    assert "“Nord”" in text
    ax = plot_scores(result, Figure().add_subplot(), show.say)
    assert any("Süd" in label.get_text() for label in ax.get_yticklabels())


def test_labels_of_an_absent_column_are_refused(coded):
    with pytest.raises(DataError, match="as group_labels names it"):
        of_case(coded, group_labels={"land": {"1": "Nord"}})
    with pytest.raises(DataError, match="must be a column of groups to have labels"):
        of_case(coded, group_labels={"nps": {"1": "one"}})
