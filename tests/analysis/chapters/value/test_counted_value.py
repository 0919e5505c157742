"""Value of a study with many customers: counted histories, the same models and totals."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.chapters.value.acquisition import acquired_value
from analysis.chapters.value.forecast import check_forecast
from analysis.chapters.value.histories import purchase_histories
from analysis.chapters.value.residual import (
    fit_value_models,
    residual_value,
    value_groups,
)
from analysis.data import read_tables
from analysis.frames import EngineLabels, counted, customer_frame
from analysis.params import Params
from analysis.states.winning_cost import winning_costs_of

STAGES = ("new", "loyal", "quiet")
EXACT, ENDS, DRAWN, LITTLE = 1e-9, 1e-7, 0.03, 1e-3
"""Relative: estimates; ends of intervals (their errors are differences of gradients); ends that
hold what is drawn, of `MANY` customers; estimates where cells are wide."""
MANY = 300


@pytest.fixture(scope="module", params=["cdnow", "market"])
def study(request):
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "noncontractual", "timezone": "Europe/Berlin", "currency": "EUR",
        "holdout_weeks": 26.0,
    }  # fmt: skip
    if request.param == "cdnow":
        values |= {"observed_from": date(1997, 1, 1), "observed_until": date(1998, 6, 30)}
        values |= {"data": {"package": "cdnow"}, "segments": ("first_value_third",)}
    else:
        values |= {"observed_from": date(2022, 1, 1), "observed_until": date(2024, 12, 31)}
        made = {"company": "retailer", "customers": 1500, "seed": 1}
        values |= {"data": {"simulated": made}, "segments": ("channel", "first_value_third")}
    params = Params.model_validate(values)
    return params, read_tables(params, stored=False)


def states(tables, params):
    """A stage of every second customer, as a frame and in the engine."""
    people = customer_frame(tables, params)[["customer_id", "frequency"]].iloc[::2]
    stage = people["frequency"].clip(upper=2).map(dict(enumerate(STAGES)))
    frame = people.assign(stage=pd.Categorical(stage, STAGES, ordered=True))
    held = ibis.memtable(people[["customer_id"]].assign(label=stage))
    return frame[["customer_id", "stage"]], EngineLabels(held, STAGES)


def results(params, tables, stage):
    rng = np.random.default_rng(3)
    tier = stage if isinstance(stage, EngineLabels) else stage.rename(columns={"stage": "tier"})
    histories = purchase_histories(tables, params)
    models = fit_value_models(histories, params)
    groups = value_groups(histories, tables, params, tier=tier, stage=stage)
    check = check_forecast(histories, params, rng=rng)
    return {
        "parameters": models.parameters,
        "spend": models.check.table,
        "ahead": residual_value(models, groups, params, rng=rng).table,
        "acquired": acquired_value(
            models, histories, tables, params, by="channel", costs=winning_costs_of(tables, params)
        ).table,
        "check": check.table,
        "tracking": check.tracking.table,
        "calibration": check.calibration.table,
    }


@pytest.fixture(scope="module")
def each(study):
    return results(*study, states(*reversed(study))[0])


def test_counted_histories_say_the_same(study, each, monkeypatch):
    params, tables = study
    stage = states(tables, params)[1]
    monkeypatch.setattr(counted, "LARGE", 0)
    histories = purchase_histories(tables, params)
    for rows in (histories.present, histories.spend, histories.fitted, histories.starts):
        assert "customer_id" not in rows
        assert not rows.drop(columns="count").duplicated().any()
    found = results(params, tables, stage)
    settled = each["acquired"]["note"].fillna("").eq("")  # else at the edge of the parameters
    whole = each | {"acquired": each["acquired"][settled]}
    found["acquired"] = found["acquired"][settled]
    for name, table in found.items():
        wide = [column for column in table if "conf_" in column or column == "std_error"]
        same, apart = {"check_dtype": False, "obj": name}, {"ahead": DRAWN, "check": DRAWN}
        pd.testing.assert_frame_equal(
            table.drop(columns=wide), whole[name].drop(columns=wide), rtol=EXACT, atol=EXACT, **same
        )
        reach = apart.get(name, ENDS)
        many = table["n"] >= MANY if name in apart else slice(None)
        ends, others = table.loc[many, wide], whole[name].loc[many, wide]
        pd.testing.assert_frame_equal(ends, others, rtol=reach, **same)


def test_cells_of_weeks_move_estimates_by_little(study, each, monkeypatch):
    params, tables = study
    monkeypatch.setattr(counted, "LARGE", 0)
    monkeypatch.setattr(counted, "MOST_CELLS", 4_000)
    stage = states(tables, params)[1]
    found = results(params, tables, stage)
    for name, column in (
        ("parameters", "estimate"),
        ("ahead", "value_ahead"),
        ("check", "forecast"),
    ):
        assert found[name][column].to_numpy() == pytest.approx(each[name][column], rel=LITTLE)
