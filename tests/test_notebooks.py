"""Every notebook runs from the top as it is committed, as in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from waiting import HANGING

from analysis.params import Params, read_params
from reporting.executed import shown_cells
from reporting.project import ROOT, Notebook, notebooks

BY_HAND = ("00_data", "02_contracts", "10_retention")  # 02 is in no shipped study's report


def cells_of(path: Path) -> list[Any]:
    return nbformat.read(path, as_version=4).cells


def tagged(cells: list[Any], tag: str) -> Any:
    (cell,) = [cell for cell in cells if tag in cell.metadata.get("tags", ())]
    return cell


def values_of(cell: Any) -> dict[str, Any]:
    """What a cell of parameters sets."""
    names: dict[str, Any] = {}
    exec(cell.source, {}, names)
    return names


def default_study(notebook: Notebook) -> Path:
    values = values_of(tagged(cells_of(notebook.path), "parameters"))
    assert values["overrides"] == {}
    return (notebook.path.parent / values["study"]).resolve()


def assert_ran_well(cells: list[Any]) -> None:
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    assert shown_cells({"cells": cells}), "a notebook must show at least one labelled result"


@pytest.mark.whole
@pytest.mark.parametrize("name", BY_HAND)
def test_notebook_runs_from_the_top_without_papermill(name, monkeypatch):
    (notebook,) = [found for found in notebooks() if found.name == name]
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    content = nbformat.read(notebook.path, as_version=4)
    assert content.metadata["kernelspec"]["name"] == "python3"
    place = {"metadata": {"path": str(notebook.path.parent)}}
    NotebookClient(
        content, timeout=HANGING, startup_timeout=HANGING, kernel_name="python3", resources=place
    ).execute()
    assert_ran_well(content.cells)


@pytest.mark.whole
def test_own_example_takes_a_chapter_further_from_whatever_folder(tmp_path):
    content = nbformat.read(ROOT / "notebooks" / "own" / "example.ipynb", as_version=4)
    place = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(
        content, timeout=HANGING, startup_timeout=HANGING, kernel_name="python3", resources=place
    ).execute()
    outputs = [output for cell in content.cells for output in cell.get("outputs", ())]
    assert {output.output_type for output in outputs} == {"execute_result"}
    told = ["".join(output["data"]["text/plain"]) for output in outputs]
    assert told[0].startswith("Study(cdnow, to 1998-06-30)")
    assert told[1].startswith("SecondPurchase: Time from the first to the second purchase day")
    assert "within 30 weeks" in "".join(outputs[2]["data"]["text/markdown"])
    assert "within_30_weeks" in told[3]
    assert (tmp_path / "second-purchase-by-month.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda notebook: notebook.name)
def test_notebook_s_own_study_suits_it(notebook):
    params = read_params(default_study(notebook))
    assert not notebook.missing(params)
    assert notebook.relationship in ("", params.relationship)
    assert params.data.connection is None
    assert outside(params) == [], "the study must be there in every checkout"


def outside(params: Params) -> list[Path]:
    """The files of a study that a checkout alone does not hold."""
    tables = (params.data.files or {}).values()
    names = [name for table in tables for name in listed(table.file)]
    paths = [(params.path.parent / name).resolve() for name in names]
    return [path for path in paths if not path.is_relative_to(ROOT) or not path.is_file()]


def listed(names: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else names or ()


def test_survey_beside_the_checkout_is_no_notebook_s_own_study():
    assert outside(read_params(ROOT / "params" / "ecsi_bank.yml"))


REPORTED = [found for found in notebooks() if found.name != "02_contracts"]


@pytest.mark.parametrize("notebook", REPORTED, ids=lambda notebook: notebook.name)
def test_notebook_ran_for_its_own_study_as_committed(notebook, built):
    """What Papermill injects is what the notebook says (but for the build folder)."""
    study = default_study(notebook)
    committed = cells_of(notebook.path)
    executed = cells_of(built / study.stem / "notebooks" / notebook.path.name)
    injected = tagged(executed, "injected-parameters")
    given, own = values_of(injected), values_of(tagged(committed, "parameters"))
    assert (notebook.path.parent / given.pop("build")).resolve() == built.resolve()
    assert own.pop("build", "../build") == "../build"
    assert given == own
    ran = [cell for cell in executed if cell is not injected]
    assert [cell.source for cell in ran] == [cell.source for cell in committed]
    counts = [cell.execution_count for cell in executed if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert_ran_well(ran)
