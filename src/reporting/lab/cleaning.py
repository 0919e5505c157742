"""Notebooks without what a run leaves in them: outputs, counts, metadata that move by themselves.

JupyterLab as `make lab` opens it saves them so (`clean_before_save`). As a filter of git, which
`make env` tells how to set up, this file is run by any python3 and needs nothing installed.
"""

from __future__ import annotations

import json
import sys
from typing import Any

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
KEPT_IN_CELLS = ("tags",)
KEPT = ("chapter", "kernelspec", "language_info")


def clean(content: dict[str, Any]) -> dict[str, Any]:
    """Return a notebook of format 4 as it is committed.

    Parameters
    ----------
    content : dict
        The notebook as its file holds it. Kept are the cells' kinds, sources, ids, attachments and
        tags, and of its own metadata what a chapter needs.
    """
    metadata = {name: content["metadata"][name] for name in KEPT if name in content["metadata"]}
    metadata["kernelspec"], metadata["language_info"] = dict(KERNEL), dict(LANGUAGE)
    return (
        content
        | {"cells": [_clean_cell(cell) for cell in content["cells"]]}
        | {"metadata": metadata}
    )


def _clean_cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {name: cell["metadata"][name] for name in KEPT_IN_CELLS if cell["metadata"].get(name)}
    cleaned = cell | {"metadata": kept}
    if cell["cell_type"] == "code":
        cleaned |= {"outputs": [], "execution_count": None}
    return cleaned


def is_clean(content: dict[str, Any]) -> bool:
    """Tell whether a notebook holds no output and no count of a run."""
    code = [cell for cell in content["cells"] if cell.get("cell_type") == "code"]
    return not any(cell.get("outputs") or cell.get("execution_count") for cell in code)


def clean_before_save(model: dict[str, Any], path: str, **others: Any) -> None:
    """Clean what Jupyter is about to save (`ContentsManager.pre_save_hook`)."""
    content = model.get("content")
    if model.get("type") != "notebook" or not isinstance(content, dict):
        return
    if content.get("nbformat") == 4:
        content.update(clean(dict(content)))


def main() -> None:
    """Filter a notebook from the standard input to the standard output, as git asks for it."""
    text = sys.stdin.buffer.read().decode("utf-8")
    try:
        content = json.loads(text)
        cleaned = clean(content) if content["nbformat"] == 4 else None
    except (ValueError, LookupError, TypeError, AttributeError):
        cleaned = None  # no notebook that we know: git takes it as it is
    if cleaned is not None:
        text = json.dumps(cleaned, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    sys.stdout.buffer.write(text.encode("utf-8"))


if __name__ == "__main__":
    main()
