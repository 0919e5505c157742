"""Scales: what the bank's answers were drawn from, what was printed, and odd surveys in words."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.satisfaction.facts import level_fact, reliability_fact, validity_fact
from analysis.chapters.satisfaction.figures import plot_scale_levels, plot_validity
from analysis.chapters.satisfaction.measurement import measure_scales
from analysis.data import read_tables
from analysis.params import read_params
from analysis.states.answers import read_answers
from analysis.telling.showing import SILENT, chapter_of

PARAMS = Path(__file__).parents[4] / "params"
LEVELS = ["scale", "items", "n", "estimate", "conf_low", "conf_high", "n_filled", "n_dropped"]


def rng():
    return np.random.default_rng(1)


def everything(result, show, words) -> str:
    """All that the chapter says of its scales."""
    level, reliable, distinct = (
        fact(result) for fact in (level_fact, reliability_fact, validity_fact)
    )
    return words(
        show.finding(level),
        show.figure(plot_scale_levels, result, level),
        show.table(result.levels, "level.table", of=level, columns=LEVELS),
        show.finding(reliable),
        show.table(result.reliability, "reliability.table", of=reliable),
        show.table(result.items, "reliability.items"),
        show.finding(distinct),
        show.figure(plot_validity, result, distinct),
        show.table(result.pairs.drop(columns=["one", "other"]), "validity.table", of=distinct),
    )


def test_every_survey_is_told(asked, odd_survey, block, words):
    name, survey = odd_survey
    tables, params = asked(survey, block)
    show = chapter_of(params, "satisfaction")
    answers = read_answers(tables, params)
    result = show.gated(measure_scales(answers, rng=rng(), replications=20))
    text = everything(result, show, words)
    if name in ("four answers", "one answer"):
        assert "How satisfied customers are is not told: so few answers are complete" in text
        assert show.figure(plot_scale_levels, result, level_fact(result)) is SILENT
    else:
        assert "is the mean satisfaction of" in text
    if name == "nobody varies":
        assert "all gave the same answer to quality 1, quality 2" in text
        assert "to one of the questions all gave the same answer" in text
    if name == "constant item":
        assert "all gave the same answer to quality 2" in text
    assert ("weighted for who was asked" in text) == (name == "weighted")


def made(asked, survey, block, **options):
    tables, params = asked(survey, block)
    show = chapter_of(params, "satisfaction")
    return show.gated(measure_scales(read_answers(tables, params), rng=rng(), **options)), show


@pytest.mark.parametrize("filled", ["listwise", "person_mean"])
def test_means_of_questions_are_as_given(asked, survey, block, filled):
    """Half the answers to one question are blank; the other question tells nothing of them."""
    blank = survey.assign(quality_1=survey["quality_1"].where(survey.index % 2 == 0))
    block["scales"]["quality"]["reverse"] = ("quality_2",)
    answers = read_answers(*asked(blank, block | {"missing_items": filled}))
    found = measure_scales(answers, rng=rng(), replications=0)
    items = found.items.set_index("item")
    given = blank["quality_1"].dropna()
    assert items.at["quality_1", "n"] == 100
    assert items.at["quality_1", "mean"] == pytest.approx(given.mean())
    assert items.at["quality_1", "sd"] == pytest.approx(given.std())
    assert items.at["quality_2", "n"] == 200
    assert items.at["quality_2", "mean"] == pytest.approx(11 - blank["quality_2"].mean())
    levels = found.levels.set_index("scale")
    assert levels.at["quality", "n_filled"] == (100 if filled == "person_mean" else 0)
    assert levels.at["quality", "n_dropped"] == (0 if filled == "person_mean" else 100)


def test_scales_that_are_answered_alike_are_told(asked, survey, block, words):
    twice = survey.assign(loyalty_1=survey["satisfaction_1"], loyalty_2=survey["satisfaction_2"])
    result, show = made(asked, twice, block, replications=50)
    text = everything(result, show, words)
    assert "[1]{.finding-number} **pair of scales can hardly be told apart.**" in text
    assert "that reaches 1: customers answer both alike" in text
    for each in ("quality_1", "quality_2"):
        twice[each] = survey[each.replace("quality", "satisfaction")]
    result, show = made(asked, twice, block, replications=50)
    assert "[3]{.finding-number} **pairs of scales" in everything(result, show, words)


def test_without_replications_no_interval_of_a_ratio_is_told(asked, survey, block, words):
    result, show = made(asked, survey, block, replications=0)
    assert "an interval cannot be told." in everything(result, show, words)


def test_weak_scales_are_named(asked, survey, block, words):
    noise = survey.assign(quality_2=survey["quality_2"].sample(frac=1, random_state=1).to_numpy())
    result, show = made(asked, noise, block, replications=20)
    fact = reliability_fact(result)
    assert (fact.estimate, fact.numbers["scales"], fact.numbers["weak"]) == (2, 3, ("quality",))
    assert "Below that: quality. Read what rests on them with care." in everything(
        result, show, words
    )


def test_a_question_against_its_scale_is_named_as_the_cause(asked, survey, block, words):
    turned = survey.assign(quality_2=11 - survey["quality_2"])
    result, show = made(asked, turned, block, replications=20)
    assert set(reliability_fact(result).numbers["against"]) >= {"quality_2"}
    text = everything(result, show, words)
    assert "run against the other questions of their scale" in text
    assert "`reverse:` of the scale" in text
    result, show = made(asked, survey, block, replications=20)
    assert "run against" not in everything(result, show, words)


def test_one_scale_of_several_questions_is_compared_with_none(asked, survey, block, words):
    alone = {"scales": {"satisfaction": {"items": ("satisfaction_1", "satisfaction_2")}}}
    result, show = made(asked, survey, alone, replications=20)
    text = everything(result, show, words)
    assert "two scales of several questions are needed" in text
    assert show.figure(plot_validity, result, validity_fact(result)) is SILENT


def test_a_hidden_scale_is_told_nowhere(asked, survey, block, words):
    result, show = made(asked, survey, block, replications=20)
    few = result.levels["n"].where(result.levels["scale"].ne("quality"), 5)
    hidden = show.gated(replace(result, levels=result.levels.assign(n=few, estimate=9.9)))
    text = everything(hidden, show, words)
    assert "Highest is “quality”" not in text
    assert "9.9" not in show.table(hidden.levels, "level.table", columns=LEVELS).csv.split("\n")[1]


def test_alpha_and_loadings_are_found(bank):
    found = measure_scales(bank.answers, rng=rng(), replications=100)
    truth = bank.company.truth.survey
    reliability = found.reliability.set_index("scale")
    for scale in truth.loadings:
        # Rounding to whole points and the ends of the scale take away a little.
        assert reliability.at[scale, "alpha"] == pytest.approx(truth.alpha(scale), abs=0.025), scale
    loadings = found.items.set_index("item")["loading"]
    for items in truth.loadings.values():
        for item, loading in items.items():
            assert loadings[item] == pytest.approx(abs(loading), abs=0.06), item
    assert found.weighted
    assert found.pairs["conf_high"].max() < 1


def test_weights_give_the_mean_of_all_customers(bank):
    levels = measure_scales(bank.answers, rng=rng(), replications=0).levels.set_index("scale")
    truth = bank.company.truth.survey.means["satisfaction_1"]
    # Active customers are a little more satisfied than all, since the others leave sooner.
    assert truth - 0.1 < levels.at["satisfaction", "estimate"] < truth + 0.45


def test_ecsi_alphas_are_the_published_ones(shared_data):
    params = read_params(PARAMS / "ecsi_bank.yml", {"data.if_absent": "refuse"})
    answers = read_answers(read_tables(params, stored=False), params)
    found = measure_scales(answers, rng=rng(), replications=50)
    alpha = found.reliability.set_index("scale")["alpha"]
    # plspm prints alpha of the standardised items; these are of the answers as they are.
    assert alpha["satisfaction"] == pytest.approx(0.8943, abs=5e-5)
    assert not found.followed
    assert answers.one_day
    assert found.answers == found.customers == 250


def test_pairs_are_named_in_the_order_of_the_ratios(asked, survey, block):
    result, _ = made(asked, survey, block, replications=0)
    terms = result.pairs["one"] + " – " + result.pairs["other"]
    pd.testing.assert_series_equal(terms, result.pairs["term"], check_names=False)
