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
    """A study's report from the embedded engine: its name, tables and results."""
    folder = tmp_path_factory.mktemp(request.param)
    path = write_study(folder, request.param)
    report = quiet_report(path, folder / "build")
    return request.param, read_tables(read_params(path), stored=False), report


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


def named(tables, study):
    """The block that names tables with everything that they hold."""
    blocks = {name: {"table": f"{study}_{name}"} for name in tables}
    for name in KEPT:
        blocks[name]["keep"] = list(tables[name].columns)
    return blocks


def test_whole_report_is_the_same(on_duckdb, engine, tmp_path):
    study, tables, expected = on_duckdb
    url, take = engine
    for name in tables:
        take(f"{study}_{name}", tables[name])
    known = tables.description
    data = {"title": known.title, "licence": known.licence, "citation": known.citation}
    data["connection"] = {"url": url, "tables": named(tables, study)}
    found = quiet_report(write_study(tmp_path, study, data), tmp_path / "build")
    assert len(expected) > 15
    assert list(differences(found, expected)) == []
