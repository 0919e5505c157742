"""The table of docs/engines.md is true: each expression differs as it says, and what stands for it
does not."""

from __future__ import annotations

import ibis
import pytest
from differing import BEGIN, DIFFERING, DOCUMENT, END, MIDNIGHTLESS, PROBE, REFUSED, table, told
from test_engines import load

from analysis.data import fetch_rows

ENGINES = ("duckdb", "postgres", "spark")
NAMES = [one.written for one in DIFFERING]


@pytest.fixture(scope="module")
def probes(database_elsewhere, spark, tmp_path_factory):
    """The same table on each engine, in the zone of a place whose clocks skip a midnight."""
    embedded = ibis.duckdb.connect()
    embedded.raw_sql(f"SET TimeZone = '{MIDNIGHTLESS}'")
    here = embedded.create_table("probe", PROBE)
    database = ibis.connect(database_elsewhere)
    database.con.execute(f"SET TIME ZONE '{MIDNIGHTLESS}'; SET DateStyle = 'ISO'")
    database.con.commit()
    load(database, "probe", here)
    path = tmp_path_factory.mktemp("probe") / "probe.parquet"
    here.to_parquet(path)
    session = ibis.pyspark.connect(spark)
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", MIDNIGHTLESS)
    spark.read.parquet(str(path)).createOrReplaceTempView("probe")
    yield here, database.table("probe"), session.table("probe")
    spark.conf.set("spark.sql.session.timeZone", zone)


def answer(ask, table):
    """What an engine makes of a question; 'refused' where it does not take it."""
    try:
        return told(fetch_rows(ask(table)))
    except Exception:
        return REFUSED


@pytest.mark.parametrize("one", DIFFERING, ids=NAMES)
def test_engines_differ_as_the_document_says(one, probes):
    assert tuple(answer(one.ask, table) for table in probes) == one.answers
    assert len(set(one.answers)) > 1


@pytest.mark.parametrize(
    "one", [one for one in DIFFERING if one.ask_instead], ids=lambda one: one.instead
)
def test_what_stands_instead_is_alike(one, probes):
    here, *others = (told(fetch_rows(one.ask_instead(table))) for table in probes)
    assert others == [here, here]
    assert here != ""


def test_document_holds_the_table():
    written = DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    assert written == table(), "python tests/engines/differing.py writes it anew"
