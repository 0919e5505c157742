"""One ordered question: the published odds, odd surveys, and every wording."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.chapters.answers.facts import odds_fact
from analysis.chapters.answers.figures import plot_odds
from analysis.chapters.answers.ordered import ordered_answer
from analysis.data import read_tables
from analysis.errors import DataError
from analysis.params import read_params
from analysis.states.answers import read_answers
from analysis.telling.showing import SILENT, chapter_of

PARAMS = Path(__file__).parents[4] / "params"
# Venables & Ripley (2002), MASS, section 7.3: polr(Sat ~ Infl + Type + Cont, weights = Freq).
HOUSING = {
    "influence: Medium": 0.5663937, "influence: High": 1.2888191,
    "housing_type: Apartment": -0.5723501, "housing_type: Atrium": -0.3661866,
    "housing_type: Terrace": -1.0910149, "contact: High": 0.3602841,
}  # fmt: skip


def told(result, show, words) -> str:
    fact = odds_fact(result, min_cell=10, conf_level=0.95)
    return words(
        show.finding(fact),
        show.figure(plot_odds, result, fact),
        show.table(result.shares, "odds.shares", item=result.item),
        show.table(result.odds, "odds.table", of=fact),
        show.table(result.best, "odds.gains", of=fact),
        show.table(result.parallel, "odds.parallel", of=fact),
    )


def made(asked, survey, block):
    tables, params = asked(survey, block)
    show = chapter_of(params, "answers")
    return show.gated(ordered_answer(read_answers(tables, params))), show


def test_every_survey_is_told(asked, odd_survey, block, words):
    name, survey = odd_survey
    result, show = made(asked, survey, block)
    text = told(result, show, words)
    fact = odds_fact(result, min_cell=10, conf_level=0.95)
    if name in ("four answers", "one answer"):
        assert "is not told: fewer than 10 answers are complete" in text
        assert show.figure(plot_odds, result, fact) is SILENT
    elif name == "nobody varies":
        assert "is not told: all are alike in" in text
    elif name != "answers that separate":
        assert "times]{.finding-number} **the odds of a better answer go with" in text
        assert fact.low > 1
        assert result.best["n"].eq(200).all()
    assert ("The answers are weighted" in text) == (name == "weighted")


def test_answers_that_separate_are_noted(asked, survey, block):
    perfect = survey.assign(loyalty_1=np.where(survey["satisfaction_1"] > 6, 9, 3))
    perfect["satisfaction_2"] = perfect["satisfaction_1"]
    result, show = made(asked, perfect, block)
    assert (
        "all who have it fared alike"
        in show.table(result.odds, "odds.table", item=result.item).markdown
    )


def test_worse_answers_and_no_clear_tie_are_told(asked, survey, block, words):
    worse = survey.assign(loyalty_1=11 - survey["loyalty_1"])
    result, show = made(asked, worse, block)
    assert "it goes with worse answers" in told(result, show, words)
    shuffled = survey["loyalty_1"].sample(frac=1, random_state=5).to_numpy()
    result, show = made(asked, survey.assign(loyalty_1=shuffled), block)
    assert "No clear tie" in told(result, show, words)
    assert not odds_fact(result, min_cell=10, conf_level=0.95).in_summary


def test_steps_are_told_as_brants_test_says(asked, survey, block, words):
    result, show = made(asked, survey, block)
    for p_value, said in ((0.001, "does not matter alike"), (0.5, "matters alike at every step")):
        changed = replace(result, parallel=result.parallel.assign(p_value=p_value))
        assert said in told(changed, show, words)
    two = block | {"answer": block["answer"] | {"bands": (6.0,)}}
    result, show = made(asked, survey, two)
    assert result.parallel.empty
    assert "cannot be tested here" in told(result, show, words)


def test_a_rare_best_answer_is_not_told(asked, survey, block, words):
    result, show = made(asked, survey, block)
    rare = result.shares.assign(n=[100, 95, 5])
    text = told(show.gated(replace(result, shares=rare)), show, words)
    assert "give the best answer." not in text


def test_absent_question_is_refused(asked, survey, block):
    answer = {"item": "mood", "drivers": ("satisfaction",)}
    tables, params = asked(survey.assign(mood=3), block | {"answer": answer})
    answers = read_answers(tables, params)
    lacking = replace(answers, frame=answers.frame.drop(columns="mood"))
    with pytest.raises(DataError, match="must be columns of the survey, but mood is absent"):
        ordered_answer(lacking)


def test_text_without_levels_is_refused(asked, survey, block):
    words = survey.assign(mood=np.where(survey["quality_1"] > 6, "good", "bad"))
    answer = {"item": "mood", "drivers": ("satisfaction",)}
    with pytest.raises(DataError, match="list its answers from worst to best"):
        asked(words, block | {"answer": answer})


def test_housing_is_the_published_ordered_logit(words):
    params = read_params(PARAMS / "housing.yml")
    answers = read_answers(read_tables(params, stored=False), params)
    found = ordered_answer(answers)
    odds = found.odds.set_index("term")["coefficient"]
    np.testing.assert_allclose(odds[list(HOUSING)], list(HOUSING.values()), atol=1e-5)
    assert found.fit.deviance == pytest.approx(3479.149, abs=5e-4)
    assert found.shares["n"].tolist() == [567, 446, 668]
    assert found.parallel.loc[0, "p_value"] > 0.1
    fact = odds_fact(found, min_cell=10, conf_level=0.95)
    assert (fact.numbers["term"], fact.numbers["reference"]) == ("influence: High", "Low")
    assert "[3.6 times]" in told(found, chapter_of(params, "answers"), words)


def test_housing_claims_nothing_about_loyalty():
    params = read_params(PARAMS / "housing.yml")
    assert params.satisfaction.named == {"ordered answer"}
