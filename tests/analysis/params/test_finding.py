"""A study is found by its name or file from every folder of a checkout."""

from __future__ import annotations

import pytest

from analysis.errors import ParamsError
from analysis.params.finding import CHECKOUT, find_params
from analysis.study import open_study
from reporting.project import ROOT

NAMES = ("cdnow", "params/cdnow.yml", "../params/cdnow.yml")
FOLDERS = (".", "notebooks", "params", "src/analysis", "reports", "notebooks/own")


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("name", NAMES)
def test_every_name_leads_to_the_study_from_every_folder(name, folder, monkeypatch):
    monkeypatch.chdir(ROOT / folder)
    for build in (None, "../build"):
        study = open_study(name, {}, build)
        assert study.params.path == ROOT / "params" / "cdnow.yml"
        assert study.folder == ROOT / "build" / "cdnow"


def test_checkout_around_the_folder_comes_before_that_of_the_code(tmp_path, monkeypatch):
    (tmp_path / "params").mkdir()
    (tmp_path / "deep" / "er").mkdir(parents=True)
    mine = tmp_path / "params" / "cdnow.yml"
    mine.write_bytes((ROOT / "params" / "cdnow.yml").read_bytes())
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert find_params("cdnow")[0].resolve() == mine
    assert open_study("cdnow", None, "../build").folder == tmp_path / "build" / "cdnow"


def test_folder_outside_a_checkout_finds_that_of_the_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert CHECKOUT == ROOT
    assert open_study("cdnow").params.study == "cdnow"


@pytest.mark.parametrize("name", ["cdnwo", "params/cdnwo.yml", "../params/cdnwo.yml"])
def test_unknown_study_says_which_folder_was_searched_and_the_near_names(name, monkeypatch):
    monkeypatch.chdir(ROOT / "notebooks")
    with pytest.raises(ParamsError, match=rf"none in {ROOT / 'params'} .*near names: cdnow"):
        open_study(name)
