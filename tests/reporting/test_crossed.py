"""What came over from an engine is recorded run by run, and summed up for the analyst."""

from __future__ import annotations

import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

from analysis.data import fetch
from analysis.data.located import RECORD
from analysis.params import read_params
from reporting.crossed import crossed, keep_record, record_of
from reporting.project import ROOT, Study

SEVERAL = {
    "frames.relationships.inferred": "a relationship that ended in silence",
    "frames.relationships.contractual": "a relationship of contracts",
    "chapters.renewals.worth.open_fees": "a contract",
    "chapters.campaigns.contacts.chosen": "a customer chosen for a campaign",
    "frames.asof.attach_known": "a customer and a day that is asked for",
    "chapters.complaints.contacts.recorded_contacts": "a contact",
    "chapters.complaints.contacts.purchases_before": "a contact",
    "states.outcomes.with_purchases": "a contact",
    "chapters.tiers.moves.luck": "a purchase of the two periods that are dealt anew",
}
"""What brings more than one row a customer or an answer, and of what each row is."""


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.setenv("BUILD", str(tmp_path))
    monkeypatch.setenv(RECORD, "")
    return Study(read_params(ROOT / "params" / "bank.yml"))


def test_record_holds_each_answer_of_the_last_run(study):
    table = ibis.memtable(pd.DataFrame({"x": [1, 2, 3], "y": [4, 5, 6]}))
    keep_record(study, "15_stages")
    fetch(table)
    record = keep_record(study, "15_stages")
    fetch(table)
    fetch(table.limit(1))
    head, *lines = record.read_text().splitlines()
    assert head == "purpose,engine,rows,columns,size"
    assert [line.split(",")[1:4] for line in lines] == [["duckdb", "3", "2"], ["duckdb", "1", "2"]]


def test_crossed_sums_up_what_came_over(study):
    record = keep_record(study, "tables")
    for rows in (2, 5):
        fetch(ibis.memtable(pd.DataFrame({"x": range(rows)})))
    found = crossed([record, record_of(study, "10_retention")])
    assert (found.answers, found.rows, found.largest, found.engine) == (2, 7, 5, "duckdb")


def test_crossed_tells_nothing_where_nothing_was_asked(study):
    assert crossed([record_of(study, "tables")]) is None


def test_chapters_bring_counts_and_one_row_a_customer_or_answer(built):
    seen = set()
    for folder in built.glob("*/crossed"):
        sizes = {
            path.stem: pq.read_metadata(path).num_rows
            for path in folder.parent.glob("tables/*")
            if path.suffix == ".parquet"
        }
        most = max(sizes.get(name, 0) for name in ("customers", "customer_frame", "surveys"))
        assert (folder / "tables.csv").is_file()
        for path in folder.glob("*.csv"):
            record = pd.read_csv(path)
            large = set(record.loc[record["rows"] > most, "purpose"])
            assert large <= set(SEVERAL), f"{folder.parent.name}: {path.stem}"
            seen |= large
    assert len(seen) > 2  # a list that lets everything pass proves nothing
