"""What is hidden cannot be narrowed down, and no more is hidden than must be."""

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.disclosure import largest_parts, small_cells, small_rows
from analysis.methods.suppression import _enough, in_steps, ranges, suppress

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([5, 20, 30], [True, True, False]),
        ([5, 12, 30], [True, False, True]),  # 17 together would be below twice ten
        ([12, 20, 30], [False, False, False]),
        ([5, 6, 7, 40], [True, True, True, True]),  # 18 are not enough
        ([0, 5, 25, 21], [False, True, False, True]),  # nobody is nobody
        ([4, 5], [True, True]),
    ],
)
def test_the_fewest_are_hidden_then_the_fewest_people(counts, hidden):
    assert small_rows(pd.Series(counts), 10).tolist() == hidden


def test_many_groups_of_one_do_not_tell_each_other():
    hidden = small_rows(pd.Series([1] * 20 + [30, 40]), 10)
    assert hidden.tolist() == [True] * 21 + [False]  # 20 rows of 20 people would be one each


def test_what_is_unsafe_otherwise_is_hidden_with_another():
    counts = pd.Series([30, 40, 50])
    hidden = small_rows(counts, 10, unsafe=pd.Series([False, False, True]))
    assert hidden.tolist() == [True, False, True]


@given(SIZES, st.integers(2, 12))
@settings(max_examples=150, deadline=None)
def test_no_hidden_cell_of_a_line_has_a_narrow_range(counts, least):
    counts = np.array(counts, float)
    hidden = suppress(counts, [range(len(counts))], least=least)
    assert hidden[(counts > 0) & (counts < least)].all()
    if not hidden.any() or hidden[counts > 0].all():
        return
    for low, high in ranges(counts, [np.arange(len(counts))], hidden, np.flatnonzero(hidden)):
        assert high - low >= least


@given(SIZES, st.integers(2, 12))
@settings(max_examples=60, deadline=None)
def test_no_cheaper_pattern_would_do(counts, least):
    counts = np.array(counts, float)
    hidden = suppress(counts, [range(len(counts))], least=least)
    small = set(np.flatnonzero((counts > 0) & (counts < least)))
    held = np.flatnonzero(counts > 0)
    if not small or hidden[held].all():
        return
    total = min(counts.sum(), in_steps(counts.sum(), least))
    for others in chain.from_iterable(combinations(held, k) for k in range(hidden.sum())):
        chosen = list(small | set(others))
        left = total - counts.sum() + counts[chosen].sum()
        safe = left >= 2 * least and left - len(chosen) >= least and len(chosen) > 1
        assert not safe or len(chosen) >= hidden.sum()


@given(st.lists(st.lists(st.integers(0, 30), min_size=4, max_size=4), min_size=2, max_size=4))
@settings(max_examples=40, deadline=None)
def test_margins_of_a_two_way_table_narrow_no_small_cell_down(rows):
    counts, least = pd.DataFrame(rows, dtype=float), 6
    hidden = small_cells(counts, least).to_numpy().ravel()
    cells = np.arange(counts.size).reshape(counts.shape)
    values = counts.to_numpy().ravel()
    small = np.flatnonzero((values > 0) & (values < least))
    assert hidden[small].all()
    lines = [line[values[line] > 0] for line in (*cells, *cells.T)]
    told = [line for line in lines if _enough(values[line], least)]
    for cell in small:
        if all(hidden[line].all() for line in told if cell in line):
            continue
        ((low, high),) = ranges(values, told, hidden, [cell])
        assert high - low >= least


def test_shares_of_the_largest_count_rows_that_stand_for_several():
    amounts, by = pd.Series([80.0, 10.0, -10.0, 30.0, np.nan]), pd.Series(list("aaabb"))
    parts = largest_parts(amounts, by)
    assert parts.loc["a"].tolist() == [0.8, 0.9]
    assert parts.loc["b"].tolist() == [1.0, 1.0]
    several = largest_parts(
        pd.Series([20.0, 10.0]), pd.Series(["a", "a"]), counts=pd.Series([3, 4])
    )
    assert several.loc["a"].tolist() == [0.2, 0.4]


def test_halves_are_told_as_the_step_above():
    assert in_steps(np.array([4, 5, 14, 15, 20]), 10).tolist() == [0, 10, 10, 20, 20]
