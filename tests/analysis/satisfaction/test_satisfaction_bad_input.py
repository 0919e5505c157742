"""Odd surveys: a sentence, or a noted "not estimable"; never a chapter that falls over."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.figures import loyalty as drawn
from analysis.findings import loyalty as of_loyalty
from analysis.satisfaction.intention import coefficients, loyalty_intention, mediation_table
from analysis.states.answers import read_answers
from analysis.states.soundness import shapes_table, thresholds_table
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for


def rng():
    return np.random.default_rng(1)


def told(tables, params) -> str:
    """All that intention says, figures drawn and tables presented."""
    say, answers = wording_for(params), read_answers(tables, params)
    intended = loyalty_intention(answers, rng=rng(), replications=50)
    findings = [
        of_loyalty.intention_finding(intended, say),
        of_loyalty.shape_finding(intended.shapes, say),
        of_loyalty.mediation_finding(intended, say),
    ]
    pictures = [
        (drawn.plot_intention_shape, intended, of_loyalty.intention_caption,
         of_loyalty.intention_alt),
    ]  # fmt: skip
    made = [
        illustrate(plot, result, say, caption=caption(result, say), alt=alt(result, say))
        for plot, result, caption, alt in pictures
    ]
    tables_shown = {
        "intended.table": coefficients(intended),
        "intended.by_group": intended.by_group,
        "intended.shapes": shapes_table(intended.shapes),
        "intended.thresholds": thresholds_table(intended.shapes),
    }
    shown = [
        present(table, say, caption=key, count="n_answers").markdown
        for key, table in tables_shown.items()
    ]
    present(mediation_table(intended), say, caption="intended.mediation_table", driver="x",
            count="n_answers")  # fmt: skip
    texts = [finding.markdown for finding in findings]
    texts += [part for picture in made for part in (picture.caption, picture.alt)] + shown
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
    assert "Not told" in text


def test_nobody_varies(asked, survey, block):
    assert " nan" not in told(*asked(survey.assign(**dict.fromkeys(survey.columns[:6], 7)), block))
