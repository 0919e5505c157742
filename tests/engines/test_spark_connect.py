"""A study of tables on a Spark Connect server: named, read, and left as they were."""

from __future__ import annotations

import pytest
from engines.test_engines import MARKET, compare, connected, frames_of, write_study


@pytest.fixture(scope="module")
def warehouse(connect_server, tmp_path_factory):
    """A server with the tables of a simulated bank in the database `shop`."""
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


def remote(address: str):
    from pyspark.sql.connect.session import SparkSession

    return SparkSession.builder.remote(address).create()


def named(values, address, tables, prefix):
    """The study with its tables named by database or catalog."""
    values = connected(values, address, tables)
    for table in values["data"]["connection"]["tables"].values():
        table["table"] = prefix + table["table"]
    return values


@pytest.mark.parametrize("prefix", ["shop.", "spark_catalog.shop."])
def test_frames_are_the_same_over_spark_connect(warehouse, tmp_path, prefix):
    address, _, expected, tables = warehouse
    params = write_study(tmp_path, named(MARKET, address, tables, prefix))
    found, _ = frames_of(params)
    compare(found, expected)
