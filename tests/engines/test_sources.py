"""Faults and repairs of a source are told alike by DuckDB, PostgreSQL and Spark."""

from __future__ import annotations

from datetime import UTC, date, datetime

import ibis
import pyarrow as pa
import pytest
import yaml
from test_engines import load
from whole_report import differences

from analysis.data import fetch, read_tables
from analysis.data.validate import validation_report
from analysis.notes import note
from analysis.params import read_params

INSTANT, BARE = pa.timestamp("us", "UTC"), pa.timestamp("us")
STUDY = {
    "schema_version": 1,
    "study": "acme",
    "title": "Acme",
    "author": "Research",
    "relationship": "noncontractual",
    "observed_from": date(2023, 1, 1),
    "observed_until": date(2023, 12, 31),
    "timezone": "America/Sao_Paulo",  # midnight here is 3 o'clock in UTC
    "currency": "BRL",
}


def utc(*when):
    return datetime(*when, tzinfo=UTC)


SALES = pa.table(
    {
        "customer_id": ["b", "A", "a", "ä", "b", "b", None, "Z", "z", "a"],
        "at": pa.array(
            [
                utc(2023, 1, 1, 2, 59),  # still the old year there
                utc(2023, 1, 1, 3),
                utc(2023, 5, 1, 2, 30),
                utc(2024, 1, 1, 2, 59, 59),  # still the last day
                utc(2024, 1, 1, 3),
                utc(2023, 6, 1),
                utc(2023, 6, 1),
                None,
                utc(2023, 6, 1),
                utc(2023, 5, 1, 2, 30),
            ],
            INSTANT,
        ),
        "amount": [1.0, 2.5, 3.0, -4.0, 5.0, float("nan"), 7.0, 8.0, None, 3.0],
        "channel": ["web", " ", None, "shop", "web", "web", "web", "web", "web", None],
    }
)
ANSWERS = pa.table(
    {
        "customer_id": ["a", "b", "A", "z", "a"],
        "at": [date(2023, 2, 1), date(2023, 2, 1), date(2023, 3, 1), date(2023, 3, 1), None],
        "nps": [10.0, 3.5, 11.0, 1e300, 5.0],
        "comment": ["", "x", None, "y", "z"],
    }
)
CONTACTS = pa.table(
    {
        "customer_id": ["a", "b", "z"],
        "at": pa.array([datetime(2023, 3, 26, 2, 30), datetime(2023, 12, 31, 23, 59), None], BARE),
        "kind": ["complaint", "contact", "enquiry"],
        "resolved_at": pa.array([datetime(2023, 3, 26, 2), None, None], BARE),
        "cost": [1.0, -2.0, None],
    }
)
NUMBERED = pa.table(
    {
        "customer_id": [7.0, 7.0, 12.0, 2.0**60],
        "at": pa.array([date(2023, 1, 5)] * 4),
        "amount": [1.0, 1.0, 2.0, 3.0],
    }
)


LINES = pa.table(
    {
        "order_id": [1.0, 1.0, 2.0, 7.0, None, 3.0],
        "Price": [2.5, 3.0, 4.0, 5.0, 6.0, 7.0],
    }
)
ORDERS = pa.table(
    {
        "number": ["1", "2", "3", "8", " "],
        "buyer": [10, 20, 10, 30, 40],
        "placed": [date(2023, 2, 1), date(2023, 3, 1), date(2023, 4, 1), None, None],
        "price": ["a", "b", None, "d", "e"],
    }
)
BUYERS = pa.table({"buyer": ["10", "20"], "person": ["Zoë", "Änne"]})
JOINED = {
    "table": "the_lines",
    "columns": {
        "customer_id": "person",
        "at": "placed",
        "amount": "Price",
        "channel": "orders.price",
    },
    "join": {
        "orders": {"table": "the_orders", "by": {"order_id": "number"}},
        "buyers": {"sql": "SELECT * FROM the_buyers", "by": "buyer"},
    },
}


@pytest.fixture(scope="module", params=["postgres", "spark"])
def places(request, database_elsewhere, tmp_path_factory):
    """A DuckDB file and another engine: the URL of each, and how both take a table."""
    folder = tmp_path_factory.mktemp("places")
    file = folder / "here.duckdb"
    if request.param == "spark":
        session, there = request.getfixturevalue("spark"), "pyspark://"
    else:
        database, there = ibis.connect(database_elsewhere), database_elsewhere
        there = there.replace("correct%20horse", "${ENGINE_TEST_PASSWORD}")

    def take(name, rows):
        here = ibis.duckdb.connect(file)
        table = here.create_table(name, rows, overwrite=True)
        if request.param == "spark":
            table.to_parquet(folder / f"{name}.parquet")
            path = str(folder / f"{name}.parquet")
            session.read.parquet(path).createOrReplaceTempView(name)
        else:
            load(database, name, table)
        here.disconnect()

    return (f"duckdb://{file}", there), take


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")


def params_of(folder, url, **data):
    """A study whose tables lie under their own names."""
    path = folder / "params" / "acme.yml"
    path.parent.mkdir(exist_ok=True)
    names = data.pop("names")
    clock = {"interactions": {"times_in": "local"}}
    tables = {name: {"table": f"the_{name}"} | clock.get(name, {}) for name in names}
    tables = data.pop("tables", tables)
    block = {"connection": {"url": url, "tables": tables}} | data
    path.write_text(yaml.safe_dump(STUDY | {"data": block}), "utf-8")
    return read_params(path)


def each(places, folder, function, **data):
    """What a function makes of a study, on DuckDB and on the other engine."""
    urls, take = places
    for name, rows in data["rows"].items():
        take(f"the_{name}", rows)
    options = {key: value for key, value in data.items() if key != "rows"}
    return [function(params_of(folder, url, names=list(data["rows"]), **options)) for url in urls]


def test_faults_are_told_in_the_same_words(places, tmp_path):
    rows = {"transactions": SALES, "surveys": ANSWERS, "interactions": CONTACTS}
    here, there = each(places, tmp_path, validation_report, rows=rows)
    assert here[1] > 8
    there = there[0].replace("1.0E300", "1e+300")  # as Spark writes it
    assert there.splitlines() == here[0].splitlines()


def test_repairs_leave_the_same_rows(places, tmp_path):
    def repaired(params):
        tables = read_tables(params, stored=False)
        return {name: fetch(tables[name]) for name in tables} | {"audit": tables.audit}

    repairs = {"missing": "drop", "out_of_period": "drop", "duplicates": "drop"}
    sound = SALES.filter(pa.compute.invert(pa.compute.is_nan(SALES["amount"])))
    here, there = each(places, tmp_path, repaired, rows={"transactions": sound}, repairs=repairs)
    assert list(here["transactions"]["customer_id"]) == ["A", "a", "ä"]
    assert [str(day.date()) for day in here["transactions"]["at"]] == [
        "2023-01-01",
        "2023-04-30",
        "2023-12-31",
    ]
    assert list(differences(there, here)) == []


def test_ids_that_are_numbers_are_the_same_texts(places, tmp_path):
    def ids(params):
        return list(fetch(read_tables(params, stored=False)["transactions"])["customer_id"])

    here, there = each(places, tmp_path, ids, rows={"transactions": NUMBERED.slice(0, 3)})
    assert there == here == ["12", "7", "7"]


def test_ids_that_have_lost_digits_are_a_fault(places, tmp_path):
    for text, faults in each(places, tmp_path, validation_report, rows={"transactions": NUMBERED}):
        assert faults == 1
        assert "customer_id must be written in full" in text
        assert "1 of 4 rows is not" in text


def test_joins_are_made_alike(places, tmp_path):
    def joined(params):
        tables = read_tables(params, stored=False)
        return {"transactions": fetch(tables["transactions"]), "audit": tables.audit}

    rows = {"lines": LINES, "orders": ORDERS, "buyers": BUYERS}
    given = {"rows": rows, "tables": {"transactions": JOINED}}
    here, there = each(places, tmp_path, joined, repairs={"missing": "drop"}, **given)
    assert sorted(here["transactions"]["customer_id"]) == ["Zoë", "Zoë", "Zoë", "Änne"]
    assert list(differences(there, here)) == []
    told = {row.reason: row.rows for row in here["audit"].itertuples() if row.step == "noticed"}
    assert told[note("rows.meet_none", table="the_orders", key="order_id")] == 1
    assert told[note("rows.not_met", table="the_orders", key="order_id")] == 1
    for text, faults in each(places, tmp_path, validation_report, **given):
        assert faults == 2
        assert "customer_id must not be missing, but 2 of 6 rows are" in text


def test_a_join_that_cannot_be_made_is_told_alike(places, tmp_path):
    padded = ORDERS.set_column(0, "number", pa.array(["001", "002", "003", "1", "1"]))
    rows = {"lines": LINES, "orders": padded, "buyers": BUYERS}
    given = {"rows": rows, "tables": {"transactions": JOINED}}
    here, there = each(places, tmp_path, validation_report, **given)
    assert there == here
    assert "must find one row of the_orders by order_id, but 1 of 4 keys stand there" in here[0]
    rows |= {"orders": padded.slice(0, 3)}
    here, there = each(places, tmp_path, validation_report, **(given | {"rows": rows}))
    assert there == here
    assert "0 of 5 rows do: leading zeros differ between the two tables" in here[0]
