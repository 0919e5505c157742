"""Surveys alone: no ids, no dates, and files that must be the very ones."""

import hashlib
from datetime import date
from pathlib import Path

import pytest

from analysis.data import read_tables
from analysis.errors import DataError, ParamsError
from analysis.frames import survey_frame
from analysis.params import read_params

SURVEY = '"","mood","gender"\n"1",8,"male"\n"2",9,"female"\n"3",4,"male"\n'


def surveys(study, **changed):
    study.write("survey.csv", SURVEY)
    block = {
        "file": "survey.csv",
        "row_number": "customer_id",
        "constants": {"at": study.params({"simulated": SIMULATED}).observed_from},
        "keep": ("mood", "gender"),
    }
    return study.files(surveys=block | changed)


SIMULATED = {"company": "bank", "customers": 5, "seed": 1}


def test_survey_alone_is_a_study(study):
    params = surveys(study)
    tables = read_tables(params, stored=False)
    answers = survey_frame(tables, params)
    assert answers["customer_id"].tolist() == ["1", "2", "3"]
    assert answers["mood"].tolist() == [8, 9, 4]
    assert (answers["at"].dt.date == params.observed_from).all()
    assert "purchases_before" not in answers
    assert sorted(tables.fetch(tables["customers"])["customer_id"]) == ["1", "2", "3"]


def test_file_of_the_stated_content_is_read(study):
    content = hashlib.sha256(SURVEY.encode()).hexdigest()
    assert "surveys" in read_tables(surveys(study, sha256=content), stored=False)


def test_file_of_other_content_is_refused_in_one_sentence(study):
    with pytest.raises(DataError, match="must be the file whose sha256 begins 000000") as error:
        read_tables(surveys(study, sha256="0" * 64), stored=False)
    assert len(str(error.value).splitlines()) == 1


def test_fault_in_a_row_names_its_place(study):
    study.write("survey.csv", SURVEY.replace("9,", "9.5,"))
    block = {"file": "survey.csv", "row_number": "customer_id", "columns": {"nps": "mood"}}
    params = study.files(surveys=block | {"constants": {"at": date(2023, 1, 31)}})
    with pytest.raises(DataError, match=r"nps must be a whole number.*row 3 of survey.csv, '9.5'"):
        read_tables(params, stored=False)


def test_column_that_is_there_may_not_be_given(study):
    with pytest.raises(DataError, match=r"must not be given columns it has.*gender already"):
        read_tables(surveys(study, row_number="gender", keep=("mood",)), stored=False)


def test_column_is_mapped_or_given_not_both(study):
    with pytest.raises((ParamsError, ValueError), match="mood is mapped and given"):
        surveys(study, row_number="mood")


def test_hash_is_of_one_file(study):
    with pytest.raises((ParamsError, ValueError), match="sha256 must be that of one file"):
        study.params({"files": {"surveys": {"file": ["a.csv", "b.csv"], "sha256": "0" * 64}}})


def test_housing_survey_has_everybody():
    params = read_params(Path(__file__).parents[3] / "params" / "housing.yml")
    answers = survey_frame(read_tables(params, stored=False), params)
    assert len(answers) == answers["customer_id"].nunique() == 1681
    assert answers["satisfaction"].value_counts().to_dict() == {
        "High": 668, "Low": 567, "Medium": 446,
    }  # fmt: skip
