"""Competing ends: R's survival, cmprsk's own tests, by hand, properties, recovery."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lifelines import AalenJohansenFitter
from numpy.testing import assert_allclose

from analysis.errors import DataError
from analysis.methods.competing import cumulative_incidence, gray_test
from analysis.methods.survival import survival_curve
from analysis.notes import note

TOY = pd.DataFrame(
    {
        "duration": [1, 2, 2, 3, 3, 3, 5, 6],
        "event": [0, 1, 0, 1, 0, 1, 0, 1],
        "cause": [None, "1", None, "2", None, "2", None, "2"],
    }
)


def test_occupation_reproduces_the_toy_of_r():
    # R survival, testci.Rout.save
    incidence = cumulative_incidence(TOY)
    shown = incidence.occupation([2, 3, 6]).pivot(index="time", columns="state", values="estimate")
    assert_allclose(
        shown[["alive", "1", "2"]],
        [[6 / 7, 1 / 7, 0], [18 / 35, 1 / 7, 12 / 35], [0, 1 / 7, 6 / 7]],
        atol=1e-12,
    )
    first = incidence.table[incidence.table["cause"] == "1"]
    assert first["time"].tolist() == [1, 2, 3, 5, 6]
    assert first["at_risk"].tolist() == [8, 7, 5, 2, 1]


def test_restricted_time_reproduces_transplant(transplant):
    # R survival, survival-Ex.Rout.save: AB's follow-up ends at 596 days
    rows = cumulative_incidence(transplant, by="abo").restricted_time(2055)
    death = rows[rows["cause"] == "death"].set_index("group")
    assert_allclose(
        death.loc[["A", "B", "AB", "O"], "estimate"],
        [164.9734, 202.4902, 137.8293, 182.1075],
        atol=5.1e-5,
    )
    assert death.loc["AB", "note"] == note("survival.last_share", end=596)


def test_cumulative_incidence_reproduces_mgus2(mgus2):
    # R survival, competing risks vignette
    pcm = cumulative_incidence(mgus2, by="sex").at([120, 240, 360])
    pcm = pcm[pcm["cause"] == "pcm"]["estimate"]
    assert_allclose(pcm, [0.07389, 0.10494, 0.15739, 0.05531, 0.09565, 0.10446], atol=5.1e-6)
    pooled = cumulative_incidence(mgus2)
    naive = pooled.naive([240]).set_index("cause").loc["pcm"]
    assert_allclose(naive[["estimate", "naive"]].astype(float), [0.09981, 0.20956], atol=5.1e-6)
    assert [why.key for why in pooled.notes] == ["survival.naive_incidence"]


def marsaglia_multicarry(seed: int):
    """The uniform numbers of R before 1.7 (RNGversion("1.6.2"))."""
    size, state = 2**32, []
    for _ in range(50):
        seed = (69069 * seed + 1) % size
    for _ in range(2):
        seed = (69069 * seed + 1) % size
        state.append(seed)
    a, b = state
    while True:
        a = (36969 * (a & 0xFFFF) + (a >> 16)) % size
        b = (18000 * (b & 0xFFFF) + (b >> 16)) % size
        yield (((a << 16) % size) ^ (b & 0xFFFF)) * 2.328306437080797e-10


def exponential(uniform) -> float:
    """R's rexp: Ahrens & Dieter (1972)."""
    q = np.cumsum([math.log(2) ** k / math.factorial(k) for k in range(1, 17)])
    a, u = 0.0, 2 * next(uniform)
    while u <= 1:
        a, u = a + q[0], 2 * u
    u -= 1
    if u <= q[0]:
        return a + u
    k, least = 1, min(next(uniform), next(uniform))
    while u > q[k]:
        k, least = k + 1, min(least, next(uniform))
    return a + least * q[0]


@pytest.fixture(scope="module")
def cmprsk() -> pd.DataFrame:
    uniform = marsaglia_multicarry(2)
    duration = [exponential(uniform) for _ in range(100)]
    group = [int(3 * next(uniform)) for _ in range(100)]
    kind = np.array([int(3 * next(uniform)) for _ in range(100)])
    layer = [int(2 * next(uniform)) for _ in range(100)]
    return pd.DataFrame(
        {
            "duration": duration,
            "event": kind > 0,
            "cause": np.where(kind > 0, kind.astype(str), None),
            "plan": np.array(list("abc"))[group],
            "layer": layer,
        }
    )


def test_gray_test_reproduces_cmprsk_within_strata(cmprsk):
    # R cmprsk, tests/test.Rout.save: cuminc(ss, cc, gg, strt), and without group b
    table = gray_test(cmprsk, by="plan", strata="layer").table
    assert_allclose(table["chi2"], [3.393977, 1.989511], atol=5.1e-7)
    assert_allclose(table["p_value"], [0.1832345, 0.3698139], atol=5.1e-8)
    two = gray_test(cmprsk[cmprsk["plan"] != "b"], by="plan", strata="layer").table
    assert_allclose(two["chi2"], [3.5151549, 0.1400145], atol=5.1e-8)


def test_gray_test_with_ties_and_weights_as_cmprsk(mgus2, transplant):
    # R cmprsk 2.2-11, run: cuminc(etime, event, group, strata, rho)$Tests
    causes = mgus2.assign(old=mgus2["age"] > 70)
    sexes = gray_test(causes, by="sex").table.set_index("cause")["chi2"]
    assert_allclose(sexes[["pcm", "death"]], [1.194507825, 11.651259012], rtol=1e-9)
    late = gray_test(causes, by="sex", rho=1).table.set_index("cause")["chi2"]
    assert_allclose(late[["pcm", "death"]], [1.229358834, 13.930509715], rtol=1e-9)
    layered = gray_test(causes, by="old", strata="sex").table.set_index("cause")["chi2"]
    assert_allclose(layered[["pcm", "death"]], [4.603819586, 225.211449464], rtol=1e-9)
    four = gray_test(transplant, by="abo", rho=1).table
    assert_allclose(four["chi2"], [1.747023084, 56.791611885, 5.709831577], rtol=1e-9)
    assert four["dof"].tolist() == [3, 3, 3]


def test_cumulative_incidence_reproduces_cmprsk(cmprsk):
    # R cmprsk, tests/test.Rout.save: cuminc(ss, cc)
    at = cumulative_incidence(cmprsk).at([1, 2, 3, 4, 5])
    assert_allclose(
        at["estimate"],
        [
            *(0.2352861, 0.3287068, 0.4247898, 0.4247898, 0.4247898),
            *(0.2567862, 0.3931580, 0.4631781, 0.4911861, 0.4911861),
        ],
        atol=5.1e-8,
    )


def test_gray_test_keeps_its_level_with_ties():
    rng = np.random.default_rng(9)
    rejected = 0
    for _ in range(200):
        life, seen = np.ceil(rng.exponential(10, 150)), np.ceil(rng.uniform(0, 30, 150))
        table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
        table["cause"] = np.where(rng.random(150) < 0.4, "a", "b")
        table["plan"] = rng.integers(0, 2, 150)
        rejected += gray_test(table, by="plan").table["p_value"].iloc[0] < 0.05
    assert 0.010 <= rejected / 200 <= 0.105


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 9), st.sampled_from([None, "a", "b", "c"]), st.integers(1, 3)),
        min_size=1,
        max_size=30,
    ).filter(lambda drawn: any(cause for _, cause, _ in drawn))
)
def test_incidences_add_up_to_one_minus_kaplan_meier(drawn):
    table = pd.DataFrame(drawn, columns=["duration", "cause", "count"])
    table["event"] = table["cause"].notna()
    incidence = cumulative_incidence(table)
    total = incidence.table.groupby("time")["estimate"].sum()
    assert_allclose(1 - total, survival_curve(table).table["estimate"], atol=1e-12)
    repeated = table.loc[table.index.repeat(table["count"])].drop(columns="count")
    again = cumulative_incidence(repeated)
    pd.testing.assert_frame_equal(incidence.table, again.table)


def influence_variance(table: pd.DataFrame, cause: str, time: float) -> float:
    """Infinitesimal jackknife by central differences over counted rows, without closed forms."""
    scale, step, total = 10_000, 100, 0.0
    for row in range(len(table)):
        shares = []
        for sign in (1, -1):
            count = np.full(len(table), scale)
            count[row] += sign * step
            at = cumulative_incidence(table.assign(count=count)).at([time])
            shares.append(at.loc[at["cause"] == cause, "estimate"].item())
        total += ((shares[0] - shares[1]) / (2 * step / scale)) ** 2
    return total


@pytest.mark.parametrize(("cause", "time"), [("1", 3), ("2", 3), ("2", 5)])
def test_incidence_errors_are_the_infinitesimal_jackknife(cause, time):
    at = cumulative_incidence(TOY).at([time])
    error = at.loc[at["cause"] == cause, "std_error"].item()
    assert error == pytest.approx(np.sqrt(influence_variance(TOY, cause, time)), rel=1e-3)


def test_incidence_equals_lifelines(mgus2):
    table = mgus2.assign(duration=mgus2["duration"] + np.arange(len(mgus2)) * 1e-4)
    codes = np.where(table["event"], np.where(table["cause"] == "pcm", 1, 2), 0)
    peer = AalenJohansenFitter().fit(table["duration"], codes, event_of_interest=1)
    curve = cumulative_incidence(table).table
    pcm = curve[curve["cause"] == "pcm"]
    assert_allclose(pcm["estimate"], peer.cumulative_density_.iloc[1:, 0], atol=1e-9)


def test_single_cause_has_kaplan_meier_errors_and_intervals(lung):
    incidence = cumulative_incidence(lung.assign(cause="end"), conf_type="plain").at([365])
    share = survival_curve(lung, conf_type="plain").at([365])
    assert incidence["std_error"].item() == pytest.approx(share["std_error"].item())
    assert incidence["conf_low"].item() == pytest.approx(1 - share["conf_high"].item())


def test_late_entry_counts_only_while_there():
    table = TOY.assign(entry=[0, 0, 0, 2, 0, 0, 0, 4])
    curve = cumulative_incidence(table).table
    assert curve[curve["cause"] == "1"]["at_risk"].tolist() == [6, 5, 4, 2, 1]


@pytest.mark.whole
def test_incidence_intervals_cover_the_truth():
    rng = np.random.default_rng(14)
    truth, covered = 0.3 * (1 - np.exp(-1)), 0
    for _ in range(200):
        life, seen = rng.exponential(10, 150), rng.uniform(0, 40, 150)
        table = pd.DataFrame({"duration": np.minimum(life, seen), "event": life <= seen})
        table["cause"] = np.where(rng.random(150) < 0.3, "a", "b")
        row = cumulative_incidence(table).at([10]).iloc[0]
        covered += row["conf_low"] <= truth <= row["conf_high"]
    assert 0.895 <= covered / 200 <= 0.990


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"cause": ["a", None]}, "cause must be known where event is 1"),
        ({"event": [0, 0]}, "no relationship ended"),
        ({"duration": [-1, 2]}, "duration must be at least 0"),
    ],
)
def test_cumulative_incidence_refuses_wrong_tables(changed, match):
    table = pd.DataFrame({"duration": [1, 2], "event": 1, "cause": "a", **changed})
    with pytest.raises(DataError, match=match):
        cumulative_incidence(table)


def test_gray_test_refuses_late_entry_and_one_group():
    table = pd.DataFrame({"duration": [2, 3], "event": 1, "cause": "a", "plan": ["a", "b"]})
    with pytest.raises(DataError, match="entry must be absent"):
        gray_test(table.assign(entry=[0, 1]), by="plan")
    with pytest.raises(DataError, match="two groups or more"):
        gray_test(table.assign(plan="a"), by="plan")
