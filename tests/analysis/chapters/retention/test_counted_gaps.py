"""The retention chapter of a study with many customers: counted rows, the same numbers."""

from datetime import date

import pandas as pd
import pytest

from analysis.chapters.retention.gaps import first_gaps, first_gaps_by_segment
from analysis.chapters.retention.lapse import lapse_by_definition
from analysis.chapters.retention.second_purchase import (
    compare_segments,
    second_purchase,
    second_purchase_by_segment,
    segment_tests,
)
from analysis.data import read_tables
from analysis.frames import counted
from analysis.params import Params

HORIZONS = (4.0, 13.0, 26.0, 52.0)


@pytest.fixture(scope="module", params=["cdnow", "market"])
def study(request):
    values = {
        "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
        "relationship": "noncontractual", "timezone": "America/New_York", "currency": "USD",
        "horizons_weeks": HORIZONS, "min_cell": 10,
    }  # fmt: skip
    if request.param == "cdnow":
        values |= {"observed_from": date(1997, 1, 1), "observed_until": date(1998, 6, 30)}
        values |= {"data": {"package": "cdnow_sample"}}
        values |= {"segments": ("first_value_third", "acquired_month")}
    else:
        values |= {"observed_from": date(2022, 1, 1), "observed_until": date(2024, 12, 31)}
        made = {"company": "retailer", "customers": 1500, "seed": 1}
        values |= {"data": {"simulated": made}, "segments": ("channel", "acquired_month")}
    params = Params.model_validate(values)
    return params, read_tables(params, stored=False)


def results(params, tables):
    whole = second_purchase(first_gaps(tables, params), horizons_weeks=HORIZONS)
    by = second_purchase_by_segment(first_gaps_by_segment(tables, params), horizons_weeks=HORIZONS)
    tables_of = {
        "within": whole.within,
        "curve": whole.curve.table,
        "medians": whole.medians,
        "segments": compare_segments(by),
        "tests": segment_tests(by),
        "lapse": lapse_by_definition(tables, params).table,
    }
    return tables_of | {name: result.within for name, result in by.items()}


def test_counted_rows_say_the_same(study, monkeypatch):
    params, tables = study
    each = results(params, tables)
    monkeypatch.setattr(counted, "LARGE", 0)
    gaps = first_gaps(tables, params)
    assert "count" in gaps
    assert not gaps.duplicated(["duration", "event"]).any()
    for name, table in results(params, tables).items():
        pd.testing.assert_frame_equal(
            table, each[name], check_dtype=False, rtol=1e-9, atol=1e-12, obj=name
        )


def test_wide_cells_move_shares_by_little(study, monkeypatch):
    params, tables = study
    exact = second_purchase(first_gaps(tables, params), horizons_weeks=HORIZONS)
    monkeypatch.setattr(counted, "LARGE", 0)
    monkeypatch.setattr(counted, "MOST_CELLS", 400)
    gaps = first_gaps(tables, params)
    assert len(gaps) <= 400
    found = second_purchase(gaps, horizons_weeks=HORIZONS)
    off = (found.within["estimate"] - exact.within["estimate"]).abs()
    assert off.max() < 0.01
