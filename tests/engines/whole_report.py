"""Run every chapter of a study in this process, and compare what two engines make of it."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import ibis
import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from analysis.data import Tables
from analysis.frames import write_frames
from analysis.params import Params
from analysis.params.folders import study_folder
from analysis.study import Study
from analysis.telling.drawing import Illustration
from analysis.telling.tables import Presented
from analysis.telling.wording import Wording
from reporting.cells import cell_options
from reporting.project import ROOT, read_study

RELATIVE = 1e-9
NOTHING = 1e-9  # sums that cancel leave nothing but rounding
NOT_RESULTS = (Tables, Params, Study, Wording, ibis.Table, np.random.Generator)
NOT_RESULTS += (FunctionType, ModuleType, type, Path)


def make_report(path: Path, build: Path) -> dict[str, dict[str, Any]]:
    """Write a study's frames and run its chapters: notebook to its results and what it shows."""
    study = read_study(path)
    write_frames(study.params, folder=study_folder(study.params, build))
    given = {"study": str(path), "overrides": {}, "build": str(build)}
    with in_notebooks(), threadpool_limits(1):  # as in a kernel under make -j
        return {notebook.name: run_chapter(notebook.path, given) for notebook in study.chapters}


@contextmanager
def in_notebooks() -> Iterator[None]:
    before = Path.cwd()
    os.chdir(ROOT / "notebooks")
    try:
        yield
    finally:
        os.chdir(before)


def run_chapter(notebook: Path, given: Mapping[str, str]) -> dict[str, Any]:
    """The results that a notebook's cells name, and what each labelled cell shows."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    names: dict[str, Any] = dict(given)
    shown = {}
    for cell in cells:
        source = "".join(cell["source"])
        if cell["cell_type"] != "code" or "parameters" in cell["metadata"].get("tags", ()):
            continue
        value = _run_cell(source, names)
        label = cell_options(source).get("label")
        if label:
            shown[label] = value
    made = {name: value for name, value in names.items() if name not in {"__builtins__", *given}}
    return made | shown


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does: the value of its last line is what it shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def differences(found: Any, expected: Any, place: str = "") -> Iterator[str]:
    """Where two results differ: counts, ids, dates and order alike, other numbers to 1e-9."""
    if isinstance(expected, NOT_RESULTS):
        return
    if isinstance(expected, Illustration):
        found, expected = _told(found), _told(expected)
    if isinstance(expected, Presented):
        found, expected = _read(found), _read(expected)
    if isinstance(expected, pd.DataFrame | pd.Series):
        yield from _frames(found, expected, place)
    elif isinstance(expected, np.ndarray):
        yield from _arrays(found, expected, place)
    else:
        yield from _parts(found, expected, place)


def _told(figure: Illustration) -> dict[str, str]:
    """What a figure says; what it draws is compared where it was computed."""
    return {"caption": figure.caption, "alt": figure.alt}


def _read(table: Presented) -> dict[str, Any]:
    cells = pd.read_csv(io.StringIO(table.csv)) if table.csv.strip() else pd.DataFrame()
    return {"cells": cells, "text": table.markdown, "caption": table.caption}


def _parts(found: Any, expected: Any, place: str) -> Iterator[str]:
    if type(found) is not type(expected):
        yield f"{place}: {type(found)} and not {type(expected)}"
    elif isinstance(expected, Mapping):
        if list(found) != list(expected):
            yield f"{place}: {list(found)} and not {list(expected)}"
            return
        for key, value in expected.items():
            yield from differences(found[key], value, f"{place}/{key}")
    elif dataclasses.is_dataclass(expected):
        for part in dataclasses.fields(expected):
            pair = getattr(found, part.name), getattr(expected, part.name)
            yield from differences(*pair, f"{place}.{part.name}")
    elif isinstance(expected, Sequence) and not isinstance(expected, str):
        if len(found) != len(expected):
            yield f"{place}: {len(found)} and not {len(expected)}"
            return
        for number, pair in enumerate(zip(found, expected, strict=True)):
            yield from differences(*pair, f"{place}[{number}]")
    elif not _alike(found, expected):
        yield f"{place}: {found!r} and not {expected!r}"


def _frames(found: Any, expected: pd.DataFrame | pd.Series, place: str) -> Iterator[str]:
    table = isinstance(expected, pd.DataFrame)
    compare = pd.testing.assert_frame_equal if table else pd.testing.assert_series_equal
    try:
        compare(found, expected, check_exact=False, rtol=RELATIVE, atol=NOTHING)
    except AssertionError as error:
        yield f"{place}: {' '.join(str(error).split())}"


def _arrays(found: Any, expected: np.ndarray, place: str) -> Iterator[str]:
    try:
        np.testing.assert_allclose(found, expected, rtol=RELATIVE, atol=NOTHING)
    except TypeError:
        if list(found.ravel()) != list(expected.ravel()):
            yield f"{place}: other values"
    except AssertionError as error:
        yield f"{place}: {' '.join(str(error).split())}"


def _alike(found: Any, expected: Any) -> bool:
    if isinstance(expected, float | np.floating):
        return bool(np.isclose(found, expected, rtol=RELATIVE, atol=NOTHING, equal_nan=True))
    missing = found is pd.NaT and expected is pd.NaT
    return missing or bool(found == expected)
