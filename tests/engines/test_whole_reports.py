"""Whole reports from PostgreSQL and Spark say what those from DuckDB say, to the last table."""

from __future__ import annotations

import warnings

import ibis
import pytest
import yaml
from test_engines import load
from whole_report import ROOT, differences, make_report

from analysis.data import read_tables
from analysis.params import read_params

CUSTOMERS = 600
KEPT = ("customers", "surveys")


def write_study(folder, name, data=None):
    """Write a shipped study with few customers, or with its tables elsewhere."""
    values = yaml.safe_load((ROOT / "params" / f"{name}.yml").read_text("utf-8"))
    values["data"]["simulated"]["customers"] = CUSTOMERS
    values["data"] = data or values["data"]
    path = folder / "params" / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values, sort_keys=False), "utf-8")
    return path


def quiet_report(path, build):
    """Few customers make methods warn; what they say of it is in their results."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_report(path, build)


@pytest.fixture(scope="module", params=["market", "bank"])
def on_duckdb(request, tmp_path_factory):
    """A study's report from a DuckDB file: its name, tables and results."""
    study, folder = request.param, tmp_path_factory.mktemp(request.param)
    tables = read_tables(read_params(write_study(folder, study)), stored=False)
    database = ibis.duckdb.connect(folder / "tables.duckdb")
    for name in tables:
        database.create_table(f"{study}_{name}", tables[name].to_pyarrow())
    database.disconnect()
    block = connected(study, tables, f"duckdb://{folder}/tables.duckdb")
    return study, tables, quiet_report(write_study(folder, study, block), folder / "build")


@pytest.fixture(params=["postgres", "spark"])
def engine(request, tmp_path, monkeypatch):
    """An engine that is there: its URL, and how it takes a table."""
    if request.param == "spark":
        session = request.getfixturevalue("spark")

        def take(name, table):
            path = tmp_path / f"{name}.parquet"
            table.to_parquet(path)
            session.read.parquet(str(path)).createOrReplaceTempView(name)

        return "pyspark://", take
    url = request.getfixturevalue("postgres")
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    database = ibis.connect(url.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse"))
    return url, lambda name, table: load(database, name, table)


def connected(study, tables, url):
    """The block that names a study's tables in a connection, with everything that they hold."""
    clock = {"interactions": {"times_in": "local"}}
    blocks = {name: {"table": f"{study}_{name}"} | clock.get(name, {}) for name in tables}
    for name in KEPT:
        blocks[name]["keep"] = list(tables[name].columns)
    return {"connection": {"url": url, "tables": blocks}}


def test_whole_report_is_the_same(on_duckdb, engine, tmp_path):
    study, tables, expected = on_duckdb
    url, take = engine
    for name in tables:
        take(f"{study}_{name}", tables[name])
    path = write_study(tmp_path, study, connected(study, tables, url))
    found = quiet_report(path, tmp_path / "build")
    assert len(expected) > 15
    assert list(differences(found, expected)) == []
