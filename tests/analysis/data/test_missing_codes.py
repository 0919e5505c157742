"""Codes of missing values belong to columns, and what each blanked is counted."""

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from shared_cases import shared_case

from analysis.data import check_source, fetch, read_tables
from analysis.data.validate import validation_report
from analysis.errors import DataError, ParamsError
from analysis.notes import note
from analysis.params import read_params
from analysis.states.answers import read_answers
from analysis.states.recommendation import recommendation
from analysis.states.records import repairs

ANSWERS = """customer_id,at,food,nps,age
1,2023-03-01,6,6,34
2,2023-03-02,2,9,99
6,2023-03-03,6,10,41
7,2023-03-04,3,99,99
8,2023-03-05,n/a,8,n/a
"""


def asked(study, missing, scales=None, answers=ANSWERS):
    study.write("answers.csv", answers)
    source = {"file": "../answers.csv", "keep": ["age", "food"], "missing": missing}
    more = {"satisfaction": {"scales": scales, "outcome_weeks": 13}} if scales else {}
    return study.params({"files": {"surveys": source}}, **more)


def blanked(params):
    _, (surveys, *_) = check_source(params)
    rows = [row for row in surveys.audit if row[1] == "blanked"]
    return {f"{why.of('code')} in {why.of('column')}": n for _, _, why, n in rows}, surveys.faults


def test_a_code_blanks_its_own_column_alone(study):
    params = asked(study, {"food": ["6", "n/a"], "nps": 99, "age": [99, "n/a"]})
    found, faults = blanked(params)
    assert not faults
    assert found == {"6 in food": 2, "n/a in food": 1, "99 in nps": 1, "n/a in age": 1,
                     "99 in age": 2}  # fmt: skip
    rows = fetch(read_tables(params, stored=False)["surveys"]).set_index("customer_id")
    assert list(rows.index) == ["1", "2", "6", "7", "8"]
    assert rows["nps"].dropna().tolist() == [6, 9, 10, 8]
    assert rows["food"].dropna().tolist() == [2, 3]
    assert rows["age"].dropna().tolist() == [34, 41]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("6", "'6' blanks customer_id (1), nps (1), food (2)"),
        ("99", "'99' blanks nps (1), age (2)"),
        ("8", "'8' blanks customer_id (1), nps (1)"),
    ],
)
def test_a_number_for_the_whole_table_is_refused_where_it_may_be_a_value(study, code, said):
    params = asked(study, [code, "n/a"])
    text, _ = validation_report(params)
    assert f"surveys must have its codes of missing values by column, but {said}" in text
    assert f': ["{code}"]}}' in text
    with pytest.raises(DataError, match="codes of missing values by column"):
        read_tables(params, stored=False)


def test_a_number_for_the_whole_table_stands_where_it_can_be_no_value(study):
    """77 lies outside the scale of five, 99 outside that of ten: neither is anywhere else."""
    rows = ["1,2023-03-01,77,6,34", "2,2023-03-02,2,9,35", "3,2023-03-03,3,99,36"]
    answers = "\n".join([ANSWERS.splitlines()[0], *rows]) + "\n"
    scales = {"meals": {"items": ["food"], "low": 1, "high": 5}}
    found, faults = blanked(asked(study, ["77", "99"], scales, answers))
    assert not faults
    assert found == {"77 in food": 1, "99 in nps": 1}


def test_a_word_stands_for_the_whole_table(study):
    params = asked(study, ["n/a", "none"], answers=ANSWERS.replace(",99,", ",9,"))
    text, faults = validation_report(params)
    assert not faults, text
    assert "surveys: 1 row blanked (code blanked (code n/a, column food))" in text
    assert "surveys: 1 row blanked (code blanked (code n/a, column age))" in text
    assert "surveys: 0 rows blanked (code blanked (code none, column any column))" in text


def test_codes_of_numbers_that_are_typed(study):
    table = pa.table(
        {
            "customer_id": ["a", "b", "c"],
            "at": pa.array(pd.to_datetime(["2023-02-01"] * 3).date),
            "food": pa.array([1, -9, 5], pa.int64()),
            "age": pa.array([30.0, 99.0, None], pa.float64()),
        }
    )
    pq.write_table(table, study.folder / "answers.parquet")
    source = {"file": "../answers.parquet", "keep": ["food", "age"],
              "missing": {"food": [-9], "age": [99, 98]}}  # fmt: skip
    params = study.params({"files": {"surveys": source}})
    found, faults = blanked(params)
    assert not faults
    assert found == {"-9 in food": 1, "99 in age": 1, "98 in age": 0}
    rows = fetch(read_tables(params, stored=False)["surveys"])
    assert rows["food"].isna().tolist() == [False, True, False]
    assert rows["age"].isna().tolist() == [False, True, True]


def test_codes_of_the_parts_of_a_product(study):
    study.write("sales.csv", "who,day,pieces,price\na,2023-02-01,2,3.5\nb,2023-02-02,-1,4\n")
    columns = {"customer_id": "who", "at": "day", "amount": {"product_of": ["pieces", "price"]}}
    source = {"file": "../sales.csv", "columns": columns, "missing": {"pieces": [-1]}}
    params = study.params({"files": {"transactions": source}, "repairs": {"missing": "drop"}})
    tables = read_tables(params, stored=False)
    assert fetch(tables["transactions"])["amount"].tolist() == [7.0]
    told = repairs(tables.audit).set_index("reason")["rows"]
    assert told[note("rows.code_blanked", code="-1", column="amount")] == 1
    assert told["rows without a value that is needed"] == 1


def test_a_column_that_is_not_there_is_named(study):
    text, faults = validation_report(asked(study, {"foot": ["6"]}))
    assert faults == 1
    assert "surveys.foot must be a column, as missing: names it" in text


def test_what_is_no_code_is_refused(study):
    with pytest.raises(ParamsError, match="missing"):
        asked(study, {"food": [True]})


def test_shared_case_codes_belong_to_columns(tmp_path):
    folder = shared_case("missing_codes", tmp_path)
    text, faults = validation_report(read_params(folder / "codes.yml"))
    assert faults == 1
    assert "customer_id (1)" in text
    written = (folder / "codes.yml").read_text("utf-8")
    (folder / "codes.yml").write_text(written.replace('["6"]', '{food: ["6"]}'), "utf-8")
    params = read_params(folder / "codes.yml")
    tables = read_tables(params, stored=False)
    lines = pd.read_csv(folder / "survey.csv")
    told = repairs(tables.audit).set_index("reason")["rows"]
    assert told[note("rows.code_blanked", code="6", column="food")] == (lines["food"] == 6).sum()
    overall = recommendation(read_answers(tables, params)).table.iloc[0]
    assert overall["n"] == 400
    assert round(overall["estimate"]) == -8
