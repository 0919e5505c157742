"""The labelled cells of a staged notebook: one clean form each, with caption and alt text."""

import base64
import json
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

FORMS = ("image/svg+xml", "image/png", "text/markdown")


@dataclass(frozen=True, slots=True)
class Cell:
    """A labelled cell: `form` is one of FORMS or None, `content` text or PNG bytes."""

    label: str
    options: dict[str, Any]
    form: str | None
    content: str | bytes

    @property
    def caption(self) -> str:
        return str(self.options.get("fig-cap") or self.options.get("tbl-cap") or "")

    @property
    def alt(self) -> str:
        return str(self.options.get("fig-alt") or "")


@dataclass(frozen=True, slots=True)
class Notebook:
    """A staged notebook: its labelled cells, the errors it ended with, labels given twice."""

    cells: dict[str, Cell]
    errors: list[str]
    twice: list[str]
    has_html: bool


def read_notebook(path: Path) -> Notebook:
    """Read a notebook; raises ValueError when the file is none."""
    state = path.stat()
    return _read_notebook(path, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read_notebook(path: Path, _mtime: int, _size: int) -> Notebook:
    document = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(document, dict) or "cells" not in document:
        raise ValueError("no cells")
    code = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    outputs = [output for cell in code for output in cell.get("outputs", [])]
    cells = [cell for cell in map(_cell, code) if cell.label]
    labels = [cell.label for cell in cells]
    return Notebook(
        {cell.label: cell for cell in cells},
        [_error(output) for output in outputs if output["output_type"] == "error"],
        sorted({label for label in labels if labels.count(label) > 1}),
        any("text/html" in output.get("data", {}) for output in outputs),
    )


def _error(output: dict[str, Any]) -> str:
    return f"{output.get('ename', 'Error')}: {output.get('evalue', '')}".strip(": ")


def cell_options(source: str) -> dict[str, Any]:
    """Read the `#| key: value` lines at the head of a cell."""
    lines = []
    for line in source.splitlines():
        if not line.startswith("#|"):
            break
        lines.append(line[2:].removeprefix(" "))
    options = yaml.safe_load("\n".join(lines)) if lines else None
    return options if isinstance(options, dict) else {}


def near(name: str, names: list[str]) -> str:
    """The end of an error sentence: the nearest names, else all of them."""
    found = get_close_matches(name, names, n=3, cutoff=0.5) or sorted(names)
    return ", ".join(found) if found else "none"


def _cell(cell: dict[str, Any]) -> Cell:
    options = cell_options(_joined(cell["source"]))
    form, content = None, ""
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        found = next((name for name in FORMS if name in data), None)
        if form is None and found:
            form, content = found, _joined(data[found])
    if form == "image/png":
        content = base64.b64decode(content)
    return Cell(str(options.get("label", "")), options, form, content)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
