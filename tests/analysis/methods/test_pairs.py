"""All pairs of groups: by hand, against statsmodels, and under the null."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.multitest import multipletests

from analysis.methods.pairs import (
    best_supported,
    compare_pairs,
    holm,
    is_known,
    joint_level,
    logarithms,
)

GROUPS = pd.DataFrame(
    {"group": ["North", "South", "East", "not known"], "estimate": [42.0, 51, 30, 99],
     "std_error": [1.9, 2.1, 12.0, 1.0]}
)  # fmt: skip


def test_pair_told_is_the_best_supported_not_the_furthest_apart():
    pairs = compare_pairs(GROUPS)
    pair = best_supported(pairs)
    assert (pair["group"], pair["reference"]) == ("South", "North")
    assert pair["z"] == pytest.approx(9 / np.hypot(1.9, 2.1))
    assert pair["p_holm"] == pytest.approx(3 * 2 * norm.sf(9 / np.hypot(1.9, 2.1)))
    furthest = pairs.loc[pairs["estimate"].idxmax()]
    assert (furthest["group"], furthest["reference"]) == ("South", "East")
    assert furthest["conf_low"] < 0 < pair["conf_low"]


def test_not_known_is_never_compared():
    for name in ("not known", "unknown", "Unknown", None):
        renamed = GROUPS.assign(group=["North", "South", "East", name])
        assert len(compare_pairs(renamed)) == 3
    assert is_known(pd.Series(["a", None, "not known"])).tolist() == [True, False, False]


def test_groups_that_do_not_vary_are_not_compared_with_each_other():
    flat = GROUPS.assign(std_error=[0.0, 0.0, np.nan, 1.0])
    assert compare_pairs(flat).empty
    assert len(compare_pairs(flat.assign(std_error=[1.9, 0.0, np.nan, 1.0]))) == 1
    assert best_supported(compare_pairs(flat)) is None
    assert best_supported(compare_pairs(GROUPS.head(0))) is None


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.floats(-1e3, 1e3), st.floats(0.01, 1e2), st.sampled_from("abc")), max_size=9
    )
)
def test_pairs_are_those_of_statsmodels(cells):
    groups = pd.DataFrame(cells, columns=["estimate", "std_error", "stage"])
    groups["group"] = [f"g{k}" for k in range(len(groups))]
    pairs = compare_pairs(groups, within=["stage"], conf_level=0.9)
    by_hand = [
        (one, other)
        for k, one in groups.iterrows()
        for _, other in groups.iloc[k + 1 :].iterrows()
        if one["stage"] == other["stage"]
    ]
    assert len(pairs) == len(by_hand)
    if not by_hand:
        return
    z = [
        abs(one["estimate"] - other["estimate"]) / np.hypot(one["std_error"], other["std_error"])
        for one, other in by_hand
    ]
    adjusted = multipletests(2 * norm.sf(z), method="holm")[1]
    assert sorted(pairs["p_holm"]) == pytest.approx(sorted(adjusted), abs=1e-12)
    assert best_supported(pairs)["z"] == pytest.approx(max(z))
    reach = norm.ppf(1 - 0.05 / len(pairs)) * pairs["std_error"]
    assert (pairs["conf_high"] - pairs["estimate"]).to_numpy() == pytest.approx(reach.to_numpy())


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_is_that_of_statsmodels(p_values):
    assert holm(np.array(p_values)) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert joint_level(0.95, 10) == pytest.approx(0.995)


def test_logarithms_have_the_errors_of_their_intervals():
    reach = np.exp(1.959964 * 0.2)
    told = pd.DataFrame(
        {"group": ["a", "b"], "estimate": [10.0, 5.0], "conf_low": [10 / reach, -1.0],
         "conf_high": [10 * reach, 9.0]}
    )  # fmt: skip
    logs = logarithms(told)
    assert logs["std_error"].iloc[0] == pytest.approx(0.2, rel=1e-6)
    assert np.isnan(logs["std_error"].iloc[1])


def test_alike_groups_seldom_differ_clearly():
    rng = np.random.default_rng(7)
    clear = 0
    for _ in range(1000):
        groups = pd.DataFrame(
            {"group": list("abcdef"), "estimate": rng.normal(0, [1, 1, 2, 5, 5, 9]),
             "std_error": [1, 1, 2, 5, 5, 9]}
        )  # fmt: skip
        clear += best_supported(compare_pairs(groups))["p_holm"] < 0.05
    assert clear / 1000 < 0.065
