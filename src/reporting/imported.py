"""What a piece of Python imports from this project, and the files that this comes to."""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from reporting.project import ROOT, build_folder, write_if_changed

SOURCES = ROOT / "src"
OURS = ("analysis", "reporting")
MOST_KEPT = 5000


def digest(content: str | bytes) -> str:
    """A short content hash."""
    raw = content.encode() if isinstance(content, str) else content
    return hashlib.sha256(raw).hexdigest()[:32]


def reached(modules: Iterable[str]) -> dict[str, str]:
    """The files of modules and of all that they import from this project, with their contents.

    Returns
    -------
    dict
        Path from the project's folder -> digest, in order.
    """
    found: set[Path] = set()
    ahead = [path for module in modules for path in files_of(module)]
    while ahead:
        path = ahead.pop()
        if path not in found:
            found.add(path)
            ahead += _next(path)
    return dict(sorted((_named(path), _content(path)) for path in found))


@cache
def _next(path: Path) -> tuple[Path, ...]:
    """The files that one file imports."""
    if path.suffix != ".py":
        return ()
    names = imports_of(path.read_text(encoding="utf-8"))
    return tuple({file for name in names for file in files_of(name)})


@cache
def _content(path: Path) -> str:
    return digest(path.read_bytes())


@cache
def _named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def files_of(module: str) -> tuple[Path, ...]:
    """The files of a dotted name: its packages' `__init__`, itself, and data beside it."""
    parent, _, name = module.rpartition(".")
    place = SOURCES.joinpath(*module.split("."))
    inside, files = _package(place), files_of(parent) if parent else ()
    if inside is not None:
        return (*files, *inside)
    beside = place.with_suffix(".py")
    return (*files, beside) if name and beside.is_file() else files


@cache
def _package(place: Path) -> tuple[Path, ...] | None:
    """The files of a package that count for each of its modules; None if it is no package."""
    if not place.is_dir():
        return None
    return tuple(file for file in place.iterdir() if _travels(file) and counts(file))


def counts(file: Path) -> bool:
    """Whether a file is part of the project: not an editor's own copy."""
    return file.is_file() and not (file.name.startswith(".") or file.name.endswith("~"))


def _travels(file: Path) -> bool:
    return file.name == "__init__.py" or file.suffix not in (".py", ".pyc")


def imports_of(code: str) -> frozenset[str]:
    """The dotted names of this project that a piece of Python imports; none if it has a fault."""
    content, known = digest(code), _known()
    if content not in known:
        known[content] = sorted(_imports_of(code))
    return frozenset(known[content])


def _imports_of(code: str) -> set[str]:
    names: set[str] = set()
    try:
        tree = ast.parse(code)
    except SyntaxError:
        return names
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return {name for name in names if name.split(".")[0] in OURS}


def _kept() -> Path:
    return build_folder() / "keys" / "imports.json"


@cache
def _known() -> dict[str, list[str]]:
    """What pieces of Python were found to import, by their content: to parse them takes longest."""
    try:
        return dict(json.loads(_kept().read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}


def keep_imports() -> None:
    """Remember for the next run what pieces of Python import."""
    known = dict(list(_known().items())[-MOST_KEPT:])
    write_if_changed(_kept(), json.dumps(known) + "\n")
