# ruff: noqa: E501  statements of SQL are not broken
"""The usual exports work as they come; repairs are made only as the params say, and counted."""

from __future__ import annotations

import bz2
import datetime as dt
import gzip
import sqlite3

import duckdb
import ibis
import pandas as pd
import pytest

from analysis.data import read_tables, source_fingerprint
from analysis.errors import DataError
from analysis.frames import customer_frame, write_frames
from analysis.notes import note
from analysis.params.folders import study_folder

HEAD = "customer_id,at,amount\n"
GOOD = HEAD + "c1,2023-02-01,10.5\nc2,2023-03-01,20\nc1,2023-03-05,-2.5\n"
EXPECTED = [
    ("c1", dt.date(2023, 2, 1), 10.5),
    ("c1", dt.date(2023, 3, 5), -2.5),
    ("c2", dt.date(2023, 3, 1), 20.0),
]


def transactions(params):
    """The rows of transactions, in order."""
    tables = read_tables(params, stored=False)
    table = tables["transactions"].select("customer_id", "at", "amount").to_pyarrow()
    return sorted(tuple(row.values()) for row in table.to_pylist())


def steps(params):
    """The audit as (step, reason begins with, rows)."""
    audit = read_tables(params, stored=False).audit
    return {(row.step, row.reason): row.rows for row in audit.itertuples()}


@pytest.mark.parametrize(
    ("name", "content", "options"),
    [
        ("sales.csv", GOOD.encode(), {}),
        ("sales.csv", b"\xef\xbb\xbf" + GOOD.encode(), {}),
        ("sales.csv", GOOD.encode("utf-16"), {}),
        ("sales.csv", GOOD.replace("\n", "\r\n").encode(), {}),
        ("sales.tsv", GOOD.replace(",", "\t").encode(), {}),
        ("sales.csv", GOOD.replace(",", ";").replace(".", ",").encode(), {"decimal": ","}),
        ("sales.csv.gz", gzip.compress(GOOD.encode()), {}),
        ("sales.csv.bz2", bz2.compress(GOOD.encode()), {}),
        ("sales.csv", GOOD.replace("-2.5", "€ -2.5").encode(), {}),
        ("sales.csv", GOOD.replace("-2.5", "2.5-").encode(), {}),
        ("sales.csv", GOOD.replace("-2.5", "(2.5)").encode(), {}),
    ],
    ids=["plain", "bom", "utf16", "crlf", "tab", "german", "gz", "bz2", "sign", "sap", "brackets"],
)
def test_read_tables_reads_the_usual_csv(study, name, content, options):
    study.write(name, content)
    assert transactions(study.files(transactions={"file": name} | options)) == EXPECTED


def test_read_tables_reads_cp1252_thousands_and_mapped_columns(study):
    text = "Kunde;Datum;Umsatz;Größe\nMüller;01.02.2023 08:15;1.234,50;L\n"
    study.write("sales.csv", text.encode("cp1252"))
    table = {
        "file": "sales.csv",
        "encoding": "cp1252",
        "decimal": ",",
        "thousands": ".",
        "date_format": "%d.%m.%Y %H:%M",
        "times_in": "local",
        "columns": {"customer_id": "Kunde", "at": "Datum", "amount": "Umsatz", "product": "Größe"},
    }
    assert transactions(study.files(transactions=table)) == [
        ("Müller", dt.date(2023, 2, 1), 1234.5)
    ]


def test_read_tables_stacks_the_files_of_a_glob_by_column_name(study):
    study.write("sales_1.csv", HEAD + "c1,2023-02-01,10.5\nc1,2023-03-05,-2.5\n")
    study.write("sales_2.csv", "amount,customer_id,at\n20,c2,2023-03-01\n")
    assert transactions(study.files(transactions="sales_*.csv")) == EXPECTED


def test_read_tables_names_the_file_of_a_glob_that_is_wrong(study):
    study.write("sales_1.csv", GOOD)
    study.write("sales_2.csv", GOOD + "c9,2023-02-01,?\n")
    with pytest.raises(DataError, match=r"row 5 of sales_2\.csv, '\?'"):
        read_tables(study.files(transactions="sales_*.csv"))


@pytest.mark.parametrize("kind", ["parquet", "xlsx", "jsonl", "sqlite", "duckdb"])
def test_read_tables_reads_every_kind_of_file(study, kind):
    rows = pd.DataFrame(EXPECTED, columns=["customer_id", "at", "amount"])
    path = study.folder / f"sales.{kind}"
    if kind == "parquet":
        rows.to_parquet(path)
    elif kind == "xlsx":
        rows.to_excel(path, index=False)
    elif kind == "jsonl":
        rows.assign(at=rows["at"].astype(str)).to_json(path, orient="records", lines=True)
    elif kind == "sqlite":
        with sqlite3.connect(path) as database:
            rows.to_sql("sales", database, index=False)
        database.close()
    else:
        with duckdb.connect(path) as database:
            database.register("rows", rows)
            database.execute("CREATE TABLE sales AS SELECT * FROM rows")
    table = {"file": path.name} | ({"table": "sales"} if kind in ("sqlite", "duckdb") else {})
    assert transactions(study.files(transactions=table)) == EXPECTED


def test_amounts_of_decimal_columns_keep_their_mean(study):
    # Ibis gives the mean of a decimal(12, 2) two digits
    with duckdb.connect(study.folder / "sales.duckdb") as database:
        database.execute('CREATE TABLE sales (customer_id TEXT, "at" DATE, amount DECIMAL(12, 2))')
        for amount in ("3.85", "3.86", "3.85", "3.87"):
            database.execute(f"INSERT INTO sales VALUES ('c1', '2023-02-01', {amount})")
    amount = read_tables(study.files(transactions="sales.duckdb"))["transactions"].amount
    assert amount.mean().execute() == pytest.approx(3.8575)
    assert amount.var().execute() == pytest.approx(9.1667e-5, rel=1e-4)


def test_read_tables_reads_excel_serial_days_and_float_ids(study):
    rows = pd.DataFrame({"customer_id": [17.0, None], "at": [44958.0, 44959.0], "amount": [1, 2]})
    rows.to_excel(study.folder / "sales.xlsx", index=False)
    table = {"file": "sales.xlsx", "date_format": "excel"}
    params = study.files(transactions=table, repairs={"missing": "drop"})
    assert transactions(params) == [("17", dt.date(2023, 2, 1), 1.0)]


def test_read_tables_reads_ids_written_as_floats_as_whole_numbers(study):
    study.write("sales.csv", HEAD + "17850.0,2023-02-01,1\n17850.0,2023-02-02,1\n")
    params = study.files(transactions="sales.csv")
    assert {row[0] for row in transactions(params)} == {"17850"}
    assert ("noticed", "ids written as decimals, read as whole numbers") in steps(params)


def test_read_tables_counts_days_in_the_time_zone_of_the_study(study):
    # 23:30 UTC of the last of January is 00:30 of the first of February in Berlin
    study.write("sales.csv", HEAD + "c1,2023-01-31T23:30:00+00:00,1\n")
    assert transactions(study.files(transactions="sales.csv"))[0][1] == dt.date(2023, 2, 1)
    at = pd.to_datetime(["2023-01-31T23:30:00+00:00"])
    rows = pd.DataFrame({"customer_id": ["c1"], "at": at, "amount": [1.0]})
    rows.to_parquet(study.folder / "sales.parquet")
    assert transactions(study.files(transactions="sales.parquet"))[0][1] == dt.date(2023, 2, 1)


def test_read_tables_multiplies_quantity_and_price_and_filters(study):
    study.write(
        "sales.csv",
        "InvoiceNo,customer_id,at,Quantity,UnitPrice\n"
        "1,c1,2023-02-01,2,5.25\nC2,c1,2023-02-01,-2,5.25\n3,,2023-02-01,1,1\n",
    )
    table = {
        "file": "sales.csv",
        "columns": {"amount": {"product_of": ["Quantity", "UnitPrice"]}},
        "filters": [
            {"column": "InvoiceNo", "not_starts_with": "C"},
            {"column": "Quantity", "at_least": 1},
        ],
    }
    params = study.files(transactions=table, repairs={"missing": "drop"})
    assert transactions(params) == [("c1", dt.date(2023, 2, 1), 10.5)]
    counted = steps(params)
    assert counted["read", "sales.csv"] == 3
    assert counted["filtered", "rows that the filters leave out"] == 1
    assert counted["dropped", "rows without a value that is needed"] == 1
    assert counted["kept", ""] == 1


def test_repairs_are_made_as_the_params_say_and_each_row_counted_once(study):
    study.write(
        "sales.csv",
        HEAD
        + "c1,2023-02-01,1\nc1,2023-02-01,1\n c1 ,2023-02-02,1\n,2023-02-01,1\n,2099-01-01,1\n"
        + "c1,2099-01-01,1\nc1,2023-03-01,-1\n",
    )
    repairs = {
        "missing": "drop",
        "out_of_period": "drop",
        "duplicates": "drop",
        "ids": "clean",
    }
    table = {"file": "sales.csv", "returns": "drop"}
    counted = steps(study.files(transactions=table, repairs=repairs))
    assert counted["read", "sales.csv"] == 7
    assert counted["dropped", "rows without a value that is needed"] == 2
    assert counted["dropped", "rows outside the observed period"] == 1
    assert counted["dropped", "returns"] == 1
    assert counted["dropped", "identical rows"] == 1
    assert counted["mended", "ids cleaned of blanks and '.0'"] == 1
    assert counted["kept", ""] == 2


def test_identical_purchase_lines_are_kept_and_noticed(study):
    study.write("sales.csv", GOOD + "c1,2023-02-01,10.5\n")
    counted = steps(study.files(transactions="sales.csv"))
    assert counted["noticed", "identical rows, kept"] == 1
    assert counted["kept", ""] == 4


def test_ends_after_the_observation_are_noticed_as_open(study):
    study.write("contracts.csv", "customer_id,started_at,ended_at\nc1,2023-01-01,9999-12-31\n")
    counted = steps(study.files(contracts="contracts.csv"))
    assert counted["noticed", note("rows.open_end", column="ended_at")] == 1


def test_customers_that_the_table_lacks_are_noticed(study):
    study.write("sales.csv", GOOD)
    study.write("customers.csv", "customer_id,city\nc1,Bonn\n")
    params = study.files(
        transactions="sales.csv", customers={"file": "customers.csv", "keep": ["city"]}
    )
    tables = read_tables(params)
    assert ("noticed", "customers that the table customers lacks") in steps(params)
    frame = customer_frame(tables, params).set_index("customer_id")
    assert frame["city"].to_dict()["c1"] == "Bonn"
    assert frame["city"].isna().to_dict()["c2"]


def test_columns_that_nobody_named_stay_outside(study):
    study.write("sales.csv", GOOD)
    study.write("customers.csv", "customer_id,email,city\nc1,a@b.example,Bonn\n")
    table = {"file": "customers.csv", "keep": ["city"]}
    tables = read_tables(study.files(transactions="sales.csv", customers=table))
    assert list(tables["customers"].columns) == ["customer_id", "city"]


def test_survey_items_are_numbers_where_all_read_so(study):
    study.write("sales.csv", GOOD)
    study.write("answers.csv", "customer_id,at,q1,branch\nc1,2023-02-01,7,Bonn\nc2,2023-02-01,,3\n")
    table = {"file": "answers.csv", "keep": ["q1", "branch"]}
    answers = read_tables(study.files(transactions="sales.csv", surveys=table))["surveys"]
    assert answers.schema()["q1"].is_floating()
    assert answers.schema()["branch"].is_string()


@pytest.mark.whole
def test_complete_journey_says_that_histories_are_cut(study):
    params = study.params(
        {"package": "complete_journey", "repairs": {"out_of_period": "drop"}}
    ).model_copy(
        update={"observed_from": dt.date(2017, 1, 1), "observed_until": dt.date(2017, 12, 31)}
    )
    tables = read_tables(params, stored=False)
    assert not tables.description.history_complete
    assert set(tables) == {"transactions", "customers", "campaigns"}
    # 1,469,307 lines of 2,469 households; 801 answered about themselves (the package's README)
    assert tables["transactions"].customer_id.nunique().execute() == 2469
    read = tables.audit[tables.audit["step"] == "read"].set_index("table")["rows"]
    assert read.to_dict() == {"transactions": 1_469_307, "customers": 801, "campaigns": 6_589}


def test_duckdb_connection_is_opened_for_reading_only(study):
    with duckdb.connect(study.folder / "lake.duckdb") as database:
        database.execute(
            "CREATE TABLE sales AS SELECT 'c1' AS k, DATE '2023-02-01' AS at, 1 AS amount"
        )
    tables = {"transactions": {"table": "sales", "columns": {"customer_id": "k"}}}
    params = study.params({"connection": {"url": "duckdb://../lake.duckdb", "tables": tables}})
    assert transactions(params) == [("c1", dt.date(2023, 2, 1), 1.0)]
    query = {
        "transactions": {"sql": 'SELECT k AS customer_id, "at", amount + 1 AS amount FROM sales'}
    }
    params = study.params({"connection": {"url": "duckdb://../lake.duckdb", "tables": query}})
    assert transactions(params) == [("c1", dt.date(2023, 2, 1), 2.0)]
    query["transactions"]["sql"] = "SELECT k AS customer_id, at, amount FROM sales"
    params = study.params({"connection": {"url": "duckdb://../lake.duckdb", "tables": query}})
    with pytest.raises(DataError, match="must have sql that its engine reads"):
        read_tables(params)


def test_stored_tables_are_used_while_nothing_has_changed(study):
    study.write("sales.csv", GOOD)
    params = study.files(transactions="sales.csv")
    write_frames(params)
    stored = read_tables(params)
    assert set(stored.stored) == {"customer_frame", "customer_months", "spells"}
    fresh = read_tables(params, stored=False)
    pd.testing.assert_frame_equal(customer_frame(stored, params), customer_frame(fresh, params))
    before = source_fingerprint(params, folder=study.folder)
    study.write("sales.csv", GOOD + "c3,2023-03-01,5\n")
    assert source_fingerprint(params, folder=study.folder) != before
    assert not read_tables(params).stored
    assert len(customer_frame(read_tables(params), params)) == 3


def test_stored_tables_are_not_used_for_another_period(study):
    study.write("sales.csv", GOOD)
    params = study.files(transactions="sales.csv")
    write_frames(params)
    other = params.model_copy(update={"observed_until": dt.date(2023, 12, 30)})
    assert not read_tables(other).stored


def test_stored_folder_holds_no_secret(study, monkeypatch):
    monkeypatch.setenv("LAKE_TOKEN", "hunter2hunter2")
    with duckdb.connect(study.folder / "hunter2hunter2.duckdb") as database:
        database.execute(
            "CREATE TABLE transactions AS SELECT 'c1' AS customer_id, DATE '2023-02-01' AS at, 1 AS amount"
        )
    url = "duckdb://../${LAKE_TOKEN}.duckdb"
    params = study.params({"connection": {"url": url, "tables": {"transactions": {}}}})
    write_frames(params)
    files = [path for path in study_folder(params).rglob("*") if path.is_file()]
    assert files
    assert all(b"hunter2hunter2" not in path.read_bytes() for path in files)
    assert "hunter2" not in repr(read_tables(params))


def test_connection_is_asked_again_only_for_a_refresh(study, monkeypatch):
    path = study.folder / "lake.duckdb"
    with duckdb.connect(path) as database:
        database.execute(
            "CREATE TABLE transactions AS SELECT 'c1' AS customer_id, DATE '2023-02-01' AS at, 1 AS amount"
        )
    data = {"connection": {"url": "duckdb://../lake.duckdb", "tables": {"transactions": {}}}}
    params = study.params(data)
    write_frames(params)
    with duckdb.connect(path) as database:
        database.execute("INSERT INTO transactions VALUES ('c2', DATE '2023-02-02', 2)")
    assert len(customer_frame(read_tables(params), params)) == 1
    monkeypatch.setenv("REFRESH", "1")
    assert len(customer_frame(read_tables(params), params)) == 2


def test_ibis_calls_in_use_work_with_the_pinned_engine():
    connection = ibis.duckdb.connect()
    made = connection.create_table("made", ibis.memtable({"x": [1, 2]}).to_pyarrow())
    assert "made" in connection.list_tables()
    assert connection.sql("SELECT sum(x) AS x FROM made").execute()["x"][0] == 3
    assert made.aggregate(n=made.count()).to_pyarrow().to_pylist() == [{"n": 2}]
    assert int(duckdb.__version__.split(".")[0]) < 2


@pytest.mark.parametrize(
    ("name", "value"), [("ANALYSIS_THREADS", "none"), ("ANALYSIS_THREADS", "0")]
)
def test_threads_must_be_a_number(study, monkeypatch, name, value):
    study.write("sales.csv", GOOD)
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match="ANALYSIS_THREADS must be a whole number"):
        read_tables(study.files(transactions="sales.csv"))


@pytest.mark.parametrize(
    ("currency", "finer"), [("EUR", 2), ("KWD", 1), ("JPY", 3)], ids=["cents", "fils", "yen"]
)
def test_amounts_finer_than_the_smallest_unit_are_counted(study, currency, finer):
    amounts = ("10", "19.99", "0.125", "0.0625", "-3")
    rows = (f"c{k},2023-02-0{k},{amount}" for k, amount in enumerate(amounts, 1))
    study.write("sales.csv", "customer_id,at,amount\n" + "\n".join(rows) + "\n")
    source = {"files": {"transactions": {"file": "../sales.csv"}}}
    audit = read_tables(study.params(source, currency=currency), stored=False).audit
    told = audit.set_index("reason")["rows"]
    assert told["amounts finer than the smallest unit of the currency"] == finer
