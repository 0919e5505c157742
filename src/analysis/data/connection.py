"""Databases and clusters by an Ibis URL; secrets come from the environment alone."""

from __future__ import annotations

import difflib
import os
import re
from functools import partial
from pathlib import Path
from urllib.parse import quote

import ibis

from analysis.data.engine import open_duckdb
from analysis.data.faults import Fault, FaultyData
from analysis.data.joining import look_up
from analysis.data.postgres import plain_columns
from analysis.data.problems import SECRET_NAME, explain, hide, told_plainly
from analysis.data.raw import RawTable, Source
from analysis.data.spark import open_spark, open_spark_table, spark_tables
from analysis.errors import ParamsError
from analysis.params import Params
from analysis.params.address import SPARK, check_address
from analysis.params.joined import Joined
from analysis.params.secrets import plain_secret
from analysis.params.source import TableSource

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def connection_label(url: str) -> str:
    """Name a connection for messages: its kind, without user, password, host or database."""
    kind = url.split("://")[0]
    return f"the {'Spark' if kind in SPARK else kind} connection"


def with_placeholders(url: str, study: str) -> str:
    """Write a URL with ${NAME} for each secret that an environment variable holds.

    Raises
    ------
    ParamsError
        If a password is left that stands in no variable.
    """
    for name, value in os.environ.items():
        if SECRET_NAME.search(name) and len(value) > 3:
            for written in (value, quote(value, safe="")):
                url = url.replace(f":{written}@", f":${{{name}}}@")
                url = re.sub(rf"(?<==){re.escape(written)}(?=[;&]|$)", f"${{{name}}}", url)
    if plain_secret(url):
        name = f"{study.upper()}_PASSWORD"
        raise ParamsError(
            "FROM must take its password from the environment, but holds one in plain text; "
            f"export {name}=… and write $${{{name}}} in its place, the whole in single quotes"
        )
    try:
        check_address(url)
    except ValueError as error:
        raise ParamsError(f"FROM: {error}") from None
    return url


def open_connection(params: Params) -> Source:
    """Connect to the database or cluster that the params file names."""
    named = params.data.connection
    connection = connect(named.url, params.timezone, params.path.parent)
    openers = {
        name: partial(open_table, connection, name, table, named.url)
        for name, table in named.tables.items()
    }
    return Source(connection, openers)


def connect(url: str, timezone: str, folder: Path):
    """Connect to a database or cluster; the path of a DuckDB file is relative to the folder."""
    label = connection_label(url)
    with told_plainly("data.connection", label):
        if url.split("://")[0] in SPARK:
            return open_spark(url, timezone, _fill)
        filled = _fill(url)
        if url.startswith("duckdb://"):
            path = folder / filled.removeprefix("duckdb://")
            return open_duckdb(timezone, str(path), read_only=True)
        try:
            connection = ibis.connect(filled)
        except (ValueError, ImportError, AttributeError, TypeError) as error:
            raise FaultyData([explain("data.connection", label, error)]) from None
        _set_session(connection, timezone)
    return connection


def open_table(connection, name: str, source: TableSource, url: str) -> RawTable:
    """Open one table of a connection, or a query on it, with the tables that it looks up."""
    others = {
        label: _open_one(connection, f"{name}.join.{label}", _of_joined(label, one), url)
        for label, one in source.join.items()
    }
    return look_up(_open_one(connection, name, source, url), others)


def _of_joined(label: str, one: Joined) -> TableSource:
    return TableSource(table=None if one.sql else one.table or label, sql=one.sql)


def _open_one(connection, name: str, source: TableSource, url: str) -> RawTable:
    label = connection_label(url)
    with told_plainly(name, label):
        if source.sql:
            asked = _plain(connection, connection.sql(source.sql))
            return RawTable(name, asked, source, "the query", lazy=True)
        wanted = source.table or name
        if connection.name == "pyspark":
            table = open_spark_table(connection, name, wanted)
            return RawTable(name, table, source, wanted, lazy=True)
        schema, _, table = wanted.rpartition(".")
        known = connection.list_tables(database=schema or None)
        if table not in known:
            near = difflib.get_close_matches(table, known, n=3) or sorted(known)[:8]
            rule, came = f"must find the table '{wanted}'", f"{label} has none of that name"
            remedy = f"near names: {', '.join(near)}" if near else ""
            raise FaultyData([Fault(name, "", rule, came, remedy=remedy)])
        found = _plain(connection, connection.table(table, database=schema or None))
        return RawTable(name, found, source, wanted, lazy=True)


def _plain(connection, table: ibis.Table) -> ibis.Table:
    return plain_columns(connection, table) if connection.name == "postgres" else table


def table_names(connection) -> list[str]:
    """List the tables that a study may be made of, in their order."""
    if connection.name == "pyspark":
        return spark_tables(connection)
    return sorted(connection.list_tables())


def _fill(text: str, *, quoted: bool = True) -> str:
    """Put secrets into their places, written as a URL writes them."""

    def secret(found: re.Match[str]) -> str:
        value = _environment(found[1])
        return quote(value, safe="") if quoted else value

    return PLACEHOLDER.sub(secret, text)


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ParamsError(
            f"data.connection.url needs the environment variable {name}, but it is not set"
        )
    hide(value)
    return value


def _set_session(connection, timezone: str) -> None:
    """Let the engine count days where the company does, and write them as everywhere."""
    if connection.name == "postgres":
        connection.con.execute(f"SET TIME ZONE '{timezone}'; SET DateStyle = 'ISO'")
        connection.con.commit()
