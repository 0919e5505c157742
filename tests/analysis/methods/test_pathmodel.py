"""PLS path models against plspm, seminr, and simulated factors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from satisfaction_data import (
    FACTOR_PATH,
    bank,
    bank_model,
    factor_scales,
    factor_survey,
    mobi,
    mobi_model,
    mobi_scales,
)

from analysis.errors import DataError, ParamsError
from analysis.methods.pathmodel import PathModel, ecsi_model, estimate_path_model
from analysis.methods.pathmodel._solve import solve
from analysis.methods.resampling import (
    bootstrap_covariances,
    covariance,
    percentile_interval,
)
from analysis.methods.scales import Scale
from analysis.notes import note

FACTORS = PathModel(factor_scales(), {"x": ["y"]})

# Sanchez, PLS Path Modeling with R, chapter 4; plspm, tests on satisfaction (centroid, unscaled)
BANK_EFFECTS = {
    "IMAG → EXPE": (0.57895912845279, 0, 0.57895912845279),
    "IMAG → QUAL": (0, 0.491156739303251, 0.491156739303251),
    "IMAG → VAL": (0, 0.393411171344413, 0.393411171344413),
    "IMAG → SAT": (0.200724200280665, 0.290246937598827, 0.490971137879492),
    "IMAG → LOY": (0.275149575748467, 0.243266046562688, 0.518415622311155),
    "EXPE → QUAL": (0.8483444083796, 0, 0.8483444083796),
    "EXPE → VAL": (0.105477649519747, 0.574036934516201, 0.679514584035949),
    "EXPE → SAT": (-0.00275399457916834, 0.504079430753709, 0.501325436174541),
    "EXPE → LOY": (0, 0.248396387262645, 0.248396387262645),
    "QUAL → VAL": (0.676655529105984, 0, 0.676655529105984),
    "QUAL → SAT": (0.122144565609107, 0.398773842804961, 0.520918408414068),
    "QUAL → LOY": (0, 0.25810429986563, 0.25810429986563),
    "VAL → SAT": (0.589330650016017, 0, 0.589330650016017),
    "VAL → LOY": (0, 0.292001150957277, 0.292001150957277),
    "SAT → LOY": (0.495479322090817, 0, 0.495479322090817),
}


@pytest.fixture(scope="module")
def bank_estimate(shared_data):
    survey = bank(shared_data)
    return estimate_path_model(survey, model=bank_model(survey), scheme="centroid", scaled=False)


# --- published


def test_bank_paths_and_effects_as_plspm(bank_estimate):
    table = bank_estimate.effects.pivot(index="term", columns="kind", values="estimate").fillna(0)
    assert set(table.index) == set(BANK_EFFECTS)
    for term, effects in BANK_EFFECTS.items():
        found = table.loc[term, ["direct", "indirect", "total"]]
        np.testing.assert_allclose(found.to_numpy(float), effects, atol=1e-5)


def test_bank_quality_as_plspm(bank_estimate):
    quality = bank_estimate.quality.set_index("construct")
    r_squared = [0.335193672418813, 0.719688235228933, 0.59008437279849]
    r_squared += [0.707320949544597, 0.509922562050087]
    np.testing.assert_allclose(quality["r_squared"].iloc[1:], r_squared, atol=1e-5)
    ave = [0.582269092760334, 0.616419883010119, 0.65857174851724]
    ave += [0.66441556645883, 0.75889072736371, 0.639051735398058]
    np.testing.assert_allclose(quality["average_variance_extracted"], ave, atol=1e-5)
    redundancy = [0.206620044338137, 0.473966339462006, 0.392061242811412]
    redundancy += [0.536779309879489, 0.325866898196732]
    np.testing.assert_allclose(quality["redundancy"].iloc[1:], redundancy, atol=1e-5)
    assert bank_estimate.goodness_of_fit == pytest.approx(0.609741624338411, abs=1e-5)


def test_bank_loadings_and_weights_as_plspm(bank_estimate):
    items = bank_estimate.items.pivot(index="item", columns="term", values="estimate")
    sat = ["sat1", "sat2", "sat3", "sat4"]
    loadings = [0.919797990928334, 0.916030239797506, 0.825878617822696, 0.8175253352275]
    weights = [0.166366549374147, 0.162659797860461, 0.121091359148817, 0.132079076814512]
    np.testing.assert_allclose(items.loc[sat, "loading"], loadings, atol=1e-5)
    np.testing.assert_allclose(items.loc[sat, "weight"], weights, atol=1e-5)
    imag = [0.70932650116601, 0.877307817983846, 0.841748537706059]
    imag += [0.569193430203468, 0.77846683251928]
    found = items.loc[[f"imag{k}" for k in range(1, 6)], "loading"]
    np.testing.assert_allclose(found, imag, atol=1e-5)


def test_bank_least_squares_errors_as_plspm(bank_estimate):
    rows = bank_estimate.table[bank_estimate.table["to"].eq("SAT")]
    errors = [0.0499287396486374, 0.0656906937615269, 0.0751969653585023, 0.0600164458313523]
    np.testing.assert_allclose(rows["std_error"], errors, atol=1e-5)
    p_values = [7.74463499296224e-05, 0.966593697082093, 0.105591533548731, 2.09749370009098e-19]
    np.testing.assert_allclose(rows["p_value"], p_values, rtol=2e-4)


@pytest.mark.parametrize(
    ("scheme", "loadings"),
    [  # plspm, satisfaction outer model, factorial and path
        ("factorial", {"imag1": 0.709579562555722, "val1": 0.864544798086425,
                       "sat4": 0.817325794633066, "loy4": 0.681305477044771}),
        ("path", {"imag1": 0.70955076789416, "val1": 0.86271564077978,
                  "sat4": 0.82088699490331, "loy4": 0.678814311108138}),
    ],
)  # fmt: skip
def test_bank_other_schemes_as_plspm(shared_data, scheme, loadings):
    survey = bank(shared_data)
    found = estimate_path_model(survey, model=bank_model(survey), scheme=scheme, scaled=False).items
    found = found[found["term"].eq("loading")].set_index("item")["estimate"]
    for item, loading in loadings.items():
        assert found[item] == pytest.approx(loading, abs=1e-5)


def test_bank_mode_b_as_plspm(shared_data):
    # plspm, satisfaction mode B; it stops at a looser tolerance than we do
    survey = bank(shared_data)
    found = estimate_path_model(
        survey, model=bank_model(survey, "B"), scheme="centroid", scaled=False
    ).quality
    r_squared = [0.372046006581529, 0.722837619445379, 0.614360808369793]
    r_squared += [0.732183693952877, 0.539969047981518]
    np.testing.assert_allclose(found["r_squared"].iloc[1:], r_squared, atol=2e-5)
    communality = [0.532480143903468, 0.60484775361322, 0.657778609805617]
    communality += [0.637277128517747, 0.73353650551065, 0.578474667245272]
    np.testing.assert_allclose(found["communality"], communality, atol=4e-5)
    assert found["average_variance_extracted"].isna().all()


def test_bank_cross_loadings_and_redundancies_as_plspm(bank_estimate):
    # plspm, tests/data: satisfaction.crossloadings.csv, satisfaction.outer-model.csv
    crossed = {
        "imag1": [0.709326501, 0.313711253, 0.312979377, 0.424830508, 0.394306274, 0.397233342],
        "expe4": [0.491701538, 0.718345250, 0.620523372, 0.560969053, 0.509098854, 0.445661635],
        "qual4": [0.631979900, 0.625521598, 0.788981937, 0.635331525, 0.591830922, 0.604012004],
        "loy4": [0.374463005, 0.222617240, 0.339639190, 0.432991636, 0.344227418, 0.681874238],
    }
    for item, loadings in crossed.items():
        np.testing.assert_allclose(bank_estimate.cross_loadings.loc[item], loadings, atol=1e-6)
    items = bank_estimate.item_quality.set_index("item")["redundancy"]
    redundancy = {"expe1": 0.196574497, "qual2": 0.559302191, "val1": 0.441334186,
                  "sat1": 0.598413572, "loy4": 0.237089758}  # fmt: skip
    np.testing.assert_allclose(items[list(redundancy)], list(redundancy.values()), atol=1e-6)


def test_mobi_with_a_formed_construct_as_seminr(shared_data):
    # seminr by way of plspm-python, tests/data/seminr-mobi-basic-{paths,outer-model}.csv
    blocks = {"Image": ("IMAG", 5), "Expectation": ("CUEX", 3), "Quality": ("PERQ", 7),
              "Loyalty": ("CUSL", 3)}  # fmt: skip
    scales = {k: Scale(tuple(f"{s}{i}" for i in range(1, n + 1))) for k, (s, n) in blocks.items()}
    scales["Complaints"] = Scale(("CUSCO",))
    into_loyalty = dict.fromkeys(("Expectation", "Quality", "Complaints"), ("Loyalty",))
    model = PathModel(scales, into_loyalty | {"Image": ("Expectation",)}, {"Quality": "B"})
    found = estimate_path_model(mobi(shared_data), model=model, scheme="path")
    paths = found.table.set_index("from")["estimate"]
    expected = {"Expectation": 0.124534792831633, "Quality": 0.405693671851465,
                "Image": 0.512876954138615, "Complaints": 0.176081956818542}  # fmt: skip
    np.testing.assert_allclose(paths[list(expected)], list(expected.values()), atol=1e-8)
    items = found.items.pivot(index="item", columns="term", values="estimate")
    outer = {
        "PERQ1": (0.407033650980277, 0.848331559563572),
        "PERQ4": (0.0740065406659367, 0.654863987061899),
        "PERQ6": (-0.0862475048715799, 0.610190554740549),
        "CUEX3": (0.381323454524026, 0.545427204646342),
        "CUSL2": (0.117887757261553, 0.205795369057261),
        "CUSCO": (1, 1),
    }
    for item, (weight, loading) in outer.items():
        assert items.at[item, "weight"] == pytest.approx(weight, abs=1e-7)
        assert items.at[item, "loading"] == pytest.approx(loading, abs=1e-7)


def test_mobi_indirect_effects_cross_loadings_and_inflation_as_seminr(shared_data):
    # seminr, tests/fixtures: boot_report_total_indirect_paths, cross_loadings,
    # composite_collinearity
    paths = {"Image": ["Satisfaction"], "Expectation": ["Satisfaction"], "Satisfaction": ["Value"]}
    chain = estimate_path_model(mobi(shared_data), model=PathModel(mobi_scales(), paths))
    indirect = chain.effects[chain.effects["kind"].eq("indirect")].set_index("term")["estimate"]
    assert indirect["Image → Value"] == pytest.approx(0.356893475055069, abs=1e-8)
    assert indirect["Expectation → Value"] == pytest.approx(0.129399649311115, abs=1e-8)
    found = estimate_path_model(mobi(shared_data), model=mobi_model())
    crossed = {
        "IMAG1": [0.763199100938388, 0.351586629361819, 0.396662680764419, 0.549181935347663],
        "CUEX2": [0.406568591606649, 0.710214472518844, 0.179858031172824, 0.366980549249504],
        "CUSA3": [0.627868432872707, 0.390906142343749, 0.598952326330781, 0.850379560919916],
    }
    for item, loadings in crossed.items():
        np.testing.assert_allclose(found.cross_loadings.loc[item], loadings, atol=1e-7)
    vif = found.item_quality.set_index("item")["vif"]
    inflation = {"PERV1": 1.96158254047704, "CUSA1": 1.50500417008445, "CUSA2": 1.76197723191477,
                 "CUSA3": 1.64446280215093}  # fmt: skip
    np.testing.assert_allclose(vif[list(inflation)], list(inflation.values()), rtol=1e-9)


def test_consistent_estimates_that_run_to_extremes_are_flagged(bank_estimate):
    # Expectations and quality can hardly be told apart (HTMT .98): quality → value is 1.67.
    noted = bank_estimate.table.set_index("term")
    assert noted.at["QUAL → VAL", "note"] == note("paths.beyond_one")
    assert noted.at["EXPE → SAT", "note"] == note("paths.too_alike")
    assert noted.at["IMAG → EXPE", "note"] == noted.at["SAT → LOY", "note"] == ""
    assert note("paths.not_parted") in bank_estimate.notes


def test_inadmissible_consistent_estimates_are_left_out():
    rng = np.random.default_rng(1)
    survey = factor_survey(rng, 300) + rng.normal(size=(300, 6))
    # One question asked twice ties the scales more than each scale hangs together.
    survey["y1"] = survey["x1"] = 2 * survey["x1"]
    found = estimate_path_model(survey.clip(-9, 9), model=FACTORS)
    assert found.table["consistent"].isna().all()
    assert found.table["note"].eq(note("paths.inadmissible")).all()


def test_mobi_as_seminr(shared_data):
    # seminr, tests/fixtures: inner_weights_coefficients, rsquared1, reliability, fl_table, vifs
    found = estimate_path_model(mobi(shared_data), model=mobi_model(), scheme="path")
    np.testing.assert_allclose(found.table["estimate"], [0.447004, 0.171830, 0.316425], atol=1e-5)
    vif = [1.6139498810707, 1.36849662441311, 1.37801850355244]
    np.testing.assert_allclose(found.table["vif"], vif, atol=1e-5)
    quality = found.quality.set_index("construct")
    assert quality.at["Satisfaction", "r_squared"] == pytest.approx(0.590603320426892, abs=1e-6)
    adjusted = quality.at["Satisfaction", "r_squared_adjusted"]
    assert adjusted == pytest.approx(0.585610677993074, abs=1e-6)
    rho_a = [0.745291554480322, 0.461657986928213, 0.857527048393235, 0.784023593590752]
    np.testing.assert_allclose(quality["rho_a"], rho_a, atol=1e-5)
    rho_c = [0.818325774056256, 0.733177801505283, 0.917897281748515, 0.871457927643628]
    np.testing.assert_allclose(quality["composite_reliability"], rho_c, atol=1e-5)
    diagonal = [0.691360857178267, 0.693186155829696, 0.921037825175302, 0.832684808871402]
    np.testing.assert_allclose(np.diag(found.fornell_larcker), diagonal, atol=1e-5)
    correlation = found.fornell_larcker.loc["Satisfaction", "Value"]
    assert correlation == pytest.approx(0.606306608005369, abs=1e-5)


def test_mobi_consistent_as_seminr(shared_data):
    # seminr, tests/fixtures: path_coef1, rsquaredplsc, rho1, loadings1, factorial_coefficients
    found = estimate_path_model(mobi(shared_data), model=mobi_model(), scheme="factorial")
    composite = [0.446873985519376, 0.172941539187286, 0.315219423208024]
    np.testing.assert_allclose(found.table["estimate"], composite, atol=1e-6)
    consistent = [0.537704707482867, 0.240967661696417, 0.25827986805094]
    np.testing.assert_allclose(found.table["consistent"], consistent, atol=1e-5)
    quality = found.quality.set_index("construct")
    r_squared = quality.at["Satisfaction", "r_squared_consistent"]
    assert r_squared == pytest.approx(0.885707115746682, abs=1e-5)
    loadings = [0.681330024716575, 0.521278271799338, 0.410112763312163]
    loadings += [0.680389608942476, 0.638496321953613]
    np.testing.assert_allclose(found.item_quality["consistent_loading"][:5], loadings, atol=1e-5)


def test_ecsi_preset_on_mobi(shared_data):
    # The paths that the seventh quality item does not touch: Monecke & Leisch (2012), JSS 48(3)
    blocks = {"image": ("IMAG", 5), "expectations": ("CUEX", 3), "quality": ("PERQ", 6)}
    blocks |= {"value": ("PERV", 2), "satisfaction": ("CUSA", 3), "loyalty": ("CUSL", 3)}
    scales = {k: Scale(tuple(f"{s}{i}" for i in range(1, n + 1))) for k, (s, n) in blocks.items()}
    model = ecsi_model(scales | {"complaints": Scale(("CUSCO",))})
    assert len(model.arrows) == 12
    found = estimate_path_model(mobi(shared_data), model=model, scheme="centroid").table
    found = found.set_index("term")["estimate"].round(3)
    assert found["image → expectations"] == 0.505
    assert found["satisfaction → complaints"] == 0.526
    assert found["image → loyalty"] == 0.195
    assert found["satisfaction → loyalty"] == 0.483
    assert found["complaints → loyalty"] == 0.071


def test_ecsi_preset_leaves_out_what_was_not_measured(shared_data):
    survey = bank(shared_data)
    model = bank_model(survey)
    names = ["image", "expectations", "quality", "value", "satisfaction", "loyalty"]
    renamed = dict(zip(names, model.scales.values(), strict=True))
    assert ecsi_model(renamed).arrows == [
        (names[model.constructs.index(a)], names[model.constructs.index(b)])
        for a, b in model.arrows
    ]


def test_bank_bootstrap_errors_near_plspm(shared_data):
    # plspm prints 200 resamples of another seed: std.error .0571 .0539 .0779 .0245; mean over paths
    survey = bank(shared_data)
    found = estimate_path_model(
        survey, model=bank_model(survey), scheme="centroid", scaled=False,
        replications=500, rng=np.random.default_rng(7),
    ).table.set_index("term")  # fmt: skip
    theirs = {
        "IMAG → EXPE": 0.0571,
        "IMAG → LOY": 0.0779,
        "QUAL → VAL": 0.0707,
        "VAL → SAT": 0.0865,
    }
    for term, error in theirs.items():
        assert found.at[term, "std_error"] == pytest.approx(error, rel=0.25)
    assert (found["conf_low"] < found["estimate"]).all()
    assert (found["estimate"] < found["conf_high"]).all()


# --- by hand


def test_single_items_are_a_regression():
    rng = np.random.default_rng(3)
    survey = pd.DataFrame(rng.normal(size=(80, 2)), columns=["a", "b"])
    survey["c"] = survey["a"] - 0.5 * survey["b"] + rng.normal(size=80)
    scales = {name: Scale((name,), lowest=-9, highest=9) for name in "abc"}
    model = PathModel(scales, {"a": ["c"], "b": ["c"]})
    found = estimate_path_model(survey, model=model).table
    standard = (survey - survey.mean()) / survey.std()
    slopes, *_ = np.linalg.lstsq(standard[["a", "b"]].to_numpy(), standard["c"].to_numpy())
    np.testing.assert_allclose(found["estimate"], slopes, atol=1e-9)
    np.testing.assert_allclose(found["consistent"], slopes, atol=1e-9)


def test_mode_b_of_two_blocks_is_canonical_correlation():
    from statsmodels.multivariate.cancorr import CanCorr

    survey = factor_survey(np.random.default_rng(4), 120)
    model = PathModel(factor_scales(), {"x": ["y"]}, {"x": "B", "y": "B"})
    found = estimate_path_model(survey, model=model, scheme="factorial")
    first = CanCorr(survey[["y1", "y2", "y3"]], survey[["x1", "x2", "x3"]]).cancorr[0]
    assert found.table.loc[0, "estimate"] == pytest.approx(first, abs=1e-7)


def test_scores_are_standardised_and_effects_are_what_a_path_adds(shared_data):
    found = estimate_path_model(mobi(shared_data), model=mobi_model())
    np.testing.assert_allclose(found.scores.std(ddof=0), 1, atol=1e-9)
    # seminr, tests/fixtures/V_3_5_X/fsquared1.csv: Image to Satisfaction, estimated without it
    f_squared = found.table.set_index("from")["f_squared"]
    assert f_squared["Image"] == pytest.approx(0.303554364141901, abs=1e-9)
    alone = PathModel(mobi_model().scales, {"Image": ["Satisfaction"], "Value": ["Expectation"]})
    lonely = estimate_path_model(mobi(shared_data), model=alone)
    explained = lonely.quality.set_index("construct").at["Satisfaction", "r_squared"]
    found = lonely.table.set_index("to").at["Satisfaction", "f_squared"]
    assert found == pytest.approx(explained / (1 - explained))


# --- property


@settings(max_examples=8, deadline=None)
@given(factor=st.floats(0.5, 3), order=st.permutations(range(60)))
def test_estimates_feel_neither_order_nor_unit(factor, order):
    survey = factor_survey(np.random.default_rng(9), 60)
    one = estimate_path_model(survey, model=FACTORS).table.loc[0, "estimate"]
    changed = survey.iloc[list(order)].assign(x1=lambda s: factor * s["x1"])
    wide = {name: Scale(s.items, lowest=-40, highest=40) for name, s in factor_scales().items()}
    other = estimate_path_model(changed, model=PathModel(wide, {"x": ["y"]})).table
    assert other.loc[0, "estimate"] == pytest.approx(one, abs=1e-7)


# --- refusal


def test_model_refuses_circles_strangers_and_the_lonely():
    scales = {name: Scale((name,)) for name in "abc"}
    with pytest.raises(ParamsError, match="must not run in a circle"):
        PathModel(scales, {"a": ["b"], "b": ["c"], "c": ["a"]})
    with pytest.raises(ParamsError, match=r"but \['d'\] have none"):
        PathModel(scales, {"a": ["b", "c", "d"]})
    with pytest.raises(ParamsError, match="each construct must lie on a path"):
        PathModel(scales, {"a": ["b"]})
    with pytest.raises(ParamsError, match="a mode must be A or B"):
        PathModel(scales, {"a": ["b", "c"]}, {"a": "C"})
    with pytest.raises(ParamsError, match="ECSI knows"):
        ecsi_model({"joy": Scale(("a",))})


def test_estimate_refuses_constant_text_range_shared_and_few():
    survey = factor_survey(np.random.default_rng(1), 50)
    with pytest.raises(DataError, match="x1 is constant"):
        estimate_path_model(survey.assign(x1=1.0), model=FACTORS)
    with pytest.raises(DataError, match=r"surveys.x1 must be a number, but 50 of 50"):
        estimate_path_model(survey.assign(x1="n/a"), model=FACTORS)
    with pytest.raises(DataError, match=r"surveys.x1 must lie between -9 and 9"):
        estimate_path_model(survey.assign(x1=99.0), model=FACTORS)
    shared = PathModel({"x": Scale(("x1", "x2")), "y": Scale(("x2", "y1"))}, {"x": ["y"]})
    with pytest.raises(ParamsError, match="x2 is in x and y"):
        estimate_path_model(survey, model=shared)
    with pytest.raises(DataError, match="must outnumber the 7 weights and paths, but 7 came"):
        estimate_path_model(survey.head(7), model=FACTORS)


def test_mode_b_refuses_repeated_items():
    survey = factor_survey(np.random.default_rng(1), 50)
    model = PathModel(factor_scales(), {"x": ["y"]}, {"x": "B"})
    with pytest.raises(DataError, match="the items of x must not repeat one another"):
        estimate_path_model(survey.assign(x2=survey["x1"]), model=model)


# --- recovery


def test_consistent_pls_recovers_path_and_loadings():
    survey = factor_survey(np.random.default_rng(11), 20_000)
    found = estimate_path_model(survey, model=FACTORS)
    assert found.table.loc[0, "consistent"] == pytest.approx(FACTOR_PATH, abs=0.02)
    assert found.table.loc[0, "estimate"] < FACTOR_PATH - 0.03
    loadings = [0.9, 0.8, 0.7] * 2
    np.testing.assert_allclose(found.item_quality["consistent_loading"], loadings, atol=0.03)


def test_bootstrap_intervals_cover_the_composite_path():
    big = factor_survey(np.random.default_rng(12), 400_000).to_numpy()
    truth = solve(covariance(big)[None], FACTORS, "path", True).paths[0, 0, 1]
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        drawn = bootstrap_covariances(factor_survey(rng, 200).to_numpy(), replications=300, rng=rng)
        low, high = percentile_interval(solve(drawn, FACTORS, "path", True).paths[:, 0, 1])
        held += low <= truth <= high
    assert 0.895 <= held / 200 <= 0.990


def test_clustered_bootstrap_is_wider_when_customers_repeat():
    survey = factor_survey(np.random.default_rng(13), 100)
    twice = pd.concat([survey, survey, survey, survey], ignore_index=True)
    twice["customer_id"] = np.tile(np.arange(100), 4)
    rows = [
        estimate_path_model(
            twice, model=FACTORS, replications=300, rng=np.random.default_rng(1), cluster=cluster
        ).table.loc[0, "std_error"]
        for cluster in (None, "customer_id")
    ]
    assert rows[1] == pytest.approx(2 * rows[0], rel=0.25)
