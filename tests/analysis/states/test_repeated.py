"""Levels that say the same of everybody are counted once, in all regressions."""

import numpy as np
import pandas as pd
import pytest

from analysis.methods._rows import control_columns
from analysis.methods.hazards import cox_regression
from analysis.methods.regression import fit_linear, fit_logit
from analysis.states.repeated import join_repeated, without_repeats


@pytest.fixture
def frame():
    rng = np.random.default_rng(4)
    n = 400
    absent = np.arange(n) % 5 == 0
    region = np.where(absent, "not known", rng.choice(["a", "b", "c"], n))
    third = np.where(absent, "not known", rng.choice(["low", "high"], n))
    score = rng.normal(size=n)
    return pd.DataFrame(
        {
            "region": region, "third": third, "score": score,
            "again": (rng.random(n) < 0.5).astype(float), "points": score + rng.normal(size=n),
            "duration": rng.exponential(size=n) + 0.1, "event": rng.random(n) < 0.6,
        }
    )  # fmt: skip


def test_repeated_levels_join_the_first_of_their_kind(frame):
    rows, joined = join_repeated(frame, ["region", "third"])
    assert joined == {"third": ["not known"]}
    assert set(rows["third"]) == {"high", "low"}
    fit = cox_regression(rows, covariates=["region", "third"])
    known = cox_regression(
        frame.assign(third=frame["third"].replace("not known", "high")),
        covariates=["region", "third"],
    )
    assert fit.maximum.final.log_likelihood == pytest.approx(known.maximum.final.log_likelihood)


def test_regressions_join_them_and_say_so(frame):
    controls = ["region", "third"]
    fit = fit_logit(frame, outcome="again", drivers=["score"], controls=controls)
    assert fit.design.joined == ("third: not known",)
    assert "third: not known" not in fit.design.names
    one = fit_linear(frame, outcome="points", drivers=["score"], controls=["region"])
    both = fit_linear(frame, outcome="points", drivers=["score"], controls=controls)
    assert both.design.joined == ("third: not known",)
    assert one.design.joined == ()
    dummies = np.column_stack([np.ones(len(frame)), frame["score"],
                               pd.get_dummies(frame[controls], dtype=float)])  # fmt: skip
    beta = np.linalg.lstsq(dummies, frame["points"], rcond=None)[0]
    assert both.table.set_index("term").at["score", "estimate"] == pytest.approx(beta[1])


def test_indicators_that_repeat_others_are_left_out(frame):
    taken = control_columns(frame, ["region", "third"])
    whole = np.column_stack([np.ones(len(frame)), taken])
    assert np.linalg.matrix_rank(whole) == whole.shape[1]


def test_numbers_that_repeat_others_are_left_out(frame):
    made = frame.assign(twice=2 * frame["score"] + 1, one=1.0)
    assert without_repeats(made, ["score", "twice", "one", "region"]) == ["score", "region"]
