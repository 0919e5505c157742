"""Odd surveys: a sentence, or a noted "not estimable"; never a chapter that falls over."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError
from analysis.figures import loyalty as drawn
from analysis.findings import drivers as of_drivers
from analysis.findings import loyalty as of_loyalty
from analysis.findings import satisfaction as of_levels
from analysis.satisfaction.drivers import (
    asymmetry_table,
    importance_table,
    satisfaction_drivers,
    touchpoints,
)
from analysis.satisfaction.intention import coefficients, loyalty_intention, mediation_table
from analysis.satisfaction.measured import group_sizes, measure_scales, study_customers, who_answers
from analysis.satisfaction.ordered import ordered_answer, parallel_table
from analysis.satisfaction.paths import satisfaction_paths
from analysis.states.answers import read_answers
from analysis.states.recommendation import recommendation
from analysis.states.soundness import shapes_table, thresholds_table
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for


def rng():
    return np.random.default_rng(1)


def told(tables, params) -> str:
    """Everything that the survey chapters say, with their figures drawn and tables presented."""
    say, answers = wording_for(params), read_answers(tables, params)
    measured = measure_scales(answers, rng=rng(), replications=20)
    response = who_answers(study_customers(tables, params), answers, segments=params.segments)
    intended = loyalty_intention(answers, rng=rng(), replications=50)
    journey = touchpoints(answers, rng=rng(), replications=20)
    model = satisfaction_paths(answers, rng=rng())
    ordered = ordered_answer(answers)
    scores = recommendation(answers)
    findings = [
        of_levels.survey_finding(answers, tables.audit, say),
        of_levels.level_finding(measured, say),
        of_levels.reliability_finding(measured, say),
        of_levels.validity_finding(measured, say),
        of_levels.response_finding(response, say),
        of_levels.recommendation_finding(scores, say),
        of_loyalty.intention_finding(intended, say),
        of_loyalty.shape_finding(intended.shapes, say),
        of_loyalty.mediation_finding(intended, say),
        of_loyalty.ordered_finding(ordered, say),
        of_drivers.touchpoints_finding(journey, say),
        of_drivers.asymmetry_finding(journey.drivers, say),
        of_drivers.drivers_finding(journey.drivers, say),
        of_drivers.paths_finding(model, say),
        of_drivers.consistent_finding(model, say),
    ]
    pictures = [
        (drawn.plot_scale_levels, measured, of_levels.level_caption, of_levels.level_alt),
        (drawn.plot_validity, measured, of_levels.validity_caption, of_levels.validity_alt),
        (drawn.plot_recommendation, scores, of_levels.recommendation_caption,
         of_levels.recommendation_alt),
        (drawn.plot_intention_shape, intended, of_loyalty.intention_caption,
         of_loyalty.intention_alt),
        (drawn.plot_odds, ordered, of_loyalty.ordered_caption, of_loyalty.ordered_alt),
        (drawn.plot_importance, journey.drivers, of_drivers.drivers_caption,
         of_drivers.drivers_alt),
        (drawn.plot_penalty_reward, journey.drivers, of_drivers.asymmetry_caption,
         of_drivers.asymmetry_alt),
        (drawn.plot_satisfaction_paths, model, of_drivers.paths_caption, of_drivers.paths_alt),
    ]  # fmt: skip
    made = [
        illustrate(plot, result, say, caption=caption(result, say), alt=alt(result, say))
        for plot, result, caption, alt in pictures
    ]
    tables_shown = {
        "survey.groups": group_sizes(answers),
        "measured.reliability.table": measured.reliability,
        "measured.validity.table": measured.pairs(),
        "recommended.table": scores.table,
        "intended.table": coefficients(intended),
        "intended.by_group": intended.by_group,
        "intended.shapes": shapes_table(intended.shapes),
        "intended.thresholds": thresholds_table(intended.shapes),
        "drivers.table": importance_table(journey.drivers),
        "drivers.touchpoints.table": journey.table,
        "paths.table": model.paths(),
        "paths.loadings": model.loadings(),
        "ordered.best": ordered.best,
        "ordered.parallel_table": parallel_table(ordered),
    }
    shown = [
        present(table, say, caption=key, count="n_answers").markdown
        for key, table in tables_shown.items()
    ]
    goodness = of_drivers.goodness_in_words(model, say)
    present(model.constructs, say, caption="paths.constructs", count="n_answers",
            goodness=goodness)  # fmt: skip
    present(mediation_table(intended), say, caption="intended.mediation_table", driver="x",
            count="n_answers")  # fmt: skip
    present(asymmetry_table(journey.drivers), say, caption="drivers.asymmetry.table", count=None)
    present(model.fornell_larcker(), say, caption="paths.fornell", count=None)
    texts = [finding.markdown for finding in findings]
    texts += [part for picture in made for part in (picture.caption, picture.alt)] + shown
    return "\n".join(texts)


def test_ordinary_survey_is_told(asked, survey, block):
    text = told(*asked(survey, block))
    assert " nan" not in text
    assert "points]{.finding-number} **more loyalty in intention" in text
    assert "The source does not say when they were given." in text
    assert "the study only holds those who did" in text


def test_weighted_survey_says_where_weights_are_used(asked, survey, block):
    weighted = survey.assign(survey_weight=np.where(survey["branch"] == "north", 0.5, 2.0))
    tables, params = asked(weighted, block)
    text = told(tables, params)
    assert text.count("The answers are weighted for who was asked and who answered.") == 3
    assert text.count("Here the answers are not weighted.") == 1
    answers = read_answers(tables, params)
    found = loyalty_intention(answers, rng=rng(), replications=20)
    plain = loyalty_intention(read_answers(*asked(survey, block)), rng=rng(), replications=20)
    assert found.effect["estimate"] != pytest.approx(plain.effect["estimate"], abs=1e-4)


def test_weights_that_some_answers_lack_are_refused(asked, survey, block):
    gaps = survey.assign(survey_weight=np.where(survey.index < 3, np.nan, 1.5))
    refuse(asked, gaps, block, "survey_weight must be above 0 on every row, but 3 of 200 rows")


def test_constant_item_is_noted_and_the_rest_told(asked, survey, block):
    text = told(*asked(survey.assign(quality_2=5), block))
    assert "all gave the same answer to quality 2" in text
    assert " nan" not in text


def test_few_answers_are_noted(asked, survey, block):
    text = told(*asked(survey.head(4), block))
    assert " nan" not in text
    assert "Not told" in text


def test_answers_that_separate_are_noted(asked, survey, block):
    perfect = survey.assign(loyalty_1=np.where(survey["satisfaction_1"] > 6, 9, 3))
    perfect["satisfaction_2"] = perfect["satisfaction_1"]
    tables, params = asked(perfect, block)
    found = ordered_answer(read_answers(tables, params))
    assert "separates the outcomes perfectly" in found.odds["note"].iloc[0]
    assert " nan" not in told(tables, params)


def test_nobody_varies(asked, survey, block):
    assert " nan" not in told(*asked(survey.assign(**dict.fromkeys(survey.columns[:6], 7)), block))


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


def test_text_without_levels_is_refused(asked, survey, block):
    words = survey.assign(mood=np.where(survey["quality_1"] > 6, "good", "bad"))
    answer = {"item": "mood", "drivers": ("satisfaction",)}
    tables, params = asked(words, block | {"answer": answer})
    with pytest.raises(DataError, match="list its answers from worst to best"):
        ordered_answer(read_answers(tables, params))


def test_driver_shares_are_not_told_of_one_driver_repeated(asked, survey, block):
    twice = survey.assign(price_1=survey["quality_1"], price_2=survey["quality_2"])
    scales = block["scales"] | {"price": {"items": ("price_1", "price_2")}}
    both = block | {"scales": scales, "drivers": ("quality", "price")}
    tables, params = asked(twice, both)
    found = satisfaction_drivers(read_answers(tables, params), rng=rng(), replications=10)
    assert found.importance is None
    assert of_drivers.drivers_finding(found, wording_for(params)).number == "Not told"
