"""Discrete-time hazards against statsmodels on person-periods, recovery and refusals."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from analysis.errors import DataError
from analysis.methods.hazards import discrete_hazard
from analysis.notes import note


def monthly(rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=rows)
    life = np.ceil(rng.exponential(6 * np.exp(-0.6 * x)))
    seen = rng.integers(1, 13, rows)
    return pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen, "x": x})


def test_discrete_hazard_is_the_regression_of_person_periods():
    table = monthly(300, 1)
    periods = table.loc[table.index.repeat(table["duration"].astype(int))].reset_index()
    periods["period"] = periods.groupby("index").cumcount() + 1
    periods["ends"] = (periods["period"] == periods["duration"]) & periods["event"]
    design = sm.add_constant(
        pd.DataFrame({"log_period": np.log(periods["period"]), "x": periods["x"]})
    )
    family = sm.families.Binomial(sm.families.links.CLogLog())
    peer = sm.GLM(periods["ends"].astype(float), design, family=family).fit()
    row = discrete_hazard(table, covariates=["x"], baseline="log").table.iloc[0]
    assert row["estimate"] == pytest.approx(peer.params["x"], rel=1e-6)
    assert row["std_error"] == pytest.approx(peer.bse["x"], rel=1e-5)


@pytest.mark.parametrize("baseline", ["period", "log"])
@pytest.mark.parametrize("digits", [0, 6])  # many alike in a cell, and nobody
def test_discrete_hazard_log_likelihood_is_that_of_person_periods(baseline, digits):
    table = monthly(300, 4).assign(x=lambda t: t["x"].round(digits))
    fit = discrete_hazard(table, covariates=["x"], baseline=baseline)
    periods = table.loc[table.index.repeat(table["duration"].astype(int))].reset_index()
    periods["period"] = periods.groupby("index").cumcount() + 1
    ends = (periods["period"] == periods["duration"]) & periods["event"]
    design = pd.get_dummies(periods["period"], dtype=float)
    if baseline == "log":
        design = pd.DataFrame({"one": 1.0, "log": np.log(periods["period"])})
    family = sm.families.Binomial(sm.families.links.CLogLog())
    peer = sm.GLM(ends.to_numpy(float), design.assign(x=periods["x"]).to_numpy(), family=family)
    assert fit.log_likelihood == pytest.approx(peer.fit(tol=1e-13).llf, rel=1e-9)
    doubled = pd.concat([table, table])
    for twice in (table.assign(count=2), doubled, doubled.assign(g=range(len(doubled)))):
        cluster = "g" if "g" in twice else None
        again = discrete_hazard(twice, covariates=["x"], baseline=baseline, cluster=cluster)
        assert again.log_likelihood == pytest.approx(2 * fit.log_likelihood, rel=1e-9)


def test_discrete_hazard_baseline_by_hand():
    table = pd.DataFrame(
        {"duration": [1, 1, 2, 3, 3, 3], "event": [1, 0, 1, 1, 0, 1], "x": [0, 1, 1, 0, 1, 1]}
    )
    baseline = discrete_hazard(table, covariates=["x"]).baseline
    assert baseline["at_risk"].tolist() == [6, 4, 3]
    assert baseline["events"].tolist() == [1, 1, 2]


def test_discrete_hazard_counted_rows_equal_repeated_rows():
    table = monthly(150, 2).assign(x=lambda t: t["x"].round())
    counted = table.groupby(["duration", "event", "x"], as_index=False).size()
    counted = counted.rename(columns={"size": "count"})
    a, b = (discrete_hazard(t, covariates=["x"]).table for t in (table, counted))
    assert_allclose(a["estimate"], b["estimate"], rtol=1e-7)
    assert_allclose(a["std_error"], b["std_error"], rtol=1e-6)


def test_discrete_hazard_recovers_the_continuous_hazard_ratio():
    truth, covered = 0.6, 0
    for seed in range(60):
        row = discrete_hazard(monthly(400, seed), covariates=["x"]).table.iloc[0]
        covered += row["conf_low"] <= truth <= row["conf_high"]
    assert covered >= 50


def test_discrete_hazard_notes_periods_without_ends():
    table = pd.DataFrame({"duration": [1, 3, 3, 4, 4], "event": [1, 1, 1, 1, 0]})
    result = discrete_hazard(table.assign(x=[0, 1, 0, 1, 0]), covariates=["x"])
    assert result.notes == (note("hazards.quiet_periods", periods="2"),)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"duration": [0.5, 1, 2, 3]}, "duration must be whole periods of at least 1"),
        ({"x": [1, 1, 1, 1]}, "x must vary"),
        ({"event": [0, 0, 0, 0]}, "no relationship ended"),
        ({"x": [1, 1, 0, 0], "event": [1, 1, 0, 0]}, "x does.*separation"),
    ],
)
def test_discrete_hazard_names_the_culprit(changed, match):
    table = pd.DataFrame(
        {"duration": [1, 1, 2, 3], "event": [1, 0, 1, 1], "x": [0, 1, 0, 1], **changed}
    )
    with pytest.raises(DataError, match=match):
        discrete_hazard(table, covariates=["x"])
