"""What each result depends on, as a short hash: code by content, the lock, report sources.

A rule of Make looks at files, so `plan` writes these keys into files that change only with them.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path

from reporting.project import ROOT, Notebook
from reporting.quarto import find_quarto

SOURCES = ROOT / "src"
RUN_ALSO = ("requirements.lock",)


def tables_key() -> str:
    """The content that a study's frames depend on, but for its study."""
    return digest(modules_key("analysis.frames") + lock_key())


def notebook_key(notebook: Notebook) -> str:
    """The content that a notebook's results depend on, but for its study."""
    content = json.loads(notebook.path.read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in content["cells"])
    imported = frozenset().union(*(imports_of(cell) for cell in python_of(content)))
    parts = [code, *(modules_key(module) for module in sorted(imported)), lock_key()]
    return digest("\n".join(parts))


def python_of(content: dict) -> list[str]:
    """The code cells of a notebook, without Jupyter's own commands."""
    cells = ("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    return [re.sub(r"(?m)^[%!].*$", "", source) for source in cells]


@cache
def report_key() -> str:
    """The content that a report depends on besides its notebooks."""
    files = sorted(file for file in (ROOT / "reports").rglob("*") if _counts(file))
    contents = [digest(file.read_bytes()) for file in files]
    renderer = find_quarto() or ""
    return digest("\n".join([*contents, modules_key("reporting.report"), lock_key(), renderer]))


@cache
def lock_key() -> str:
    """The content of the lock and of what starts every run."""
    return digest("".join(digest((ROOT / name).read_bytes()) for name in RUN_ALSO))


@cache
def modules_key(module: str) -> str:
    """The content of a module and of all that it imports from this project."""
    found: dict[Path, str] = {}
    _walk(module, found)
    return digest("\n".join(f"{path.relative_to(ROOT)} {found[path]}" for path in sorted(found)))


def _walk(module: str, found: dict[Path, str]) -> None:
    for path in files_of(module):
        if path in found:
            continue
        found[path] = digest(path.read_bytes())
        if path.suffix == ".py":
            for imported in imports_of(path.read_text(encoding="utf-8")):
                _walk(imported, found)


@cache
def files_of(module: str) -> tuple[Path, ...]:
    """The files of a dotted name: its packages' `__init__`, itself, and data beside it."""
    parts, files = module.split("."), []
    for depth in range(1, len(parts) + 1):
        place = SOURCES.joinpath(*parts[:depth])
        if place.is_dir():
            files += [file for file in place.iterdir() if _counts(file) and _travels(file)]
        elif place.with_suffix(".py").is_file():
            files.append(place.with_suffix(".py"))
    return tuple(files)


def _counts(file: Path) -> bool:
    """Whether a file is part of the project: not an editor's own copy."""
    return file.is_file() and not (file.name.startswith(".") or file.name.endswith("~"))


def _travels(file: Path) -> bool:
    """Whether a file of a package counts for each of its modules."""
    return file.name == "__init__.py" or file.suffix not in (".py", ".pyc")


@cache
def imports_of(code: str) -> frozenset[str]:
    """The dotted names of this project that a piece of Python imports; none if it has a fault."""
    names: set[str] = set()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return frozenset()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return frozenset(name for name in names if name.split(".")[0] in ("analysis", "reporting"))


def digest(content: str | bytes) -> str:
    """A short content hash."""
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()[:32]
