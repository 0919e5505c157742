"""docs/add-a-chapter.md is true to the letter: who follows it gets the chapter."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest
from bs4 import BeautifulSoup
from light_project import small_study

PAGE = Path(__file__).parents[2] / "docs" / "add-a-chapter.md"
FENCED = r":\n\n```\w+\n(.*?)```\n"
FILE = re.compile(
    r"\*\*`([^`]+)`\*\*, (a new file|at its end|below the line `[^`]+`)" + FENCED, re.DOTALL
)
CELL = re.compile(r"^Cell (\d+)(?:, (Markdown|the parameters))?" + FENCED, re.DOTALL | re.MULTILINE)


def write_files(text: str, project: Path) -> list[str]:
    """Do with each named block what the page says; the names of the files."""
    for name, where, block in FILE.findall(text):
        path = project / name
        if where == "a new file":
            assert not path.exists(), f"{name} is there already"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block, encoding="utf-8")
            continue
        old = path.read_text(encoding="utf-8")
        if where == "at its end":
            path.write_text(old + block, encoding="utf-8")
        else:
            line = where.split("`")[1] + "\n"
            assert old.count(f"\n{line}") == 1, line
            path.write_text(old.replace(f"\n{line}", f"\n{line}{block}"), encoding="utf-8")
    return [name for name, _, _ in FILE.findall(text)]


def write_cells(text: str, source: Path, target: Path) -> None:
    """Duplicate a notebook and replace its cells by those of the page."""
    content = json.loads(source.read_text(encoding="utf-8"))
    cells = CELL.findall(text)
    assert [int(number) for number, _, _ in cells] == list(range(1, len(cells) + 1))
    content["cells"] = []
    for number, kind, code in cells:
        cell = {"id": f"cell-{number}", "metadata": {}, "source": code.rstrip("\n")}
        if kind == "Markdown":
            cell["cell_type"] = "markdown"
        else:
            cell |= {"cell_type": "code", "execution_count": None, "outputs": []}
        if kind == "the parameters":
            cell["metadata"] = {"tags": ["parameters"]}
        content["cells"].append(cell)
    target.write_text(json.dumps(content, indent=1), encoding="utf-8")


@pytest.fixture(scope="module")
def followed(tmp_path_factory, copy_project, make) -> tuple[Path, list[str]]:
    """A copy of the project in which somebody has followed the page, and the report it made."""
    project = copy_project(tmp_path_factory.mktemp("chapter") / "project")
    text = PAGE.read_text(encoding="utf-8")
    files = write_files(text, project)
    notebooks = project / "notebooks"
    write_cells(text, notebooks / "00_data.ipynb", notebooks / "90_weekdays.ipynb")
    checked = in_project(project, "reporting.sources")
    assert checked.returncode == 0, checked.stderr
    for path in notebooks.glob("*.ipynb"):
        if path.stem not in ("00_data", "90_weekdays"):
            path.unlink()
    shutil.rmtree(project / "params")
    (project / "params").mkdir()
    (project / "params" / "market.yml").write_text(small_study("market"), encoding="utf-8")
    command = re.search(r"^make (report STUDY=\w+)", text, re.MULTILINE)[1]
    made = make(project, "-j2", *command.split())
    assert made.returncode == 0, made.stdout + made.stderr
    return project, files


def in_project(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(project / "src")}
    return subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_page_shows_finding_figure_and_table(followed):
    page = BeautifulSoup((followed[0] / "build/site/market/report.html").read_text(), "html.parser")
    assert page.find(id="sec-weekdays").name == "h2"
    figure = page.find(id="fig-weekdays-shares")
    assert "busiest day of the week" in figure.find("figcaption").get_text()
    assert figure.find("img")["alt"].startswith("Bar chart of the share of purchases")
    heads = page.find(id="tbl-weekdays-shares").find("thead").get_text(" ", strip=True)
    assert heads == "Weekday Purchases Share Number"
    summary = page.find(id="sec-summary").find_next(class_="finding")
    assert "of purchases fall on" in summary.get_text()
    assert summary.find("a")["href"] == "#sec-weekdays"


def test_pdf_shows_the_chapter(followed):
    pdf = pypdf.PdfReader(followed[0] / "build/site/market/report.pdf")
    text = re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pdf.pages))
    assert "On which days do customers buy?" in text
    assert "the busiest day of the week. Share of all purchases" in text
    assert "Wednesday" in text


def test_results_hold_the_table_and_its_columns(followed):
    results = followed[0] / "build/site/market/results"
    with (results / "weekdays-shares.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["weekday"] for row in rows][:2] == ["monday", "tuesday"]
    assert sum(float(row["estimate"]) for row in rows) == pytest.approx(1)
    assert "weekdays-shares.csv,weekday,Weekday," in (results / "columns.csv").read_text()


def test_findings_hold_the_fact_with_its_numbers(followed):
    results = followed[0] / "build/site/market/results"
    told = json.loads((results / "findings.json").read_text())["findings"]
    (fact,) = [one for one in told if one["chapter"] == "weekdays"]
    with (results / "weekdays-shares.csv").open(newline="") as stream:
        shares = [float(row["estimate"]) for row in csv.DictReader(stream)]
    assert fact["estimate"] == pytest.approx(max(shares))
    assert (fact["base"], fact["claim"]) == ("ever_bought", "descriptive")
    assert fact["sentence"].startswith(f"{100 * max(shares):.1f}% of purchases fall on")


def test_chapter_s_own_test_passes(followed):
    project, files = followed
    tests = [name for name in files if name.startswith("tests/")]
    assert tests
    plain = ["-p", "no:cacheprovider", "--rootdir", str(project)]
    passed = in_project(project, "pytest", "-q", *plain, *tests)
    assert passed.returncode == 0, passed.stdout
    assert "1 passed" in passed.stdout


def test_page_names_files_of_the_project():
    for name in re.findall(r"`((?:src|tests|reports|docs)/[\w/.-]+\.\w+)`", PAGE.read_text()):
        known = (PAGE.parents[1] / name).is_file()
        assert known or "weekdays" in name, name
