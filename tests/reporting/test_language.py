"""A report in another language: words from its catalogue, chapters beside the English ones."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml
from pseudo import pseudo

from analysis import params as parameters
from analysis.notes import note, written
from analysis.params import read_params
from analysis.telling import wording
from reporting import chapters, pages, project, site, staging
from reporting.executed import run_stamp
from reporting.project import ROOT, Notebook, Study
from reporting.rendering import render_report

STUDY = ROOT / "params" / "market.yml"
LIGHT = Notebook("10_light", ROOT / "10_light.ipynb", "Light?", ("transactions",), "noncontractual")
DARK = Notebook("20_dark", ROOT / "20_dark.ipynb", "Dark?", ("contracts",), "contractual")
FINDING = "::: {.finding .causal}\n[1]{.finding-number} **Ъ.**\n\nЪ [ъ]{.claim}\n:::"
CHANGED = note("source.changed", commit="abc")
STAMP = {"commit": written(CHANGED), "finished": "2026-11-22 20:00 UTC"}
STAMP |= {"lock": "123", "python": "3.11", "versions": {"pandas": "3"}}
MARKS = re.compile(r"\{[^}]*\}|\(#[^)]*\)|`[^`]*`|@[\w-]+|\{\{<.*?>\}\}")


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    """A study in a language of other letters, with one executed notebook."""
    catalogues, reports = tmp_path / "catalogues", tmp_path / "reports"
    catalogues.mkdir()
    other = pseudo(wording.catalogue("en"))
    (catalogues / "xx.yml").write_text(yaml.safe_dump(other, allow_unicode=True), "utf-8")
    reports.mkdir()
    shutil.copyfile(ROOT / "reports" / "references.bib", reports / "references.bib")
    shutil.copyfile(ROOT / "reports" / "report.qmd", reports / "report.qmd")
    text = "# Light? {#sec-light}\n\n{{< include _chapters.qmd >}}\n"
    (reports / "_light.qmd").write_text(text, encoding="utf-8")
    (reports / "_dark.qmd").write_text("# Dark? {#sec-dark}\n", encoding="utf-8")
    monkeypatch.setattr(wording, "FOLDER", catalogues)
    monkeypatch.setattr(parameters, "CATALOGUES", catalogues)
    monkeypatch.setenv("BUILD", str(tmp_path / "build"))
    for module in (chapters, staging):
        monkeypatch.setattr(module, "REPORTS", reports)
    monkeypatch.setattr(project, "notebooks", lambda: (LIGHT, DARK))
    wording.catalogue.cache_clear()
    made = Study(read_params(STUDY, {"language": "xx", "lapse_weeks": 30}))
    _write_build(made)
    yield made
    wording.catalogue.cache_clear()


def _write_build(study: Study) -> None:
    told = {"brief": FINDING, "sentence": "1 Ъ.", "claim": "causal", "in_summary": True}
    output = {"data": {"text/markdown": FINDING}, "metadata": {"finding": told}}
    cell = {
        "cell_type": "code",
        "metadata": {},
        "source": "#| label: finding-light\n",
        "outputs": [output],
    }
    simulated = note("source.simulated", company="retailer", people=5, seed=1)
    source = {"title": written(simulated), "licence": "none needed", "simulated": True}
    files = {
        "notebooks/10_light.ipynb": {"cells": [cell], "metadata": {"provenance": STAMP}},
        "tables/key.json": {"description": source | {"citation": "made by this project"}},
        "study.json": {"fingerprint": "0123"},
    }
    for name, content in files.items():
        path = study.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")


def english(text: str) -> set[str]:
    """The English words of a page, but for marks and what the params file says."""
    own = set(re.findall(r"[a-z]{2,}", STUDY.read_text("utf-8").lower().replace("_", " ")))
    own |= {"xx", "python", "pandas", "utc", "abc", "ecsi", "retailer"}
    return set(re.findall(r"[a-z]{2,}", MARKS.sub("", text).lower())) - own


def test_generated_pages_hold_no_english(study, tmp_path):
    staged = staging.stage_report(study, tmp_path / "aside")
    for name in ("_summary.qmd", "_provenance.qmd"):
        assert english((staged / name).read_text("utf-8")) == set(), name
    assert english((staged / "_chapters.qmd").read_text("utf-8")) == {"light"}
    words = yaml.safe_load((staged / "_words.yml").read_text("utf-8"))
    assert not [word for word in words.values() if re.search("[a-z]", str(word)) and "{" not in word
                and word != words["date_format"]]  # fmt: skip
    options = yaml.safe_load((staged / "_quarto.yml").read_text("utf-8"))
    assert (options["lang"], options["language"]["crossref-fig-title"]) == ("xx", words["fig"])
    assert english(" ".join(options["language"].values())) == set()
    front = yaml.safe_load((staged / "report.qmd").read_text("utf-8").split("---")[1])
    assert english(front["subtitle"]) == set()


def test_rendered_page_has_the_renderers_words_in_its_language(study, tmp_path):
    staged = staging.stage_report(study, tmp_path / "aside")
    html = tmp_path / "report.html"
    render_report(staged, html, tmp_path / "report.pdf")
    page = html.read_text(encoding="utf-8")
    words = wording.catalogue("xx")["renderer"]
    assert '<html lang="xx">' in page
    assert f">{words['skip']}</a>" in page
    assert f">{words['tbl']}\N{NO-BREAK SPACE}1." in page
    for word in ("Figure", "Table", "Contents", "Skip to", "November"):
        assert word not in re.sub("<style>.*?</style>", "", page, flags=re.DOTALL), word


def test_chapter_in_the_language_goes_before_the_english_one(study):
    other = wording.wording_for(study.params)
    assert chapters.chapter_source(LIGHT, "xx").parent.name == "reports"
    assert chapters.chapter_title(LIGHT, other) == "Light?"
    folder = chapters.REPORTS / "xx"
    folder.mkdir()
    (folder / "_light.qmd").write_text("# Ёж? {#sec-light}\n", encoding="utf-8")
    assert chapters.chapter_source(LIGHT, "xx").parent == folder
    assert chapters.chapter_title(LIGHT, other) == "Ёж?"
    assert "[Ёж?](#sec-light)" in pages.chapter_list(study, wording.wording_for(study.params))


def test_chapters_that_stand_in_english_are_named(study):
    told = chapters.not_translated(study)
    assert told.startswith("reports/xx/ must hold report.qmd, _light.qmd for a report")
    for name in ("report.qmd", "_light.qmd"):
        (chapters.REPORTS / "xx").mkdir(exist_ok=True)
        (chapters.REPORTS / "xx" / name).write_text("# Ё\n", encoding="utf-8")
    assert chapters.not_translated(study) == ""


def test_index_is_in_the_language_of_the_reports(study, tmp_path):
    described = {
        "title": "Ё", "subtitle": "ё", "study": "x", "language": "xx", "simulated": True,
        "period": ["2022-01-01", "2022-12-31"], "data": {"title": "ё"},
        "finished": run_stamp(study)["finished"],
    }  # fmt: skip
    folder = project.site_folder() / "x"
    folder.mkdir(parents=True)
    (folder / "report.json").write_text(json.dumps(described), encoding="utf-8")
    for name in ("report.html", "report.pdf"):
        (folder / name).touch()
    site.write_index()
    page = (project.site_folder() / "index.html").read_text(encoding="utf-8")
    assert '<html lang="xx">' in page
    shown = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert set(re.findall("[a-z]{2,}", shown.lower())) == {"utc", "pdf"}
