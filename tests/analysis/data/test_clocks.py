"""The zone of times that carry none: the study's, or the one that the params file names."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.data import read_tables
from analysis.data.located import package_files
from analysis.data.propose import propose_params
from analysis.data.validate import validation_report
from analysis.errors import DataError, ParamsError
from analysis.notes import note
from analysis.params import read_params
from reporting.project import ROOT

HEAD = "customer_id,at,amount\n"
EVENING = dt.datetime(2023, 1, 31, 23, 30)  # in Berlin 00:30 of the next day, read as UTC's


def days(params) -> list[dt.date]:
    rows = read_tables(params, stored=False)["transactions"].order_by("customer_id")
    return rows.to_pyarrow()["at"].to_pylist()


@pytest.fixture(scope="module")
def journey():
    """The lines of the Complete Journey, with New York time beside them, and the tables read."""
    lines = pq.read_table(package_files("complete_journey")[0]).to_pandas()
    utc = lines["transaction_timestamp"].dt.tz_localize("UTC")
    local = utc.dt.tz_convert("America/New_York").dt.tz_localize(None)
    params = read_params(ROOT / "params" / "complete_journey.yml")
    return lines.assign(local=local), read_tables(params, stored=False)


def test_complete_journey_runs_through_2017_and_its_weeks_turn_at_midnight(journey):
    lines, _ = journey
    baskets = lines.groupby("basket_id").agg(at=("local", "first"), week=("week", "first"))
    assert len(baskets) == 155_848
    assert set(baskets["at"].dt.year) == {2017}
    # week 1 is Sunday, 1 January 2017; each later week begins on Monday, at midnight
    since = (baskets["at"].dt.normalize() - pd.Timestamp(2016, 12, 26)).dt.days
    assert (since // 7 + 1 == baskets["week"]).all()
    assert baskets["at"].dt.hour.mode().tolist() == [17]


def test_complete_journey_keeps_every_purchase_on_its_local_day(journey):
    lines, tables = journey
    read = tables["transactions"].select("order_id", "at").distinct().to_pandas()
    read = read.assign(order_id=read["order_id"].astype(int)).set_index("order_id")["at"]
    expected = lines.groupby("basket_id")["local"].first().dt.normalize()
    assert (pd.to_datetime(read).sort_index() == expected.sort_index()).all()
    assert tables["transactions"].count().execute() == len(lines) == 1_469_307
    purchases = tables["transactions"].select("customer_id", "at").distinct()
    assert purchases.count().execute() == 127_431
    noticed = note("rows.time_of_zone", column="at", zone="UTC")
    assert set(tables.audit.loc[tables.audit["reason"] == noticed, "table"]) == {"transactions"}


def test_complete_journey_campaigns_begin_on_days(journey):
    # coupons of the campaigns carry the local day on which they were redeemed
    lines, tables = journey
    redeemed = pq.read_table(
        package_files("complete_journey")[0].with_name("coupon_redemptions.parquet")
    ).to_pandas()
    pairs = redeemed.groupby(["household_id", "redemption_date"]).size().index
    used = lines[lines["coupon_disc"] > 0]
    for clock, least in (("local", 971), ("transaction_timestamp", 844)):
        bought = pd.MultiIndex.from_arrays([used["household_id"], used[clock].dt.normalize()])
        assert pairs.isin(bought).sum() == least
    begun = tables["campaigns"].at.min().execute()
    assert pd.Timestamp(begun) == pd.Timestamp(2017, 2, 8)  # campaign 27, by its description


@pytest.mark.parametrize(
    ("written", "how"),
    [
        ("2023-01-31 23:30:00", {}),
        ("2023-01-31T23:30", {}),
        ("31.01.2023 23:30", {"date_format": "%d.%m.%Y %H:%M"}),
        ("44957.979166666664", {"date_format": "excel"}),
    ],
)
def test_times_in_moves_times_that_carry_no_zone(study, written, how):
    study.write("sales.csv", HEAD + f"c1,{written},1\n")
    table = {"file": "sales.csv"} | how
    local = table | {"times_in": "local"}
    assert days(study.files(transactions=local)) == [dt.date(2023, 1, 31)]
    assert days(study.files(transactions=table | {"times_in": "UTC"})) == [dt.date(2023, 2, 1)]
    assert days(study.files(transactions=table | {"times_in": "Asia/Tokyo"})) == [
        dt.date(2023, 1, 31)
    ]


def test_times_in_moves_typed_times(study):
    rows = pd.DataFrame({"customer_id": ["c1"], "at": [EVENING], "amount": [1.0]})
    rows.to_parquet(study.folder / "sales.parquet")
    rows.to_excel(study.folder / "sales.xlsx", index=False)
    for name in ("sales.parquet", "sales.xlsx"):
        table = {"file": name, "times_in": "UTC"}
        assert days(study.files(transactions=table)) == [dt.date(2023, 2, 1)]
        table = {"file": name, "times_in": "local"}
        assert days(study.files(transactions=table)) == [dt.date(2023, 1, 31)]


def test_times_in_moves_midnight_of_a_workbook(study):
    # the reader of workbooks gives a time at midnight as a day
    times = [dt.datetime(2023, 2, 1), dt.datetime(2023, 2, 1, 10)]
    rows = pd.DataFrame({"customer_id": ["a", "b"], "at": times, "amount": [1.0, 1.0]})
    rows.to_excel(study.folder / "sales.xlsx", index=False)
    table = {"file": "sales.xlsx", "times_in": "Asia/Tokyo"}
    assert days(study.files(transactions=table)) == [dt.date(2023, 1, 31), dt.date(2023, 2, 1)]


def test_times_in_leaves_days_and_times_with_a_zone(study):
    rows = "a,2023-02-03,1\nb,2023-01-31T23:30:00Z,1\nc,2023-01-31 23:30,1\n"
    study.write("sales.csv", HEAD + rows)
    table = {"file": "sales.csv", "times_in": "America/New_York"}
    first = dt.date(2023, 2, 1)
    assert days(study.files(transactions=table)) == [dt.date(2023, 2, 3), first, first]


def test_times_with_an_offset_in_their_format_are_local_times(study):
    study.write("sales.csv", HEAD + "c1,2023-02-01,1\n")
    study.write("calls.csv", "customer_id,at,kind\nc1,31.01.2023 23:30 -0100,contact\n")
    calls = {"file": "calls.csv", "date_format": "%d.%m.%Y %H:%M %z"}
    tables = read_tables(study.files(transactions="sales.csv", interactions=calls))
    assert tables["interactions"].at.execute().tolist() == [pd.Timestamp(2023, 2, 1, 1, 30)]


def test_times_in_moves_filters_on_days_too(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 23:30,1\nb,2023-01-31 12:00,1\n")
    begin = [{"column": "at", "at_least": dt.date(2023, 2, 1)}]
    table = {"file": "sales.csv", "times_in": "UTC", "filters": begin}
    assert days(study.files(transactions=table)) == [dt.date(2023, 2, 1)]


def test_days_as_midnights_are_not_moved_but_refused(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 00:00:00,1\nb,2023-02-01 00:00,1\n")
    params = study.files(transactions={"file": "sales.csv", "times_in": "UTC"})
    with pytest.raises(DataError, match=r"transactions\.at must hold times of day .* all 2 are"):
        read_tables(params)
    assert validation_report(params)[1] == 1


def test_times_in_without_such_times_is_refused(study):
    study.write("sales.csv", HEAD + "a,2023-01-31,1\nb,2023-01-31T10:00:00Z,1\n")
    params = study.files(transactions={"file": "sales.csv", "times_in": "UTC"})
    with pytest.raises(DataError, match="must hold times without a zone for times_in"):
        read_tables(params)


def test_times_in_must_be_a_zone(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 10:00,1\n")
    with pytest.raises(ParamsError, match="times_in must be a time zone such as") as caught:
        study.files(transactions={"file": "sales.csv", "times_in": "Berlin time"})
    assert len(str(caught.value).splitlines()) == 1


def test_validate_tells_as_what_times_without_a_zone_are_read(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 10:00,1\nb,2023-02-01,1\n")
    table = {"file": "sales.csv", "times_in": "local"}
    report, _ = validation_report(study.files(transactions=table))
    assert "1 row noticed (local time (column at))" in report
    table = {"file": "sales.csv", "times_in": "UTC"}
    report, _ = validation_report(study.files(transactions=table))
    assert "1 row noticed (time of zone (column at, zone UTC))" in report
    study.write("sales.csv", HEAD + "a,2023-01-31,1\nb,2023-02-01 00:00,1\n")
    assert "time zone" not in validation_report(study.files(transactions="sales.csv"))[0]


def test_times_without_a_zone_are_asked_for(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 10:00,1\nb,2023-02-01 09:30,1\n")
    report, faults = validation_report(study.files(transactions="sales.csv"))
    assert faults == 1
    assert "transactions must hold times whose zone is known, but 2 of at carry none" in report
    assert "set times_in: local (that of timezone, Europe/Berlin), UTC, or the zone" in report
    files = {"transactions": {"file": "../sales.csv"}}
    in_utc = study.params({"files": files}, timezone="UTC")
    assert validation_report(in_utc)[1] == 0  # local and UTC are the same


def test_proposal_asks_for_the_zone_of_times_without_one(study):
    rows = "".join(f"c{n},2023-01-{n:02} {n % 3 + 21}:15,1\n" for n in range(1, 12))
    path = study.write("sales.csv", HEAD + rows)
    text = propose_params("acme", path, study.folder / "params")
    assert "# The times of at carry no zone; most lie from 22:00 to 22:59." in text
    assert "\n      times_in: ???" in text
    assert "\ntimezone: ???" in text
    path = study.write("sales.csv", HEAD + "a,2023-01-31,1\nb,2023-02-01,1\n")
    text = propose_params("acme", path, study.folder / "params")
    assert "times_in" not in text
    assert "timezone: UTC " in text


def test_local_times_are_those_of_the_study(study):
    study.write("sales.csv", HEAD + "a,2023-01-31 23:30,1\n")
    table = {"file": "sales.csv", "times_in": "local"}
    assert days(study.files(transactions=table)) == [dt.date(2023, 1, 31)]


@pytest.mark.parametrize(
    "time",
    [
        "2023-01-31 23:30:00 +0000",
        "2023-01-31 23:30:00 +00:00",
        "2023-01-31 23:30 +0000",
        "2023-01-31T23:30+00:00",
        "2023-01-31 18:30:00.25 -0500",
        "2023-01-31T23:30:00z",
        "2023-01-31 23:30:00 UTC",
        "2023-01-31 23:30:00 utc",
    ],
)
def test_an_offset_is_read_however_it_is_written(study, time):
    study.write("sales.csv", HEAD + f"a,{time},1\n")
    assert days(study.files(transactions="sales.csv")) == [dt.date(2023, 2, 1)]  # in Berlin
    path = study.folder / "sales.csv"
    assert "\ntimezone: ???" in propose_params("acme", path, study.folder / "params")


def test_a_heading_that_states_the_zone_is_used(study):
    text = "customer,Created (UTC),amount\na,2023-01-31 23:30,1\n"
    text = propose_params("acme", study.write("sales.csv", text), study.folder / "params")
    assert "times_in: UTC\n" in text
