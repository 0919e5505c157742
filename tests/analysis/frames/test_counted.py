"""Counted rows: cells that lose nothing where they are fine, and little where they are wide."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from analysis.data import read_tables
from analysis.frames import count_cells, counted, customer_frame, customer_rows, is_large
from analysis.params import Params


def study(**changed):
    return Params.model_validate(
        {
            "schema_version": 1, "study": "made", "title": "Made", "author": "Test",
            "relationship": "noncontractual", "observed_from": date(1997, 1, 1),
            "observed_until": date(1998, 6, 30), "timezone": "America/New_York", "currency": "USD",
            "data": {"package": "cdnow_sample"},
        } | changed
    )  # fmt: skip


@pytest.fixture(scope="module")
def cdnow():
    params = study()
    return params, read_tables(params, stored=False)


def test_size_decides(cdnow, monkeypatch):
    assert not is_large(cdnow[1])
    monkeypatch.setattr(counted, "LARGE", 2_356)
    assert is_large(cdnow[1])


def test_rows_in_the_engine_are_the_customer_frame(cdnow):
    params, tables = cdnow
    frame = customer_frame(tables, params)
    rows = tables.fetch(customer_rows(tables, params).order_by("customer_id"))
    same = ["customer_id", "first_at", "second_at", "last_at", "purchases", "frequency"]
    same += ["acquired_month"]
    pd.testing.assert_frame_equal(rows[same], frame[same], check_dtype=False)
    assert rows["first_value_third"].tolist() == frame["first_value_third"].astype(str).tolist()
    for name in ("revenue", "first_value"):
        assert rows[name].to_numpy() == pytest.approx(frame[name].to_numpy(), rel=1e-12)
    for name in ("recency", "age"):
        assert (rows[f"{name}_days"] / 7).to_numpy() == pytest.approx(frame[f"{name}_weeks"])


@pytest.mark.parametrize("customers", range(1, 9))
def test_thirds_are_cut_alike_whatever_the_number(customers, tmp_path):
    rng = np.random.default_rng(customers)
    values = rng.choice([1.0, 2.5, 2.5, 7.0], customers)
    bought = pd.DataFrame(
        {"customer_id": [f"c{k}" for k in range(customers)], "at": "1997-03-01", "amount": values}
    )
    bought.to_csv(tmp_path / "bought.csv", index=False)
    params = study(data={"files": {"transactions": {"file": str(tmp_path / "bought.csv")}}})
    tables = read_tables(params, stored=False)
    rows = tables.fetch(customer_rows(tables, params).order_by("customer_id"))
    thirds = customer_frame(tables, params)["first_value_third"].astype(str)
    assert rows["first_value_third"].tolist() == thirds.tolist()


def test_cells_are_exact_while_they_are_few(cdnow):
    params, tables = cdnow
    rows = customer_rows(tables, params)
    asked = {"keys": ["frequency"], "days": ["recency_days", "age_days"]}
    cells = count_cells(tables, rows, **asked, money=["revenue"])
    assert cells.attrs["width"] == 0
    assert cells["count"].sum() == 2_357
    frame = customer_frame(tables, params)
    assert cells["count"] @ cells["revenue"] == pytest.approx(frame["revenue"].sum(), rel=1e-12)
    by = ["frequency", "recency_weeks", "age_weeks", "revenue"]
    assert len(cells) == len(frame[by].drop_duplicates())


@pytest.mark.parametrize("most", [1_000, 200, 1])
def test_cells_stay_under_their_number_and_keep_every_sum(cdnow, most):
    params, tables = cdnow
    rows = customer_rows(tables, params)
    asked = {"keys": ["frequency"], "days": ["recency_days", "age_days"]}
    cells = count_cells(tables, rows, **asked, money=["revenue"], most=most)
    assert len(cells) <= most or cells.attrs["width"] == counted.WIDTHS[-1]
    frame = customer_frame(tables, params)
    assert cells["count"].sum() == len(frame)
    for name, whole in (
        ("revenue", frame["revenue"]),
        ("age_days", 7 * frame["age_weeks"]),
        ("recency_days", 7 * frame["recency_weeks"]),
    ):
        assert cells["count"] @ cells[name] == pytest.approx(whole.sum(), rel=1e-12)


def test_means_make_no_cells(cdnow):
    params, tables = cdnow
    rows = customer_rows(tables, params)
    cells = count_cells(tables, rows, keys=["frequency"], means=["revenue"])
    frame = customer_frame(tables, params).assign(square=lambda own: own["revenue"] ** 2)
    means = frame.groupby("frequency")[["revenue", "square"]].mean()
    assert cells["revenue"].to_numpy() == pytest.approx(means["revenue"].to_numpy())
    assert cells["revenue_square"].to_numpy() == pytest.approx(means["square"].to_numpy())


def test_money_is_told_apart_by_sign_and_nothing():
    amounts = ibis.memtable({"amount": [-5.0, -4.99, 0.0, 1e-9, 0.02, 5.0, 5.01]})
    units = counted.money_units(amounts.amount)
    cells = ibis.duckdb.connect().to_pandas(
        amounts.mutate(cell=counted.money_cell(units, 0.05)).order_by("amount")
    )["cell"]
    assert cells[2] == cells[3] == 0
    assert cells.is_monotonic_increasing
    assert cells[0] == cells[1] == -cells[5]
