"""Look over the chapters' texts without running anything: every key that code names has its text.

What a chapter's code names is read from its source: keys of facts and their sentences, of tables,
of axis labels; columns that a notebook asks for. A key that is put together while the code runs
counts by its beginning.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from analysis.telling.wording import CHAPTERS, Wording, chapter_texts, wording_for
from reporting.keys import python_of
from reporting.project import ROOT, Notebook

FACTS = ("Fact", "nothing")
SAYING = ("say", "Sentence")
TITLE = re.compile(r"^# (.+?)\s*$", re.MULTILINE)
LIMITS = "## What this does not say"


def chapter_faults(
    notebook: Notebook, content: dict[str, Any], page: str, say: Wording
) -> list[str]:
    """What a chapter's texts, notebook and page do not hold, or say twice.

    Parameters
    ----------
    notebook : Notebook
    content : dict
        The notebook as its file holds it.
    page : str
        The chapter's `.qmd`.
    say : Wording
        The shared texts.
    """
    room = CHAPTERS / notebook.chapter
    if not (room / "en.yml").is_file():
        return [f"src/analysis/chapters/{notebook.chapter}/en.yml must be there, but is not"]
    own, where = say.of(notebook.chapter), f"chapters/{notebook.chapter}/en.yml"
    faults = [f"{where} must hold '{key}', but does not" for key in _lacking(room, content, own)]
    faults += [f"{where}: {fault}" for fault in _unknown_columns(content, own)]
    title = chapter_texts(notebook.chapter, "en").get("title")
    if title != notebook.title:
        faults.append(
            f"notebooks/{notebook.path.name} must have the title of {where} ('{title}'), "
            f"but has '{notebook.title}'"
        )
    return [*faults, *_said_twice(notebook, content, page)]


def _said_twice(notebook: Notebook, content: dict[str, Any], page: str) -> Iterator[str]:
    prose = ["".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] != "code"]
    if TITLE.search(page):
        yield f"reports/_{notebook.chapter}.qmd must leave its title to the texts, but has one"
    if any(LIMITS in text for text in prose):
        yield f"notebooks/{notebook.path.name} must show its limits by show.limits(), but has prose"
    label = f"limits-{notebook.chapter.replace('_', '-')}"
    if f"#{label} >" not in page:
        yield f"reports/_{notebook.chapter}.qmd must embed #{label}, but does not"


def _lacking(room: Path, content: dict[str, Any], say: Wording) -> list[str]:
    """The keys that the chapter's code names and its texts lack."""
    lacking = set()
    sources = [path.read_text(encoding="utf-8") for path in sorted(room.glob("*.py"))]
    for tree in map(ast.parse, [*sources, *python_of(content)]):
        facts = {key for key, _ in _facts(tree)}
        for key, variant in _facts(tree):
            lacking |= set(_fact_lacks(key, variant, say))
        for key in _named(tree):
            places = [key, *(f"{fact}.{key}" for fact in facts)]
            if not any(_holds(say, place) for place in places):
                lacking.add(key)
    return sorted(lacking)


def _fact_lacks(key: str, variant: str | None, say: Wording) -> Iterator[str]:
    """The headline that a fact lacks; one whose variant is chosen as the code runs has some."""
    variants = say.parts(key) if variant is None else [variant] if variant else []
    places = [*(f"{key}.{one}.headline" for one in variants), f"{key}.headline"]
    if not any(map(say.has, places)):
        yield places[0]


def _facts(tree: ast.AST) -> Iterator[tuple[str, str | None]]:
    """Key and variant of each fact whose key stands in the code; None: chosen as the code runs."""
    for call in _calls(tree, FACTS):
        if not call.args or not _is_text(call.args[0]):
            continue
        given = call.args[1:2] if _name(call) == "nothing" else _keyword(call, "variant")
        spread = any(word.arg is None for word in call.keywords)
        known = [part.value for part in given if _is_text(part)]
        chosen = None if given or spread else ""
        yield call.args[0].value, known[0] if known else chosen


def _keyword(call: ast.Call, name: str) -> list[ast.expr]:
    return [word.value for word in call.keywords if word.arg == name]


def _named(tree: ast.AST) -> Iterator[str]:
    """Keys of sentences, labels and tables."""
    for call in _calls(tree, SAYING):
        if call.args and _is_text(call.args[0]):
            yield call.args[0].value
    for call in _calls(tree, ("table",)):
        if len(call.args) > 1 and _is_text(call.args[1]):
            yield call.args[1].value


def _unknown_columns(content: dict[str, Any], say: Wording) -> Iterator[str]:
    for tree in map(ast.parse, python_of(content)):
        for call in _calls(tree, ("table",)):
            if not (len(call.args) > 1 and _is_text(call.args[1])):
                continue
            for part in _keyword(call, "columns"):
                for name in getattr(part, "elts", ()):
                    if _is_text(name) and not _has_column(say, name.value, call.args[1].value):
                        yield f"must hold the column '{name.value}', but does not"


def _has_column(say: Wording, name: str, table: str) -> bool:
    try:
        return bool(say.column(name, table))
    except LookupError:
        return False


def _holds(say: Wording, key: str) -> bool:
    return say.has(key) or say.has(f"{key}.caption")


def _calls(tree: ast.AST, names: tuple[str, ...]) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in names)


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def shared_words() -> Wording:
    """The shared English texts, as the first shipped study fills them."""
    from analysis.params import read_params

    return wording_for(read_params(sorted((ROOT / "params").glob("*.yml"))[0]))
