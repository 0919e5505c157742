# ruff: noqa: E501  the tables of cases are read across
"""Malformed inputs: each gives one clear message with table, column, count and place."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import subprocess
import sys
import zipfile
from contextlib import closing

import duckdb
import pandas as pd
import pytest
from waiting import HANGING

from analysis.data import read_tables
from analysis.data.problems import explain
from analysis.data.reading import check_source
from analysis.data.validate import validation_report
from analysis.errors import DataError, ParamsError
from analysis.frames import customer_frame, write_frames

GOOD = "customer_id,at,amount\nc1,2023-02-01,10\nc2,2023-03-01,20\n"
HEAD = "customer_id,at,amount\n"
ROW = "c1,2023-02-01,10\n"

# name: content of sales.csv, options of the table, fragments of the one message
CSV_FAULTS = {
    "text as amount": (HEAD + ROW + "c2,2023-02-01,n/a\n", {}, ["transactions.amount must be a number", "1 of 2 rows", "row 3 of sales.csv, 'n/a'"]),
    "decimal comma": (HEAD + 'c1,2023-02-01,"10,50"\n', {}, ["transactions.amount must be a number", "set decimal"]),
    "wrong grouping": (HEAD + 'c1,2023-02-01,"1,5"\n', {"thousands": ","}, ["transactions.amount must be a number", "'1,5'"]),
    "infinite amount": (HEAD + "c1,2023-02-01,inf\n", {}, ["transactions.amount must be a number", "'inf'"]),
    "hexadecimal amount": (HEAD + "c1,2023-02-01,0x1F\n", {}, ["transactions.amount must be a number"]),
    "impossible day": (HEAD + ROW + "c1,2023-02-30,1\n", {}, ["transactions.at must be a date", "row 3 of sales.csv, '2023-02-30'"]),
    "month 13": (HEAD + "c1,2023-13-01,1\n", {}, ["transactions.at must be a date", "1 of 1 rows is not"]),
    "day first": (HEAD + "c1,01/02/2023,1\n", {}, ["transactions.at must be a date", "set date_format"]),
    "other format than stated": (HEAD + "c1,2023-02-01,1\n", {"date_format": "%d.%m.%Y"}, ["must be a date like %d.%m.%Y", "'2023-02-01'"]),
    "infinite day": (HEAD + "c1,infinity,1\n", {}, ["transactions.at must be a date", "'infinity'"]),
    "year 2099": (HEAD + ROW + "c1,2099-01-01,1\n", {}, ["transactions.at must lie from 2023-01-01 to 2023-12-31", "'2099-01-01'", "out_of_period: drop"]),
    "before the period": (HEAD + "c1,1900-01-01,1\n", {}, ["transactions.at must lie from", "1 of 1 rows"]),
    "empty file": ("", {}, ["transactions must have a head and rows", "sales.csv is empty"]),
    "blank file": ("\n\n", {}, ["transactions must have a head and rows", "sales.csv is empty"]),
    "head only": (HEAD, {}, ["transactions must hold rows", "sales.csv has no rows"]),
    "duplicated columns": ("customer_id,at,amount,amount\nc1,2023-02-01,1,2\n", {}, ["transactions must have columns of different names", "'amount' twice"]),
    "columns that differ by case": ("customer_id,at,amount,Amount\nc1,2023-02-01,1,2\n", {}, ["columns of different names"]),
    "no amount column": ("customer_id,at,ammount\nc1,2023-02-01,1\n", {}, ["transactions.amount must come from a column 'amount'", "(there are: ammount"]),
    "no header": ("c1,2023-02-01,1\nc2,2023-02-02,2\n", {}, ["transactions.customer_id must come from"]),
    "mapped to a missing column": (GOOD, {"columns": {"amount": "Betrag"}}, ["transactions.amount must come from a column 'Betrag'"]),
    "mapped to an unknown column of the contract": (GOOD, {"columns": {"amonut": "amount"}}, ["must map columns of the contract", "'amonut' came; did you mean amount?"]),
    "missing id": (HEAD + ROW + ",2023-02-01,1\n", {}, ["transactions.customer_id must not be missing", "1 of 2 rows", "row 3 of sales.csv", "missing: drop"]),
    "blank id": (HEAD + ROW + "  ,2023-02-01,1\n", {}, ["transactions.customer_id must not be missing", "row 3"]),
    "missing amount": (HEAD + "c1,2023-02-01,\n", {}, ["transactions.amount must not be missing"]),
    "missing day": (HEAD + "c1,,1\n", {}, ["transactions.at must not be missing"]),
    "ids that differ by blanks": (HEAD + ROW + " c1,2023-02-02,1\n", {}, ["transactions.customer_id must not begin or end with blanks", "1 of 2 rows", "ids: clean"]),
    "some ids read as floats": (HEAD + "17,2023-02-01,1\n17.0,2023-02-02,1\n", {}, ["customer_id must be written in one way", "1 of 2 ids end in '.0'"]),
    "ids that Excel has rounded": (HEAD + "1.23457E+11,2023-02-01,1\n", {}, ["transactions.customer_id must be written in full", "1 of 1 rows is not", "export the ids as text"]),
    "amount in brackets and words": (HEAD + "c1,2023-02-01,(ten)\n", {}, ["transactions.amount must be a number"]),
    "row with too many fields": (HEAD + ROW + "c1,2023-02-01,1,9\n", {}, ["transactions must have the same fields in each row", "sales.csv has 4 instead of 3 in row 3"]),
    "row with too few fields": (HEAD + ROW + "c1,2023-02-01\n", {}, ["same fields in each row", "in row 3"]),
    "open quotation mark": (HEAD + ROW + 'c1,2023-02-01,"1\n', {}, ["transactions must", "row 3"]),
    "not UTF-8": (b"customer_id,at,amount,product\nc1,2023-02-01,1,Caf\xe9\n", {}, ["transactions must be utf-8 text", "row 2 of sales.csv is not", "set encoding: cp1252"]),
    "unknown encoding": (GOOD, {"encoding": "klingon"}, ["must have an encoding such as utf-8", "'klingon' came"]),
    "wrong encoding": (b"customer_id,at,amount\nc\x811,2023-02-01,1\n", {"encoding": "cp1252"}, ["must be cp1252 text"]),
    "other currency": ("customer_id,at,amount,currency\nc1,2023-02-01,1,EUR\nc1,2023-02-02,1,USD\n", {}, ["transactions.currency must be EUR in every row", "1 of 2 rows"]),
    "returns refused": (HEAD + "c1,2023-02-01,-1\n", {"returns": "refuse"}, ["transactions.amount must not be negative", "'-1'"]),
    "filter on a missing column": (GOOD, {"filters": [{"column": "Status", "equals": "ok"}]}, ["must come from a filter's column 'Status'"]),
    "filters that leave nothing": (GOOD, {"filters": [{"column": "customer_id", "equals": "nobody"}]}, ["transactions must keep rows", "left none"]),
    "other delimiter than stated": (GOOD, {"delimiter": ";"}, ["transactions.customer_id must come from", "(there are: customer_id,at,amount)"]),
}  # fmt: skip


WITHOUT_HEADS = ("no header", "other delimiter than stated")  # none of three columns is found


@pytest.mark.parametrize("name", CSV_FAULTS)
def test_bad_csv_gives_one_message_with_its_place(study, name):
    content, options, fragments = CSV_FAULTS[name]
    study.write("sales.csv", content)
    params = study.files(transactions={"file": "sales.csv"} | options)
    refused_in_one_message(study, params, fragments, 3 if name in WITHOUT_HEADS else 1)


def refused_in_one_message(study, params, fragments, faults=1):
    """Reading, `make validate` and `make tables` tell the same; nothing is written."""
    with pytest.raises(DataError) as caught:
        read_tables(params)
    message = str(caught.value)
    for fragment in fragments:
        assert fragment in message
    assert "Traceback" not in message
    assert str(study.folder) not in message
    assert len(message.splitlines()) == faults, message
    report, count = validation_report(params)
    assert count == faults
    assert [line.removeprefix("- ") for line in report.splitlines()[1:]] == message.splitlines()
    with pytest.raises(DataError):
        write_frames(params)
    assert not list((study.folder / "build").rglob("*.parquet"))
    assert not list((study.folder / "build").rglob("tables*"))


# name: table, content, fragments
OTHER_TABLES = {
    "nps of 11": ("surveys", "customer_id,at,nps\nc1,2023-02-01,11\n", ["surveys.nps must be a whole number from 0 to 10", "'11'"]),
    "nps of 7.5": ("surveys", "customer_id,at,nps\nc1,2023-02-01,7.5\n", ["surveys.nps must be a whole number"]),
    "weight of 0": ("surveys", "customer_id,at,survey_weight\nc1,2023-02-01,0\n", ["surveys.survey_weight must be above 0"]),
    "tier that ends before it begins": ("tier_history", "customer_id,tier,from_at,to_at\nc1,gold,2023-03-01,2023-02-01\n", ["tier_history.to_at must not be before from_at"]),
    "two tiers from one day": ("tier_history", "customer_id,tier,from_at\nc1,gold,2023-03-01\nc1,silver,2023-03-01\n", ["must have one row a customer_id and from_at", "1 of 2 rows"]),
    "contract that ends before it begins": ("contracts", "customer_id,started_at,ended_at\nc1,2023-03-01,2023-02-01\n", ["contracts.ended_at must not be before started_at"]),
    "contract from the future": ("contracts", "customer_id,started_at\nc1,2031-03-01\n", ["contracts.started_at must not be after observed_until"]),
    "customers that stand twice": ("customers", "customer_id,channel\nc1,web\nc1,shop\n", ["customers.customer_id must have one row a customer_id"]),
    "negative acquisition cost": ("customers", "customer_id,acquisition_cost\nc1,-5\n", ["customers.acquisition_cost must be 0 or more", "'-5'"]),
    "acquired before the first contact": ("customers", "customer_id,first_contact_at,acquired_at\nc1,2023-03-01,2023-02-01\n", ["customers.acquired_at must not be before first_contact_at"]),
    "unknown arm": ("campaigns", "customer_id,campaign,at,arm\nc1,spring,2023-03-01,maybe\n", ["campaigns.arm must be 'treated' or 'control'"]),
    "resolved before it began": ("interactions", "customer_id,at,kind,resolved_at\nc1,2023-03-01 10:00Z,complaint,2023-03-01 09:00Z\n", ["interactions.resolved_at must not be before at"]),
    "interaction without kind": ("interactions", "customer_id,at,kind\nc1,2023-03-01 10:00Z,\n", ["interactions.kind must not be missing"]),
}  # fmt: skip


@pytest.mark.parametrize("name", OTHER_TABLES)
def test_bad_table_names_its_rule(study, name):
    table, content, fragments = OTHER_TABLES[name]
    study.write("sales.csv", GOOD)
    study.write("other.csv", content)
    params = study.files(transactions="sales.csv", **{table: "other.csv"})
    refused_in_one_message(study, params, fragments)


def zipped(**files):
    """Pack files into an archive."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


# name: file, content or maker, fragments
FILE_FAULTS = {
    "no such file": ("gone.csv", None, ["transactions must have its file", "no file '../gone.csv'"]),
    "no file for a glob": ("*.csv", None, ["must have its file"]),
    "unknown kind of file": ("sales.docx", b"x", ["must lie in files of one kind"]),
    "no parquet": ("sales.parquet", b"not parquet at all", ["transactions must be a Parquet file"]),
    "broken workbook": ("sales.xlsx", b"PK not a workbook", ["transactions must", "sales.xlsx"]),
    "broken gzip": ("sales.csv.gz", b"\x1f\x8bbroken", ["must be a sound packed file"]),
    "cut gzip": ("sales.csv.gz", gzip.compress(GOOD.encode() * 500)[:-20], ["must be a sound packed file"]),
    "zip of two files": ("sales.csv.zip", zipped(a=GOOD, b=GOOD), ["must hold one file in a .zip, but sales.csv.zip holds 2"]),
    "empty zip": ("sales.csv.zip", zipped(), ["must hold one file in a .zip, but sales.csv.zip holds 0"]),
    "broken zip": ("sales.csv.zip", b"PK broken", ["must be a sound packed file"]),
    "no SQLite file": ("sales.sqlite", b"x" * 5000, ["must be a database file"]),
    "no DuckDB file": ("sales.duckdb", b"x" * 20000, ["must be a database file"]),
    "JSON that is no object a line": ("sales.jsonl", b"[1, 2]\n", ["must hold one JSON object a line", "line 1 of sales.jsonl"]),
    "broken JSON": ("sales.jsonl", b'{"customer_id": "c1"\n', ["must hold one JSON object a line"]),
    "empty JSON lines": ("sales.jsonl", b"", ["must hold rows"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FILE_FAULTS)
def test_bad_file_is_told_in_one_sentence(study, name):
    file, content, fragments = FILE_FAULTS[name]
    if content is not None:
        study.write(file, content)
    refused_in_one_message(study, study.files(transactions=file), fragments)


def test_locked_sqlite_file_is_told(study):
    path = study.folder / "sales.sqlite"
    rows = pd.DataFrame({"customer_id": ["c1"], "at": ["2023-02-01"], "amount": [1.0]})
    with closing(sqlite3.connect(path)) as database:
        rows.to_sql("sales", database, index=False)
        database.isolation_level = None
        database.execute("BEGIN EXCLUSIVE")
        params = study.files(transactions="sales.sqlite")
        refused_in_one_message(study, params, ["must be free to read", "another process"])


@pytest.mark.parametrize(
    ("second", "fragments"),
    [
        ({"total": [1.0]}, ["amount must not be missing", "row 1 of b.parquet"]),
        ({"amount": ["x"]}, ["amount must be a number", "row 1 of b.parquet, 'x'"]),
    ],
)
def test_parquet_files_that_differ_are_told_with_their_place(study, second, fragments):
    for name, amounts in (("a", {"amount": [1.0]}), ("b", second)):
        rows = {"customer_id": ["c1"], "at": pd.to_datetime(["2023-02-01"])} | amounts
        pd.DataFrame(rows).to_parquet(study.folder / f"{name}.parquet")
    refused_in_one_message(study, study.files(transactions="*.parquet"), fragments)


def test_column_type_that_cannot_be_an_amount_is_told(study):
    rows = {"customer_id": ["c1"], "at": pd.to_datetime(["2023-02-01"]), "amount": [True]}
    pd.DataFrame(rows).to_parquet(study.folder / "sales.parquet")
    params = study.files(transactions="sales.parquet")
    refused_in_one_message(
        study, params, ["amount must be a number, but 'amount' of sales.parquet"]
    )


# name: table, its rows, what is told
EMPTY_OF_MEANING = {
    "only returns": ("transactions", "customer_id,at,amount\nc1,2023-02-01,-5\nc2,2023-03-01,-7\n", "transactions.amount must be 0 or more somewhere, but all 2 rows are returns"),
    "only past contracts": ("contracts", "customer_id,started_at,ended_at\nc1,2019-02-01,2020-01-01\nc2,2019-03-01,2023-01-01\n", "contracts must be under way between 2023-01-01 and 2023-12-01 (gap_days before observed_until), but none of 2 rows is"),
    "contracts begun after follow-up": ("contracts", "customer_id,started_at\nc1,2023-12-20\n", "(gap_days before observed_until), but the only row is not"),
    "customers without contracts": ("transactions", "customer_id,at,amount\nc1,2023-02-01,5\n", "contracts must be given where relationship is contractual, but only transactions came"),
}  # fmt: skip


@pytest.mark.parametrize("name", EMPTY_OF_MEANING)
def test_rows_that_leave_no_customer_are_told_before_tables_are_made(study, name):
    table, content, told = EMPTY_OF_MEANING[name]
    study.write("rows.csv", content)
    kind = "noncontractual" if name == "only returns" else "contractual"
    params = study.params({"files": {table: {"file": "../rows.csv"}}}, relationship=kind)
    refused_in_one_message(study, params, [told])


@pytest.mark.parametrize("covariate", ["shoe_size", "last_at", "acquired_at"])
def test_covariates_that_are_not_known_on_the_first_day_are_told(study, covariate):
    study.write("sales.csv", GOOD)
    study.write("people.csv", "customer_id,acquired_at,region\nc1,2023-01-05,north\n")
    files = {"transactions": {"file": "../sales.csv"}}
    files["customers"] = {"file": "../people.csv", "keep": ["region"]}
    params = study.params({"files": files}, covariates=["region", "first_value", covariate])
    told = f"customers.{covariate} must be a column of customers, as covariates names it"
    refused_in_one_message(study, params, [told])


SCALES = {"scales": {"quality": {"items": ["q1", "q2"]}}}
# name: content of answers.csv, changed params, fragments
PROMISES = {
    "segment that is no column": ("customer_id,at\nc1,2023-02-01\n", {"segments": ["city"]}, ["customers.city must be a column of customers, as segments names it"]),
    "item that is no column": ("customer_id,at,q1\nc1,2023-02-01,3\n", {"satisfaction": SCALES}, ["surveys.q2 must be a column of surveys, as satisfaction.scales.quality names it", "there are only: q1"]),
    "answer off its scale": ("customer_id,at,q1,q2\nc1,2023-02-01,3,99\n", {"satisfaction": SCALES}, ["surveys.q2 must lie from 1 to 10 (satisfaction.scales.quality)", "row 2 of answers.csv, '99'"]),
    "answer that is no number": ("customer_id,at,q1,q2\nc1,2023-02-01,3,very\n", {"satisfaction": SCALES}, ["surveys.q2 must be a number", "row 2 of answers.csv, 'very'"]),
    "answer that is no level": ("customer_id,at,mood\nc1,2023-02-01,meh\n", {"satisfaction": {"answer": {"item": "mood", "levels": ["low", "high"], "drivers": ["mood"]}}}, ["surveys.mood must be one of low, high"]),
}  # fmt: skip


@pytest.mark.parametrize("name", PROMISES)
def test_what_the_params_say_of_the_tables_must_hold(study, name):
    content, changed, fragments = PROMISES[name]
    study.write("sales.csv", GOOD)
    study.write("answers.csv", content)
    files = {"transactions": {"file": "../sales.csv"}, "surveys": {"file": "../answers.csv"}}
    params = study.params({"files": files}, horizons_weeks=[26], **changed)
    refused_in_one_message(study, params, fragments)


def test_bad_json_line_far_down_is_told(study):
    line = json.dumps({"customer_id": "c1", "at": "2023-02-01", "amount": 1}) + "\n"
    study.write("sales.jsonl", line * 1500 + '{"customer_id": \n')
    with pytest.raises(DataError, match="transactions must") as caught:
        read_tables(study.files(transactions="sales.jsonl"))
    assert "sales.jsonl breaks off near row 150" in str(caught.value)


def test_workbook_with_two_sheets_asks_which(study):
    path = study.folder / "sales.xlsx"
    rows = pd.DataFrame({"customer_id": ["c1"], "at": ["2023-02-01"], "amount": [1.0]})
    with pd.ExcelWriter(path) as workbook:
        rows.to_excel(workbook, sheet_name="one", index=False)
        rows.to_excel(workbook, sheet_name="two", index=False)
    with pytest.raises(DataError, match=r"has one, two; set sheet: or table: to one of them"):
        read_tables(study.files(transactions="sales.xlsx"))
    with pytest.raises(DataError, match="must find 'three'"):
        read_tables(study.files(transactions={"file": "sales.xlsx", "sheet": "three"}))


def test_database_table_that_is_absent_is_named(study):
    with sqlite3.connect(study.folder / "sales.sqlite") as database:
        database.execute("CREATE TABLE orders (x)")
    database.close()
    table = {"file": "sales.sqlite", "table": "sales"}
    with pytest.raises(DataError, match=r"must find 'sales', but sales.sqlite has orders"):
        read_tables(study.files(transactions=table))


def test_locked_database_is_told(study):
    path = study.folder / "sales.duckdb"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD_DATABASE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout.readline().strip() == b"held"
        with pytest.raises(DataError, match="another process holds it open for writing"):
            read_tables(study.files(transactions={"file": "sales.duckdb", "table": "sales"}))
    finally:
        holder.communicate(b"\n", timeout=HANGING)


HOLD_DATABASE = """
import duckdb, sys
database = duckdb.connect(sys.argv[1])
database.execute("CREATE TABLE sales AS SELECT 'c1' AS customer_id, DATE '2023-02-01' AS at, 1.0 AS amount")
print("held", flush=True)
sys.stdin.readline()
"""


def test_database_of_a_newer_version_is_told(study):
    path = study.folder / "sales.duckdb"
    with duckdb.connect(path) as database:
        database.execute("CREATE TABLE sales (x INT)")
    content = bytearray(path.read_bytes())
    content[12:20] = (9999).to_bytes(8, "little")
    content[:8] = duckdb_checksum(bytes(content[8:4096])).to_bytes(8, "little")
    path.write_bytes(content)
    expected = "transactions must be a database that this DuckDB can read"
    with pytest.raises(DataError, match=expected) as caught:
        read_tables(study.files(transactions={"file": "sales.duckdb", "table": "sales"}))
    assert len(str(caught.value).splitlines()) == 1


def duckdb_checksum(block):
    """The checksum of a DuckDB header block (duckdb/common/checksum.cpp)."""
    total = 5381
    for (word,) in struct.iter_unpack("<Q", block):
        total ^= word * 0xBF58476D1CE4E5B9 % 2**64
    return total


def test_damaged_database_is_told(study):
    path = study.folder / "sales.duckdb"
    with duckdb.connect(path) as database:
        database.execute("CREATE TABLE sales (x INT)")
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match="must be a sound database file"):
        read_tables(study.files(transactions={"file": "sales.duckdb", "table": "sales"}))


def test_file_that_vanishes_while_read_is_told(study):
    path = study.folder / "sales.parquet"
    rows = pd.DataFrame(
        {"customer_id": ["c1"], "at": pd.to_datetime(["2023-02-01"]), "amount": [1.0]}
    )
    rows.to_parquet(path)
    params = study.files(transactions="sales.parquet")
    tables = read_tables(params)
    path.unlink()
    with pytest.raises(DataError, match="must stay in its place while it is read"):
        customer_frame(tables, params)


def test_million_bad_rows_are_one_message(study):
    with duckdb.connect() as database:
        database.execute(
            "COPY (SELECT 'c' || i AS customer_id, '2023-02-01' AS at, 'bad' AS amount "
            f"FROM range(1000000) t(i)) TO '{study.folder / 'sales.csv'}' (HEADER)"
        )
    with pytest.raises(DataError) as caught:
        read_tables(study.files(transactions="sales.csv"))
    assert "1,000,000 of 1,000,000 rows are not" in str(caught.value)
    assert len(str(caught.value)) < 400


def test_all_faults_come_at_once(study):
    study.write("sales.csv", HEAD + "c1,2023-02-30,x\n,2023-02-01,1\nc3,2099-01-01,1\n")
    study.write("answers.csv", "customer_id,at,nps\nc1,2023-02-01,12\n")
    _, checked = check_source(study.files(transactions="sales.csv", surveys="answers.csv"))
    faults = [fault for table in checked for fault in table.faults]
    told = {(fault.table, fault.column, fault.rows) for fault in faults}
    assert told == {
        ("transactions", "at", 1),
        ("transactions", "amount", 1),
        ("transactions", "customer_id", 1),
        ("surveys", "nps", 1),
    }
    assert sum(fault.column == "at" for fault in faults) == 2


def test_ids_and_free_text_are_never_shown(study):
    head = "customer_id,at,nps,comment\n"
    study.write("sales.csv", GOOD)
    study.write("answers.csv", head + " jane.doe ,2023-02-01,12,call me on 0171 555\n")
    params = study.files(transactions="sales.csv", surveys={"file": "answers.csv"})
    with pytest.raises(DataError) as caught:
        read_tables(params)
    assert "jane" not in str(caught.value)
    assert "0171" not in str(caught.value)


def test_bad_data_leave_no_output(study):
    study.write("sales.csv", HEAD + "c1,2023-02-30,1\n")
    with pytest.raises(DataError):
        write_frames(study.files(transactions="sales.csv"))
    assert not list((study.folder / "build").rglob("*.parquet"))


# name: data block, fragments of the ParamsError
BLOCK_FAULTS = {
    "no source": ({}, ["data must name exactly one source", "none came"]),
    "two sources": ({"package": "cdnow", "simulated": {"company": "bank", "customers": 1, "seed": 1}}, ["package and simulated came"]),
    "unknown package": ({"package": "cdnoww"}, ["data.package must be"]),
    "unknown table": ({"files": {"sales": {"file": "x.csv"}}}, ["data.files.sales"]),
    "no file": ({"files": {"transactions": {}}}, ["transactions has none"]),
    "unknown key": ({"files": {"transactions": {"file": "x", "colunms": {}}}}, ["did you mean columns"]),
    "same signs": ({"files": {"transactions": {"file": "x", "decimal": ",", "thousands": ","}}}, ["decimal and thousands must differ"]),
    "filter with two comparisons": ({"files": {"transactions": {"file": "x", "filters": [{"column": "a", "equals": 1, "at_least": 2}]}}}, ["exactly one of", "but 2 came"]),
    "url without a kind": ({"connection": {"url": "localhost/db", "tables": {"transactions": {}}}}, ["has no ://"]),
    "host that Spark overlooks": ({"connection": {"url": "pyspark://host:15002", "tables": {"transactions": {}}}}, ["url must have", "a host came after pyspark://", "sc://host:15002"]),
    "file of a connection": ({"connection": {"url": "sc://host:15002", "tables": {"transactions": {"file": "/data/orders"}}}}, ["must be named by table or sql", "parquet.`/folder`"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BLOCK_FAULTS)
def test_bad_data_block_is_told(study, name):
    block, fragments = BLOCK_FAULTS[name]
    with pytest.raises(ParamsError) as caught:
        study.params(block)
    for fragment in fragments:
        assert fragment in str(caught.value)


def test_gap_as_long_as_the_observation_is_told(study):
    study.write("held.csv", "customer_id,started_at\nc1,2023-02-01\n")
    files = {"files": {"contracts": {"file": "../held.csv"}}}
    with pytest.raises(ParamsError, match=r"gap_days must be below the number of days observed"):
        study.params(files, relationship="contractual", gap_days=364)
    study.params(files, relationship="contractual", gap_days=363)


@pytest.mark.parametrize("code", ["EURO", "XYZ", "xyz"])
def test_unknown_currency_is_told(study, code):
    with pytest.raises(ParamsError, match="currency"):
        study.params({"package": "cdnow"}, currency=code)


@pytest.mark.parametrize(
    "url",
    [
        "postgres://reader:hunter2@db/sales",
        "postgres://reader:hunter2${X}@db/sales",
        "postgres://db/sales?user=reader&password=hunter2",
    ],
)
def test_secret_in_the_params_file_is_refused_and_not_repeated(study, url):
    with pytest.raises(ParamsError, match="secrets from the environment") as caught:
        study.params({"connection": {"url": url, "tables": {"transactions": {}}}})
    assert "hunter2" not in str(caught.value)


def test_secret_in_a_misplaced_url_is_not_repeated(study):
    with pytest.raises(ParamsError, match=r"data\.connection") as caught:
        study.params({"connection": "postgres://reader:hunter2@db/sales"})
    assert "hunter2" not in str(caught.value)


def test_secret_that_is_not_set_is_named(study, monkeypatch):
    monkeypatch.delenv("ACME_PASSWORD", raising=False)
    url = "postgres://reader:${ACME_PASSWORD}@127.0.0.1:1/db"
    params = study.params({"connection": {"url": url, "tables": {"transactions": {}}}})
    with pytest.raises(ParamsError, match="environment variable ACME_PASSWORD"):
        read_tables(params)


def test_server_that_does_not_answer_is_told_without_the_secret(study, monkeypatch):
    monkeypatch.setenv("ACME_PASSWORD", "hunter2")
    url = "postgres://reader:${ACME_PASSWORD}@127.0.0.1:1/db"
    params = study.params({"connection": {"url": url, "tables": {"transactions": {}}}})
    assert "hunter2" not in repr(params)
    with pytest.raises(DataError, match="must be reachable") as caught:
        read_tables(params)
    assert "hunter2" not in str(caught.value)


def test_unknown_kind_of_connection_is_told(study):
    params = study.params({"connection": {"url": "nosuch://x", "tables": {"transactions": {}}}})
    with pytest.raises(DataError, match=r"data\.connection must be readable"):
        read_tables(params)


class ClusterError(Exception):
    """An error as a cluster raises it."""

    __module__ = "pyspark.errors"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (
            duckdb.SerializationException("Serialization Error: Failed to deserialize"),
            "must be a database that this DuckDB can read, but x: it was written by another",
        ),
        (
            ClusterError("OutOfMemoryError while the serialization of a broadcast was stored"),
            "must fit the memory of one kernel",
        ),
        (ClusterError("serialization failed"), "must be readable, but x is not: serialization"),
    ],
    ids=["another version", "memory", "neither"],
)
def test_cause_is_that_of_the_engine_at_hand(error, sentence):
    assert sentence in str(explain("orders", "x", error))
