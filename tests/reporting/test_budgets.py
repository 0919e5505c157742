"""What a report may cost its readers: pages, words, and nothing apart that belongs together."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from statistics import median

import pypdf
import pytest
from not_run import skip_absent_study

from analysis.telling.wording import catalogue

PARAMS = Path(__file__).parents[2] / "params"
STUDIES = sorted(path.stem for path in PARAMS.glob("*.yml"))
TOLD = re.compile(r"^::::: \{\.told\}\n(.*?)^:::::$", re.MULTILINE | re.DOTALL)
MOST_PAGES, MOST_WORDS = 12, 30
MOST_HTML, MOST_PDF = 3_000_000, 4_000_000


@pytest.fixture(params=STUDIES)
def report(request, built) -> Path:
    """The folder of each study's report, as it is passed on."""
    skip_absent_study(request.param)
    return built / "site" / request.param


def staged(report: Path) -> Path:
    """What a report was rendered from."""
    return report.parents[1] / report.name / "report"


@cache
def pages_of(file: Path) -> list[str]:
    """The words of each page, blanks alike."""
    return [re.sub(r"\s+", " ", page.extract_text()) for page in pypdf.PdfReader(file).pages]


def appendix_of(pages: list[str]) -> int:
    """The page on which what is there to check begins, from 0."""
    return next(place for place, text in enumerate(pages) if "The rest to check" in text[:400])


def findings_of(report: Path) -> list[dict]:
    return json.loads((report / "results" / "findings.json").read_text("utf-8"))["findings"]


@pytest.mark.whole
def test_page_one_is_one_page(report):
    pages, texts = pages_of(report / "report.pdf"), catalogue("en")["report"]
    if not (staged(report) / "_contents.qmd").read_text(encoding="utf-8"):
        return  # one chapter has no list of answers
    assert texts["summary"] in pages[0]
    assert texts["contents"]["title"] in pages[1][:400]


@pytest.mark.whole
def test_argument_takes_twelve_pages_at_most(report):
    pages = pages_of(report / "report.pdf")
    assert appendix_of(pages) - 2 <= MOST_PAGES


@pytest.mark.whole
def test_brief_is_two_pages(report):
    assert len(pages_of(report / "report-brief.pdf")) <= 2


@pytest.mark.whole
def test_findings_are_short(report):
    assert median(len(one["sentence"].split()) for one in findings_of(report)) <= MOST_WORDS


@pytest.mark.whole
def test_no_jargon_stands_before_the_appendix(report):
    pages, texts = pages_of(report / "report.pdf"), catalogue("en")
    body = " ".join(pages[: appendix_of(pages)]).lower()
    assert [word for word in texts["jargon"] if word.lower() in body] == []


@pytest.mark.whole
def test_no_caption_repeats_its_finding(report):
    sentences = {one["sentence"] for one in findings_of(report)}
    for notebook in (staged(report) / "nb").glob("*.ipynb"):
        for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
            caption = re.search(r"fig-cap: (.*)", "".join(cell["source"]))
            told = json.loads(caption[1]) if caption else ""
            assert not [one for one in sentences if one in told], told


@pytest.mark.whole
def test_no_finding_stands_apart_from_its_figure(report):
    pages = pages_of(report / "report.pdf")
    pages = pages[2 : appendix_of(pages)]
    told = [
        found[1]
        for path in sorted(staged(report).glob("_*.qmd"))
        if (found := TOLD.search(path.read_text(encoding="utf-8"))) and "#fig-" in found[1]
    ]
    captions = [text for text in pages for _ in re.finditer(r"Figure \d+\.", text)]
    assert len(captions) == len(told)
    for block in told:
        words = re.search(r"\*\*(.+?)\*\*", block)[1]
        plain = re.sub(r"[^a-z]", "", words.lower())[:40]
        (page,) = [p for p in pages if plain in re.sub(r"[^a-z]", "", p.lower())][:1]
        assert "Figure" in page


@pytest.mark.whole
def test_files_are_small_enough_to_pass_on(report):
    assert (report / "report.html").stat().st_size <= MOST_HTML
    assert (report / "report.pdf").stat().st_size <= MOST_PDF
