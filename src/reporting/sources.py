"""Look over notebooks and report sources without running them (`make check`)."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from reporting.chapters import chapter_source
from reporting.errors import ReportError, speak
from reporting.executed import LABEL
from reporting.keys import python_of
from reporting.lab.cleaning import is_clean
from reporting.notes import notes_faults
from reporting.project import ROOT, left_out, notebooks
from reporting.subset import check_sources
from reporting.texts import chapter_faults, shared_words

FORBIDDEN = {
    ast.FunctionDef: "def",
    ast.AsyncFunctionDef: "def",
    ast.ClassDef: "class",
    ast.Lambda: "lambda",
    ast.For: "a for loop",
    ast.While: "a while loop",
    ast.If: "if",
    ast.IfExp: "if",
    ast.ListComp: "a comprehension",
    ast.DictComp: "a comprehension",
    ast.SetComp: "a comprehension",
    ast.GeneratorExp: "a comprehension",
    ast.Try: "try",
}
MOST_CELLS = 24
PREFIXES = ("fig-", "tbl-", "finding-", "limits-")


def main() -> None:
    """Check every notebook and every `.qmd`; all faults at once."""
    faults = [fault for notebook in notebooks() for fault in notebook_faults(notebook.path)]
    outside, warnings = check_sources(sorted((ROOT / "reports").rglob("*.qmd")))
    faults += [*left_out(), *outside]
    faults += texts_faults() + notes_faults() + output_faults(ROOT)
    for warning in warnings:
        print(warning)
    if faults:
        raise ReportError(faults)
    print(f"{len(notebooks())} notebooks and their chapters are in order.")


def output_faults(root: Path) -> list[str]:
    """Notebooks anywhere in the tree that hold what a run left in them; it may name customers."""
    faults = []
    for path in sorted(root.rglob("*.ipynb")):
        place = path.relative_to(root)
        if place.parts[0] == "build" or any(part.startswith(".") for part in place.parts[:-1]):
            continue
        try:
            clean = is_clean(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if not clean:
            faults.append(
                f"{place} must hold no outputs, which may name customers, but does; open it with "
                f"make lab and save it, or delete it"
            )
    return faults


def texts_faults() -> list[str]:
    """What chapters' texts do not hold, and what a page or notebook says a second time."""
    say = shared_words()
    faults = []
    for notebook in notebooks():
        content = json.loads(notebook.path.read_text(encoding="utf-8"))
        page = chapter_source(notebook, "en").read_text(encoding="utf-8")
        faults += chapter_faults(notebook, content, page, say)
    return faults


def notebook_faults(path: Path) -> list[str]:
    """What a notebook of the project must not hold: outputs, own functions, control flow."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    faults = [f"notebooks/{path.name}: {fault}" for fault in _cell_faults(content)]
    tags = [tag for cell in content["cells"] for tag in cell["metadata"].get("tags", ())]
    if tags.count("parameters") != 1:
        faults.append(f"notebooks/{path.name} must have one cell tagged parameters")
    if len(content["cells"]) > MOST_CELLS:
        faults.append(
            f"notebooks/{path.name} must have at most {MOST_CELLS} cells, but has "
            f"{len(content['cells'])}; it holds two questions: split it"
        )
    return faults


def _cell_faults(content: dict[str, Any]) -> list[str]:
    faults = []
    for number, cell in enumerate(content["cells"], start=1):
        label = LABEL.search("".join(cell["source"]))
        if label and not label[1].startswith(PREFIXES):
            faults.append(f"cell {number}: label {label[1]} must begin with {', '.join(PREFIXES)}")
    for code in python_of(content):
        for node in ast.walk(ast.parse(code)):
            if type(node) in FORBIDDEN:
                first = re.sub(r"\s+", " ", ast.get_source_segment(code, node) or "")[:50]
                faults.append(
                    f"a notebook only calls, shows and says, but holds {FORBIDDEN[type(node)]} "
                    f"('{first}'); move it into src/analysis"
                )
    return faults


if __name__ == "__main__":
    speak(main)
