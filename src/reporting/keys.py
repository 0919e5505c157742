"""What each result depends on, as a short hash: code by content, the lock, report sources.

A rule of Make looks at files, so `plan` writes these keys into files that change only with them.
"""

from __future__ import annotations

import json
import re
from functools import cache

from reporting.imported import counts, digest, imports_of, reached
from reporting.project import ROOT, Notebook
from reporting.quarto import find_quarto, version

RUN_ALSO = ("requirements.lock",)


def tables_key() -> str:
    """The content that a study's frames depend on, but for its study."""
    return digest(modules_key("analysis.frames") + lock_key())


@cache
def notebook_key(notebook: Notebook) -> str:
    """The content that a notebook's results depend on, but for its study."""
    content = json.loads(notebook.path.read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in content["cells"])
    imported = frozenset().union(*(imports_of(cell) for cell in python_of(content)))
    return digest("\n".join([code, modules_key(*sorted(imported)), lock_key()]))


def python_of(content: dict) -> list[str]:
    """The code cells of a notebook, without Jupyter's own commands."""
    cells = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    return [re.sub(r"(?m)^[%!].*$", "", source) for source in cells]


@cache
def report_key() -> str:
    """The content that a report depends on besides its notebooks."""
    files = sorted(file for file in (ROOT / "reports").rglob("*") if counts(file))
    contents = [digest(file.read_bytes()) for file in files]
    program = find_quarto()
    renderer = version(program) if program else ""
    return digest("\n".join([*contents, modules_key("reporting.report"), lock_key(), renderer]))


@cache
def lock_key() -> str:
    """The content of the lock and of what starts every run."""
    return digest("".join(digest((ROOT / name).read_bytes()) for name in RUN_ALSO))


@cache
def modules_key(*modules: str) -> str:
    """The content of modules and of all that they import from this project."""
    return digest("\n".join(f"{name} {content}" for name, content in reached(modules).items()))
