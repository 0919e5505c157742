"""A researcher's run in JupyterLab, looked at in a browser: finding, table, figure; then saved."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from opened_lab import (
    browser,
    need_browser,
    open_notebook,
    opened_lab,
    output_of,
    run_all,
    run_command,
    until,
)
from selenium.webdriver.common.by import By

from reporting.project import ROOT

pytestmark = pytest.mark.whole
NOTEBOOK = "notebooks/30_tiers.ipynb"


def git(project: Path, *arguments: str) -> str:
    """What git says in a checkout, asked by somebody without a configuration of their own."""
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    asked = ["git", *who, *arguments]
    return subprocess.run(asked, cwd=project, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory, copy_project) -> Path:
    """A checkout in which everything is committed."""
    need_browser()
    project = copy_project(tmp_path_factory.mktemp("lab") / "project")
    for name in (".gitignore", ".gitattributes"):
        shutil.copyfile(ROOT / name, project / name)
    git(project, "init", "-q")
    git(project, "add", "--all")
    git(project, "commit", "-q", "-m", "all")
    return project


@pytest.fixture(scope="module")
def page(checkout, tmp_path_factory):
    """The notebook of the tiers, run from the top in Lab."""
    with opened_lab(checkout, tmp_path_factory.mktemp("home")) as lab, browser() as driver:
        open_notebook(driver, lab, NOTEBOOK)
        run_all(driver)
        yield driver


def test_finding_has_number_claim_and_n(page):
    finding = output_of(page, "finding-tiers-held")
    assert ":::" not in finding.text
    assert finding.find_element(By.CSS_SELECTOR, ".number").text
    assert finding.find_element(By.CSS_SELECTOR, ".claim").text == "descriptive"
    assert "n = 23,570" in finding.text


def test_table_with_money_has_all_its_columns_and_no_mathematics(page):
    table = output_of(page, "tbl-tiers-profile")
    rows = table.find_elements(By.CSS_SELECTOR, "tbody tr")
    cells = [[cell.text for cell in row.find_elements(By.TAG_NAME, "td")] for row in rows]
    heads = [head.text for head in table.find_elements(By.TAG_NAME, "th")]
    assert len(heads) == 7
    assert {len(row) for row in cells} == {7}
    assert sum(cell.startswith("$") for row in cells for cell in row) == 3
    assert table.find_elements(By.CSS_SELECTOR, "mjx-container, .MathJax") == []
    assert table.find_element(By.TAG_NAME, "figcaption").text.startswith("What each tier brought")


def test_figure_has_caption_alternative_text_and_how_to_read_it(page):
    figure = output_of(page, "fig-tiers-lorenz")
    picture = figure.find_element(By.TAG_NAME, "img")
    assert picture.get_attribute("naturalWidth") != "0"
    assert picture.get_attribute("alt")
    told = figure.find_element(By.TAG_NAME, "figcaption").text
    assert "23,570 customers" in told
    assert "How to read it:" in told


def test_narrow_pane_shows_the_whole_figure(page):
    page.set_window_size(620, 900)
    figure = output_of(page, "fig-tiers-lorenz")
    picture = figure.find_element(By.TAG_NAME, "img")
    assert picture.size["width"] <= figure.size["width"]
    page.set_window_size(1200, 1600)


def test_params_offers_the_study_s_own_names(page):
    """What Lab offers after `params.`, asked of the kernel as Lab asks it."""
    asked = (
        "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        ".requestComplete({code: 'params.', cursor_pos: 7})"
        ".then(reply => arguments[arguments.length - 1](reply.content.matches))"
    )
    offered = page.execute_async_script(asked)
    assert "lapse_weeks" in json.dumps(offered)
    assert not [name for name in offered if "model_" in name or "copy" in name]


def test_saved_notebook_is_as_it_was_committed(page, checkout):
    run_command(page, "docmanager:save")
    until(page, "!jupyterapp.shell.currentWidget.context.model.dirty")
    assert git(checkout, "status", "--porcelain") == ""
