"""Counted rows of a study of many customers: the same on DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from dataclasses import replace

import ibis
import numpy as np
import pandas as pd
import pytest
from test_engines import MARKET, MONEY, connected, load, write_study

from analysis.chapters.data.groups import customers_held
from analysis.chapters.judging.futures import follow_tiers
from analysis.chapters.judging.judgement import judge_periods
from analysis.chapters.judging.schemes import compare_other_schemes
from analysis.chapters.retention.gaps import first_gaps, first_gaps_by_segment
from analysis.chapters.retention.lapse import lapse_by_definition
from analysis.chapters.tiers.concentration import present_concentration
from analysis.chapters.tiers.limits import near_limits
from analysis.chapters.tiers.moves import tier_moves
from analysis.chapters.tiers.profile import present_profile
from analysis.chapters.value.acquisition import acquired_value
from analysis.chapters.value.histories import purchase_histories
from analysis.chapters.value.residual import fit_value_models, value_groups
from analysis.data import read_tables
from analysis.frames import counted, lot, sample_customers
from analysis.states.present_stage import stage_labels
from analysis.states.rating.periods import next_period, rate_periods
from analysis.states.stages import assign_stages
from analysis.states.winning_cost import winning_costs_of

STUDY = MARKET | {
    "study": "counted",
    "segments": ["channel", "first_value_third", "acquired_month"],
    "tiers": {"preset": "value", "rating_months": 12, "compare": ["retail"]},
}
SCHEME = {
    "tiers": ["low", "mid", "high"],
    "hysteresis": 0.1,
    "grace_periods": 1,
    "thresholds": {"limits": {"amount": [100, 400], "-recency_days": [120, 40]}},
}


def counted_frames(params):
    """All that is counted in the engine, by name."""
    tables = read_tables(params, stored=False)
    rng = np.random.default_rng(1)
    rated = rate_periods(tables, params)
    outcomes = next_period(rated, tables, params)
    histories = purchase_histories(tables, params)
    stage = stage_labels(assign_stages(tables, params), tables)
    groups = value_groups(histories, tables, params, tier=rated.present.table, stage=stage)
    models = fit_value_models(histories, params)
    some = sample_customers(tables)
    own = params.tiers.model_validate({"scheme": SCHEME, "rating_months": 12}, strict=False)
    named = [name for name in tables if name != "tier_history"]
    ruled = replace(tables, by_name={name: tables[name] for name in named})
    kept = rate_periods(ruled, params.model_copy(update={"tiers": own}))
    return {
        "sizes": customers_held(tables, params).sizes,
        "gaps": first_gaps(tables, params),
        **{f"gaps {name}": gaps for name, gaps in first_gaps_by_segment(tables, params).items()},
        "lapse": lapse_by_definition(tables, params).table,
        "present": histories.present,
        "spend": histories.spend,
        "fitted": histories.fitted,
        "starts": histories.starts,
        "repeats": histories.repeats,
        **{f"group {name}": rows for name, rows in groups.items()},
        "acquired": acquired_value(
            models, histories, tables, params, by="channel", costs=winning_costs_of(tables, params)
        ).table,
        "limits": rated.present.thresholds,
        "tiers": rated.present.summary,
        "kept": kept.rerating.summary,
        "profile": present_profile(rated).table,
        "values": present_concentration(rated, params, rng=rng, replications=2).table,
        "outcomes": outcomes,
        "judged": judge_periods(rated, outcomes, params, rng=rng, replications=2).table,
        "futures": follow_tiers(rated, tables, params).table,
        "near": near_limits(kept).table,
        "moves": tier_moves(rated, tables, params, rng=rng, draws=2).cells,
        "schemes": compare_other_schemes(rated, outcomes, params, rng=rng, replications=2).table,
        "drawn": tables.fetch(some["customers"].select("customer_id")),
    }


@pytest.fixture(scope="module")
def large():
    """A study counts as large, and few are drawn."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counted, "LARGE", 0)
        patch.setattr(lot, "SAMPLE", 200)
        yield


@pytest.fixture(scope="module")
def on_duckdb(large, tmp_path_factory):
    folder = tmp_path_factory.mktemp("counted")
    params = write_study(folder, STUDY)
    return folder, counted_frames(params), read_tables(params, stored=False)


def compare(found, expected):
    """Counts, labels and days identical; numbers to 1e-9."""
    assert found.keys() == expected.keys()
    assert len(expected["drawn"]) == 200
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(
            found[name], frame, check_dtype=False, rtol=MONEY, atol=MONEY, obj=name
        )


def test_counted_rows_are_the_same_on_postgresql(on_duckdb, postgres, monkeypatch):
    folder, expected, tables = on_duckdb
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    loaded = ibis.connect(postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse"))
    for name in tables:
        load(loaded, f"the_{name}", tables[name])
    compare(counted_frames(write_study(folder, connected(STUDY, postgres, tables))), expected)


def test_counted_rows_are_the_same_on_spark(on_duckdb, spark):
    folder, expected, tables = on_duckdb
    for name in tables:
        rows = tables[name].to_pyarrow()
        spark.createDataFrame(rows).createOrReplaceTempView(f"the_{name}")
    compare(counted_frames(write_study(folder, connected(STUDY, "pyspark://", tables))), expected)
