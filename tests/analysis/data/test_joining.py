"""`join:` in the params: tables that only a join can make."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing

import pandas as pd
import pytest

from analysis.data import read_tables, source_fingerprint
from analysis.data.validate import validation_report
from analysis.errors import DataError, ParamsError
from analysis.notes import note

ORDERS = (
    "order_id,customer,ordered,status\n1,a,2023-02-01,ok\n2,b,2023-03-01,ok\n9,c,2023-04-01,off\n"
)
LINES = "order_id,sku,qty,price\n1,x,2,5\n1,y,1,2.5\n2,x,3,5\n"
LINE_COLUMNS = {
    "customer_id": "customer",
    "at": "ordered",
    "amount": {"product_of": ["qty", "price"]},
    "product": "sku",
}
EXPECTED = [
    ("a", dt.date(2023, 2, 1), 2.5),
    ("a", dt.date(2023, 2, 1), 10.0),
    ("b", dt.date(2023, 3, 1), 15.0),
]


@pytest.fixture
def lines(study):
    """A study of order lines that look their order up."""

    def make(orders=ORDERS, rows=LINES, by="order_id", repairs=None, **options):
        study.write("orders.csv", orders)
        study.write("lines.csv", rows)
        table = {
            "file": "lines.csv",
            "columns": LINE_COLUMNS,
            "join": {"orders": {"file": "../orders.csv", "by": by}},
        }
        return study.files(transactions=table | options, repairs=repairs)

    return make


def rows_of(params, name="transactions", columns=("customer_id", "at", "amount")):
    table = read_tables(params, stored=False)[name].select(*columns)
    return sorted(tuple(row.values()) for row in table.to_pyarrow().to_pylist())


def noticed(params):
    audit = read_tables(params, stored=False).audit
    return {row.reason: row.rows for row in audit.itertuples() if row.step == "noticed"}


def test_lines_look_their_order_up(lines):
    params = lines()
    assert rows_of(params) == EXPECTED
    assert noticed(params)[note("rows.not_met", table="orders.csv", key="order_id")] == 1
    report, faults = validation_report(params)
    assert faults == 0
    assert "1 row noticed (not met (table orders.csv, key order_id))" in report


def test_rows_that_meet_nothing_are_counted_and_left_out_only_where_asked(lines):
    rows = LINES + "7,x,1,1\n,x,1,1\n"
    with pytest.raises(DataError) as refused:
        read_tables(lines(rows=rows))
    assert "customer_id must not be missing, but 2 of 5 rows are (first: row 5 of lines.csv" in str(
        refused.value
    )
    params = lines(rows=rows, repairs={"missing": "drop"})
    assert rows_of(params) == EXPECTED
    assert noticed(params)[note("rows.meet_none", table="orders.csv", key="order_id")] == 1


def test_a_key_on_several_rows_of_the_table_looked_up_is_refused(lines):
    with pytest.raises(
        DataError, match=r"must find one row of orders\.csv by order_id, but 1 of 3"
    ):
        read_tables(lines(orders=ORDERS + "1,z,2023-05-01,ok\n"))


def test_keys_are_compared_as_text(lines):
    orders = ORDERS.replace("\n1,", "\n1.0,").replace("\n2,", "\n2.0,")
    assert rows_of(lines(orders=orders)) == EXPECTED
    params = lines(orders=ORDERS.replace("\n1,", "\n001,").replace("\n2,", "\n002,"))
    with pytest.raises(DataError) as refused:
        read_tables(params)
    assert str(refused.value).startswith(
        "transactions must meet rows of orders.csv by order_id, but 0 of 3 rows do: leading zeros "
        "differ between the two tables; mend join.orders.by"
    )


def test_a_join_that_nothing_meets_is_refused(lines):
    with pytest.raises(
        DataError, match=r"must meet rows of orders\.csv by sku, but 0 of 3 rows do"
    ):
        read_tables(lines(by={"sku": "order_id"}))


def test_columns_of_one_name_are_told_apart(lines):
    params = lines(
        orders=ORDERS.replace("status", "Price").replace("ok", "77"),
        columns=LINE_COLUMNS | {"channel": "orders.Price"},
    )
    assert rows_of(params, columns=("channel", "amount"))[0] == ("77", 2.5)


def test_filters_and_faults_see_what_was_looked_up(lines):
    params = lines(filters=[{"column": "status", "equals": "ok"}])
    assert rows_of(params) == EXPECTED
    with pytest.raises(DataError, match=r"at must be a date .* row 4 of lines\.csv, 'soon'"):
        read_tables(lines(orders=ORDERS.replace("2023-03-01", "soon")))


def test_joins_are_chained_across_kinds_of_files(study):
    study.write("reviews.csv", "review,order,score\nr1,1,9\nr2,2,3\n")
    with closing(sqlite3.connect(study.folder / "shop.sqlite")) as database:
        orders = pd.DataFrame({"id": [1, 2], "buyer": [7, 8], "day": ["2023-02-01", "2023-03-01"]})
        orders.to_sql("orders", database, index=False)
        database.commit()
    people = pd.DataFrame({"number": [7.0, 8.0], "person": ["anna", "bert"]})
    people.to_excel(study.folder / "people.xlsx", index=False)
    table = {
        "file": "reviews.csv",
        "columns": {"customer_id": "person", "at": "day", "nps": "score"},
        "join": {
            "orders": {"file": "../shop.sqlite", "table": "orders", "by": {"order": "id"}},
            "people": {"file": "../people.xlsx", "by": {"buyer": "number"}},
        },
    }
    params = study.files(surveys=table)
    assert rows_of(params, "surveys", ("customer_id", "at", "nps")) == [
        ("anna", dt.date(2023, 2, 1), 9.0),
        ("bert", dt.date(2023, 3, 1), 3.0),
    ]


def test_a_change_of_the_table_looked_up_is_a_change_of_the_data(lines, study):
    params = lines()
    before = source_fingerprint(params, folder=study.folder)
    study.write("orders.csv", ORDERS.replace("2023-03-01", "2023-03-02"))
    assert source_fingerprint(params, folder=study.folder) != before


@pytest.mark.parametrize(
    ("join", "told"),
    [
        ({"orders": {"file": "../orders.csv"}}, r"join\.orders\.by must be given"),
        ({"orders": {"by": "order_id"}}, r"transactions\.join\.orders has none"),
        ({"orders": {"file": "../orders.csv", "by": {}}}, "by must name at least one column"),
        ({"or ders": {"file": "../orders.csv", "by": "order_id"}}, "or ders"),
    ],
)
def test_a_join_must_name_a_file_and_its_key(lines, join, told):
    with pytest.raises(ParamsError, match=told):
        lines(join=join)


def test_a_key_that_is_no_column_and_a_file_that_is_absent_are_told(lines, study):
    with pytest.raises(DataError, match=r"must have the key 'order' that join\.orders\.by names"):
        read_tables(lines(by="order"))
    params = lines()
    (study.folder / "orders.csv").unlink()
    with pytest.raises(DataError, match=r"transactions\.join\.orders must have its file"):
        read_tables(params)
