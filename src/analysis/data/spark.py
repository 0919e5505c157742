"""Spark as it is used: a cluster by Spark Connect or by its master, tables by name, only read."""

from __future__ import annotations

import contextlib
import difflib
import importlib.util
import logging
import os
import shutil
import socket
import warnings
import weakref
from collections.abc import Callable
from urllib.parse import urlsplit

import sqlglot
from ibis import BaseBackend, Table

from analysis.data.faults import Fault, FaultyData
from analysis.errors import ParamsError
from analysis.params.address import spark_settings

NEEDED = {"pyspark": "pyspark"}
NEEDED_REMOTE = {
    "grpcio": "grpc",
    "grpcio-status": "grpc_status",
    "googleapis-common-protos": "google.rpc",
    "zstandard": "zstandard",
}
PORTS = {"sc": 15002, "spark": 7077}
PATIENCE = 10
"""Seconds within which a server must answer; Spark's own client tries for ten minutes."""
ALIKE = {
    "spark.sql.ansi.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
}
"""Settings of the session that an answer depends on: as tested, whatever the cluster has."""
SHORT = {"spark.sql.maxPlanStringLength": "100000"}
"""Plans are told in so few letters: those of cached tables of cached tables fill the driver."""
QUIET = {"spark.ui.showConsoleProgress": "false"}
CHATTER = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
NEEDLESS = ("'verifySchema' is ignored", "PySpark does not yet fully support pandas")
ABSENT = (
    "TABLE_OR_VIEW_NOT_FOUND",
    "SCHEMA_NOT_FOUND",
    "CATALOG_NOT_FOUND",
    "PATH_NOT_FOUND",
    "REQUIRES_SINGLE_PART_NAMESPACE",
)


def open_spark(url: str, timezone: str, fill: Callable[..., str]) -> BaseBackend:
    """Open a session on a cluster; its days are counted in `timezone`.

    Parameters
    ----------
    url : str
        As `check_address` lets it pass; `fill` puts secrets into its parts.

    Raises
    ------
    FaultyData
        If packages are missing or the server does not answer.
    ParamsError
        If this process has a session on another master already.
    """
    settings = {
        key: fill(value, quoted=key == "spark.remote") for key, value in spark_settings(url).items()
    }
    remote, master = settings.pop("spark.remote", None), settings.get("spark.master", "")
    _see_packages(NEEDED | (NEEDED_REMOTE if remote else {}))
    for address in (remote or "", *(f"spark://{host}" for host in _masters(master))):
        _see_answering(address)
    _silence()
    session = _remote_session(remote) if remote else _own_session(settings)
    from analysis.data.cluster import Cluster

    Cluster.register_options()
    connection = Cluster().connect(session)
    for key, value in (ALIKE | SHORT | (settings if remote else {})).items():
        session.conf.set(key, value)
    session.conf.set("spark.sql.session.timeZone", timezone)
    if remote:
        weakref.finalize(connection, _leave, session)
    return connection


def open_spark_table(connection: BaseBackend, name: str, wanted: str) -> Table:
    """Open a table as Spark's FROM names it: `table`, `database.table`, `catalog.database.table`.

    Between backticks stands what is no name: parquet.`/data/orders` is a folder of Parquet files.
    """
    quoted = _quoted(wanted)
    try:
        sqlglot.parse_one(quoted, into=sqlglot.exp.Table, read="spark")
    except sqlglot.errors.ParseError:
        raise ParamsError(
            f"{name}.table must be the name of one table, but '{wanted}' is not; give a query by "
            "sql:"
        ) from None
    try:
        return connection.sql(f"SELECT * FROM {quoted}")
    except Exception as error:
        if not any(sign in str(error) for sign in ABSENT):
            raise
    came, near = "the Spark connection has none of that name", _near(connection, wanted)
    remedy = f"near names: {', '.join(near)}" if near else ""
    raise FaultyData([Fault(name, "", f"must find the table '{wanted}'", came, remedy=remedy)])


def spark_tables(connection: BaseBackend) -> list[str]:
    """List the tables and views of the catalog in use; views of this session are left out."""
    own = connection.current_database
    databases = connection._session.sql("SHOW DATABASES").collect()
    found = [_tables_in(connection, database) for (database,) in databases]
    return sorted(name.removeprefix(f"{own}.") for names in found for name in names)


def _tables_in(connection: BaseBackend, database: str) -> list[str]:
    rows = connection._session.sql(f"SHOW TABLES IN {_quoted(database)}").collect()
    return [f"{database}.{row.tableName}" for row in rows if not row.isTemporary]


def _quoted(name: str) -> str:
    return name if "`" in name else ".".join(f"`{part}`" for part in name.split("."))


def _near(connection: BaseBackend, wanted: str) -> list[str]:
    """Names that may be meant: of the same database where there is such a one, else of all."""
    try:
        known = _tables_in(connection, wanted.rpartition(".")[0])
    except Exception:
        known = spark_tables(connection)
    return difflib.get_close_matches(wanted, known, n=3) or known[:8]


def _see_packages(needed: dict[str, str]) -> None:
    lacking = [package for package, module in needed.items() if not _is_there(module)]
    if lacking:
        came = f"{' and '.join(lacking)} {'is' if len(lacking) == 1 else 'are'} not installed"
        raise FaultyData(
            [
                Fault(
                    "data.connection",
                    "",
                    "must find Spark's packages",
                    came,
                    remedy="run make spark",
                )
            ]
        )


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _see_java() -> None:
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        came = "there is none"
        remedy = "install it, or name a Spark Connect server by sc://host:15002"
        rule = "must find Java 17 or later to run Spark here"
        raise FaultyData([Fault("data.connection", "", rule, came, remedy=remedy)])


def _masters(master: str) -> list[str]:
    """The hosts of a standalone cluster; none where the master is of another kind."""
    return master.removeprefix("spark://").split(",") if master.startswith("spark://") else []


def _see_answering(address: str) -> None:
    """Knock at a server before Spark does."""
    if not address:
        return
    parts = urlsplit(address)
    try:
        place = (parts.hostname, parts.port or PORTS[parts.scheme])
        socket.create_connection(place, PATIENCE).close()
    except OSError:
        fault = Fault(
            "data.connection", "", "must be reachable", "the Spark server does not answer"
        )
        raise FaultyData([fault]) from None


def _silence() -> None:
    """Keep errors to our own sentence: Spark prints each one as JSON of many kilobytes besides."""
    for name in CHATTER:
        logging.getLogger(name).disabled = True
    for message in NEEDLESS:
        warnings.filterwarnings("ignore", message)


def _remote_session(address: str):
    from pyspark.sql.connect.session import SparkSession

    return SparkSession.builder.remote(address).create()


def _own_session(settings: dict[str, str]):
    from pyspark.sql import SparkSession

    active, builder = SparkSession.getActiveSession(), SparkSession.builder
    wanted = settings.get("spark.master")
    if active is not None and wanted not in (None, active.sparkContext.master):
        raise ParamsError(
            f"data.connection.url must name the Spark that this process runs on, "
            f"{active.sparkContext.master}, but {wanted} came; take a new process"
        )
    if active is None:
        _see_java()
    for key, value in (QUIET | settings).items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    return session


def _leave(session) -> None:
    """Give the server its session back, and not wait for a server that is gone."""
    with contextlib.suppress(Exception):
        session.client.set_retry_policies([])
        session.stop()
