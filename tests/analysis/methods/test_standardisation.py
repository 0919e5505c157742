"""What one more point goes with, and what little hidden could explain it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, ParamsError
from analysis.methods.regression import fit_linear, fit_logit, fit_spend, fit_two_part
from analysis.methods.standardisation import (
    e_value,
    e_value_of_difference,
    one_more_point,
)
from analysis.notes import note


def customers(seed: int, n: int = 300) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"satisfaction": rng.integers(1, 11, n), "earlier": rng.gamma(2, 1, n)})
    frame["tier"] = np.where(frame["earlier"] > 2, "gold", "silver")
    mean = np.exp(0.1 * frame["satisfaction"] + 0.2 * frame["earlier"])
    frame["margin"] = mean * rng.gamma(2, 0.5, n)
    frame["stays"] = (rng.uniform(size=n) < 0.05 + 0.08 * frame["satisfaction"]).astype(int)
    return frame


# --- published


def test_e_value_of_infant_feeding():
    # VanderWeele & Ding (2017): RR 3.9 (1.8 to 8.7) gives 7.26 and 3.0
    found = e_value(3.9, conf_low=1.8, conf_high=8.7)
    assert round(found.estimate, 2) == 7.26
    assert found.limit == pytest.approx(3.0)


# --- by hand


def test_linear_difference_is_slope_times_step_below_the_cap():
    frame = customers(1)
    fit = fit_linear(frame, outcome="margin", drivers=["satisfaction"], controls=["earlier"])
    found = one_more_point(fit, driver="satisfaction", highest=10)
    row = found.table.set_index("term").loc["difference"]
    can_rise = frame["satisfaction"].lt(10).mean()
    assert row["estimate"] == pytest.approx(fit.parameters[1] * can_rise)
    assert found.share_capped["all"] == pytest.approx(1 - can_rise)
    spread = can_rise * (1 - can_rise) / len(frame) * fit.parameters[1] ** 2
    beside = can_rise**2 * fit.covariance[1, 1] * 297 / 300
    # Influences of customers and of the slope are nearly uncorrelated in a linear model.
    assert row["std_error"] ** 2 == pytest.approx((spread + beside) * 300 / 299, rel=0.15)


def test_as_answered_is_the_mean_of_a_canonical_fit():
    frame = customers(2)
    fit = fit_logit(frame, outcome="stays", drivers=["satisfaction"], controls=["earlier"])
    table = one_more_point(fit, driver="satisfaction", highest=10).table.set_index("term")
    assert table.at["as answered", "estimate"] == pytest.approx(frame["stays"].mean())
    error = frame["stays"].std() / np.sqrt(300)
    assert table.at["as answered", "std_error"] == pytest.approx(error, rel=0.02)


def test_effects_by_tier_average_to_the_whole():
    frame = customers(3)
    frame["margin"] = frame["margin"].where(frame["margin"] > 1, 0.0)
    fit = fit_two_part(frame, outcome="margin", drivers=["satisfaction"], controls=["tier"])
    whole = one_more_point(fit, driver="satisfaction", highest=10).table
    parts = one_more_point(fit, driver="satisfaction", highest=10, by="tier").table
    parts = parts[parts["term"].eq("difference")]
    mean = np.average(parts["estimate"], weights=parts["n"])
    assert mean == pytest.approx(whole["estimate"].iloc[2])


def test_e_value_of_no_effect_is_one():
    found = e_value_of_difference(1.0, std_error=1.0, outcome_sd=5.0)
    assert found.limit == 1.0
    assert found.estimate > 1.0
    assert e_value(0.5, conf_low=0.4, conf_high=0.6) == e_value(
        2.0, conf_low=1 / 0.6, conf_high=2.5
    )


def test_e_value_of_common_odds_is_of_their_root():
    common = e_value(4.0, conf_low=2.25, conf_high=9.0, kind="odds")
    assert common == e_value(2.0, conf_low=1.5, conf_high=3.0)
    rare = e_value(4.0, conf_low=2.25, conf_high=9.0, kind="odds", rare=True)
    assert rare.estimate > common.estimate


# --- property


@settings(max_examples=10, deadline=None)
@given(step=st.floats(0.1, 12))
def test_nobody_is_raised_beyond_the_top(step):
    frame = customers(4, 80)
    fit = fit_linear(frame, outcome="margin", drivers=["satisfaction"])
    found = one_more_point(fit, driver="satisfaction", highest=10, step=step).table
    most = fit.parameters[1] * (10 - frame["satisfaction"]).clip(upper=step).mean()
    assert found["estimate"].iloc[2] == pytest.approx(most)


# --- refusal


def test_one_more_point_refuses():
    fit = fit_linear(customers(1), outcome="margin", drivers=["satisfaction"])
    with pytest.raises(ParamsError, match="must be a column of the fit, but 'mood' is not"):
        one_more_point(fit, driver="mood", highest=10)
    with pytest.raises(DataError, match="must not exceed 5"):
        one_more_point(fit, driver="satisfaction", highest=5)
    with pytest.raises(ParamsError, match="a ratio must be positive and within its interval"):
        e_value(-1, conf_low=0.5, conf_high=2)


def test_group_at_the_top_is_noted():
    frame = customers(5)
    frame.loc[frame["tier"].eq("gold"), "satisfaction"] = 10
    fit = fit_linear(frame, outcome="margin", drivers=["satisfaction"], controls=["tier"])
    found = one_more_point(fit, driver="satisfaction", highest=10, by="tier").table
    row = found[found["group"].eq("gold") & found["term"].eq("difference")].iloc[0]
    assert row["estimate"] == pytest.approx(0)
    assert row["note"] == note("drivers.nobody_raised")


# --- recovery


@pytest.mark.whole
def test_difference_intervals_cover():
    big = customers(10_001, 400_000)
    raised = np.minimum(big["satisfaction"] + 1, 10)
    mean = [np.exp(0.1 * s + 0.2 * big["earlier"]).mean() for s in (big["satisfaction"], raised)]
    held = 0
    for seed in range(200):
        fit = fit_spend(
            customers(seed), outcome="margin", drivers=["satisfaction"], controls=["earlier"]
        )
        row = one_more_point(fit, driver="satisfaction", highest=10).table.iloc[2]
        held += row["conf_low"] <= mean[1] - mean[0] <= row["conf_high"]
    assert 0.895 <= held / 200 <= 0.990
