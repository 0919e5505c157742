"""Sentences about what goes with coming back or ending: every variant, never a missing number."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.ending.monthly_hazard import monthly_hazard
from analysis.notes import note
from analysis.params import Params
from analysis.states.influences import influences
from analysis.states.predictability import predictability
from analysis.states.waiting import Waiting
from analysis.telling.gates import gated
from analysis.telling.influences import constant_fact, foreseen_fact, ratio_fact
from analysis.telling.ratios import (
    forest_height,
    plot_calibration,
    plot_ratio_over_time,
    plot_ratios,
)
from analysis.telling.showing import SILENT, Chapter, chapter_of

SETTINGS = {"min_cell": 10, "conf_level": 0.95}
PARAMS = Params.model_validate(
    {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "contractual", "observed_from": date(2019, 1, 1),
        "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin", "currency": "EUR",
        "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def show() -> Chapter:
    return chapter_of(PARAMS, "ending")


def waiting(rows=900, effect=1.0, kind="ending", fading=False, **columns):
    rng = np.random.default_rng(2)
    group = np.where(np.arange(rows) % 2, "b", "a")
    rate = np.exp(effect * (group == "b"))
    lasts = rng.exponential(12 / rate)
    if fading:
        lasts = np.where(lasts < 6, lasts, 6 + rng.exponential(12 * rate))
    seen = rng.uniform(6, 48, rows)
    table = pd.DataFrame({"duration": np.minimum(lasts, seen), "event": lasts < seen, "entry": 0.0})
    table["group"] = pd.Categorical(group, ["a", "b"])
    table = table.assign(**columns)
    names = [name for name in table if name not in ("duration", "event", "entry")]
    unit = "months" if kind == "ending" else "weeks"
    reason = note("influences.one_value")
    left_out = pd.DataFrame([("region", reason)], columns=["covariate", "reason"])
    return Waiting(table, names, left_out, 0, kind, unit, 36.0)


def told(wait, show):
    """The facts by name, and all sentences, figures and tables as one text."""
    ratios = show.gated(influences(wait, min_cell=10))
    foreseen = show.gated(predictability(wait, seed=1, min_cell=10))
    facts = {
        "ratios": ratio_fact(ratios, **SETTINGS),
        "constant": constant_fact(ratios),
        "foreseen": foreseen_fact(foreseen),
    }
    texts = [show.finding(fact).markdown for fact in facts.values()]
    for plot, result, key, height in (
        (plot_ratios, ratios, "ratios", forest_height(ratios)),
        (plot_ratio_over_time, ratios, "constant", 3.2),
        (plot_calibration, foreseen, "foreseen", 4.0),
    ):
        figure = show.figure(plot, result, facts[key], height=height)
        assert (figure is SILENT) == facts[key].silent
        texts += [] if figure is SILENT else [figure.caption, figure.alt, figure.reading]
    measures = foreseen.measures.drop(columns="std_error")
    milestones = ratios.milestones.drop(columns="std_error")
    tables = [
        (ratios.table.drop(columns=["log_ratio", "std_error"]), "ratios.table", "ratios", "n"),
        (ratios.tests, "ratios.tests", "ratios", "n"),
        (milestones, "constant.milestones", "constant", "n"),
        (measures, "foreseen.measures", "foreseen", "n"),
        (foreseen.by_time, "foreseen.by_time", "foreseen", "cases"),
    ]
    shown = [
        show.table(table, f"influences.{key}", of=facts[fact], count=count)
        for table, key, fact, count in tables
    ]
    if show.name == "ending":
        shown.append(show.table(monthly_hazard(wait), "monthly", of=facts["ratios"], until=36))
    texts += [text for one in shown if one is not SILENT for text in (one.markdown, one.caption)]
    text = "\n".join(texts)
    for wrong in ("nan", "None", "inf "):
        assert wrong not in text, text
    return facts, text


def test_a_clear_ratio_is_told_with_its_claim(show):
    facts, text = told(waiting(), show)
    assert "higher is the rate of ending in “b” than in “a” (group)" in text
    assert "This is an association" in text
    assert "Left out: region (it has one value only)." in text
    assert "of pairs of customers kept aside are put in the right order" in text
    assert "[predictive]{.claim}" in text
    ratio = facts["ratios"]
    assert 1 < ratio.low < ratio.estimate < ratio.high
    assert ratio.numbers["change"] == pytest.approx(ratio.estimate - 1)
    assert (ratio.n, ratio.base) == (900, "ending.followed")
    assert facts["foreseen"].n + facts["foreseen"].numbers["training"] == 900


def test_a_lower_rate_is_told_without_a_minus_sign(show):
    result = influences(waiting(effect=-0.8), min_cell=10)
    finding = show.finding(ratio_fact(result, **SETTINGS))
    assert finding.headline.startswith("lower is the rate of ending in “b” than in “a”")
    assert "−" not in finding.number + finding.detail
    low, high = map(float, re.search(r"is ([\d.]+)% to ([\d.]+)%", finding.detail).groups())
    assert 0 < low < high


def test_an_interval_on_both_sides_of_1_is_not_folded(show):
    result = influences(waiting(), min_cell=10)
    error = np.log(1.1 / 0.9) / 1.959964
    pairs = result.pairs.head(1).assign(estimate=np.log(1.1), std_error=error)
    finding = show.finding(ratio_fact(replace(result, pairs=pairs), **SETTINGS))
    assert "is −10.0% to 34.4%" in finding.detail


def test_words_follow_the_chapter():
    text = told(waiting(kind="returning"), chapter_of(PARAMS, "returning"))[1]
    assert "the rate of coming back" in text
    assert "ending" not in text
    assert "weeks" in text


def test_nothing_clear(show):
    text = told(waiting(effect=0.0), show)[1]
    assert "No clear link" in text
    assert "No better" in text


def test_numbers_are_told_per_standard_deviation_or_doubling(show):
    rng = np.random.default_rng(3)
    plain = waiting(effect=0.0)
    ended_soon = (plain.table["duration"] < 8) + rng.normal(0, 0.5, len(plain.table))
    named = {"first_value": ended_soon, "age": ended_soon.to_numpy() * 0 + rng.normal(size=900)}
    text = told(waiting(effect=0.0, **named), show)[1]
    assert "when the value of the first order is twice as high" in text
    assert "per standard deviation" in text


@pytest.mark.whole
def test_a_spread_and_a_flag_have_words_of_their_own(show):
    rng = np.random.default_rng(3)
    soon = (waiting(effect=0.0).table["duration"] < 8) ^ (rng.random(900) < 0.3)
    soon = soon.astype(float)
    assert "one standard deviation higher" in told(waiting(effect=0.0, age=soon), show)[1]
    flag = told(waiting(effect=0.0, first_value_none=soon), show)[1]
    assert "where the first order was without charge" in flag
    assert "the ratio for a first order without charge" in flag


def test_a_changing_ratio_comes_with_shares(show):
    facts, text = told(waiting(fading=True, effect=1.2), show)
    assert "as time goes on is the ratio of “group”: its single number is an average" in text
    assert "In shares: after 6 months" in text
    assert "The ratio for “b” against “a” (group) goes from" in text
    assert facts["constant"].variant == "doubtful"


def test_too_few_ends(show):
    facts, text = told(waiting(rows=24), show)
    assert all(fact.silent for fact in facts.values())
    assert "What goes with the rate of ending is not told: fewer than 30 cases." in text
    assert "fewer than 50 cases to fit to, or 25 to judge by" in text


def test_nothing_known_that_differs(show):
    wait = waiting()
    alone = replace(wait, table=wait.table.drop(columns="group"), covariates=[])
    facts, text = told(alone, show)
    assert all(fact.silent for fact in facts.values())
    assert text.count("nothing known on the first day differs between customers") == 3


def test_a_group_in_which_nobody_ended_is_no_regression(show):
    wait = waiting(400)
    table = wait.table.assign(event=wait.table["event"] & (wait.table["group"] == "a"))
    text = told(replace(wait, table=table), show)[1]
    assert "by itself this decides what becomes of a customer: group: b" in text


def test_a_test_that_cannot_be_computed_is_said(show):
    result = replace(influences(waiting(), min_cell=10), p_constant=np.nan)
    assert "the score test cannot be computed" in show.finding(constant_fact(result)).markdown


def test_customers_left_out_are_counted_unless_few(show):
    result = influences(waiting(), min_cell=10)
    many = ratio_fact(replace(result, incomplete=12), **SETTINGS)
    assert "12 customers with a missing or zero number are left out." in show.finding(many).detail
    few = ratio_fact(replace(result, incomplete=3), **SETTINGS)
    assert "missing or zero" not in show.finding(few).detail


@pytest.mark.parametrize(
    ("concordance", "words"), [(0.55, "weak"), (0.65, "fair for ranking"), (0.8, "That is good")]
)
def test_strength_of_a_prediction_is_said(show, concordance, words):
    result = predictability(waiting(), seed=1, min_cell=10)
    measures = result.measures.copy()
    uno = measures["measure"] == "uno"
    measures.loc[uno, ["estimate", "conf_low", "conf_high"]] = [concordance, 0.52, 0.9]
    assert words in show.finding(foreseen_fact(replace(result, measures=measures))).detail


def test_ratios_that_are_all_hidden_are_one_line_each(show):
    ratios = gated(influences(waiting(), min_cell=10), 10_000)
    assert ratio_fact(ratios, **SETTINGS).silent
    assert constant_fact(ratios).silent
    assert "too small to be shown" in show.finding(constant_fact(ratios)).sentence


def test_a_hidden_ratio_is_a_dash_in_the_figure(show):
    ratios = influences(waiting(more=np.arange(900) % 7), min_cell=10)
    few = ratios.table["covariate"] == "more"
    hidden = ["n", "cases", "hazard_ratio", "hazard_ratio_conf_low", "hazard_ratio_conf_high"]
    table = ratios.table.astype(dict.fromkeys(hidden, float))
    table.loc[few, hidden] = np.nan
    shown = replace(ratios, table=table)
    fact = ratio_fact(shown, **SETTINGS)
    assert show.figure(plot_ratios, shown, fact, height=4).svg
