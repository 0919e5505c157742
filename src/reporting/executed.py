"""What the executed notebooks of a study show, and what they were run with."""

from __future__ import annotations

import json
import re
from typing import Any

from reporting.errors import ReportError
from reporting.project import Notebook, Study

LABEL = re.compile(r"^#\|\s*label:\s*(\S+)\s*$", re.MULTILINE)
FORMS = ("image/svg+xml", "image/png", "text/markdown")

Output = dict[str, Any]
Shown = dict[Notebook, dict[str, Output]]


def shown_by(study: Study) -> Shown:
    """The labelled cells of each chapter's notebook: label -> its one output.

    Raises
    ------
    ReportError
        A labelled cell that shows nothing, or more than one thing.
    """
    return {notebook: shown_cells(executed(study, notebook)) for notebook in study.chapters}


def executed(study: Study, notebook: Notebook) -> dict[str, Any]:
    """The executed copy of a notebook."""
    path = study.folder / "notebooks" / f"{notebook.name}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def shown_cells(content: dict[str, Any]) -> dict[str, Output]:
    """The labelled cells of an executed notebook: label -> its one output."""
    cells: dict[str, Output] = {}
    for cell in content["cells"]:
        source = "".join(cell["source"])
        label = LABEL.search(source)
        if cell["cell_type"] != "code" or label is None:
            continue
        outputs = [output for output in cell["outputs"] if set(FORMS) & set(output.get("data", ()))]
        if len(outputs) != 1 or label[1] in cells:
            raise ReportError(
                f"cell {label[1]} must show one figure, table or finding and be the only one of "
                f"its name, but shows {len(outputs)}; end it with illustrate(), present() or a "
                "finding"
            )
        cells[label[1]] = outputs[0]
    return cells


def is_silent(output: Output) -> bool:
    """Whether a cell has nothing to show, such as the figure of a fact that tells nothing."""
    return bool(output["metadata"].get("silent"))


def findings_of(cells: dict[str, Output]) -> list[Output]:
    """The findings among a chapter's cells, in their order."""
    return [output for output in cells.values() if "finding" in output["metadata"]]


def run_stamp(study: Study) -> dict[str, Any]:
    """What the youngest notebook of the study was run with, and when."""
    stamps = [executed(study, notebook)["metadata"]["provenance"] for notebook in study.chapters]
    return max(stamps, key=lambda stamp: stamp["finished"])
