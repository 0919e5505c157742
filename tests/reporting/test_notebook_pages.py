"""An executed notebook's page holds all it shows, and nothing of the machine it was run on."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from analysis.params import read_params
from analysis.telling.wording import wording_for
from reporting import pages
from reporting.contained import check_self_contained, read_page
from reporting.notebook_pages import notebook_page, page_of
from reporting.project import ROOT, Study, notebooks
from reporting.subset import faults_in

STUDY = Study(read_params(ROOT / "params" / "cdnow.yml", {"lapse_weeks": 26}))
(RETENTION,) = [found for found in notebooks() if found.chapter == "retention"]
SAY = wording_for(STUDY.params)


def code(source: str, *outputs: dict, tags: tuple[str, ...] = ()) -> dict:
    made = [{"output_type": "execute_result", "data": data} for data in outputs]
    return {"cell_type": "code", "source": source, "outputs": made, "metadata": {"tags": tags}}


@pytest.fixture(scope="module")
def page() -> str:
    prose = ["# Do they come back?\n\n", "**What** would `mislead` <script>.\n"]
    cells = [
        {"cell_type": "markdown", "source": prose, "metadata": {}},
        code('study = "../params/cdnow.yml"\nbuild = "../build"', tags=("parameters",)),
        code('build = "/home/somebody/x"', tags=("injected-parameters",)),
        code("1 < 2", {"text/html": ['<p class="told">', "shown</p>"], "text/plain": "plain"}),
        code("print(3)") | {"outputs": [{"output_type": "stream", "text": "id 17"}]},
    ]
    return notebook_page(STUDY, RETENTION, {"cells": cells}, SAY)


def test_page_shows_prose_code_and_results(page):
    tree = BeautifulSoup(page, "html.parser")
    assert tree.h1.get_text() == "Do they come back?"
    assert tree.find("b").get_text() == "What"
    codes = [block.get_text() for block in tree.find_all("pre")]
    assert codes == ["study = \"cdnow\"\noverrides = {'lapse_weeks': 26}", "1 < 2", "print(3)"]
    assert tree.find(class_="told").get_text() == "shown"
    assert tree.title.get_text() == "Do new customers come back? (cdnow/lapse_weeks-26)"
    assert tree.a["href"] == "../report.html#sec-retention"


def test_page_is_whole_and_names_no_folder_and_no_stream(page, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page, encoding="utf-8")
    check_self_contained(path)
    assert read_page(page).scripts == []
    assert "Content-Security-Policy" in page
    assert "/home/somebody" not in page
    assert "id 17" not in page


def test_chapter_ends_with_its_notebook_and_how_to_cite_it(monkeypatch):
    stamp = {"commit": "abc123", "finished": "2026-11-30 12:00 UTC"}
    monkeypatch.setattr(pages, "run_stamp", lambda study: stamp)
    foot = pages.chapter_foot(STUDY, RETENTION, SAY)
    assert faults_in(foot.splitlines()) == []
    assert f"[the notebook of this chapter]({page_of(RETENTION)})" in foot
    assert "“Do new customers come back?” (study `cdnow/lapse_weeks-26`, commit abc123" in foot
