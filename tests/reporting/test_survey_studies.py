"""Which chapters a survey, and a study with more, get; which studies are left out."""

from __future__ import annotations

import pytest

from analysis.params import read_params
from analysis.telling.wording import wording_for
from reporting import plan
from reporting.pages import chapter_list
from reporting.project import ROOT, Study, notebooks


def chapters(name: str) -> set[str]:
    return {found.name for found in Study(read_params(ROOT / "params" / f"{name}.yml")).chapters}


def test_survey_alone_gets_survey_chapters():
    assert chapters("housing") == {"01_survey", "28_answers"}
    ecsi = chapters("ecsi_bank")
    assert {"01_survey", "20_satisfaction", "22_intention", "25_drivers", "26_paths"} <= ecsi
    assert not {"00_data", "21_recommendation", "23_behaviour", "24_one_more_point"} & ecsi


def test_linked_survey_gets_behaviour_and_no_survey_page():
    for name in ("market", "bank"):
        found = chapters(name)
        assert {"20_satisfaction", "23_behaviour", "24_one_more_point", "27_complaints"} <= found
        assert "01_survey" not in found


def test_study_without_surveys_gets_none_of_them():
    assert not {name for name in chapters("cdnow") if name[:1] == "2"}


def test_needless_chapter_is_not_listed_as_missing():
    study = Study(read_params(ROOT / "params" / "market.yml"))
    listed = chapter_list(study, wording_for(study.params))
    survey = next(found for found in notebooks() if found.name == "01_survey")
    assert survey.title not in listed
    assert "path model" in listed


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """The bank survey's params file, where its file is not."""
    folder = tmp_path / "params"
    folder.mkdir()
    path = folder / "ecsi_bank.yml"
    path.write_text((ROOT / "params" / "ecsi_bank.yml").read_text("utf-8"), "utf-8")
    monkeypatch.setenv("BUILD", str(tmp_path / "build"))
    monkeypatch.delenv("STUDY", raising=False)
    return path


def test_absent_file_leaves_the_study_out_with_one_line(elsewhere, capsys):
    assert plan.rules_of(elsewhere) == ""
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1
    assert "ecsi_bank is left out" in said[0]
    assert "satisfaction.csv" in said[0]
