"""A language that nobody speaks: the English catalogue in other letters.

Whatever still stands in English letters under it did not come from the catalogue.
"""

from __future__ import annotations

import ast
import json
import re
import string
from html import unescape
from pathlib import Path
from typing import Any

OTHER = str.maketrans(string.ascii_letters, "абвгдежзийклмнопрстуфхцчшщАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩ")
FIELD = re.compile(r"(\{[^}]*\})")
SETTINGS = ("date_format", "format")


def pseudo(texts: dict[str, Any]) -> dict[str, Any]:
    """The catalogue with each text in other letters; fields and settings stay."""
    return {key: _entry(key, value) for key, value in texts.items()}


def _entry(key: str, value: Any) -> Any:
    if isinstance(value, dict):
        named = {name: one or name for name, one in value.items()} if key == "words" else value
        return {name: _entry(name, one) for name, one in named.items()}
    if isinstance(value, list):
        return [_entry(key, one) for one in value]
    if not isinstance(value, str) or key in SETTINGS:
        return value
    parts = FIELD.split(value)
    return "".join(part if place % 2 else part.translate(OTHER) for place, part in enumerate(parts))


def shown_by(notebook: Path, study: Path, overrides: dict[str, Any], build: Path) -> dict[str, Any]:
    """Run a notebook in this process: label -> what its cell shows, if anything."""
    shown, names = {}, {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if "parameters" in cell["metadata"].get("tags", ()):
            source = f"study, overrides, build = {str(study)!r}, {overrides!r}, {str(build)!r}"
        label = re.search(r"#\| label: (\S+)", source)
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(source)
        last = tree.body.pop() if label else None
        exec(compile(tree, notebook.name, "exec"), names)
        if last:
            result = eval(compile(ast.Expression(last.value), "", "eval"), names)
            if not getattr(result, "silent", False):
                shown[label[1]] = result
    return shown


def words_of(shown: Any) -> str:
    """Every text of a figure, table or finding that readers see, without Markdown's own marks."""
    data, metadata = shown._repr_mimebundle_()
    texts = [metadata.get(key, "") for key in ("caption", "alt")]
    texts += [column[key] for column in metadata.get("columns", ()) for key in ("head", "means")]
    texts += map(unescape, re.findall(r"<!-- (.*?) -->", data.get("image/svg+xml", "")))
    texts.append(re.sub(r"\{[^}]*\}", "", data.get("text/markdown", "")))
    return "\n".join(texts)
