"""Databases and clusters by an Ibis URL; secrets come from the environment alone."""

from __future__ import annotations

import difflib
import os
import re
from urllib.parse import quote

import ibis

from analysis.data.engine import open_duckdb
from analysis.data.faults import Fault, FaultyData
from analysis.data.problems import explain, told_plainly
from analysis.data.raw import RawTable
from analysis.errors import ParamsError
from analysis.params import Params
from analysis.params.source import TableSource

PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
TIME_ZONE_SPEAKERS = ("duckdb", "postgres", "pyspark")


def connection_label(url: str) -> str:
    """Name a connection for messages: its kind, without user, password, host or database."""
    return f"the {url.split('://')[0]} connection"


def open_connection(params: Params):
    """Connect to the database or cluster that the params file names."""
    url = params.data.connection.url
    label = connection_label(url)
    filled = PLACEHOLDER.sub(lambda found: quote(_environment(found[1]), safe=""), url)
    with told_plainly("data.connection", label):
        if url.startswith("duckdb://"):
            path = params.path.parent / filled.removeprefix("duckdb://")
            return open_duckdb(params.timezone, str(path), read_only=True)
        try:
            connection = ibis.connect(filled)
        except (ValueError, ImportError, AttributeError, TypeError) as error:
            raise FaultyData([explain("data.connection", label, error)]) from None
        _set_time_zone(connection, params.timezone)
    return connection


def open_table(connection, name: str, source: TableSource, url: str) -> RawTable:
    """Open one table of a connection, or a query on it."""
    label = connection_label(url)
    with told_plainly(name, label):
        if source.sql:
            return RawTable(name, connection.sql(source.sql), source, "the query", lazy=True)
        wanted = source.table or name
        schema, _, table = wanted.rpartition(".")
        known = connection.list_tables(database=schema or None)
        if table not in known:
            near = difflib.get_close_matches(table, known, n=3) or sorted(known)[:8]
            rule, came = f"must find the table '{wanted}'", f"{label} has none of that name"
            remedy = f"near names: {', '.join(near)}" if near else ""
            raise FaultyData([Fault(name, "", rule, came, remedy=remedy)])
        return RawTable(
            name, connection.table(table, database=schema or None), source, wanted, lazy=True
        )


def _environment(name: str) -> str:
    value = os.environ.get(name)
    if value is None:
        raise ParamsError(
            f"data.connection.url needs the environment variable {name}, but it is not set"
        )
    return value


def _set_time_zone(connection, timezone: str) -> None:
    """Let the engine count days where the company does."""
    statement = f"SET TIME ZONE '{timezone}'"
    if connection.name == "postgres":
        connection.con.execute(statement)
        connection.con.commit()
    elif connection.name == "pyspark":
        connection.raw_sql(statement)
