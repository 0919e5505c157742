"""Shares within a time, by hand."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from analysis.methods.survival import survival_curve
from analysis.states.within import best_supported_shares, longest_horizon, shares_within


def test_shares_within_are_those_who_no_longer_wait():
    curve = survival_curve(pd.DataFrame({"duration": [1, 2, 3, 4], "event": [1, 1, 0, 1]}))
    within = shares_within(curve, [1, 3, 9])
    assert within["estimate"].tolist() == pytest.approx([0.25, 0.5, 1])
    assert within["at_risk"].tolist() == [4, 2, 0]
    assert (within["conf_low"] <= within["estimate"])[:2].all()


def test_longest_horizon_needs_every_shown_group():
    within = pd.DataFrame(
        {"group": list("abab"), "weeks": [4, 4, 8, 8], "estimate": [0.1, 0.2, 0.3, 0.4],
         "at_risk": [50.0, 40, 30, 12], "n": 60.0}
    )  # fmt: skip
    assert longest_horizon(within, min_cell=10)["weeks"].tolist() == [8, 8]
    assert longest_horizon(within, min_cell=20)["weeks"].tolist() == [4, 4]
    assert longest_horizon(within, min_cell=99) is None
    hidden = within.assign(n=[60, 60, 60, np.nan])
    assert longest_horizon(hidden, min_cell=10)["weeks"].tolist() == [4, 4]
    one_group = within.assign(n=[60, np.nan, 60, np.nan])
    assert longest_horizon(one_group, min_cell=10)["group"].tolist() == ["a"]


def test_best_supported_shares_have_an_interval_for_all_pairs():
    last = pd.DataFrame(
        {"group": ["a", "b", "c"], "weeks": 26, "estimate": [0.5, 0.6, 0.4], "std_error": 0.03,
         "n": 270.0}
    )  # fmt: skip
    told = best_supported_shares(last, conf_level=0.95)
    assert (told["most"], told["least"]) == ("b", "c")
    reach = norm.ppf(1 - 0.025 / 3) * 0.03 * np.sqrt(2)
    assert told["low"] == pytest.approx(0.2 - reach)
    assert told["high"] == pytest.approx(0.2 + reach)
