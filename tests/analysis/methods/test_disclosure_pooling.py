"""Small categories are joined so that none of them can be told."""

import sys
from collections import Counter

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.methods.disclosure import pool_small


def labels(**counts):
    return pd.Series([name for name, count in counts.items() for _ in range(count)], name="g")


def test_small_categories_take_the_next_smallest_with_them():
    pooled = pool_small(labels(a=30, b=12, c=3), 10)
    assert pooled.value_counts().to_dict() == {"a": 30, "others": 15}


def test_nothing_small_stays_as_it_is():
    pooled = pool_small(labels(b=12, a=30), 10)
    assert list(pooled.cat.categories) == ["a", "b"]


def test_the_smallest_beyond_the_most_are_joined():
    pooled = pool_small(labels(a=50, b=40, c=30, d=20, e=11), 10, most=3)
    assert pooled.value_counts().to_dict() == {"others": 61, "a": 50, "b": 40}


def test_ordered_categories_keep_their_order():
    known = labels(young=20, old=30).astype("category").cat.set_categories(["young", "old"])
    assert list(pool_small(known, 10).cat.categories) == ["young", "old"]


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(1, 15), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_no_category_is_small_unless_all_together_are(counts, least, most):
    pooled = pool_small(labels(**{f"g{i}": n for i, n in enumerate(counts)}), least, most=most)
    sizes = pooled.value_counts()
    assert sizes.sum() == sum(counts)
    assert len(sizes) <= most
    assert sizes.min() >= min(least, sum(counts))


def one_by_one(sizes, least, most):
    """The categories that go together, the smallest taken one after the other."""
    ordered = sorted(sizes, key=sizes.get)
    joined = [name for name in ordered if sizes[name] < least]
    while len(joined) < len(sizes) and (
        (joined and sum(sizes[name] for name in joined) < least)
        or len(sizes) - len(joined) + bool(joined) > most
    ):
        joined.append(ordered[len(joined)])
    return set(joined)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(1, 40), st.integers(1, 6))
@settings(max_examples=60, deadline=None)
def test_the_smallest_are_joined_one_after_the_other(counts, least, most):
    known = labels(**{f"g{i}": n for i, n in enumerate(counts)})
    pooled = pool_small(known, least, most=most)
    joined = {name for name, told in zip(known, pooled, strict=True) if told == "others"}
    assert joined == one_by_one(dict(Counter(known)), least, most)


def work(groups: int) -> int:
    """Calls of functions, of Python and of its libraries, that pooling takes."""
    known = pd.Series([f"g{i}" for i in range(groups) for _ in range(3)], name="g")
    known = known.astype("category")
    calls = 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        pooled = pool_small(known, 10, most=6)
    finally:
        sys.setprofile(None)
    assert list(pooled.cat.categories) == ["others"]
    return calls


def test_work_of_pooling_grows_no_faster_than_the_groups():
    few, many = work(500), work(5_000)
    assert many < 12 * few
    assert many < 500_000
