"""Numbers that are the parts of others: what is hidden cannot be found by subtraction."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from analysis.methods.parts import small_parts

LEDGER = {
    "known": [("prospects", "bought")],
    "bought": [("current", "churned")],
    "current": [("active", "at_risk"), ("under_contract", "may_be_renewed")],
}


def ledger(prospects, churned, active, at_risk, renewed):
    current = active + at_risk
    renewed = min(renewed, current)
    counts = {
        "known": prospects + current + churned, "prospects": prospects,
        "bought": current + churned, "current": current, "churned": churned, "active": active,
        "at_risk": at_risk, "under_contract": current - renewed, "may_be_renewed": renewed,
    }  # fmt: skip
    return pd.Series(counts)


def test_the_whole_is_hidden_before_a_part_that_counts():
    hidden = small_parts(ledger(8, 250, 100, 50, 20), LEDGER, 10, first="known")
    assert set(hidden.index[hidden]) == {"known", "prospects"}


def test_the_smallest_part_goes_with_a_small_one_deeper_down():
    hidden = small_parts(ledger(0, 250, 100, 5, 60), LEDGER, 10, first="known")
    assert set(hidden.index[hidden]) == {"at_risk", "active"}


@given(st.tuples(*[st.integers(0, 60)] * 5))
def test_nothing_hidden_can_be_found_from_what_is_shown(parts):
    counts = ledger(*parts)
    hidden = small_parts(counts, LEDGER, 10, first="known")
    few = (counts > 0) & (counts < 10)
    assert hidden[few].all()
    names = list(hidden.index[hidden])
    rows = [
        [(name == whole) * -1.0 + (name in own) for name in names]
        for whole, sets in LEDGER.items()
        for own in sets
    ]
    equations = np.array(rows).reshape(len(rows), len(names))
    for place, _ in enumerate(names):  # a number follows if its unit vector lies in the row space
        unit = np.eye(len(names))[place]
        rank = np.linalg.matrix_rank(equations)
        assert np.linalg.matrix_rank(np.vstack([equations, unit])) > rank


def test_a_number_of_no_sum_takes_none_with_it():
    hidden = small_parts(pd.Series({"answers": 300, "people": 4}), {}, 10)
    assert hidden.to_dict() == {"answers": False, "people": True}
