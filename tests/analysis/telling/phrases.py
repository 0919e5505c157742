"""Find the phrases that the code writes into results: notes, names of terms and of groups."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ANALYSIS = Path(__file__).parents[3] / "src" / "analysis"
CHECKS = ("methods/_durations.py", "methods/scales.py")
PARTS = ("states", "chapters", "methods")


def phrases_in_code() -> list[tuple[str, str]]:
    """(file, phrase) of each text of two words or more; what varies in it is told as 7.

    Left out are docstrings, and statements that raise, or say what must hold or what `came`; in the
    modules that only check, `CHECKS`, phrases are parts of error sentences; figures say nothing.
    """
    found = []
    for part in PARTS:
        place = ANALYSIS / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            drawn = path.name == "figures.py"
            if drawn or path.relative_to(ANALYSIS).as_posix() in CHECKS:
                continue
            tree = ast.parse(path.read_text(encoding="utf-8"))
            for statement in _simple_statements(tree):
                texts = list(_texts(statement))
                if not any("must" in text.split() for text in texts):
                    found += [(path.relative_to(ANALYSIS).as_posix(), text) for text in texts]
    return sorted({(file, text) for file, text in found if _is_phrase(text)})


def _simple_statements(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        bare = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        came = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "came"
        checks = came or isinstance(node, ast.Raise | ast.Assert)
        skipped = bare or checks or hasattr(node, "body")
        if isinstance(node, ast.stmt) and not skipped:
            yield node


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.JoinedStr):
        parts = (part.value if isinstance(part, ast.Constant) else "7" for part in node.values)
        yield "".join(parts)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield f"{node.value}7" if node.value.endswith(", since ") else node.value
    else:
        for child in ast.iter_child_nodes(node):
            yield from _texts(child)


def _is_phrase(text: str) -> bool:
    words = text.split()
    outside = "`" in text or ", but " in text
    return len(words) > 1 and any(map(str.isalpha, words)) and not outside
