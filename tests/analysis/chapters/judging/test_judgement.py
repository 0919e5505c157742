"""What tiers hold and foretell."""

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.judging.judgement import judge_rating
from analysis.errors import DataError
from analysis.notes import note
from analysis.params.tiers import Scheme
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


def test_judgement_by_hand():
    frame = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "amount": [10.0, 20, 100, 200, 300, 400],
            "next": [0.0, 10, 60, 10, 20, 100],
        }
    )
    judged = judge_rating(rate_customers(frame, SCHEME), frame, value="next", rng=rng())
    assert judged.table["value_share"].tolist() == [0.05, 0.35, 0.6]
    assert judged.top_share == pytest.approx(0.6)
    # the two best of the next period are worth 100 and 60; the one of 60 is only silver
    assert judged.missed == pytest.approx(1 / 2)
    assert judged.table["estimate"].tolist() == [5, 35, 60]


def test_tiers_that_foretell_are_told_from_those_that_do_not(base):
    options = {"value": "next_amount", "rng": rng(), "bought_again": "bought_again"}
    good = judge_rating(rate_customers(base, SCHEME), base, last_period="amount", **options)
    by_luck = Scheme.model_validate(
        {"tiers": ("x", "y"), "quantiles": {"quantity": "luck", "cuts": (0.8,)}}
    )
    none = judge_rating(rate_customers(base, by_luck), base, **options)
    assert good.trend["p_value"][0] < 1e-6
    assert good.churn.table["conf_low"][0] > 0.6
    assert none.churn.table["conf_low"][0] < 0.5 < none.churn.table["conf_high"][0]
    assert none.trend["p_value"][0] > 0.001
    # three tiers know less than the spend that they are made of
    gain = good.gain.differences.set_index("term").loc["normalised_gini"]
    assert gain["conf_high"] < 0


def test_all_zero_outcomes_are_noted(base):
    judged = judge_rating(
        rate_customers(base, SCHEME), base.assign(next_amount=0.0), value="next_amount", rng=rng()
    )
    assert np.isnan(judged.top_share)
    assert np.isnan(judged.missed)
    assert judged.trend["note"][0] == note("concentration.all_equal")
    assert judged.gain.table["estimate"].isna().all()


def test_a_frame_without_a_rated_customer_is_refused(base):
    rating = rate_customers(base, SCHEME)
    with pytest.raises(DataError, match="rated customer must be in the frame, but 1 of 3,000"):
        judge_rating(rating, base.iloc[1:], value="next_amount", rng=rng())
    with pytest.raises(DataError, match="outcomes must have the columns margin"):
        judge_rating(rating, base, value="margin", rng=rng())


def test_interval_of_a_tiers_share_is_that_of_the_bootstrap(base):
    rating = rate_customers(base, SCHEME)
    held = judge_rating(rating, base, value="next_amount", rng=rng(), replications=10).table
    y, top = base["next_amount"].to_numpy(), (rating.table["tier"] == "gold").to_numpy()
    draws = rng().integers(len(y), size=(2000, len(y)))
    shares = (y * top)[draws].sum(axis=1) / y[draws].sum(axis=1)
    found = held.iloc[-1][["value_share_conf_low", "value_share_conf_high"]].to_numpy(float)
    width = np.ptp(np.quantile(shares, [0.025, 0.975]))
    assert np.ptp(found) == pytest.approx(width, rel=0.1)
    assert found == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=0.1 * width)
