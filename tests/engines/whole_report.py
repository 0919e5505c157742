"""Run every chapter of a study in this process, and compare what two engines make of it."""

from __future__ import annotations

import ast
import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import write_frames
from analysis.params import Params
from analysis.wording import Wording
from reporting.cells import cell_options
from reporting.project import ROOT, Study, read_study

RELATIVE = 1e-9
SMALL = 1e-9  # sums that cancel leave nothing but rounding
NOT_COMPARED = (Tables, Params, Wording, ibis.Table)


def make_report(path: Path) -> dict[str, dict[str, Any]]:
    """Write a study's frames and run its chapters: notebook to what it made and showed."""
    study = read_study(path)
    write_frames(study.params)
    with _in_notebooks():
        return {notebook.name: _run(notebook.path, study) for notebook in study.chapters}


@contextmanager
def _in_notebooks() -> Iterator[None]:
    before = Path.cwd()
    os.chdir(ROOT / "notebooks")
    try:
        yield
    finally:
        os.chdir(before)


def _run(notebook: Path, study: Study) -> dict[str, Any]:
    """The results that a notebook's cells name, and what each labelled cell shows."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    exec(sources[0], names)
    names |= {"study": str(study.params.path), "overrides": dict(study.params.overrides)}
    shown = {}
    for source in sources[1:]:
        value = _run_cell(source, names)
        label = cell_options(source).get("label")
        if label:
            shown[label] = value
    own = {name: value for name, value in names.items() if not name.startswith("__")}
    return own | shown


def _run_cell(source: str, names: dict[str, Any]) -> Any:
    """Run a cell as Jupyter does: the value of its last line is what it shows."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, "cell", "exec"), names)
    return eval(compile(ast.Expression(last.value), "cell", "eval"), names) if last else None


def differences(found: Any, expected: Any, place: str = "") -> Iterator[str]:
    """Where two results differ: counts, ids, dates and order alike, other numbers to 1e-9."""
    if isinstance(expected, NOT_COMPARED) or callable(expected):
        return
    if isinstance(expected, pd.DataFrame | pd.Series):
        yield from _frames(found, expected, place)
    elif isinstance(expected, np.ndarray):
        yield from _frames(pd.DataFrame(_flat(found)), pd.DataFrame(_flat(expected)), place)
    elif isinstance(expected, Mapping):
        if list(found) != list(expected):
            yield f"{place}: {list(found)} and not {list(expected)}"
            return
        for key, value in expected.items():
            yield from differences(found[key], value, f"{place}/{key}")
    elif dataclasses.is_dataclass(expected):
        for part in dataclasses.fields(expected):
            yield from differences(
                getattr(found, part.name), getattr(expected, part.name), f"{place}.{part.name}"
            )
    elif isinstance(expected, str) or not isinstance(expected, Sequence):
        if not _alike(found, expected):
            yield f"{place}: {found!r} and not {expected!r}"
    elif len(found) != len(expected):
        yield f"{place}: {len(found)} and not {len(expected)}"
    else:
        for number, (one, other) in enumerate(zip(found, expected, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")


def _flat(values: np.ndarray) -> np.ndarray:
    return np.reshape(values, (len(values), -1)) if values.ndim > 2 else np.atleast_1d(values)


def _frames(found: Any, expected: pd.DataFrame | pd.Series, place: str) -> Iterator[str]:
    compare = (
        pd.testing.assert_frame_equal
        if isinstance(expected, pd.DataFrame)
        else pd.testing.assert_series_equal
    )
    try:
        compare(found, expected, check_exact=False, rtol=RELATIVE, atol=SMALL)
    except AssertionError as error:
        yield f"{place}: {' '.join(str(error).split())[:400]}"


def _alike(found: Any, expected: Any) -> bool:
    if isinstance(expected, float | np.floating):
        return bool(np.isclose(found, expected, rtol=RELATIVE, atol=SMALL, equal_nan=True))
    return type(found) is type(expected) and bool(
        found == expected or (found != found and expected != expected)
    )
