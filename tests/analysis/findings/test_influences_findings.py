"""Sentences about what goes with coming back or ending: every variant, never a missing number."""

import re
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analysis.figures.influences import (
    forest_height,
    plot_calibration,
    plot_ratio_over_time,
    plot_ratios,
)
from analysis.findings import influences as findings
from analysis.lifecycle.influences import influences
from analysis.lifecycle.monthly_hazard import monthly_hazard
from analysis.lifecycle.predictability import predictability
from analysis.lifecycle.waiting import Waiting
from analysis.params import Params
from analysis.telling.drawing import illustrate
from analysis.telling.tables import present
from analysis.telling.wording import wording_for


@pytest.fixture(scope="module")
def say():
    return wording_for(
        Params.model_validate(
            {
                "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
                "relationship": "contractual", "observed_from": date(2019, 1, 1),
                "observed_until": date(2024, 12, 31), "timezone": "Europe/Berlin",
                "currency": "EUR",
                "data": {"simulated": {"company": "bank", "customers": 10, "seed": 1}},
            }
        )
    )  # fmt: skip


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
    left_out = pd.DataFrame([("region", "one value")], columns=["covariate", "reason"])
    return Waiting(table, names, left_out, 0, kind, unit, 36.0)


def everything(wait, say):
    """All sentences, figures and tables, as one text."""
    ratios = influences(wait, min_cell=10)
    foreseen = predictability(wait, seed=1, min_cell=10)
    told = [
        findings.ratio_finding(ratios, say).markdown,
        findings.ratio_caption(ratios, say),
        findings.ratio_alt(ratios, say),
        findings.constant_finding(ratios, say).markdown,
        findings.constant_caption(ratios, say),
        findings.constant_alt(ratios, say),
        findings.foreseen_finding(foreseen, say).markdown,
        findings.foreseen_caption(foreseen, say),
        findings.foreseen_alt(foreseen, say),
    ]
    height = {"height": forest_height(ratios)}
    for plot, result, size in (
        (plot_ratios, ratios, height), (plot_ratio_over_time, ratios, {}),
        (plot_calibration, foreseen, {}),
    ):  # fmt: skip
        assert illustrate(plot, result, say, caption="c", alt="a", **size).svg.startswith("<svg")
    words = findings.words(ratios, say) | {"covariate": "group", "until": 36}
    for table, caption in (
        (ratios.table.drop(columns=["log_ratio", "std_error"]), "influences.ratios.table"),
        (ratios.tests, "influences.ratios.tests"),
        (ratios.milestones, "influences.constant.milestones"),
        (foreseen.measures, "influences.foreseen.measures"),
        (foreseen.by_time, "influences.foreseen.by_time"),
        (monthly_hazard(wait), "influences.monthly"),
    ):
        shown = present(table, say, caption=caption, **words)
        told += [shown.markdown, shown.caption]
    text = "\n".join(told)
    assert "nan" not in text
    assert "None" not in text
    return text


def test_a_clear_ratio_is_told_with_its_claim(say):
    text = everything(waiting(), say)
    assert "higher is the rate of ending in “b” than in “a” (group)" in text
    assert "This is an association" in text
    assert "Left out: region (it has one value only)." in text
    assert "of pairs of customers kept aside are put in the right order" in text
    assert "[predictive]{.claim}" in text


def test_a_lower_rate_is_told_without_a_minus_sign(say):
    result = influences(waiting(effect=-0.8), min_cell=10)
    told = findings.ratio_finding(result, say)
    assert told.headline.startswith("lower is the rate of ending in “b” than in “a”")
    assert "−" not in told.number + told.detail
    low, high = map(float, re.search(r"is ([\d.]+)% to ([\d.]+)%", told.detail).groups())
    assert 0 < low < high


def test_words_follow_the_kind_of_study(say):
    text = everything(waiting(kind="returning"), say)
    assert "the rate of coming back" in text
    assert "ending" not in text


def test_nothing_clear(say):
    text = everything(waiting(effect=0.0), say)
    assert "No clear link" in text
    assert "No better" in text


def test_numbers_are_told_per_standard_deviation_or_doubling(say):
    rng = np.random.default_rng(3)
    plain = waiting(effect=0.0)
    ended_soon = (plain.table["duration"] < 8) + rng.normal(0, 0.5, len(plain.table))
    named = {"first_value": ended_soon, "age": ended_soon.to_numpy() * 0 + rng.normal(size=900)}
    text = everything(waiting(effect=0.0, **named), say)
    assert "when the value of the first order is twice as high" in text
    assert "per standard deviation" in text


def test_a_changing_ratio_comes_with_shares(say):
    text = everything(waiting(fading=True, effect=1.2), say)
    assert "as time goes on is the ratio of “group”: its single number is an average" in text
    assert "In shares: after 6 months" in text


def test_too_few_ends(say):
    wait = waiting(rows=24)
    text = everything(wait, say)
    assert text.count("Not told") >= 3
    assert "Too few cases" in text
