"""What the path model says of odd surveys, and what its diagram holds."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

from analysis.chapters.paths.facts import (
    consistent_fact,
    constructs_caption,
    goodness_of_fit,
    paths_fact,
)
from analysis.chapters.paths.figures import plot_path_model
from analysis.chapters.paths.model import SatisfactionPaths, satisfaction_paths
from analysis.methods.pathmodel import PathModel, ecsi_model, estimate_path_model
from analysis.methods.scales import Scale
from analysis.states.answers import read_answers
from analysis.telling.showing import SILENT, chapter_of


def told(tables, params) -> str:
    """All that the chapter says, figure drawn and tables shown."""
    show, answers = chapter_of(params, "paths"), read_answers(tables, params)
    model = show.gated(satisfaction_paths(answers, rng=np.random.default_rng(1)))
    leading, consistent = paths_fact(model, min_cell=params.min_cell), consistent_fact(model)
    figure = show.figure(plot_path_model, model, leading)
    texts = [show.finding(leading).markdown, show.finding(consistent).markdown]
    texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    for table, key in (
        (model.paths(), "paths.table"),
        (model.effects_on_target(), "paths.effects"),
        (model.loadings(), "paths.loadings"),
    ):
        texts.append(show.table(table, key, of=leading).markdown)
    fit = goodness_of_fit(model)
    texts.append(
        show.table(model.constructs, constructs_caption(model), of=leading, fit=fit).markdown
    )
    texts.append(
        show.table(model.fornell_larcker(), "paths.fornell", of=leading, count=None).markdown
    )
    text = "\n".join(texts)
    assert " nan" not in text
    return text


def test_ordinary_survey_is_told(asked, survey, block):
    assert "is the total effect of “" in told(*asked(survey, block))


def test_weights_are_not_used_and_that_is_said(asked, survey, block):
    weighted = survey.assign(survey_weight=np.where(survey["branch"] == "north", 0.5, 2.0))
    assert told(*asked(weighted, block)).count("Here the answers are not weighted.") == 1


def test_few_answers_are_one_line_with_the_reason(asked, survey, block):
    text = told(*asked(survey.head(4), block))
    assert "is not told" in text
    assert ":::" not in text.splitlines()[0]
    assert "|" not in text


def test_nobody_varies(asked, survey, block):
    same = survey.assign(**dict.fromkeys(survey.columns[:6], 7))
    assert "is not told: all have the same value of" in told(*asked(same, block))


def model_of(estimate) -> SatisfactionPaths:
    target = estimate.model.constructs[-1]
    return SatisfactionPaths(estimate, target, pd.DataFrame(), 0, weighted=False, why="")


def test_path_diagram_says_every_coefficient_and_r_squared(asked, survey, block):
    rng = np.random.default_rng(2)
    cause = rng.normal(size=200)
    made = pd.DataFrame({"image": cause, "satisfaction": cause + rng.normal(size=200)})
    made["loyalty"] = -made["satisfaction"] + rng.normal(size=200)
    scales = {name: Scale((name,), lowest=-20, highest=20) for name in made}
    result = estimate_path_model(made, model=ecsi_model(scales))
    say = chapter_of(asked(survey, block)[1], "paths").say
    ax = plot_path_model(model_of(result), Figure(figsize=(7, 4)).subplots(), say)
    written = [text.get_text() for text in ax.texts]
    for estimate in result.table["estimate"]:
        assert f"{estimate:.2f}".replace("-", "−") in written
    assert {"image", "satisfaction", "loyalty"} <= set(written)
    assert sum(text.startswith("R² ") for text in written) == 2


def test_single_path_needs_no_legend(asked, survey, block):
    rng = np.random.default_rng(3)
    made = pd.DataFrame({"a": rng.normal(size=50)}).assign(b=lambda f: f["a"] + 0.1)
    made["b"] += rng.normal(size=50)
    scales = {name: Scale((name,), lowest=-20, highest=20) for name in "ab"}
    result = estimate_path_model(made, model=PathModel(scales, {"a": ["b"]}))
    say = chapter_of(asked(survey, block)[1], "paths").say
    ax = plot_path_model(model_of(result), Figure().subplots(), say)
    assert ax.get_legend() is None


@pytest.mark.parametrize("variant", ["none", "inadmissible"])
def test_consistent_estimates_that_are_not_told_say_why(asked, survey, block, variant, monkeypatch):
    tables, params = asked(survey, block)
    answers = read_answers(tables, params)
    model = satisfaction_paths(answers, rng=np.random.default_rng(1))
    monkeypatch.setattr(SatisfactionPaths, "consistency", variant)
    fact = consistent_fact(model)
    assert fact.silent
    assert "are not told: " in chapter_of(params, "paths").finding(fact).markdown
