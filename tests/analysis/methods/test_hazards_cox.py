"""Cox regression: published values, peers, properties, refusals, recovery."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import CoxPHFitter
from numpy.testing import assert_allclose
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.util import Surv

from analysis.errors import DataError, ParamsError
from analysis.methods.hazards import cox_regression, predict_survival
from analysis.notes import note

ROSSI = ["fin", "age", "race", "wexp", "mar", "paro", "prio"]


def test_cox_regression_reproduces_lung(lung):
    # R survival, survival-Ex.Rout.save: coxph(Surv(time, status) ~ age + sex, lung)
    fit = cox_regression(lung, covariates=["age", "sex"])
    assert_allclose(fit.coefficients, [0.017045, -0.513219], atol=5.1e-7)
    assert_allclose(fit.table["std_error"], [0.009223, 0.167458], atol=5.1e-7)
    assert_allclose(fit.tests["chi2"], [14.12, 13.47, 13.72], atol=5e-3)
    concordance = fit.concordance()
    assert round(concordance.estimate, 3) == 0.603
    assert concordance.std_error == pytest.approx(0.025, abs=5e-4)


def test_cox_regression_reproduces_rossi(rossi):
    # lifelines, test_estimation.py
    fit = cox_regression(rossi, covariates=ROSSI)
    rows = fit.table.set_index("term").loc[["fin", "age", "prio"]]
    assert_allclose(rows["estimate"], [-0.3794222, -0.0574377, 0.0914971], atol=5.1e-8)
    assert_allclose(rows["std_error"], [0.191379, 0.021999, 0.028649], atol=5.1e-7)
    assert fit.maximum.final.log_likelihood == pytest.approx(-658.7476594, abs=5.1e-8)
    assert round(fit.concordance().estimate, 4) == 0.6403


def test_cox_regression_reproduces_rossi_within_strata(rossi):
    # lifelines, test_estimation.py: strata = race
    fit = cox_regression(rossi, covariates=[c for c in ROSSI if c != "race"], strata="race")
    rows = fit.table.set_index("term")["estimate"][["fin", "age", "prio"]]
    assert_allclose(rows, [-0.3788, -0.0576, 0.0922], atol=5.1e-5)


def test_cox_regression_reproduces_stanford_heart(stanford_heart):
    # R survival 3.5-3, run: coxph(Surv(start, stop, event) ~ age + year + surgery +
    # transplant, heart)
    fit = cox_regression(stanford_heart, covariates=["age", "year", "surgery", "transplant"])
    assert_allclose(fit.coefficients, [0.02717, -0.14635, -0.63721, -0.01025], atol=5.1e-6)
    assert_allclose(fit.table["std_error"], [0.01371, 0.07047, 0.36723, 0.31375], atol=6e-6)
    assert fit.sample.time_varying
    assert note("hazards.time_varying") in fit.notes


def test_cox_regression_reproduces_the_examples_of_r():
    # R survival 3.5-3, run: the examples of ?coxph, test1 with strata(sex), test2 (start, stop]
    one = pd.DataFrame(
        {
            "duration": [4, 3, 1, 1, 2, 2, 3],
            "event": [1, 1, 1, 0, 1, 1, 0],
            "x": [0, 2, 1, 1, 1, 0, 0],
            "sex": [0, 0, 0, 0, 1, 1, 1],
        }
    )
    fit = cox_regression(one, covariates=["x"], strata="sex")
    row = fit.table.iloc[0]
    assert_allclose([row["estimate"], row["std_error"]], [0.802, 0.822], atol=5e-4)
    assert fit.tests["chi2"].iloc[0] == pytest.approx(1.09, abs=5e-3)
    two = pd.DataFrame(
        {
            "start": [1, 2, 5, 2, 1, 7, 3, 4, 8, 8],
            "stop": [2, 3, 6, 7, 8, 9, 9, 9, 14, 17],
            "event": [1, 1, 1, 1, 1, 1, 1, 0, 0, 0],
            "x": [1, 0, 0, 1, 0, 1, 1, 1, 0, 0],
        }
    )
    row = cox_regression(two, covariates=["x"]).table.iloc[0]
    assert_allclose([row["estimate"], row["std_error"]], [-0.0211, 0.795], atol=5e-4)


def test_proportional_hazards_reproduce_ovarian(ovarian):
    # R survival, survival-Ex.Rout.save: cox.zph(coxph(... ~ age + ecog.ps, ovarian))
    test = cox_regression(ovarian, covariates=["age", "ecog.ps"]).proportional_hazards
    assert_allclose(test.table["chi2"], [0.698, 2.371, 3.633], atol=5.1e-4)
    assert test.table["dof"].tolist() == [1, 1, 2]


def test_proportional_hazards_reproduce_veteran(veteran):
    # R survival 3.5-3, run: cox.zph(coxph(Surv(time, status) ~ trt + celltype + karno +
    # diagtime + age + prior, veteran))
    names = ["trt", "celltype", "karno", "diagtime", "age", "prior"]
    fit = cox_regression(veteran, covariates=names)
    table = fit.proportional_hazards.table
    assert_allclose(
        table["chi2"], [0.2644, 15.2274, 12.9352, 0.0129, 1.8288, 2.1656, 34.5525], atol=6e-5
    )
    assert table["dof"].tolist() == [1, 3, 1, 1, 1, 1, 8]
    assert "karno" in [why.of("term") for why in fit.notes if why.key == "hazards.not_proportional"]


@pytest.mark.parametrize("transform", ["km", "identity", "rank", "log"])
def test_proportional_hazards_are_the_score_of_a_time_interaction(veteran, transform):
    # the score test of x g(t), from the (start, stop] data split at each end
    fit = cox_regression(veteran, covariates=["karno"], transform=transform)
    beta = fit.coefficients[0]
    ends = np.unique(veteran.loc[veteran["event"] == 1, "duration"])
    kept = veteran[["duration", "event", "karno"]].to_numpy()
    g = fit.proportional_hazards.residuals.groupby("time")["transformed_time"].first()
    u, v = 0.0, np.zeros((2, 2))
    for time in ends:
        there = kept[kept[:, 0] >= time]
        dead = (there[:, 0] == time) & (there[:, 1] == 1)
        for tied in range(dead.sum()):
            risk = np.exp(there[:, 2] * beta) * np.where(dead, 1 - tied / dead.sum(), 1)
            mean = np.average(there[:, 2], weights=risk)
            spread = np.average((there[:, 2] - mean) ** 2, weights=risk)
            u += g[time] * (there[dead, 2].mean() - mean)
            v += spread * np.array([[1, g[time]], [g[time], g[time] ** 2]])
    chi2 = u**2 / (v[1, 1] - v[0, 1] ** 2 / v[0, 0])
    assert fit.proportional_hazards.table["chi2"].iloc[0] == pytest.approx(chi2, rel=1e-6)


def test_cox_regression_clusters_reproduce_retinopathy(retinopathy):
    # R survival 3.5-3, run: coxph(Surv(futime, status) ~ type + trt, retinopathy, cluster = id)
    table = retinopathy.assign(adult=(retinopathy["type"] == "adult") * 1)
    fit = cox_regression(table, covariates=["adult", "trt"], cluster="customer_id")
    assert_allclose(fit.coefficients, [0.05388, -0.77893], atol=5.1e-6)
    assert_allclose(
        np.sqrt(np.diag(fit.maximum.naive_covariance)) / fit.maximum.scale,
        [0.16211, 0.16893],
        atol=5.1e-6,
    )
    assert_allclose(fit.table["std_error"], [0.17864, 0.14851], atol=5.1e-6)


def test_cox_regression_robust_errors_are_the_jackknife_of_weights(lung):
    # dbeta / dweight by central differences over counted rows, summed by cluster
    table = lung.dropna(subset=["inst"])[["duration", "event", "age", "inst"]]
    table = table.assign(duration=table["duration"] + np.arange(len(table)) * 1e-4)  # no ties
    fit = cox_regression(table, covariates=["age"], cluster="inst")
    scale = 2000
    shifts = []
    for inst in table["inst"].unique():
        beta = [
            cox_regression(
                table.assign(count=np.where(table["inst"] == inst, scale + sign * 20, scale)),
                covariates=["age"],
            ).coefficients[0]
            for sign in (1, -1)
        ]
        shifts.append((beta[0] - beta[1]) / (2 * 20 / scale))
    assert fit.table["std_error"].iloc[0] == pytest.approx(
        np.sqrt(np.sum(np.square(shifts))), rel=0.02
    )


def test_cox_regression_with_late_entry_and_ties_equals_lifelines(veteran):
    entry = np.where(veteran["age"] > 60, np.minimum(veteran["duration"] * 0.5, 20), 0)
    table = veteran.assign(entry=entry)[["duration", "event", "entry", "trt", "karno"]]
    peer = CoxPHFitter().fit(table, "duration", "event", entry_col="entry")
    fit = cox_regression(table, covariates=["trt", "karno"])
    assert_allclose(fit.coefficients, peer.params_, atol=1e-6)
    assert_allclose(fit.table["std_error"], peer.standard_errors_, atol=1e-6)


def test_cox_regression_equals_scikit_survival_and_lifelines_with_many_ties():
    rng = np.random.default_rng(2)
    x = rng.normal(size=(600, 3))
    life = np.ceil(rng.exponential(8 * np.exp(-x @ [0.5, -0.5, 0])))
    seen = np.ceil(rng.uniform(0, 20, 600))
    table = pd.DataFrame(x, columns=list("abc")).assign(
        duration=np.minimum(life, seen), event=life <= seen
    )
    fit = cox_regression(table, covariates=list("abc"))
    peer = CoxPHSurvivalAnalysis(ties="efron", tol=1e-12).fit(
        x, Surv.from_arrays(table["event"], table["duration"])
    )
    assert_allclose(fit.coefficients, peer.coef_, atol=1e-8)
    errors = CoxPHFitter().fit(table, "duration", "event").standard_errors_
    assert_allclose(fit.table["std_error"], errors, rtol=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_cox_regression_counted_rows_and_split_spells_change_nothing(seed):
    rng = np.random.default_rng(seed)
    n = 80
    table = pd.DataFrame(
        {
            "customer_id": np.arange(n),
            "duration": rng.integers(1, 12, n) / 7,
            "event": rng.random(n) < 0.7,
            "x": rng.integers(0, 4, n),
            "layer": rng.integers(0, 3, n),
            "count": rng.integers(1, 4, n),
        }
    )
    fit = cox_regression(table, covariates=["x"], strata="layer")
    repeated = table.loc[table.index.repeat(table["count"])].drop(columns="count")
    again = cox_regression(repeated, covariates=["x"], strata="layer")
    middle = table["duration"] / 2
    early = table.assign(start=0.0, stop=middle, event=False)
    late = table.assign(start=middle, stop=table["duration"])
    spells = pd.concat([early, late]).drop(columns="duration")
    split = cox_regression(spells, covariates=["x"], strata="layer")
    for other in (again, split):
        assert_allclose(fit.coefficients, other.coefficients, rtol=1e-8, atol=1e-10)
        assert_allclose(fit.table["std_error"], other.table["std_error"], rtol=1e-8)
        assert_allclose(
            fit.maximum.final.log_likelihood, other.maximum.final.log_likelihood, rtol=1e-8
        )
    assert_allclose(
        fit.proportional_hazards.table["chi2"], again.proportional_hazards.table["chi2"], rtol=1e-6
    )
    assert not split.sample.time_varying


def test_predict_survival_without_effect_is_near_kaplan_meier(lung):
    from lifelines import CoxPHFitter as Peer

    fit = cox_regression(lung, covariates=["age", "sex"])
    profile = pd.DataFrame({"age": [60, 70], "sex": [1, 2]})
    predicted = predict_survival(fit, profile, times=[0, 180, 365, 5000])
    peer = Peer(baseline_estimation_method="breslow").fit(
        lung[["duration", "event", "age", "sex"]], "duration", "event"
    )
    shares = peer.predict_survival_function(profile, times=[180, 365]).to_numpy().T
    assert_allclose(predicted["estimate"].to_numpy().reshape(2, 4)[:, 1:3], shares, atol=2e-3)
    assert predicted["estimate"].iloc[0] == 1
    assert np.isnan(predicted["estimate"].iloc[3])
    assert predicted["note"].iloc[3] == note("survival.not_followed")


def test_predict_survival_refuses_covariates_that_change(stanford_heart):
    fit = cox_regression(stanford_heart, covariates=["age", "transplant"])
    with pytest.raises(DataError, match="must be fixed for a survival curve"):
        predict_survival(fit, stanford_heart.head(1), times=[100])


def test_predict_survival_refuses_an_unknown_level(veteran):
    fit = cox_regression(veteran, covariates=["celltype"])
    with pytest.raises(DataError, match="celltype must be one of adeno"):
        predict_survival(fit, pd.DataFrame({"celltype": ["giant"]}), times=[10])


@pytest.mark.parametrize(
    ("covariates", "match"),
    [
        (["fin", "one"], "one must vary, but it has one value"),
        (["fin", "twice"], r"combinations of each other, but fin, twice are"),
        (["fin", "never"], r"but never does.*separation"),
        (["fin", "absent"], "absent is missing"),
        (["fin", "hole"], "hole must be a finite number"),
    ],
)
def test_cox_regression_names_the_culprit(rossi, covariates, match):
    table = rossi.assign(
        one=1,
        twice=2 * rossi["fin"] + 1,
        never=((rossi["event"] == 0) & (rossi["age"] > 30)) * 1,
        hole=rossi["age"].where(rossi["age"] > 20),
    )
    with pytest.raises(DataError, match=match):
        cox_regression(table, covariates=covariates)


@pytest.mark.parametrize(
    ("spells", "match"),
    [
        ({"start": [0, 5], "stop": [5, 5]}, "stop must be after start, but 1 of 2"),
        ({"start": [0, 3], "stop": [5, 8]}, "must not overlap"),
        ({"start": [0, 5], "stop": [5, -8]}, "stop must be at least 0"),
    ],
)
def test_cox_regression_refuses_wrong_spells(spells, match):
    table = pd.DataFrame({**spells, "event": [0, 1], "customer_id": "a", "x": [0, 1]})
    with pytest.raises(DataError, match=match):
        cox_regression(table, covariates=["x"])


def test_cox_regression_refuses_tables_without_ends(lung):
    with pytest.raises(DataError, match="no relationship ended"):
        cox_regression(lung.assign(event=0), covariates=["age"])


def test_cox_regression_refuses_an_unknown_transform(lung):
    with pytest.raises(ParamsError, match="transform must be one of"):
        cox_regression(lung, covariates=["age"], transform="sqrt")


def test_cox_regression_intervals_cover_the_truth():
    rng = np.random.default_rng(21)
    covered = np.zeros(2)
    for _ in range(200):
        x = np.column_stack([rng.normal(size=150), rng.random(150) < 0.4])
        life = rng.exponential(10 * np.exp(-x @ [0.4, -0.7]))
        seen = rng.uniform(0, 30, 150)
        table = pd.DataFrame(x, columns=["a", "b"]).assign(
            duration=np.ceil(np.minimum(life, seen)), event=life <= seen
        )
        rows = cox_regression(table, covariates=["a", "b"]).table
        covered += (rows["conf_low"] <= [0.4, -0.7]) & (rows["conf_high"] >= [0.4, -0.7])
    assert ((covered / 200 >= 0.895) & (covered / 200 <= 0.990)).all(), covered
