"""Numbers that stand side by side agree as they are told."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.telling.apart import Apart, told_apart
from analysis.telling.facts import Fact
from analysis.telling.formats import AtMost, Formats, drawn_p
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


def digits(text):
    return len(text.strip("%").partition(".")[2])


def agree(shown, true):
    """The difference told is that of the numbers told, and the true one, both rounded to it."""
    one, other, apart = map(told, shown)
    half = 0.5 * 10.0 ** -digits(shown[2])
    assert abs(apart - (one - other)) < half * (1 - 1e-6)
    assert abs(apart - true) <= half * (1 + 1e-6) + 1e-9
    if digits(shown[0]) == digits(shown[2]):
        assert apart == pytest.approx(one - other, abs=1e-7)


def test_a_difference_is_that_of_the_numbers_beside_it():
    own, last = 0.6252305, 0.6826
    assert [SAY.show(own, "number2"), SAY.show(last, "number2")] == ["0.63", "0.68"]
    assert SAY.show(own - last, "number2") == "−0.06"
    beside = told_apart(own, last)
    assert [SAY.show(one, "number2") for one in beside] == ["0.6252", "0.6826", "−0.0574"]
    assert beside == (own, last, own - last)


def test_a_score_is_told_as_it_is():
    south, north = 50.0 + 2 / 3, 42.0 + 1 / 3
    shown = [SAY.show(one, "number0") for one in told_apart(south, north)]
    assert shown == ["50.7", "42.3", "8"]  # not 51, 42 and 9, nor 8.4; no more digits agree
    assert [SAY.show(one, "number0") for one in told_apart(51.2, 42.6)] == ["51.2", "42.6", "8.6"]
    assert [SAY.show(one, "number0") for one in told_apart(51.2, 42.1)] == ["51", "42", "9"]


NUMBERS = (
    st.floats(-1, 1)
    | st.floats(-1, 1).map(lambda x: round(x, 4))
    | st.fractions(-1, 1, max_denominator=1200).map(float)
)


@given(NUMBERS, NUMBERS, st.sampled_from(sorted(SCALES)))
def test_told_differences_are_those_of_what_is_told_and_true(one, other, kind):
    shown = [SAY.show(number, kind) for number in told_apart(one, other)]
    agree(shown, SCALES[kind] * (one - other))
    usual = digits(SAY.show(0.0, kind))
    assert all(usual <= digits(text) <= usual + 2 for text in shown)
    assert digits(shown[0]) == digits(shown[1]) >= digits(shown[2])


@given(st.floats(1, 1e7), st.floats(1, 1e7))
def test_told_differences_of_money_are_those_of_what_is_told_and_true(one, other):
    shown = [SAY.show(number, "money") for number in told_apart(one, other)]
    agree(shown, one - other)
    assert max(one, other) < 1000 or digits(shown[0]) in (0, 2)


def test_a_difference_that_is_not_that_of_its_neighbours_stays_as_it_is():
    assert told_apart(0.7, 0.5, 0.1) == (0.7, 0.5, 0.1)
    assert SAY.show(told_apart(0.7, 0.5, 0.1)[2], "number2") == "0.10"
    assert SAY.show(told_apart(0.7, 0.5, 0.7 - 0.5)[2], "number2") == "0.20"


@given(st.lists(NUMBERS, min_size=2, max_size=5), st.sampled_from(["number1", "percent"]))
def test_all_pairs_of_groups_agree_with_the_numbers_of_one_column(numbers, kind):
    groups = pd.DataFrame({"group": range(len(numbers)), "mean": numbers})
    pairs = pd.DataFrame(
        [(i, j, numbers[i] - numbers[j]) for i in groups["group"] for j in range(i)],
        columns=["group", "reference", "estimate"],
    )
    pairs, groups = with_told_differences(pairs, groups, number="mean")
    shown = [SAY.cell(one, kind) for one in groups["mean"]]
    assert len(set(map(digits, shown))) == 1
    for row in pairs.itertuples():
        told_pair = (shown[row.group], shown[row.reference], SAY.cell(row.estimate, kind))
        agree(told_pair, SCALES.get(kind, 1) * float(row.estimate))


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


def test_pairs_of_groups_are_told_beside_their_numbers():
    groups = pd.DataFrame({"group": ["a", "b", "c"], "mean": [21.64, 25.16, np.nan]})
    pairs = pd.DataFrame(
        {"group": ["b", "a", "b"], "reference": ["a", "b", "c"], "estimate": [3.52, -3.52, 1.0]}
    )
    told_pairs, told_groups = with_told_differences(pairs, groups, number="mean")
    shown = [SAY.cell(one, "number1") for one in told_groups["mean"]]
    assert shown == ["21.64", "25.16", "–"]  # 25.2 less 21.6 is not 3.5
    assert [SAY.show(one, "number1") for one in told_pairs["estimate"]] == ["3.52", "−3.52", "1.0"]
    told_floats = told_pairs["estimate"].astype(float).tolist()
    assert told_floats == pytest.approx(pairs["estimate"].tolist())
