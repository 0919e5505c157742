"""Numbers that stand side by side agree as they are told."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.telling.facts import Fact
from analysis.telling.formats import Apart, AtMost, Formats, drawn_p
from analysis.telling.pairs import with_told_differences

SAY = Formats.of(
    {
        "decimal": ".", "thousands": ",", "percent": "{}%", "money": "{currency}{}",
        "months": [""] * 12, "date": "", "none": "–", "symbols": {"EUR": "€"},
    },
    "EUR",
)  # fmt: skip
SCALES = {"number0": 1, "number2": 1, "points": 100, "percent": 100, "percent0": 100, "money": 1}


def told(text):
    return float(text.strip("%").replace("€", "").replace(",", "").replace("−", "-"))


def test_a_difference_is_that_of_the_numbers_beside_it():
    own, last = 0.6252305, 0.6826
    assert [SAY.show(own, "number2"), SAY.show(last, "number2")] == ["0.63", "0.68"]
    assert SAY.show(own - last, "number2") == "−0.06"
    assert SAY.show(Apart(own, last), "number2") == "−0.05"
    assert SAY.cell(Apart(own, last), "number2") == "−0.05"
    assert Apart(own, last) == own - last


@given(
    st.floats(-1, 1).map(lambda x: round(x, 6)),
    st.floats(-1, 1).map(lambda x: round(x, 6)),
    st.sampled_from(sorted(SCALES)),
)
def test_told_differences_add_up(one, other, kind):
    shown = [told(SAY.show(number, kind)) for number in (one, other, Apart(one, other))]
    assert shown[2] == pytest.approx(shown[0] - shown[1], abs=1e-9)
    assert abs(shown[2] - SCALES[kind] * (one - other)) <= 1.0001


@given(st.floats(1, 1e7), st.floats(1, 1e7))
def test_told_differences_of_money_add_up(one, other):
    shown = [told(SAY.show(number, "money")) for number in (one, other)]
    off = abs(told(SAY.show(Apart(one, other), "money")) - (shown[0] - shown[1]))
    assert off <= (0.5 if abs(one - other) >= 999 else 0.005) + 1e-6


def test_a_missing_difference_is_a_dash_and_a_fact_keeps_the_number():
    assert SAY.cell(Apart(math.nan, 1.0), "number2") == "–"
    fact = Fact("gain", estimate=Apart(0.7, 0.5), numbers={"p": drawn_p(0.005, 199)})
    kept = json.loads(json.dumps(fact.record()))
    assert kept["estimate"] == pytest.approx(0.2)
    assert kept["numbers"]["p"] == 0.005


@pytest.mark.parametrize(
    ("p_value", "draws", "sentence", "cell"),
    [
        (0.005, 199, "≤ 0.005", "≤ 0.005"),
        (1 / 500, 499, "≤ 0.002", "≤ 0.002"),
        (0.010, 199, "= 0.010", "0.010"),
        (1 / 100_000, 99_999, "≤ 0.001", "≤ 0.001"),
    ],
)
def test_no_draw_as_extreme_is_at_most_one_in_the_draws(p_value, draws, sentence, cell):
    told_p = drawn_p(p_value, draws)
    assert SAY.show(told_p, "p") == sentence
    assert SAY.cell(told_p, "p_cell") == cell
    assert isinstance(told_p, AtMost) == (p_value <= 1 / (1 + draws) * (1 + 1e-9))


def test_an_untested_question_has_no_p():
    assert np.isnan(drawn_p(np.nan, 0))
    assert SAY.cell(drawn_p(np.nan, 0), "p_cell") == "–"


def test_pairs_of_groups_are_told_as_the_difference_of_their_numbers():
    groups = pd.DataFrame({"group": ["a", "b", "c"], "mean": [21.64, 25.16, np.nan]})
    pairs = pd.DataFrame(
        {"group": ["b", "a", "b"], "reference": ["a", "b", "c"], "estimate": [3.52, -3.52, 1.0]}
    )
    told = with_told_differences(pairs, groups, number="mean")["estimate"]
    assert [SAY.show(one, "number1") for one in told] == ["3.6", "−3.6", "1.0"]  # 25.2 and 21.6
    assert told.astype(float).tolist() == pytest.approx(pairs["estimate"].tolist())
