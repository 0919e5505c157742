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
    error: str | None

    @property
    def caption(self) -> str:
        return str(self.options.get("fig-cap") or self.options.get("tbl-cap") or "")

    @property
    def alt(self) -> str:
        return str(self.options.get("fig-alt") or "")


def read_cells(notebook: Path) -> dict[str, Cell]:
    """Read a notebook's labelled cells by label; raises ValueError when it is no notebook."""
    state = notebook.stat()
    return _read_cells(notebook, state.st_mtime_ns, state.st_size)


@lru_cache(maxsize=64)
def _read_cells(notebook: Path, _mtime: int, _size: int) -> dict[str, Cell]:
    document = json.loads(notebook.read_text(encoding="utf-8"))
    cells = [_cell(cell) for cell in document.get("cells", []) if cell["cell_type"] == "code"]
    return {cell.label: cell for cell in cells if cell.label}


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
    form, content, error = None, "", None
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            error = f"{output.get('ename', 'Error')}: {output.get('evalue', '')}".strip()
        data = output.get("data", {})
        found = next((name for name in FORMS if name in data), None)
        if form is None and found:
            form, content = found, _joined(data[found])
    if form == "image/png":
        content = base64.b64decode(content)
    return Cell(str(options.get("label", "")), options, form, content, error)


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)
