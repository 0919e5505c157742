"""CSV as people have it: line breaks, brackets in names, what spreadsheets put before the head."""

from __future__ import annotations

import datetime as dt
import gzip

import duckdb
import pytest

from analysis.data import read_tables, source_fingerprint
from analysis.data.propose import propose_params
from analysis.errors import DataError
from analysis.params import read_params

HEAD = "customer_id,at,amount\n"
ROWS = "c1,2023-02-01,10.5\nc2,2023-03-01,20\n"
EXPECTED = [("c1", dt.date(2023, 2, 1), 10.5), ("c2", dt.date(2023, 3, 1), 20.0)]
BROKEN = '"customer\nid","at","amount\n(paid)"\n'
MAPPED = {"customer_id": "customer id", "amount": "amount (paid)"}


def rows_of(params):
    table = read_tables(params, stored=False)["transactions"]
    rows = table.select("customer_id", "at", "amount").to_pyarrow().to_pylist()
    return sorted(tuple(row.values()) for row in rows)


@pytest.mark.parametrize(
    "content",
    [
        BROKEN + ROWS,
        BROKEN + ROWS.replace("\n", "\r\n"),
        (BROKEN + ROWS).replace("\n", "\r\n"),
        BROKEN.replace('(paid)"\n', '(paid)"\r\n') + ROWS.replace("\n", "\r\n"),
        "\ufeff" + BROKEN + ROWS,
    ],
    ids=["lf", "crlf rows", "crlf", "crlf, lf in the head", "bom"],
)
def test_names_of_the_head_may_be_broken_over_lines(study, content):
    study.write("sales.csv", content)
    params = study.files(transactions={"file": "sales.csv", "columns": MAPPED})
    assert rows_of(params) == EXPECTED


@pytest.mark.parametrize(
    "content",
    [
        HEAD + "c1,2023-02-01,10.5\r\nc2,2023-03-01,20\n",
        HEAD.replace("\n", "\r\n") + ROWS,
        HEAD + "c1,2023-02-01,10.5\rc2,2023-03-01,20\r\n",
        (HEAD + ROWS).replace("\n", "\r"),
        HEAD + ROWS.replace("\n", "\n\n") + "\r\n",
        "\n\r\n" + HEAD + ROWS,
        "sep=,\r\n" + HEAD + ROWS,
        "\ufeffsep=,\n" + HEAD + ROWS,
    ],
    ids=[
        "lf first",
        "crlf first",
        "all three",
        "cr",
        "blank lines",
        "blank first",
        "sep",
        "bom sep",
    ],
)
def test_lines_may_end_in_several_ways(study, content):
    study.write("sales.csv", content)
    study.write("packed.csv.gz", gzip.compress(content.encode()))
    assert rows_of(study.files(transactions="sales.csv")) == EXPECTED
    assert rows_of(study.files(transactions="packed.csv.gz")) == EXPECTED


def test_a_delimiter_that_the_file_states_is_used(study):
    text = HEAD.replace(",", ";") + ROWS.replace(",", ";").replace("c1", '"c,1,1,1,1"')
    study.write("sales.csv", "sep=;\r\n" + text)
    assert [row[0] for row in rows_of(study.files(transactions="sales.csv"))] == ["c,1,1,1,1", "c2"]


def test_rows_are_numbered_from_the_head_that_was_found(study):
    study.write("sales.csv", "sep=,\n\n" + HEAD + ROWS + "c3,2023-03-01,?\n")
    with pytest.raises(DataError, match=r"row 6 of sales\.csv, '\?'"):
        read_tables(study.files(transactions="sales.csv"))


@pytest.mark.parametrize("kind", ["csv", "parquet", "jsonl"])
def test_brackets_in_the_name_of_a_file_are_no_pattern(study, kind):
    for name, amount in (("sales[1]", 10.5), ("sales1", 99.0)):
        sql = f"SELECT 'c1' AS customer_id, DATE '2023-02-01' AS at, {amount} AS amount"
        path = study.folder / f"{name}.{kind}"
        form = {"csv": "csv, HEADER", "parquet": "parquet", "jsonl": "json"}[kind]
        with duckdb.connect() as engine:
            engine.execute(f"COPY ({sql}) TO '{study.folder / 'made'}' (FORMAT {form})")
        (study.folder / "made").rename(path)
    params = study.files(transactions=f"sales[1].{kind}")
    assert rows_of(params) == [("c1", dt.date(2023, 2, 1), 10.5)]
    before = source_fingerprint(params, folder=study.folder)
    (study.folder / f"sales[1].{kind}").write_bytes(b"changed")
    assert source_fingerprint(params, folder=study.folder) != before
    assert rows_of(study.files(transactions=f"sales[0-9].{kind}"))[0][2] == 99.0


def test_make_new_names_files_with_brackets(study):
    folder = study.folder / "export [new]"
    folder.mkdir()
    for place in (1, 2):
        (folder / f"sales[{place}].csv").write_text(HEAD + ROWS)
    (study.folder / "params" / "acme.yml").write_text(
        propose_params("acme", folder, study.folder / "params").replace("???", "EUR")
    )
    params = read_params(study.folder / "params" / "acme.yml")
    assert rows_of(params) == sorted(EXPECTED * 2)
