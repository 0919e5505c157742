"""What tiers hold and foretell."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, ParamsError
from analysis.params.tiers import Scheme, preset_scheme
from analysis.tiers import (
    coarser,
    compare_schemes,
    finer,
    judge_rating,
    profile_tiers,
    rate_customers,
    reweighted,
)

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


def test_profile_by_hand():
    frame = pd.DataFrame(
        {"customer_id": list("abcd"), "amount": [10.0, 90, 100, 300], "cost": [2.0, np.nan, 4, 0]}
    )
    table = profile_tiers(rate_customers(frame, SCHEME), frame, ["amount", "cost"]).table
    assert table["n"].tolist() == [2, 1, 1]
    assert table["mean_amount"].tolist() == [50, 100, 300]
    assert table["share_amount"].tolist() == [0.2, 0.2, 0.6]
    assert table["mean_cost"].tolist() == [2, 4, 0]
    nothing = profile_tiers(rate_customers(frame, SCHEME), frame.assign(cost=0.0), ["cost"]).table
    assert nothing["share_cost"].isna().all()


def test_judgement_by_hand():
    frame = pd.DataFrame(
        {
            "customer_id": list("abcdef"),
            "amount": [10.0, 20, 100, 200, 300, 400],
            "next": [0.0, 10, 60, 10, 20, 100],
        }
    )
    judged = judge_rating(rate_customers(frame, SCHEME), frame, value="next", rng=rng())
    assert judged.held["value_share"].tolist() == [0.05, 0.35, 0.6]
    assert judged.top_share == pytest.approx(0.6)
    # the two best of the next period are worth 100 and 60; the one of 60 is only silver
    assert judged.missed == pytest.approx(1 / 2)
    assert judged.outcome.table["estimate"].tolist() == [5, 35, 60]


def test_tiers_that_foretell_are_told_from_those_that_do_not(base):
    options = {"value": "next_amount", "rng": rng(), "bought_again": "bought_again"}
    good = judge_rating(rate_customers(base, SCHEME), base, last_period="amount", **options)
    by_luck = Scheme.model_validate(
        {"tiers": ("x", "y"), "quantiles": {"quantity": "luck", "cuts": (0.8,)}}
    )
    none = judge_rating(rate_customers(base, by_luck), base, **options)
    assert good.outcome.test["p_value"][0] < 1e-6
    assert good.churn.table["conf_low"][0] > 0.6
    assert none.churn.table["conf_low"][0] < 0.5 < none.churn.table["conf_high"][0]
    assert none.outcome.test["p_value"][0] > 0.001
    # three tiers know less than the spend that they are made of
    gain = good.gain.differences.set_index("term").loc["normalised_gini"]
    assert gain["conf_high"] < 0


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
    assert (table["normalised_gini"].diff().iloc[[1]] < 0).all()  # coarser knows less
    assert table["normalised_gini"][2] > table["normalised_gini"][0]  # finer knows more
    gain = table["normalised_gini"] - table["normalised_gini"][0]
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


def test_all_zero_outcomes_are_noted(base):
    judged = judge_rating(
        rate_customers(base, SCHEME), base.assign(next_amount=0.0), value="next_amount", rng=rng()
    )
    assert np.isnan(judged.top_share)
    assert np.isnan(judged.missed)
    assert judged.outcome.test["note"][0] == "not estimable: all values are equal"
    assert judged.gain.table["estimate"].isna().all()


def test_a_frame_without_a_rated_customer_is_refused(base):
    rating = rate_customers(base, SCHEME)
    with pytest.raises(DataError, match="rated customer must be in the frame, but 1 of 3,000"):
        judge_rating(rating, base.iloc[1:], value="next_amount", rng=rng())
    with pytest.raises(DataError, match="outcomes must have the columns margin"):
        judge_rating(rating, base, value="margin", rng=rng())


def test_interval_of_a_tiers_share_is_that_of_the_bootstrap(base):
    rating = rate_customers(base, SCHEME)
    held = judge_rating(rating, base, value="next_amount", rng=rng(), replications=10).held
    y, top = base["next_amount"].to_numpy(), (rating.table["tier"] == "gold").to_numpy()
    draws = rng().integers(len(y), size=(2000, len(y)))
    shares = (y * top)[draws].sum(axis=1) / y[draws].sum(axis=1)
    found = held.iloc[-1][["value_share_conf_low", "value_share_conf_high"]].to_numpy(float)
    width = np.ptp(np.quantile(shares, [0.025, 0.975]))
    assert np.ptp(found) == pytest.approx(width, rel=0.1)
    assert found == pytest.approx(np.quantile(shares, [0.025, 0.975]), abs=0.1 * width)
