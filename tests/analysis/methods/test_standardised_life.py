"""Restricted means, as answered and one point up: by hand, recovery, refusal."""

import numpy as np
import pandas as pd
import pytest

from analysis.errors import DataError, ParamsError
from analysis.methods.hazards import cox_regression, predict_survival
from analysis.methods.hazards.standardised import standardised_life

HORIZON = 24.0


def exponential(n: int = 1500, *, effect: float = -0.3, seed: int = 5) -> pd.DataFrame:
    """Lives whose rate falls by `effect` per point of a score from 1 to 10."""
    rng = np.random.default_rng(seed)
    score = rng.uniform(1, 10, n)
    tier = rng.choice(["low", "high"], n)
    rate = 0.05 * np.exp(effect * (score - 5.5) - 0.4 * (tier == "high"))
    life, seen = rng.exponential(1 / rate), rng.uniform(20, 40, n)
    return pd.DataFrame(
        {
            "customer_id": rng.integers(0, n // 2, n).astype(str),
            "score": score,
            "tier": tier,
            "duration": np.minimum(life, seen),
            "event": life <= seen,
            "rate": rate,
        }
    )


def estimate(durations: pd.DataFrame, **changed):
    options = {
        "driver": "score", "highest": 10.0, "horizon": HORIZON, "covariates": ["tier"],
        "rng": np.random.default_rng(1), "replications": 60,
    }  # fmt: skip
    return standardised_life(durations, **(options | changed))


def test_standardised_life_recovers_exponential_means():
    durations = exponential()
    found = estimate(durations, by=["tier"]).table.set_index(["group", "term"])
    rate = durations["rate"].to_numpy()
    step = np.minimum(durations["score"] + 1, 10) - durations["score"]
    raised = rate * np.exp(-0.3 * step)
    truth = (1 - np.exp(-rate * HORIZON)) / rate, (1 - np.exp(-raised * HORIZON)) / raised
    for group, member in (("all", slice(None)), ("high", durations["tier"].eq("high"))):
        gap = (truth[1] - truth[0])[member].mean()
        row = found.loc[(group, "difference")]
        assert abs(row["estimate"] - gap) < 3.3 * row["std_error"]
        assert row["conf_low"] < row["estimate"] < row["conf_high"]
        told = found.loc[(group, "as answered"), "estimate"]
        assert told == pytest.approx(truth[0][member].mean(), abs=0.8)


def test_standardised_life_is_the_mean_of_predicted_curves():
    durations = exponential(300)
    found = estimate(durations, replications=5)
    fit = cox_regression(durations, covariates=["score", "tier"])
    times = np.sort(durations.loc[durations["event"], "duration"].unique())
    times = np.append(times[times < HORIZON], HORIZON)
    curve = predict_survival(fit, durations[["score", "tier"]], times=times)
    mean = curve.groupby("time")["estimate"].mean().to_numpy()
    area = np.concatenate([[1.0], mean[:-1]]) @ np.diff(np.append(0.0, times))
    told = found.table.set_index("term").at["as answered", "estimate"]
    assert told == pytest.approx(area, abs=2e-5)


def test_nobody_is_raised_beyond_the_top():
    durations = exponential(300).assign(score=10.0)
    durations.loc[:20, "score"] = 4.0
    found = estimate(durations, covariates=[], replications=20)
    assert found.table["capped"].iloc[0] == pytest.approx(279 / 300)
    gap = found.table.set_index("term").at["difference", "estimate"]
    alone = estimate(durations, covariates=[], replications=20, step=6.0)
    assert 0 < gap < alone.table.set_index("term").at["difference", "estimate"]


def test_no_effect_gives_an_interval_around_zero():
    found = estimate(exponential(effect=0.0), cluster="customer_id")
    row = found.table.set_index("term").loc["difference"]
    assert row["conf_low"] < 0 < row["conf_high"]
    assert found.replicates == 60


def test_standardised_life_refuses_what_cannot_be():
    durations = exponential(200)
    with pytest.raises(DataError, match="horizon must lie within follow-up"):
        estimate(durations, horizon=500.0)
    with pytest.raises(DataError, match="score must not exceed 5, but"):
        estimate(durations, highest=5.0)
    with pytest.raises(ParamsError, match="count came"):
        estimate(durations.assign(count=2))
    with pytest.raises(DataError, match="no relationship ended"):
        estimate(durations.assign(event=False))


def test_standardised_life_from_a_late_entry_is_that_of_those_who_came_so_far():
    durations = exponential(1200)
    late = durations.assign(entry=np.random.default_rng(3).uniform(0, 15, 1200))
    late = late[late["duration"] > late["entry"]]
    found = estimate(late, horizon=12.0, replications=20).table.set_index(["group", "term"])
    rate = late["rate"].to_numpy()
    # The exponential forgets: from any entry on, it is the mean from the start.
    truth = ((1 - np.exp(-rate * 12)) / rate).mean()
    row = found.loc[("all", "as answered")]
    assert abs(row["estimate"] - truth) < 3.3 * row["std_error"] + 0.05
    start = durations.assign(entry=0.0)
    start.loc[start.index[0], "entry"] = 1e-9
    both = [
        estimate(frame, horizon=12.0, replications=3).table["estimate"]
        for frame in (durations, start)
    ]
    assert both[1].to_numpy() == pytest.approx(both[0].to_numpy(), abs=0.02)
