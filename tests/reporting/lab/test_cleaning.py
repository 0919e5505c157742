"""What is saved holds nothing that a run left behind, and what is committed stays as it is."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import nbformat
import pytest

from reporting.lab import cleaning
from reporting.project import ROOT, notebooks

SPEC = {"display_name": "Other", "language": "python", "name": "other"}


def run_notebook() -> dict:
    """A notebook as an editor saves it after a run."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "execution_count": 3,
                "id": "a",
                "metadata": {"tags": ["parameters"], "execution": {"iopub.status.busy": "now"}},
                "outputs": [{"output_type": "stream", "name": "stdout", "text": ["id 17\n"]}],
                "source": ["x = 1"],
            },
            {"cell_type": "markdown", "id": "b", "metadata": {"tags": []}, "source": ["# Straße"]},
        ],
        "metadata": {
            "chapter": {"needs": ["transactions"]},
            "kernelspec": SPEC,
            "language_info": {"name": "python", "version": "3.11.2"},
            "widgets": {"state": {}},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def test_clean_keeps_what_was_written_and_drops_what_was_run():
    content = run_notebook()
    before = copy.deepcopy(content)
    cleaned = cleaning.clean(content)
    assert content == before
    code, text = cleaned["cells"]
    assert code["source"] == ["x = 1"]
    assert code["metadata"] == {"tags": ["parameters"]}
    assert (code["outputs"], code["execution_count"]) == ([], None)
    assert text["metadata"] == {}
    assert cleaned["metadata"] == {
        "chapter": {"needs": ["transactions"]},
        "kernelspec": cleaning.KERNEL,
        "language_info": {"name": "python"},
    }
    assert not cleaning.is_clean(content)
    assert cleaning.is_clean(cleaned)


def test_save_hook_cleans_notebooks_and_nothing_else():
    model = {"type": "notebook", "content": nbformat.from_dict(run_notebook())}
    cleaning.clean_before_save(model=model, path="x.ipynb", contents_manager=None)
    assert cleaning.is_clean(model["content"])
    nbformat.validate(model["content"])
    file = {"type": "file", "content": "text"}
    cleaning.clean_before_save(model=file, path="x.txt", contents_manager=None)
    assert file["content"] == "text"


def filtered(raw: bytes) -> bytes:
    """What git gets from the filter, run as git runs it: by a bare python."""
    command = [sys.executable, "-S", "-I", str(ROOT / "src/reporting/lab/cleaning.py")]
    return subprocess.run(command, input=raw, capture_output=True, check=True).stdout


@pytest.mark.parametrize("notebook", notebooks()[:3], ids=lambda notebook: notebook.name)
def test_filter_leaves_a_committed_notebook_as_it_is(notebook):
    assert filtered(notebook.path.read_bytes()) == notebook.path.read_bytes()


def test_filter_writes_what_lab_would_save():
    ran = nbformat.from_dict(run_notebook())
    model = {"type": "notebook", "content": copy.deepcopy(ran)}
    cleaning.clean_before_save(model=model, path="x.ipynb")
    saved = nbformat.writes(nbformat.from_dict(model["content"])) + "\n"
    assert filtered(nbformat.writes(ran).encode()).decode() == saved


def test_filter_leaves_alone_what_is_no_notebook():
    for raw in (b"", b"{", b"[1]", json.dumps({"nbformat": 3, "cells": []}).encode()):
        assert filtered(raw) == raw


def test_git_uses_the_filter_that_make_env_tells(tmp_path):
    command = f"{sys.executable} {ROOT / 'src/reporting/lab/cleaning.py'}"
    git = [
        "git",
        "-c",
        f"filter.notebook.clean={command}",
        "-c",
        "user.name=a",
        "-c",
        "user.email=a",
    ]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    (tmp_path / ".gitattributes").write_bytes((ROOT / ".gitattributes").read_bytes())
    (tmp_path / "x.ipynb").write_text(json.dumps(run_notebook()))
    subprocess.run([*git, "add", "x.ipynb"], cwd=tmp_path, check=True)
    told = subprocess.run([*git, "show", ":x.ipynb"], cwd=tmp_path, check=True, capture_output=True)
    assert cleaning.is_clean(json.loads(told.stdout))
