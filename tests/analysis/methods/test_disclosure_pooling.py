"""Small categories are joined so that none of them can be told."""

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
