"""What stands between a study and a cluster is told in one sentence, before Spark is started."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

from analysis.data.connection import connect, with_placeholders
from analysis.data.spark import NEEDED, NEEDED_REMOTE
from analysis.errors import DataError, ParamsError

HERE = Path(".")


@pytest.fixture
def with_packages(monkeypatch):
    """Let packages be there, or not, whatever is installed."""
    known, find = {}, importlib.util.find_spec

    def found(module, package=None):
        return known[module] if module in known else find(module, package)

    monkeypatch.setattr(importlib.util, "find_spec", found)

    def tell(lacking=()):
        known.update({module: object() for module in (NEEDED | NEEDED_REMOTE).values()})
        known.update(dict.fromkeys(lacking))

    return tell


@pytest.mark.parametrize(
    ("lacking", "came"),
    [
        (["grpc"], "grpcio is not installed"),
        (["grpc_status", "zstandard"], "grpcio-status and zstandard are not installed"),
        (["pyspark", "google.rpc"], "pyspark and googleapis-common-protos are not installed"),
    ],
)
def test_package_that_spark_connect_lacks_is_named(with_packages, lacking, came):
    with_packages(lacking)
    with pytest.raises(DataError, match="must find Spark's packages") as caught:
        connect("sc://127.0.0.1:1", "UTC", HERE)
    assert str(caught.value).endswith(f"but {came}; run make spark")


@pytest.mark.parametrize("url", ["sc://127.0.0.1:{}", "spark://127.0.0.1:{}"])
def test_cluster_that_does_not_answer_is_told_at_once(with_packages, url):
    with_packages()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = url.format(free.getsockname()[1])
    with pytest.raises(DataError, match="must be reachable, but the Spark server does not answer"):
        connect(url, "UTC", HERE)


def test_spark_of_this_machine_without_java_is_told(with_packages, monkeypatch):
    with_packages()
    unstarted = SimpleNamespace(getActiveSession=lambda: None, builder=None)
    monkeypatch.setitem(sys.modules, "pyspark", ModuleType("pyspark"))
    monkeypatch.setitem(sys.modules, "pyspark.sql", SimpleNamespace(SparkSession=unstarted))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(DataError, match="must find Java 17"):
        connect("pyspark://?spark.master=local[1]", "UTC", HERE)


def test_make_new_refuses_what_the_params_file_refuses():
    with pytest.raises(ParamsError, match="FROM: url must have no part that Spark overlooks"):
        with_placeholders("pyspark://host:15002", "acme")


def test_make_new_puts_a_token_into_its_variable(monkeypatch):
    monkeypatch.setenv("CLUSTER_TOKEN", "correct-horse")
    given = "sc://host:443/;use_ssl=true;token=correct-horse;user_id=me"
    written = with_placeholders(given, "acme")
    assert written == "sc://host:443/;use_ssl=true;token=${CLUSTER_TOKEN};user_id=me"
    assert os.environ["CLUSTER_TOKEN"] not in written
