"""How many customers of equal weight say as much as those who answered."""

import numpy as np
import pytest

from analysis.methods.intervals import effective_units


def test_units_of_equal_size_count_as_they_are():
    assert effective_units(np.repeat(np.arange(7), 3)) == pytest.approx(7)
    assert effective_units(np.zeros(5, int)) == pytest.approx(1)


def test_a_few_customers_with_most_answers_count_little_more_than_themselves():
    units = np.concatenate([np.repeat([0, 1], 100), np.arange(2, 42)])
    assert effective_units(units) == pytest.approx(240**2 / (2 * 100**2 + 40))
