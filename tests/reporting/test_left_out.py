"""A notebook that is no chapter is named and left out; the others are chapters as before."""

from __future__ import annotations

from pathlib import Path

import pytest
from light_project import write_notebook

from reporting import project

CELLS = [("markdown", "# Title"), ("parameters", "study = 'x'")]


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """A checkout with one chapter."""
    (tmp_path / "notebooks" / "own").mkdir(parents=True)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "_light.qmd").write_text("x")
    write_notebook(tmp_path / "notebooks" / "10_light.ipynb", CELLS)
    write_notebook(tmp_path / "notebooks" / "own" / "mine.ipynb", CELLS)
    monkeypatch.setattr(project, "ROOT", tmp_path)
    return tmp_path


def looked_over() -> tuple[list[str], str]:
    chapters, told = project._looked_over()
    return [chapter.name for chapter in chapters], "\n".join(told)


def test_own_notebooks_are_no_chapters_and_nothing_is_said_of_them(root):
    assert looked_over() == (["10_light"], "")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("10_light-Copy1.ipynb", "must be named by two digits"),
        ("Untitled.ipynb", "must be named by two digits"),
        ("11_light.ipynb", "must have a chapter of its own, but 10_light.ipynb has it already"),
        ("11_new.ipynb", "must have its chapter reports/_new.qmd, but there is none"),
    ],
)
def test_copy_and_notebook_without_page_are_left_out(root, name, sentence):
    write_notebook(root / "notebooks" / name, CELLS)
    chapters, told = looked_over()
    assert chapters == ["10_light"]
    assert f"notebooks/{name}" in told
    assert sentence in told
    assert told.endswith("or move it to notebooks/own/; it is left out")


@pytest.mark.parametrize("text", ["{", "[]", '{"cells": [], "metadata": {"chapter": {}}}'])
def test_broken_header_is_left_out(root, text):
    (root / "notebooks" / "11_broken.ipynb").write_text(text)
    chapters, told = looked_over()
    assert chapters == ["10_light"]
    assert "notebooks/11_broken.ipynb must be a notebook that begins with" in told
