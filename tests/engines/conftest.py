"""Real engines for the tests: PostgreSQL, local Spark and a Spark Connect server, each its own."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from not_run import skip_program
from waiting import HANGING, wait_until

UNPRIVILEGED = "postgres"
ELSEWHERE = "Pacific/Kiritimati"  # fourteen hours ahead


def _postgres_programs() -> Path | None:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else (found[-1].parent if found else None)


def _as_unprivileged() -> list[str]:
    """PostgreSQL refuses to run as root: run it as its own user there."""
    if os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]


@pytest.fixture(scope="session")
def postgres(tmp_path_factory):
    """The URL of an empty database, its password in ENGINE_TEST_PASSWORD."""
    programs = _postgres_programs()
    if programs is None:
        skip_program("PostgreSQL is not installed", remedy="apt-get install postgresql")
    if os.geteuid() == 0 and UNPRIVILEGED not in {user.pw_name for user in pwd.getpwall()}:
        skip_program(
            "PostgreSQL refuses to run as root, and there is no user 'postgres'",
            remedy="apt-get install postgresql, or run the tests as another user",
        )
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED)
    secret = folder / "secret"
    secret.write_text("correct horse\n")
    if os.geteuid() == 0:
        shutil.chown(secret, UNPRIVILEGED)
    run, data = _as_unprivileged(), folder / "data"
    initdb = [programs / "initdb", "-D", data, "-U", "reader", "-A", "scram-sha-256"]
    initdb += ["--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [*run, *initdb, f"--pwfile={secret}", "--no-sync"], check=True, capture_output=True, cwd="/"
    )
    port = free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [*run, programs / "pg_ctl", "-D", data, "-w"]
    subprocess.run(
        [*control, "-l", folder / "log", "-o", options, "start"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    yield f"postgres://reader:${{ENGINE_TEST_PASSWORD}}@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], capture_output=True, cwd="/")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def database_elsewhere(postgres):
    """The URL of a database with the collation of a language, and days that begin early."""
    url = postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(
            "CREATE DATABASE elsewhere TEMPLATE template0 ENCODING 'UTF8' "
            "LOCALE_PROVIDER icu ICU_LOCALE 'de-DE' LOCALE 'C'"
        )
        owner.execute(f"ALTER DATABASE elsewhere SET TimeZone = '{ELSEWHERE}'")
        owner.execute("ALTER DATABASE elsewhere SET DateStyle = 'German, DMY'")
    return url.rpartition("/")[0] + "/elsewhere"


@pytest.fixture(scope="session")
def spark(tmp_path_factory):
    """A local Spark session on two cores."""
    need_spark("pyspark")
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    session = (
        SparkSession.builder.master("local[2]")
        .appName("engines")
        .config("spark.sql.warehouse.dir", str(folder / "warehouse"))
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2")
        .config("spark.sql.codegen.wholeStage", "false")  # tables are small, questions many
        .config("spark.sql.adaptive.enabled", "false")
        .config("spark.buffer.pageSize", "1m")
        .config("spark.driver.memory", "3g")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def connect_server(tmp_path_factory):
    """The address of a Spark Connect server with tables of its own, ended with the tests."""
    need_spark("pyspark", "grpc")
    folder, port = tmp_path_factory.mktemp("connect"), free_port()
    home = Path(importlib.util.find_spec("pyspark").origin).parent
    jdbc = "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog"
    settings = {
        "spark.sql.catalogImplementation": "hive",
        "spark.hadoop.javax.jdo.option.ConnectionURL": "jdbc:derby:memory:hive;create=true",
        "spark.sql.catalog.lake": jdbc,
        "spark.sql.catalog.lake.url": "jdbc:derby:memory:lake;create=true",
        "spark.sql.catalog.lake.driver": "org.apache.derby.iapi.jdbc.AutoloadedDriver",
        "spark.connect.grpc.binding.port": port,
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "1g",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.warehouse.dir": folder / "warehouse",
        "spark.ui.enabled": "false",
    }
    told = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    start = [home / "sbin/start-connect-server.sh", "--wait", "--master", "local[2]", *told]
    places = {"SPARK_LOG_DIR": folder / "log", "SPARK_PID_DIR": folder, "SPARK_HOME": home}
    with (folder / "out").open("w") as out:
        server = subprocess.Popen(
            [str(part) for part in start],
            env=os.environ | {key: str(value) for key, value in places.items()},
            cwd=folder,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_answer(port, server, folder / "out")
        yield f"sc://127.0.0.1:{port}", folder / "warehouse"
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGTERM)
        server.wait(HANGING)


def need_spark(*modules: str) -> None:
    """Skip what needs Java and modules that `make spark` brings, where they are absent."""
    if shutil.which("java") is None:
        skip_program(
            "Java is not installed, which Spark needs",
            remedy="apt-get install default-jre-headless, then make spark",
        )
    if not all(map(importlib.util.find_spec, modules)):
        skip_program("Spark is not installed", remedy="make spark")


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def wait_for_answer(port: int, server: subprocess.Popen, log: Path) -> None:
    """Return as soon as the server takes a connection; fail when it ends before."""

    def answers() -> bool:
        assert server.poll() is None, log.read_text()[-2000:]
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return True
        return False

    assert wait_until(answers), f"no answer: {log.read_text()[-2000:]}"
