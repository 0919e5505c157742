"""Every notebook runs from the top as it is committed, as in JupyterLab."""

from __future__ import annotations

import nbformat
import pytest
from nbclient import NotebookClient

from reporting.project import notebooks
from reporting.staging import shown_cells


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda notebook: notebook.name)
def test_notebook_runs_from_the_top(notebook, monkeypatch):
    monkeypatch.setenv("JUPYTER_PREFER_ENV_PATH", "1")
    monkeypatch.delenv("STUDY_FOLDER", raising=False)
    content = nbformat.read(notebook.path, as_version=4)
    assert content.metadata["kernelspec"]["name"] == "python3"
    folder = {"metadata": {"path": str(notebook.path.parent)}}
    NotebookClient(content, timeout=300, kernel_name="python3", resources=folder).execute()
    outputs = [out for cell in content.cells for out in cell.get("outputs", ())]
    assert not [out for out in outputs if out["output_type"] == "error"]
    assert not [out for out in outputs if out.get("name") == "stderr"]
    assert shown_cells(content), "a notebook must show at least one labelled result"
