"""Names of groups that are words of the catalogue are marked alike by three engines."""

from __future__ import annotations

import ibis
from test_engines import load

from analysis.data.completing import mark_groups
from analysis.data.crossing import fetch_rows
from analysis.params import read_params
from reporting.project import ROOT

NAMES = (
    *("all", "others", "not known", "North", "a_b_c", "all: x", "all, x", "others → y", "Al"),
    *("first_value_third: x", "Berlin, all", "100%", "a\\b", "x.*y", "", "日本", "won back – z"),
)


def test_names_are_marked_alike(database_elsewhere, spark, tmp_path):
    params = read_params(ROOT / "params" / "cdnow.yml")
    rows = [{"customer_id": f"{number:02}", "region": name} for number, name in enumerate(NAMES)]
    rows.append({"customer_id": "99", "region": None})
    embedded = ibis.duckdb.connect()
    here = embedded.create_table("named", ibis.memtable(rows))
    database = ibis.connect(database_elsewhere)
    load(database, "named", here)
    here.to_parquet(tmp_path / "named.parquet")
    session = ibis.pyspark.connect(spark)
    spark.read.parquet(str(tmp_path / "named.parquet")).createOrReplaceTempView("named")
    told = [
        fetch_rows(mark_groups(table, params).order_by("customer_id"))
        for table in (here, database.table("named"), session.table("named"))
    ]
    assert told[1] == told[0]
    assert told[2] == told[0]
    marked = {
        row["region"].replace("\ufdd0", "") for row in told[0] if "\ufdd0" in str(row["region"])
    }
    assert marked == {
        *NAMES[:3],
        "all: x",
        "all, x",
        "others → y",
        "first_value_third: x",
        NAMES[-1],
    }
