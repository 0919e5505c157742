"""The house keeps its floors, and its notebooks call, show and say only."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from long_tests import stored

from reporting.errors import ReportError
from reporting.project import notebooks
from reporting.sources import notebook_faults, output_faults

SOURCES = Path(__file__).parents[1] / "src"
FLOORS = {
    "errors": 0,
    "names": 0,
    "notes": 0,
    "units": 0,
    "params": 1,
    "schemas": 1,
    "simulate": 2,
    "data": 3,
    "frames": 4,
    "methods": 5,
    "states": 6,
    "telling": 7,
    "study": 8,
    "chapters": 9,
}
RUNNING = {"execute", "to_pandas", "to_pyarrow", "to_pyarrow_batches", "to_pandas_batches"}
EXECUTE_SQL = {"connection.py", "lists.py", "postgres.py"}
DRAWING = {"matplotlib", "seaborn", "font_source_sans_pro"}


def imported(path: Path) -> set[str]:
    """The dotted names that a file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def files() -> list[tuple[str, Path]]:
    """Every file of `analysis` with the name of its part."""
    root = SOURCES / "analysis"
    found = [
        (path.relative_to(root).parts[0].removesuffix(".py"), path) for path in root.rglob("*.py")
    ]
    return [(part, path) for part, path in found if part != "__init__"]


@pytest.mark.parametrize(("part", "path"), files(), ids=lambda value: getattr(value, "name", value))
def test_import_only_from_floors_below(part, path):
    for name in imported(path):
        words = name.split(".")
        assert words[0] != "reporting", "analysis knows nothing of reports"
        if words[0] != "analysis" or len(words) == 1 or words[1] == part:
            continue
        assert FLOORS[words[1]] < FLOORS[part], f"{part} must not import {name}"


ROOMS = sorted((SOURCES / "analysis" / "chapters").glob("*/*.py"))


@pytest.mark.parametrize("path", ROOMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_chapter_imports_no_chapter(path):
    others = {".".join(name.split(".")[:3]) for name in imported(path)}
    rooms = {name for name in others if name.startswith("analysis.chapters.")}
    assert rooms <= {f"analysis.chapters.{path.parent.name}"}


@pytest.mark.parametrize(("part", "path"), files(), ids=lambda value: getattr(value, "name", value))
def test_import_only_figures_draw(part, path):
    if part not in ("figures", "telling") and path.name != "figures.py":
        assert not {name.split(".")[0] for name in imported(path)} & DRAWING


@pytest.mark.parametrize(("part", "path"), files(), ids=lambda value: getattr(value, "name", value))
def test_engine_answers_come_through_one_door(part, path):
    """Elsewhere no Ibis expression is run: what comes over would not be counted."""
    if path.name == "crossing.py":
        return
    asked = {
        node.func.attr
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }
    asked -= {"execute"} if path.name in EXECUTE_SQL else set()
    assert not asked & RUNNING


@pytest.mark.parametrize(("part", "path"), files(), ids=lambda value: getattr(value, "name", value))
def test_no_engine_is_asked_for_a_first_row(part, path):
    """Ibis makes up a row of each column's first value: `row_number` with a unique key is used."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = {keyword.arg for keyword in node.keywords}
            assert not (node.func.attr == "distinct" and given & {"on", "keep"})
            assert not (node.func.attr in ("first", "last") and "order_by" in given)


@pytest.mark.parametrize("notebook", notebooks(), ids=lambda notebook: notebook.name)
def test_notebook_only_calls_shows_and_says(notebook):
    assert notebook_faults(notebook.path) == []


def test_notebook_faults_names_what_does_not_belong(tmp_path):
    path = tmp_path / "10_x.ipynb"
    path.write_text(
        '{"cells": [{"cell_type": "code", "metadata": {"tags": ["parameters"]}, "outputs": [1],'
        ' "execution_count": 1, "source": ["#| label: x\\n", "def f(): pass"]}]}'
    )
    faults = "\n".join(notebook_faults(path))
    assert "holds def" in faults
    assert "label x must begin with" in faults


def test_output_faults_find_every_notebook_that_was_run(tmp_path):
    run = '{"cells": [{"cell_type": "code", "source": [], "outputs": [1], "execution_count": 1}]}'
    clean = '{"cells": [{"cell_type": "code", "source": [], "outputs": []}]}'
    places = ("Untitled.ipynb", "notebooks/own/x.ipynb", "docs/10_x-Copy1.ipynb")
    for name in (*places, "build/cdnow/notebooks/x.ipynb", ".ipynb_checkpoints/x.ipynb"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(run)
    (tmp_path / "clean.ipynb").write_text(clean)
    (tmp_path / "broken.ipynb").write_text("{")
    faults = output_faults(tmp_path)
    assert [fault.split(" must hold no outputs")[0] for fault in faults] == sorted(places)


def test_report_error_keeps_all_faults():
    assert str(ReportError(["one", "two"])) == "one\ntwo"


def test_long_tests_exist():
    def is_there(name: str) -> bool:
        file, _, function = name.partition("::")
        path = SOURCES.parent / file
        return path.is_file() and f"def {function}(" in path.read_text(encoding="utf-8")

    gone = [name for name in stored() if not is_there(name)]
    assert gone == [], "write tests/long.txt anew: python -m pytest --store-long"
