"""Odd surveys: a sentence, or a noted "not estimable"; never a chapter that falls over."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.chapters.intention.facts import intention_fact, mediation_fact
from analysis.chapters.intention.figures import plot_intention_shape
from analysis.chapters.intention.intended import coefficients, loyalty_intention, mediation_table
from analysis.states.answers import read_answers
from analysis.states.soundness import shapes_table, thresholds_table
from analysis.telling.shapes import shape_fact
from analysis.telling.showing import SILENT, chapter_of


def rng():
    return np.random.default_rng(1)


def told(tables, params) -> str:
    """All that the chapter says, figure drawn and tables shown."""
    show, answers = chapter_of(params, "intention"), read_answers(tables, params)
    intended = show.gated(loyalty_intention(answers, rng=rng(), replications=50))
    tied = intention_fact(intended, conf_level=0.95)
    bend = shape_fact(intended.shapes, base="intention.complete_answers", conf_level=0.95)
    split = mediation_fact(intended)
    texts = [show.finding(fact).markdown for fact in (tied, bend, split)]
    figure = show.figure(plot_intention_shape, intended, bend)
    texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    for table, key, fact in (
        (coefficients(intended), "intention.table", tied),
        (intended.by_group, "intention.by_group", tied),
        (shapes_table(intended.shapes), "shape.shapes", bend),
        (thresholds_table(intended.shapes), "shape.thresholds", bend),
        (mediation_table(intended), "mediation.table", split),
    ):
        texts.append(show.table(table, key, of=fact).markdown)
    return "\n".join(texts)


def test_ordinary_survey_is_told(asked, survey, block):
    text = told(*asked(survey, block))
    assert " nan" not in text
    assert "points]{.finding-number} **more loyalty in intention" in text


def test_weighted_survey_says_where_weights_are_used(asked, survey, block):
    weighted = survey.assign(survey_weight=np.where(survey["branch"] == "north", 0.5, 2.0))
    tables, params = asked(weighted, block)
    text = told(tables, params)
    assert text.count("The answers are weighted for who was asked and who answered.") == 1
    answers = read_answers(tables, params)
    found = loyalty_intention(answers, rng=rng(), replications=20)
    plain = loyalty_intention(read_answers(*asked(survey, block)), rng=rng(), replications=20)
    assert found.effect["estimate"] != pytest.approx(plain.effect["estimate"], abs=1e-4)


def test_constant_item_takes_nothing_down(asked, survey, block):
    assert " nan" not in told(*asked(survey.assign(quality_2=5), block))


def test_few_answers_are_noted(asked, survey, block):
    text = told(*asked(survey.head(4), block))
    assert " nan" not in text
    assert "is not told" in text


def test_nobody_varies(asked, survey, block):
    assert " nan" not in told(*asked(survey.assign(**dict.fromkeys(survey.columns[:6], 7)), block))
