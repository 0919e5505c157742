"""The ratios month by month: against the regression in continuous time, and why there are none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from analysis.chapters.ending.monthly_hazard import monthly_hazard
from analysis.notes import note
from analysis.states.waiting import Waiting


def waiting(rows=800, effect=0.7):
    """Ends with a log hazard ratio of `effect` for group b; open where not seen so long."""
    rng = np.random.default_rng(4)
    group = np.where(np.arange(rows) % 2, "b", "a")
    lasts = rng.exponential(12 / np.exp(effect * (group == "b")))
    seen = rng.uniform(2, 36, rows)
    table = pd.DataFrame({"duration": np.minimum(lasts, seen), "event": lasts < seen, "entry": 0.0})
    table["group"] = pd.Categorical(group, ["a", "b"])
    left_out = pd.DataFrame(columns=["covariate", "reason"])
    return Waiting(table, ["group"], left_out, 0, "ending", "months", 24.0)


def test_monthly_ratios_agree_with_those_of_the_regression():
    table = monthly_hazard(waiting())
    assert table["level"].tolist() == ["b"]
    assert table["monthly"].iloc[0] == pytest.approx(table["hazard_ratio"].iloc[0], rel=0.03)
    assert table["monthly_conf_low"].iloc[0] > 1
    assert (table["monthly_conf_low"] < table["monthly"]).all()


def test_why_nothing_can_be_fitted_is_noted():
    wait = waiting()
    few = replace(wait, table=wait.table.assign(event=wait.table.index < 12))
    too_few = note("influences.too_few_ends", least=30)
    assert monthly_hazard(few)["note"].tolist() == [too_few]
    never = wait.table["event"] & (wait.table["group"] == "a")
    decided = replace(wait, table=wait.table.assign(event=never))
    assert monthly_hazard(decided)["note"].tolist() == [note("influences.not_estimable")]
    alone = replace(wait, covariates=[])
    assert monthly_hazard(alone)["note"].tolist() == [note("influences.nothing_to_compare")]
