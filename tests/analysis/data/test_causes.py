"""A message names the cause, not the symptom."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.data import read_tables
from analysis.data.validate import validation_report
from analysis.errors import DataError
from analysis.notes import note

HEAD = "customer_id,at,amount\n"


def sales(ids):
    return HEAD + "".join(f"{one},2023-02-01,10.5\n" for one in ids)


def people(ids):
    return "customer_id,region\n" + "".join(f"{one},N\n" for one in ids)


@pytest.mark.parametrize(
    ("bought", "known", "cause", "remedy"),
    [
        (["001", "002", "000"], ["1", "2", "0"], "leading zeros differ", "{leading_zeros: drop}"),
        (["AB", "CD"], ["ab", "cd"], "capitals differ", "write them alike"),
        (["1 2", "1 3"], ["12", "13"], "blanks differ", "{ids: clean}"),
    ],
)
def test_ids_that_meet_only_if_written_alike_are_told_so(study, bought, known, cause, remedy):
    study.write("sales.csv", sales(bought))
    study.write("people.csv", people(known))
    params = study.files(transactions="sales.csv", customers="people.csv")
    with pytest.raises(DataError) as refused:
        read_tables(params)
    told = str(refused.value)
    assert told.startswith("transactions.customer_id must be written as in customers, but " + cause)
    assert f"0 of {len(bought)} ids meet, {len(bought)} would if they were written alike" in told
    assert remedy in told
    assert validation_report(params)[1] == 1


@pytest.mark.parametrize("known", [["a", "b"], ["C-1", "C-2"]])
def test_ids_of_other_customers_have_no_cause(study, known):
    study.write("sales.csv", sales(["1", "2", "3"]))
    study.write("people.csv", people(known))
    params = study.files(transactions="sales.csv", customers="people.csv")
    assert "customers that the table customers lacks" in set(read_tables(params).audit["reason"])


def test_ids_that_are_numbers_of_rows_are_nobodys(study):
    study.write("sales.csv", sales(["001", "002", "003"]))
    study.write("answers.csv", "at,nps\n2023-02-01,9\n2023-02-02,8\n")
    answers = {
        "file": "answers.csv",
        "row_number": "row",
        "columns": {"customer_id": "row"},
    }
    params = study.files(transactions="sales.csv", surveys=answers)
    assert set(read_tables(params)) == {"transactions", "surveys", "customers"}


def test_zeros_before_ids_are_left_out_where_asked(study):
    study.write("sales.csv", sales(["001", "002", "000", "7"]))
    study.write("people.csv", people(["1", "2", "0", "7"]))
    repairs = {"leading_zeros": "drop"}
    params = study.files(transactions="sales.csv", customers="people.csv", repairs=repairs)
    tables = read_tables(params, stored=False)
    assert sorted(tables["transactions"].customer_id.execute()) == ["0", "1", "2", "7"]
    mended = tables.audit.query("step == 'mended'")
    assert [tuple(row) for row in mended.to_numpy()] == [
        ("transactions", "mended", "zeros before ids left out", 3)
    ]


@pytest.fixture
def answers(study):
    """Sixty answers to three questions, the last of which says the opposite."""
    drawn = np.random.default_rng(1).integers(1, 8, 60)
    rows = pd.DataFrame({"customer_id": range(60), "at": "2023-02-01"})
    rows["q1"], rows["q2"] = drawn, np.clip(drawn + 1, 1, 10)
    rows["q3"] = 11 - drawn
    rows.to_csv(study.folder / "answers.csv", index=False)

    def make(reverse=(), items=("q1", "q2", "q3")):
        scale = {"items": list(items), "reverse": list(reverse), "low": 1, "high": 10}
        files = {"surveys": {"file": "../answers.csv"}}
        return study.params({"files": files}, satisfaction={"scales": {"quality": scale}})

    return make


def test_a_question_that_runs_against_its_scale_is_named(answers):
    report, faults = validation_report(answers())
    assert faults == 0
    line = note("rows.against_scale", item="q3", scale="quality")
    assert f"- surveys: 60 rows noticed ({line})" in report
    assert "against scale (item q1" not in report
    assert "against scale" not in validation_report(answers(reverse=["q3"]))[0]
    assert "against scale (item q2" in validation_report(answers(reverse=["q2", "q3"]))[0]


def test_of_two_questions_both_are_named(answers):
    report, _ = validation_report(answers(items=["q1", "q3"]))
    assert "against scale (item q1" in report
    assert "against scale (item q3" in report


@pytest.mark.parametrize(
    ("content", "options", "cause"),
    [
        (sales(["a"]), {"delimiter": ";"}, "all of it is one column, so delimiter: ',' is meant"),
        ("a,2023-02-01,5.5\nb,2023-02-02,6.5\n", {}, "its first row holds values, not names"),
    ],
)
def test_a_head_that_is_none_is_told_so(study, content, options, cause):
    study.write("sales.csv", content)
    with pytest.raises(DataError) as refused:
        read_tables(study.files(transactions={"file": "sales.csv"} | options))
    assert cause in str(refused.value).splitlines()[0]
