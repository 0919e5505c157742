"""A study of tables on a Spark Connect server: named, read, and left as they were."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from answering import answered
from test_engines import MARKET, compare, connected, frames_of, write_study
from whole_report import ROOT, differences, run_chapter

from analysis.data import crossings, fetch_count, fetch_rows, read_tables
from analysis.data.connection import connect, open_table, table_names
from analysis.errors import DataError, ParamsError
from analysis.params import read_params
from analysis.params.source import TableSource

NIGHT = """
    SELECT * FROM VALUES
      ('a', TIMESTAMP '2023-03-31 22:30:00Z', 5.0D), ('b', TIMESTAMP '2023-03-31 12:00:00Z', 7.0D)
    AS night(customer_id, at, amount)
"""

CACHES = """
import sys
from pathlib import Path
import ibis, pandas as pd
from analysis.data.connection import connect
from analysis.data import fetch_count
cluster = connect(sys.argv[1], "UTC", Path("."))
sent = ibis.memtable(pd.DataFrame({"x": [1, 2]}))
kept = cluster.sql("SELECT 1 AS x UNION ALL SELECT 2").join(sent, "x").cache()
print(fetch_count(kept), cluster._session.session_id)
"""


@pytest.fixture(scope="module")
def warehouse(connect_server, tmp_path_factory):
    """A server with the tables of a simulated market in the database `shop`."""
    address, folder = connect_server
    params = write_study(tmp_path_factory.mktemp("market"), MARKET)
    made, tables = frames_of(params)
    session = remote(address)
    session.sql("CREATE DATABASE IF NOT EXISTS shop")
    for name in tables:
        path = folder.parent / f"the_{name}.parquet"
        tables[name].to_parquet(path)
        session.read.parquet(str(path)).write.saveAsTable(f"shop.the_{name}")
    yield address, folder, made, tables
    session.stop()


@pytest.fixture(scope="module")
def opened(warehouse, tmp_path_factory):
    """A session of ours on the server."""
    address, *_ = warehouse
    return connect(address, "Europe/Berlin", tmp_path_factory.mktemp("opened"))


def remote(address: str):
    """A session of the owner of the tables."""
    from pyspark.sql.connect.session import SparkSession

    return SparkSession.builder.remote(address).create()


def named(values, address, tables, prefix="shop."):
    """The study with its tables named by database or catalog."""
    values = connected(values, address, tables)
    for table in values["data"]["connection"]["tables"].values():
        table["table"] = prefix + table["table"]
    return values


def table_of(opened, wanted):
    """Open a table by a name of Spark."""
    return open_table(opened, "transactions", TableSource(table=wanted), "sc://").table


def test_frames_are_the_same_over_spark_connect(warehouse, tmp_path):
    address, _, expected, tables = warehouse
    params = write_study(tmp_path, named(MARKET, address, tables))
    found, _ = frames_of(params)
    compare(found, expected)


def test_chapter_is_the_same_over_spark_connect_and_brings_one_row_a_customer(warehouse, tmp_path):
    address, _, _, tables = warehouse
    notebook = ROOT / "notebooks" / "15_stages.ipynb"
    given = {"overrides": {}, "build": str(tmp_path / "build")}
    write_study(tmp_path, MARKET)
    expected = run_chapter(notebook, {"study": str(tmp_path / "params/market.yml")} | given)
    write_study(tmp_path, named(MARKET, address, tables) | {"study": "cluster"})
    with crossings() as ledger:
        found = run_chapter(notebook, {"study": str(tmp_path / "params/cluster.yml")} | given)
    assert list(differences(found, expected)) == []
    assert {crossing.engine for crossing in ledger} == {"pyspark"}
    assert max(crossing.rows for crossing in ledger) <= fetch_count(tables["customers"])


def test_table_is_named_by_database_by_catalog_or_by_its_folder(warehouse, opened):
    _, folder, _, tables = warehouse
    rows = fetch_count(tables["transactions"])
    folder_of = f"parquet.`{folder}/shop.db/the_transactions`"
    for wanted in ("shop.the_transactions", "spark_catalog.shop.the_transactions", folder_of):
        assert fetch_count(table_of(opened, wanted)) == rows


def test_table_of_hive_and_of_a_further_catalog_is_read(connect_server, opened):
    owner = remote(connect_server[0])
    owner.sql("CREATE DATABASE IF NOT EXISTS hive_shop")
    owner.sql("CREATE NAMESPACE lake.shop")
    kept = "customer_id VARCHAR(9), at TIMESTAMP, amount DOUBLE"
    owner.sql(f"CREATE TABLE lake.shop.orders ({kept})")
    owner.sql(f"CREATE TABLE hive_shop.orders ({kept}) PARTITIONED BY (land STRING) STORED AS ORC")
    sold = "('a', TIMESTAMP '2023-03-31 22:30:00Z', 5.0)"
    owner.sql(f"INSERT INTO lake.shop.orders VALUES {sold}")
    owner.sql(f"INSERT INTO hive_shop.orders PARTITION (land = 'DE') VALUES {sold}")
    for wanted in ("lake.shop.orders", "hive_shop.orders", "spark_catalog.hive_shop.orders"):
        assert fetch_rows(table_of(opened, wanted))[0]["amount"] == 5
    with pytest.raises(DataError, match=r"near names: lake\.shop\.orders"):
        table_of(opened, "lake.shop.order")
    owner.sql("DROP DATABASE hive_shop CASCADE")
    owner.stop()


@pytest.mark.parametrize(
    "wanted",
    ["shop.the_transaction", "nowhere.orders", "nowhere.shop.orders", "parquet.`/nowhere`"],
)
def test_table_that_is_absent_is_told_with_near_names(opened, wanted):
    with pytest.raises(DataError, match="must find the table") as caught:
        table_of(opened, wanted)
    assert "shop.the_transactions" in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_no_table_is_refused(opened):
    with pytest.raises(ParamsError, match="must be the name of one table"):
        table_of(opened, "parquet.`/a` JOIN parquet.`/b`")


def test_views_of_a_session_are_not_offered(opened):
    opened._session.sql("SELECT 1 AS x").createOrReplaceTempView("of_this_session")
    known = table_names(opened)
    assert "shop.the_transactions" in known
    assert not any("of_this_session" in name for name in known)


def test_days_are_counted_in_the_time_zone_of_the_study(warehouse, tmp_path):
    address, *_ = warehouse
    block = {"connection": {"url": address, "tables": {"transactions": {"sql": NIGHT}}}}
    days = {}
    for zone in ("Europe/Berlin", "America/New_York"):
        params = write_study(tmp_path, MARKET | {"data": block, "timezone": zone})
        found = read_tables(params, stored=False)
        days[zone] = found.fetch(found["transactions"]).sort_values("customer_id")["at"].to_list()
    april, march = pd.Timestamp("2023-04-01"), pd.Timestamp("2023-03-31")
    assert days == {"Europe/Berlin": [april, march], "America/New_York": [march, march]}


def test_fault_of_a_query_is_one_sentence_and_nothing_is_logged(opened, capfd):
    source = TableSource(sql="SELECT no_such_column FROM shop.the_transactions")
    with pytest.raises(DataError, match="must be readable") as caught:
        open_table(opened, "transactions", source, "sc://")
    assert len(str(caught.value).splitlines()) == 1
    told = capfd.readouterr()
    assert told.out + told.err == ""


def test_process_that_ends_leaves_nothing_on_the_server(warehouse, tmp_path):
    address, folder, *_ = warehouse
    program = tmp_path / "program.py"
    program.write_text(CACHES)
    asked = [sys.executable, program, address]
    known = os.environ | {"PYTHONPATH": str(ROOT / "src")}
    ended = subprocess.run(asked, env=known, capture_output=True, text=True, check=True)
    session, told = ended.stdout.split(), ended.stderr
    log = (folder.parent / "out").read_text()
    assert [*session[:1], told] == ["2", ""]
    assert f"Closing session with userId:  and sessionId: {session[1]}" in log
    assert "Removing RDD" in log[log.index(f"sessionId: {session[1]}") :]


def contents(folder: Path) -> dict[str, tuple[int, str]]:
    """When each file of a warehouse was written, and its content."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_new_validate_and_tables_only_read_and_bring_one_row_a_customer(
    warehouse, tmp_path, monkeypatch, capsys
):
    from reporting import commands
    from reporting import tables as verb

    address, folder, _, tables = warehouse
    owner, before = remote(address), contents(folder)
    known = owner.sql("SHOW TABLES IN shop").collect()
    for name in ("PARAMS", "BUILD"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("CROSSED", "")
    commands.main(["new", "--study", "acme", "--from", address])
    path = tmp_path / "PARAMS" / "acme.yml"
    text = re.sub(r"timezone: \S+", "timezone: Europe/Berlin", answered(path.read_text()))
    text = re.sub(r"observed_from: \S+", "observed_from: 2022-01-01", text)
    assert f"url: {address}" in text
    assert "ibis_" not in text
    path.write_text(text)
    wanted = read_params(path).data.connection.tables
    assert {name: block.table for name, block in wanted.items()} == {
        name: f"shop.the_{name}" for name in tables
    }
    commands.main(["validate", "--study", "acme"])
    assert "acme: no faults" in capsys.readouterr().out
    monkeypatch.setattr(sys, "argv", ["tables", "acme"])
    with crossings() as ledger:
        verb.main()
    assert "answers came over from Spark" in capsys.readouterr().out
    record = pd.read_csv(tmp_path / "BUILD" / "acme" / "crossed" / "tables.csv")
    assert record["rows"].to_list() == [crossing.rows for crossing in ledger]
    most = max(fetch_count(tables[name]) for name in ("customers", "surveys"))
    assert record["rows"].max() <= most < fetch_count(tables["transactions"])
    assert contents(folder) == before
    assert owner.sql("SHOW TABLES IN shop").collect() == known
    assert [row.namespace for row in owner.sql("SHOW DATABASES").collect()] == ["default", "shop"]
    owner.stop()
