"""Frames against the published CDNOW summary, hand-made customers and simulated ones."""

from __future__ import annotations

import datetime as dt
import importlib.util
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.data import crossings, read_tables
from analysis.errors import DataError
from analysis.frames import (
    attach,
    attach_known,
    customer_frame,
    customer_months,
    spells,
    survey_frame,
)
from analysis.frames.anniversaries import calendar_months
from analysis.params import read_params

STUDY = {
    "schema_version": 1,
    "study": "acme",
    "title": "Acme",
    "author": "Research",
    "timezone": "Europe/Berlin",
    "currency": "EUR",
    "horizons_weeks": [4, 13],
    "lapse_weeks": 8,
}


def make(folder: Path, tables: dict[str, str], *, period=("2023-01-01", "2023-12-31"), **changed):
    """Write CSV files and a params file; return params and tables."""
    (folder / "params").mkdir(exist_ok=True)
    files = {}
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
        head = text.splitlines()[0].split(",")
        keep = {"keep": [c for c in head if c.startswith("q")]} if name == "surveys" else {}
        files[name] = {"file": f"../{name}.csv"} | keep
    values = {"relationship": "noncontractual", "data": {"files": files}} | changed
    text = f"observed_from: {period[0]}\nobserved_until: {period[1]}\n"
    (folder / "params" / "acme.yml").write_text(text + yaml.safe_dump(STUDY | values))
    params = read_params(folder / "params" / "acme.yml")
    return params, read_tables(params, stored=False)


def package(tmp_path: Path, name: str, until: str):
    """Read a package data set up to a day."""
    (tmp_path / "params").mkdir(exist_ok=True)
    data = {"package": name, "repairs": {"out_of_period": "drop"}}
    text = f"observed_from: 1997-01-01\nobserved_until: {until}\n"
    values = STUDY | {"relationship": "noncontractual", "data": data}
    (tmp_path / "params" / "acme.yml").write_text(text + yaml.safe_dump(values))
    params = read_params(tmp_path / "params" / "acme.yml")
    return params, read_tables(params, stored=False)


def test_customer_frame_is_the_published_summary_of_the_cdnow_sample(tmp_path):
    # cdnow_customers_summary.csv of the lifetimes wheel, from Fader, Hardie & Lee (2005):
    # 2,357 customers, 2,457 repeat purchase days in the first 39 weeks
    folder = Path(importlib.util.find_spec("lifetimes").submodule_search_locations[0])
    published = pd.read_csv(folder / "datasets" / "cdnow_customers_summary.csv")
    params, tables = package(tmp_path, "cdnow_sample", "1997-09-30")
    frame = customer_frame(tables, params)
    assert len(frame) == 2357
    assert frame["frequency"].sum() == 2457
    assert (frame["frequency"].to_numpy() == published["frequency"].to_numpy()).all()
    assert np.abs(frame["recency_weeks"].to_numpy() - published["recency"]).max() < 0.006
    assert np.abs(frame["age_weeks"].to_numpy() - published["T"]).max() < 0.006


def test_customer_frame_counts_the_whole_cdnow_cohort(tmp_path):
    # REFERENCE: 69,659 rows, 67,591 purchase days, 23,570 customers, 51.1 % with one day
    params, tables = package(tmp_path, "cdnow", "1998-06-30")
    frame = customer_frame(tables, params)
    assert tables["transactions"].count().execute() == 69_659
    assert frame["purchases"].sum() == 67_591
    assert len(frame) == 23_570
    assert round(100 * (frame["purchases"] == 1).mean(), 1) == 51.1
    days = (frame["second_at"] - frame["first_at"]).dt.days
    # everyone is followed for at least 66 weeks less the weeks of entry: counted by Kaplan-Meier
    for weeks, share in {4: 16.8, 13: 29.3, 26: 37.6, 52: 45.8}.items():
        assert round(100 * (days <= 7 * weeks).mean(), 1) == share


def test_customer_frame_by_hand(tmp_path):
    sales = (
        "customer_id,at,amount,margin\n"
        "a,2023-01-10,10,1\na,2023-01-10,5,1\n"  # two lines of one day are one purchase
        "a,2023-02-14,30,3\na,2023-02-20,-30,-3\n"  # a day of returns alone is no purchase
        "a,2023-03-10,0,0\n"  # a day for nothing is a purchase
        "b,2023-06-01,7,2\n"
    )
    params, tables = make(tmp_path, {"transactions": sales})
    frame = customer_frame(tables, params).set_index("customer_id")
    a, b = frame.loc["a"], frame.loc["b"]
    assert (a["purchases"], a["frequency"]) == (3, 2)
    assert a["first_at"] == pd.Timestamp("2023-01-10")
    assert a["second_at"] == pd.Timestamp("2023-02-14")
    assert a["last_at"] == pd.Timestamp("2023-03-10")
    assert a["recency_weeks"] == pytest.approx(59 / 7)
    assert a["age_weeks"] == pytest.approx(355 / 7)
    assert a["monetary_value"] == pytest.approx(15.0)
    assert (a["revenue"], a["margin"], a["first_value"]) == (15.0, 2.0, 15.0)
    assert a["acquired_month"] == "2023-01"
    assert pd.isna(b["second_at"])
    assert pd.isna(b["monetary_value"])
    assert (b["frequency"], b["recency_weeks"]) == (0, 0.0)


def test_customer_frame_keeps_ties_in_one_third(tmp_path):
    rows = "".join(f"c{i},2023-01-0{1 + i % 9},{10 if i < 6 else 20}\n" for i in range(9))
    params, tables = make(tmp_path, {"transactions": "customer_id,at,amount\n" + rows})
    frame = customer_frame(tables, params)
    assert frame.groupby("first_value")["first_value_third"].nunique().max() == 1


def test_customer_frame_is_the_same_by_lines_and_by_days(tmp_path):
    """A return of a stranger sends everyone through the netted days: nobody else may notice."""
    rng = np.random.default_rng(5)
    drawn = zip(
        *(rng.integers(*span, 400) for span in ((0, 40), (1, 13), (1, 28), (0, 9))), strict=True
    )
    rows = "".join(f"c{i},2023-{month:02}-{day:02},{amount},1\n" for i, month, day, amount in drawn)
    sales = "customer_id,at,amount,margin\n" + rows
    lines = customer_frame(*reversed(make(tmp_path, {"transactions": sales})))
    days = customer_frame(
        *reversed(make(tmp_path, {"transactions": sales + "x,2023-05-01,-1,0\n"}))
    )
    pd.testing.assert_frame_equal(lines, days)


def test_customer_frame_leaves_out_who_only_returned(tmp_path):
    sales = "customer_id,at,amount\na,2023-01-10,10\nb,2023-01-10,-10\n"
    params, tables = make(tmp_path, {"transactions": sales})
    assert customer_frame(tables, params)["customer_id"].tolist() == ["a"]


MONTHS = "customer_id,at,amount\na,2023-01-20,10\na,2023-01-25,5\na,2023-03-02,1\nb,2023-04-30,2\n"


def months_of(tmp_path, sales, until):
    params, tables = make(tmp_path, {"transactions": sales}, period=("2023-01-01", until))
    panel = customer_months(tables, params).order_by(["customer_id", "month"])
    return tables.fetch(panel)


def test_customer_months_by_hand(tmp_path):
    panel = months_of(tmp_path, MONTHS, "2023-05-10")
    a = panel[panel["customer_id"] == "a"]
    assert a["month_number"].tolist() == [0, 1, 2, 3, 4]
    assert a["days"].tolist() == [12, 28, 31, 30, 10]
    assert a["purchases"].tolist() == [2, 0, 1, 0, 0]
    assert a["purchases_to_date"].tolist() == [2, 2, 3, 3, 3]
    assert a["amount_to_date"].tolist() == [15, 15, 16, 16, 16]
    assert a["days_since_last"].tolist() == [6, 34, 29, 59, 69]
    b = panel[panel["customer_id"] == "b"]
    assert (b["days"].tolist(), b["days_since_last"].tolist()) == ([1, 10], [0, 10])


def test_customer_months_do_not_look_ahead(tmp_path):
    whole = months_of(tmp_path, MONTHS, "2023-06-30")
    before = "".join(
        f"{row}\n" for row in MONTHS.splitlines() if row[2:9] <= "2023-03" or "id" in row
    )
    cut = months_of(tmp_path, before, "2023-03-31")
    same = whole[whole["month"] <= "2023-03-01"].reset_index(drop=True)
    pd.testing.assert_frame_equal(same, cut)


SURVEY = {
    "transactions": (
        "customer_id,at,amount\na,2023-01-01,10\na,2023-02-01,20\na,2023-02-10,5\n"
        "a,2023-03-01,8\na,2023-12-20,3\n"
    ),
    "surveys": "customer_id,at,nps,q1\na,2023-02-10,9,4\na,2023-12-10,3,2\nz,2023-05-01,5,1\n",
}


def test_survey_frame_by_hand(tmp_path):
    params, tables = make(tmp_path, SURVEY)
    first, second, stranger = (row for _, row in survey_frame(tables, params).iterrows())
    assert (first["purchases_before"], first["revenue_before"]) == (2, 30.0)
    assert first["tenure_weeks"] == pytest.approx(40 / 7)
    assert (first["days_since_last"], first["days_to_next"]) == (9, 19)
    assert bool(first["observed_4w"])
    assert (first["purchases_4w"], first["revenue_4w"]) == (1, 8.0)
    assert (second["answer"], second["purchases_before"], second["days_followed"]) == (2, 4, 21)
    assert not second["observed_4w"]
    assert pd.isna(second["purchases_4w"])
    assert (stranger["purchases_before"], stranger["purchases_4w"]) == (0, 0)
    assert pd.isna(stranger["tenure_weeks"])


def test_survey_frame_needs_surveys(tmp_path):
    params, tables = make(tmp_path, {"transactions": SURVEY["transactions"]})
    with pytest.raises(DataError, match="survey_frame needs the table surveys"):
        survey_frame(tables, params)


def test_spells_of_a_lapse_by_hand(tmp_path):
    # lapse_weeks 8: 56 days. A gap of 56 days is no lapse, one of 57 is.
    sales = (
        "customer_id,at,amount\na,2023-01-01,1\na,2023-02-26,1\n"
        "b,2023-01-01,1\nb,2023-02-27,1\nc,2023-11-05,1\nd,2023-11-06,1\n"
    )
    params, tables = make(tmp_path, {"transactions": sales})
    frame = spells(tables, params).set_index(["customer_id", "spell"])
    a = frame.loc["a", 1]
    assert a["event"]
    assert a["ended_at"] == pd.Timestamp("2023-02-26") + pd.Timedelta(days=56)
    assert a["purchases"] == 2
    assert frame.loc[("b", 1), "ended_at"] == pd.Timestamp("2023-02-26")
    assert frame.loc[("b", 1), "duration"] == pytest.approx(56 / 30.4375)
    assert frame.loc[("b", 2), "won_back"]
    assert frame.loc[("c", 1), "event"]
    assert not frame.loc[("d", 1), "event"]
    assert frame.loc[("d", 1), "reason"] == "still open"
    assert frame.loc[("d", 1), "duration"] == pytest.approx(55 / 30.4375)


@settings(
    max_examples=8,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    days=st.lists(st.integers(0, 300), min_size=1, max_size=8, unique=True),
    cut=st.integers(60, 320),
)
def test_spells_are_stopping_times(tmp_path, days, cut):
    """What was known to have ended by a day does not change with what comes later."""
    start = dt.date(2023, 1, 1)

    def ends(kept, until):
        rows = "".join(f"a,{start + dt.timedelta(days=day)},1\n" for day in sorted(kept))
        sales = {"transactions": "customer_id,at,amount\n" + rows}
        params, tables = make(tmp_path, sales, period=(start, until))
        return spells(tables, params)["ended_at"].dropna()

    last = start + dt.timedelta(days=cut)
    seen = [day for day in days if day <= cut]
    if seen:
        whole = ends(days, start + dt.timedelta(days=364))
        assert ends(seen, last).tolist() == whole[whole <= pd.Timestamp(last)].tolist()


CONTRACTS = (
    "customer_id,started_at,ended_at,ended_reason\n"
    "a,2023-01-01,2023-03-01,moved\na,2023-03-20,2023-06-01,price\n"  # 19 days apart: one spell
    "b,2023-01-01,2023-03-01,price\nb,2023-05-01,,\n"  # 61 days apart: won back
    "c,2022-01-01,,\nd,2023-11-01,2023-12-20,price\ne,2021-01-01,2022-06-01,price\n"
    "f,2023-02-01,2099-12-31,\ng,2023-12-02,2023-12-28,price\n"
)


def test_spells_of_contracts_by_hand(tmp_path):
    params, tables = make(tmp_path, {"contracts": CONTRACTS}, relationship="contractual")
    frame = spells(tables, params).set_index(["customer_id", "spell"])
    a = frame.loc["a", 1]
    assert (a["started_at"], a["ended_at"]) == (
        pd.Timestamp("2023-01-01"),
        pd.Timestamp("2023-06-01"),
    )
    assert (a["event"], a["cause"], a["reason"]) == (True, "price", "ended")
    assert a["duration"] == 5
    assert not frame.loc[("b", 2), "event"]
    assert frame.loc[("b", 2), "won_back"]
    assert frame.loc[("c", 1), "entry"] == 12
    d, g = frame.loc[("d", 1)], frame.loc[("g", 1)]
    assert (d["reason"], d["duration"], d["event"]) == ("still open", 1, False)
    assert (g["reason"], g["duration"], g["event"]) == ("begun later", 0, False)
    still = frame[frame["reason"] == "still open"]  # nobody is followed longer than the others
    days = {
        calendar_months(pd.Series([one]), pd.Timestamp("2023-12-01"))[0] - months
        for one, months in zip(still["started_at"], still["duration"], strict=True)
    }
    assert days == {0}
    assert "e" not in frame.index.get_level_values(0)
    assert frame.loc[("f", 1), "reason"] == "still open"


def test_spells_need_contracts_where_the_relationship_is_contractual(tmp_path):
    sales = {"transactions": SURVEY["transactions"]}
    params, tables = make(tmp_path, sales)
    with pytest.raises(DataError, match="need the table contracts"):
        spells(tables, params.model_copy(update={"relationship": "contractual"}))


STATES = pd.DataFrame(
    {
        "customer_id": ["a", "a", "b"],
        "from_at": pd.to_datetime(["2023-01-01", "2023-03-01", "2023-01-01"]),
        "to_at": pd.to_datetime(["2023-03-01", None, "2023-02-01"]),
        "tier": ["silver", "gold", "silver"],
    }
)


ASKED = [
    "2022-12-31",
    "2023-02-28",
    "2023-03-01",
    "2023-01-31",
    "2023-02-01",
    "2023-01-01",
    "NaT",
]


def test_attach_joins_what_held_on_the_day():
    asked = pd.DataFrame(
        {
            "customer_id": ["a", "a", "a", "b", "b", "z", "a"],
            "at": pd.to_datetime(
                [
                    "2022-12-31",
                    "2023-02-28",
                    "2023-03-01",
                    "2023-01-31",
                    "2023-02-01",
                    "2023-01-01",
                    "NaT",
                ]
            ),
        },
        index=range(10, 17),
    )
    found = attach(asked, STATES, at="at")
    assert found.index.tolist() == asked.index.tolist()
    told = found["tier"].astype("object").where(found["tier"].notna(), None).tolist()
    assert told == [None, "silver", "gold", "silver", None, None, None]


def test_attach_of_nothing_is_missing_everywhere():
    asked = pd.DataFrame({"customer_id": ["a", "b"], "at": pd.to_datetime(["2023-01-01"] * 2)})
    assert attach(asked, STATES[:0], at="at")["tier"].isna().all()
    assert attach(asked[:0], STATES, at="at").columns.tolist() == ["customer_id", "at", "tier"]


def test_attach_takes_one_day_for_all():
    asked = pd.DataFrame({"customer_id": ["a", "b"]})
    assert attach(asked, STATES, at=dt.date(2023, 1, 15))["tier"].tolist() == ["silver"] * 2


def test_attach_known_is_attach_and_brings_one_row_a_day_asked_for():
    rng = np.random.default_rng(4)
    first = pd.Timestamp("2023-01-01")
    days = [first + pd.Timedelta(days=int(day)) for day in rng.integers(0, 300, 400)]
    who = rng.choice(list("abcdefgh"), 400)
    states = pd.DataFrame(
        {"customer_id": who, "from_at": days, "tier": rng.choice(["x", "y"], 400)}
    )
    states["to_at"] = [None if rng.random() < 0.5 else day + pd.Timedelta(days=9) for day in days]
    states = states.drop_duplicates(["customer_id", "from_at"])
    asked = pd.DataFrame({"customer_id": list("aabzh"), "at": [*days[:3], pd.NaT, days[4]]})
    held = ibis.duckdb.connect().create_table("held", states)
    with crossings() as ledger:
        found = attach_known(asked, held, at="at")
    pd.testing.assert_frame_equal(found, attach(asked, states, at="at"))
    assert [crossing.rows <= 4 for crossing in ledger] == [True]
    nobody = attach_known(asked[:0], held, at="at")
    assert nobody.columns.tolist() == ["customer_id", "at", "tier"]


def test_attach_refuses_what_is_ambiguous():
    asked = pd.DataFrame({"customer_id": ["a"], "tier": ["x"]})
    with pytest.raises(DataError, match="must not have the column tier yet"):
        attach(asked, STATES, at=dt.date(2023, 1, 1))
    with pytest.raises(DataError, match="must have one row a customer and from_at"):
        attach(asked[["customer_id"]], pd.concat([STATES, STATES]), at=dt.date(2023, 1, 1))
    with pytest.raises(DataError, match="frame must have the column day"):
        attach(asked[["customer_id"]], STATES, at="day")


def test_survey_frame_and_customer_frame_agree_with_the_simulator(tmp_path):
    (tmp_path / "params").mkdir()
    data = {"simulated": {"company": "bank", "customers": 400, "seed": 3}}
    text = "observed_from: 2022-01-01\nobserved_until: 2024-12-31\n"
    values = STUDY | {"relationship": "contractual", "data": data}
    (tmp_path / "params" / "acme.yml").write_text(text + yaml.safe_dump(values))
    params = read_params(tmp_path / "params" / "acme.yml")
    tables = read_tables(params, stored=False)
    frame = customer_frame(tables, params)
    rows = tables["transactions"].to_pandas()
    days = rows.assign(at=pd.to_datetime(rows["at"]))
    bought = days[days["amount"] >= 0].drop_duplicates(["customer_id", "at"])
    counted = bought.groupby("customer_id").size()
    assert (frame.set_index("customer_id")["purchases"] == counted.sort_index()).all()
    revenue = days.groupby("customer_id")["amount"].sum().reindex(counted.index)
    np.testing.assert_allclose(frame["revenue"], revenue.sort_index(), atol=1e-6)
    assert set(frame["customer_id"]) <= set(tables["customers"].to_pandas()["customer_id"])
    ended = spells(tables, params)
    assert (ended.loc[ended["event"], "ended_at"] <= pd.Timestamp("2024-12-31")).all()
    assert ended["duration"].min() >= 0
