"""A direction that separates has no bearing on the errors of what can be told."""

import numpy as np
import pandas as pd
import pytest

from analysis.methods.regression import average_marginal_effects, fit_logit


def answers():
    """Two traits that nearly everybody has together; who has one of them decides by it."""
    chance = np.random.default_rng(4)
    both = chance.random(1600) < 0.1
    frame = pd.DataFrame({"z": chance.uniform(1, 10, 1600), "a": both * 1.0, "b": both * 1.0})
    frame["customer_id"] = chance.integers(0, 700, len(frame))
    less = 1 / (1 + np.exp(1.5 - 0.3 * frame["z"] + 2 * frame["a"]))
    frame["again"] = (chance.random(len(frame)) < less) * 1.0
    frame["az"] = frame["a"] * frame["z"]
    alone = pd.DataFrame({"z": chance.uniform(1, 10, 7), "a": [1.0] * 5 + [0.0] * 2})
    alone["b"], alone["again"] = 1 - alone["a"], 1 - alone["a"]
    alone["az"] = alone["a"] * alone["z"]
    alone["customer_id"] = np.arange(1000, 1007)
    return frame, pd.concat([frame, alone], ignore_index=True)


def test_errors_are_those_of_the_rows_that_are_not_decided():
    rest, frame = answers()
    given = {"outcome": "again", "drivers": ["z"], "cluster": "customer_id"}
    fit = fit_logit(frame, **given, controls=["az", "a", "b"])
    without = fit_logit(rest, **given, controls=["az", "a"])
    told, known = fit.table.set_index("term"), without.table.set_index("term")
    assert told.loc["z", "estimate"] == pytest.approx(known.loc["z", "estimate"], rel=1e-6)
    assert told.loc["z", "std_error"] == pytest.approx(known.loc["z", "std_error"], rel=0.02)
    assert told.loc[["a", "b"], "std_error"].isna().all()
    one, other = (average_marginal_effects(each, drivers=["z"]).iloc[0] for each in (fit, without))
    share = len(rest) / len(frame)
    assert one["estimate"] == pytest.approx(other["estimate"] * share, rel=1e-6)
    assert one["std_error"] == pytest.approx(other["std_error"] * share, rel=0.02)
