"""Imports whatever the steps of make import: the warm server forks from a process that did."""

from __future__ import annotations

import contextlib
import importlib
import json

from reporting.imported import imports_of
from reporting.keys import python_of
from reporting.project import notebooks

LATER = (
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "nbclient",
    "papermill",
    "pyarrow.parquet",
    "seaborn",
    "statsmodels.api",
)
"""What is imported when it is first needed; not DuckDB, which starts a thread when imported."""


def _preload() -> None:
    named = set(LATER)
    for notebook in notebooks():
        content = json.loads(notebook.path.read_text(encoding="utf-8"))
        named |= frozenset().union(*(imports_of(cell) for cell in python_of(content)))
    for name in sorted(named):
        with contextlib.suppress(ImportError):  # a name of a module, not one itself
            importlib.import_module(name)


_preload()
