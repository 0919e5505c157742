"""Schemes side by side, and schemes a little changed."""

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.judging.comparison import coarser, compare_schemes, finer, reweighted
from analysis.errors import ParamsError
from analysis.params.tiers import Scheme, preset_scheme
from analysis.states.rating.tiers import rate_customers

SCHEME = Scheme.model_validate(
    {
        "name": "club",
        "tiers": ("basic", "silver", "gold"),
        "thresholds": {"limits": {"amount": (100, 300)}},
    }
)


def rng():
    return np.random.default_rng(4)


@pytest.fixture(scope="module")
def base():
    draw = np.random.default_rng(8)
    n = 3000
    rate = draw.gamma(0.8, 4, n)
    amount = draw.poisson(rate) * 30.0
    after = draw.poisson(rate)
    return pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in range(n)],
            "amount": amount,
            "purchases": amount / 30,
            "recency_days": draw.integers(1, 300, n),
            "luck": draw.random(n),
            "cost": draw.poisson(3, n) * 1.0,
            "next_amount": after * 30.0,
            "bought_again": after > 0,
        }
    )


def test_comparison_has_the_scheme_in_force_first(base):
    score = preset_scheme("value")
    ratings = {
        name: rate_customers(base, made)
        for name, made in {
            "in force": score,
            "coarser": coarser(score),
            "finer": finer(score),
            "more behavioural": reweighted(score, "behavioural"),
        }.items()
    }
    table = compare_schemes(ratings, base, value="next_amount", rng=rng(), replications=20).table
    assert table["tiers"].tolist() == [3, 2, 4, 3]
    assert table["moved"][0] == 0
    assert 0 < table["moved"][3] < 0.5
    assert (table["estimate"].diff().iloc[[1]] < 0).all()  # coarser knows less
    assert table["estimate"][2] > table["estimate"][0]  # finer knows more
    gain = table["estimate"] - table["estimate"][0]
    assert table["gain"][1:].tolist() == pytest.approx(gain[1:].tolist())  # the same customers
    assert table["gain_conf_high"][1] < 0
    assert table["p_value"][1] < 0.001


def test_variants_of_thresholds():
    assert coarser(SCHEME).tiers == ("basic + silver", "gold")
    assert coarser(SCHEME).thresholds.limits == {"amount": (300,)}
    assert finer(SCHEME).tiers == ("basic", "silver", "gold -", "gold")
    assert finer(SCHEME).thresholds.limits == {"amount": (100, 200, 300)}
    assert reweighted(preset_scheme("value"), "financial").score.dimensions[
        "financial"
    ].weight == pytest.approx(0.8 / 1.4)
    with pytest.raises(ParamsError, match="must have a score with financial"):
        reweighted(SCHEME, "financial")
    with pytest.raises(ParamsError, match="must come from three tiers"):
        coarser(coarser(SCHEME))
