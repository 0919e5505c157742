"""The same frames on DuckDB, PostgreSQL and Spark: ids, counts and dates alike, money to 1e-9."""

from __future__ import annotations

import datetime as dt
import os

import ibis
import pandas as pd
import pytest
import yaml
from answering import answered
from marked_names import as_written

from analysis.data import fetch_rows, read_tables, tables_until
from analysis.data.connection import connect
from analysis.errors import DataError, ParamsError
from analysis.frames import customer_frame, customer_months, spells, survey_frame, write_frames
from analysis.params import read_params
from analysis.states.bases import count_bases
from analysis.states.outcomes import outcomes_after

MONEY = 1e-9
CDNOW = {
    "study": "cdnow",
    "relationship": "noncontractual",
    "observed_from": "1997-01-01",
    "observed_until": "1998-06-30",
    "currency": "USD",
    "data": {"package": "cdnow"},
}
MARKET = {
    "study": "market",
    "relationship": "noncontractual",
    "observed_from": "2022-01-01",
    "observed_until": "2024-12-20",
    "currency": "EUR",
    "data": {"simulated": {"company": "bank", "customers": 600, "seed": 7}},
}


def write_study(folder, values, **changed):
    """Write a params file and read it."""
    known = {"schema_version": 1, "title": "t", "author": "a", "timezone": "Europe/Berlin"}
    known |= values | changed
    path = folder / "params" / f"{known['study']}.yml"
    path.parent.mkdir(exist_ok=True)
    text = yaml.safe_dump(known)
    for day in ("observed_from", "observed_until"):
        text = text.replace(f"'{known[day]}'", str(known[day]))
    path.write_text(text)
    return read_params(path)


def frames_of(params):
    """Make every frame that the tables of a study allow."""
    tables = read_tables(params, stored=False)
    made = {"customers": customer_frame(tables, params), "lapses": spells(tables, params)}
    months = customer_months(tables, params)
    if params.study == "market":
        made["months"] = tables.fetch(months.order_by(["customer_id", "month"]))
    else:
        totals = months.group_by("month").agg(
            rows=months.count(), amount=months.amount.sum(), last=months.days_since_last.sum()
        )
        made["months"] = tables.fetch(totals.order_by("month"))
    if "surveys" in tables:
        made["survey"] = survey_frame(tables, params)
    if "contracts" in tables:
        contractual = params.model_copy(update={"relationship": "contractual"})
        made["contracts"] = spells(tables, contractual)
    return made | of_the_past(tables, params), tables


def of_the_past(tables, params):
    """What was known half-way, how many of each base there were, and what came after it."""
    half = params.observed_from + (params.observed_until - params.observed_from) / 2
    known = params.model_copy(update={"observed_until": half})
    past = tables_until(tables, known)
    made = {"past customers": customer_frame(past, known)}
    for relationship in ("noncontractual", "contractual"):
        kind = {"relationship": relationship}
        now, then = params.model_copy(update=kind), known.model_copy(update=kind)
        made[f"bases, {relationship}"] = count_bases(tables, now).table
        made[f"past bases, {relationship}"] = count_bases(past, then).table
    asked = made["past customers"][["customer_id"]].assign(at=pd.Timestamp(half))
    return made | {"outcomes": outcomes_after(tables, params, asked, weeks=26)}


def compare(found, expected):
    """Ids, counts, dates and categories identical; money to 1e-9 relative."""
    assert found.keys() == expected.keys()
    for name, frame in expected.items():
        assert len(frame) > 0
        came, frame = as_written(found[name]), as_written(frame)
        pd.testing.assert_frame_equal(
            came, frame, check_like=True, check_exact=False, rtol=MONEY, atol=1e-6 * MONEY
        )
        exact = [c for c in frame if not pd.api.types.is_float_dtype(frame[c])]
        pd.testing.assert_frame_equal(came[exact], frame[exact], check_exact=True)


@pytest.fixture(scope="module", params=[CDNOW, MARKET], ids=["cdnow", "market"])
def on_duckdb(request, tmp_path_factory):
    """A study's frames and tables on the embedded engine."""
    folder = tmp_path_factory.mktemp(request.param["study"])
    params = write_study(folder, request.param)
    made, tables = frames_of(params)
    return folder, request.param, made, tables


def connected(values, url, tables):
    """The same study, its tables in a connection."""
    named = [name for name in tables if name != "customers" or len(tables[name].columns) > 1]
    items = [c for c in tables["surveys"].columns] if "surveys" in tables else []
    clock = {"interactions": {"times_in": "local"}}
    wanted = {name: {"table": f"the_{name}"} | clock.get(name, {}) for name in named}
    if "surveys" in wanted:
        wanted["surveys"]["keep"] = items
    if "customers" in wanted:
        wanted["customers"]["keep"] = list(tables["customers"].columns)
    return values | {"data": {"connection": {"url": url, "tables": wanted}}}


def load(database, name, table):
    """Copy a table into PostgreSQL."""
    database.create_table(name, schema=table.schema(), overwrite=True)
    rows = zip(*table.to_pyarrow().to_pydict().values(), strict=True)
    with database.con.cursor() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
    database.con.commit()


def test_frames_are_the_same_on_postgresql(on_duckdb, postgres, monkeypatch):
    folder, values, expected, tables = on_duckdb
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    loaded = ibis.connect(postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse"))
    for name in tables:
        load(loaded, f"the_{name}", tables[name])
    params = write_study(folder, connected(values, postgres, tables))
    found, _ = frames_of(params)
    compare(found, expected)
    write_frames(params)
    again = read_tables(params)
    assert again.connection.name == "postgres"
    with monkeypatch.context() as patched:  # what was checked once is trusted
        patched.setattr("analysis.data.checking._check_rows", refuse_to_check)
        trusted = read_tables(params)
        assert set(trusted) == set(again)
        for name in trusted:
            assert trusted[name].columns == again[name].columns
            assert trusted[name].count().execute() == again[name].count().execute()
        months = customer_months(trusted, params).order_by(["customer_id", "month"])
        totals = trusted.fetch(months.aggregate(rows=months.count(), sum=months.amount.sum()))
    monkeypatch.setenv("REFRESH", "1")
    fresh = read_tables(params)
    months = customer_months(fresh, params)
    expected_totals = fresh.fetch(months.aggregate(rows=months.count(), sum=months.amount.sum()))
    pd.testing.assert_frame_equal(totals, expected_totals, rtol=MONEY)
    monkeypatch.delenv("REFRESH")
    assert {"customer_frame", "spells"} <= set(again.stored)
    pd.testing.assert_frame_equal(customer_frame(again, params), found["customers"])
    files = [path for path in (folder / "build").rglob("*") if path.is_file()]
    for written in (b"correct horse", b"correct%20horse", b"correct+horse"):
        assert not any(written in path.read_bytes() for path in files)
    assert "horse" not in repr(params) + repr(again) + params.model_dump_json()


def refuse_to_check(*_):
    raise AssertionError("the tables were checked again")


def test_new_validate_and_plan_work_on_a_database_and_keep_the_secret(
    postgres, tmp_path, monkeypatch, capsys
):
    from reporting import commands, plan

    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    url = postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse")
    loaded = ibis.connect(url)
    for name in loaded.list_tables():
        loaded.drop_table(name)
    rows = pd.DataFrame({"customer_no": ["a", "b"], "amount_paid": [5.0, 7.0]})
    rows["sold_at"] = pd.to_datetime(["2023-01-05 10:00", "2023-02-01 09:00"])
    loaded.create_table("shop_orders", rows, overwrite=True)
    loaded.create_table("weather", pd.DataFrame({"rain": [1]}), overwrite=True)
    for name in ("PARAMS", "BUILD"):
        (tmp_path / name).mkdir()
        monkeypatch.setenv(name, str(tmp_path / name))
    monkeypatch.setenv("STUDY", "acme")
    commands.main(["new", "--study", "acme", "--from", url])
    text = (tmp_path / "PARAMS" / "acme.yml").read_text()
    assert f"url: {postgres}" in text
    assert "# not used: weather" in text
    (tmp_path / "PARAMS" / "acme.yml").write_text(answered(text), "utf-8")
    params = read_params(tmp_path / "PARAMS" / "acme.yml")
    wanted = params.data.connection.tables["transactions"]
    assert (wanted.table, wanted.columns["at"]) == ("shop_orders", "sold_at")
    commands.main(["validate", "--study", "acme"])
    plan.rules_of(tmp_path / "PARAMS" / "acme.yml")
    write_frames(params)
    told = capsys.readouterr()
    files = [path.read_text("utf-8", "replace") for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 3
    assert "horse" not in told.out + told.err + "".join(files)
    assert "acme: no faults" in told.out


def test_spark_is_named_by_its_master_and_another_one_is_refused(spark, tmp_path):
    by_master = connect("pyspark://?spark.master=local[2]", "Europe/Berlin", tmp_path)
    assert by_master._session.conf.get("spark.sql.session.timeZone") == "Europe/Berlin"
    night = by_master.sql("SELECT CAST(TIMESTAMP '2023-03-31 22:30:00Z' AS DATE) AS day")
    assert fetch_rows(night) == [{"day": dt.date(2023, 4, 1)}]
    with pytest.raises(ParamsError, match=r"runs on, local\[2\], but local\[1\] came"):
        connect("pyspark://?spark.master=local[1]", "Europe/Berlin", tmp_path)


def test_frames_are_the_same_on_spark(on_duckdb, spark):
    folder, values, expected, tables = on_duckdb
    for name in tables:
        path = folder / f"the_{name}.parquet"
        tables[name].to_parquet(path)
        spark.read.parquet(str(path)).createOrReplaceTempView(f"the_{name}")
    params = write_study(folder, connected(values, "pyspark://", tables))
    found, _ = frames_of(params)
    compare(found, expected)


def test_wrong_password_is_one_sentence_without_the_secret(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "wr0ng-secret")
    data = {"connection": {"url": postgres, "tables": {"transactions": {}}}}
    params = write_study(tmp_path, MARKET | {"data": data})
    with pytest.raises(DataError, match="the password is refused") as caught:
        read_tables(params)
    assert "wr0ng-secret" not in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_unknown_table_of_a_database_is_named(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    data = {"connection": {"url": postgres, "tables": {"transactions": {"table": "no_such"}}}}
    params = write_study(tmp_path, MARKET | {"data": data})
    with pytest.raises(DataError, match="must find the table 'no_such'"):
        read_tables(params)


def test_text_amount_in_a_database_asks_for_a_query(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    loaded = ibis.connect(postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse"))
    rows = pd.DataFrame({"customer_id": ["a"], "at": ["2023-01-01"], "amount": ["1,5"]})
    loaded.create_table("as_text", rows, overwrite=True)
    data = {"connection": {"url": postgres, "tables": {"transactions": {"table": "as_text"}}}}
    params = write_study(tmp_path, MARKET | {"data": data})
    with pytest.raises(DataError, match=r"transactions\.amount must be a number") as caught:
        read_tables(params)
    assert "give sql: that casts it" in str(caught.value)
    assert os.environ["ENGINE_TEST_PASSWORD"] not in str(caught.value)


def days_in_utc(folder, url):
    """The days in New York of times without a zone that are written in UTC."""
    tables = {"transactions": {"table": "clocks", "times_in": "UTC"}}
    values = MARKET | {"data": {"connection": {"url": url, "tables": tables}}}
    params = write_study(folder, values, timezone="America/New_York")
    rows = read_tables(params, stored=False)["transactions"].order_by("customer_id")
    return [str(day) for day in rows.to_pyarrow()["at"].to_pylist()]


def test_times_in_moves_times_without_a_zone_on_postgresql(tmp_path, postgres, monkeypatch):
    monkeypatch.setenv("ENGINE_TEST_PASSWORD", "correct horse")
    loaded = ibis.connect(postgres.replace("${ENGINE_TEST_PASSWORD}", "correct%20horse"))
    rows = pd.DataFrame({"customer_id": ["a", "b"], "amount": [1.0, 1.0]})
    rows["at"] = pd.to_datetime(["2023-07-01 03:59", "2023-07-01 04:00"])
    loaded.create_table("clocks", rows, overwrite=True)
    assert days_in_utc(tmp_path, postgres) == ["2023-06-30", "2023-07-01"]


def test_times_in_moves_times_without_a_zone_on_spark(tmp_path, spark):
    rows = "VALUES ('a', '2023-07-01 03:59:00'), ('b', '2023-07-01 04:00:00') AS t(id, at)"
    columns = "id AS customer_id, 1.0D AS amount, CAST(at AS timestamp_ntz) AS at"
    spark.sql(f"SELECT {columns} FROM {rows}").createOrReplaceTempView("clocks")
    assert days_in_utc(tmp_path, "pyspark://") == ["2023-06-30", "2023-07-01"]


def test_times_in_leaves_instants_on_spark(tmp_path, spark):
    rows = "VALUES ('a', '2023-07-01 03:59:00Z'), ('b', '2023-07-01 04:00:00Z') AS t(id, at)"
    columns = "id AS customer_id, 1.0D AS amount, CAST(at AS timestamp) AS at"
    spark.sql(f"SELECT {columns} FROM {rows}").createOrReplaceTempView("clocks")
    with pytest.raises(DataError, match="must hold times without a zone for times_in"):
        days_in_utc(tmp_path, "pyspark://")
