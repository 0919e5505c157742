"""Columns of PostgreSQL's own types: read as what they are, or named with what helps."""

from __future__ import annotations

import ibis
import pandas as pd
import psycopg
import pytest
from test_engines import MARKET, write_study

from analysis.data import fetch, read_tables
from analysis.errors import DataError
from analysis.frames import customer_frame, spells
from reporting import commands

MADE = """
DROP TABLE IF EXISTS ledger, agreements; DROP TYPE IF EXISTS way;
CREATE TYPE way AS ENUM ('shop', 'web');
CREATE TABLE ledger (
    customer numeric(20, 0), branch char(8), sold_at timestamptz, paid money,
    earned numeric, channel way
);
INSERT INTO ledger VALUES
    (18446744073709551610, 'ab', '2023-03-01 23:30+00', 12.50, 3.123456789012345678901, 'web'),
    (18446744073709551610, 'ab', '2023-03-05 10:00+00', 7.25, 1.5, 'shop'),
    (18446744073709551611, 'c', '2023-04-01 10:00+00', 1000.75, 'NaN', 'web');
CREATE TABLE agreements (customer uuid, begun date, gone date, kind varchar(9), reason text);
INSERT INTO agreements VALUES
    ('6f1c8f6e-0000-4000-8000-000000000001', '2022-05-01', 'infinity', 'flat', NULL),
    ('6f1c8f6e-0000-4000-8000-000000000002', '2022-05-01', '2023-01-31', 'flat', 'moved');
"""
SOLD = {"customer_id": "customer", "at": "sold_at", "amount": "paid", "channel": "channel"}
AGREED = {"customer_id": "customer", "started_at": "begun", "ended_at": "gone", "plan": "kind"}


@pytest.fixture(params=["postgres", "elsewhere"])
def database(request, database_elsewhere, postgres, monkeypatch):
    """The URL of a database that others have set up, with their types and settings."""
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    url = f"{postgres.rpartition('/')[0]}/{request.param}"
    with psycopg.connect(url.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse")) as owner:
        owner.execute("SET DateStyle = 'ISO'")
        owner.execute(MADE)
    return url


def study_of(folder, url, **tables):
    return write_study(folder, MARKET | {"data": {"connection": {"url": url, "tables": tables}}})


def test_numeric_ids_money_enums_and_instants_are_read(database, tmp_path):
    params = study_of(tmp_path, database, transactions={"table": "ledger", "columns": SOLD})
    tables = read_tables(params)
    lines = fetch(tables["transactions"])
    assert list(lines["customer_id"]) == ["18446744073709551610"] * 2 + ["18446744073709551611"]
    assert list(lines["amount"]) == [12.5, 7.25, 1000.75]
    assert list(lines["channel"]) == ["web", "shop", "web"]
    assert lines["at"].iloc[0] == pd.Timestamp("2023-03-02")  # half past midnight in Berlin
    assert list(customer_frame(tables, params)["revenue"]) == [19.75, 1000.75]


def test_padding_of_char_columns_is_no_part_of_an_id(database, tmp_path):
    named = {"table": "ledger", "columns": SOLD | {"customer_id": "branch"}}
    tables = read_tables(study_of(tmp_path, database, transactions=named))
    assert list(fetch(tables["customers"])["customer_id"]) == ["ab", "c"]
    asked = ibis.memtable(pd.DataFrame({"customer_id": ["ab"]}))
    assert len(fetch(tables["customers"].semi_join(asked, "customer_id"))) == 1


def test_number_that_is_none_is_named(database, tmp_path):
    named = {"table": "ledger", "columns": SOLD | {"margin": "earned"}}
    with pytest.raises(DataError, match=r"transactions\.margin must be a finite number, but 1 of"):
        read_tables(study_of(tmp_path, database, transactions=named))


def test_day_without_end_is_named_with_the_query_that_helps(database, tmp_path):
    named = {"table": "agreements", "columns": AGREED}
    with pytest.raises(DataError, match=r"contracts\.ended_at must be a date") as caught:
        read_tables(study_of(tmp_path, database, contracts=named))
    assert "1 of 2 rows is not (such as 'infinity')" in str(caught.value)
    assert "nullif(gone, 'infinity')" in str(caught.value)
    query = "SELECT customer, begun, nullif(gone, 'infinity') AS gone, kind FROM agreements"
    params = study_of(tmp_path, database, contracts={"sql": query, "columns": AGREED})
    params = params.model_copy(update={"relationship": "contractual"})
    ends = spells(read_tables(params, stored=False), params)["ended_at"]
    assert list(ends.isna()) == [True, False]


def test_new_proposes_a_study_of_such_tables(database, tmp_path, monkeypatch, capsys):
    for name in ("PARAMS", "BUILD"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    url = database.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse")
    commands.main(["new", "--study", "acme", "--from", url])
    text = (tmp_path / "PARAMS" / "acme.yml").read_text("utf-8")
    assert "table: ledger" in text
    assert "table: agreements" in text
    assert "horse" not in text + capsys.readouterr().out
