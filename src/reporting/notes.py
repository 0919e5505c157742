"""Look over remarks without running anything: each `note("key")` has its entry, and its user.

A key that is put together while the code runs counts by its beginning. Plain names, `notes.words`,
must stand in the code as they stand in the texts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from analysis.telling.wording import CHAPTERS, catalogue, chapter_texts
from reporting.project import ROOT

WORDS = "words."


@dataclass(frozen=True, slots=True)
class NamedNotes:
    """What the code says of remarks.

    Attributes
    ----------
    asked : set of (str, str)
        Room (a chapter's, else '') and key of each `note(…)`; an open key ends with '*'.
    texts : set of str
        Every text that stands in the code.
    """

    asked: set[tuple[str, str]]
    texts: set[str]


def notes_faults(source: Path = ROOT / "src") -> list[str]:
    """Keys of remarks that the texts lack, and entries that no code names."""
    named = named_notes(source)
    rooms = sorted(path.parent.name for path in CHAPTERS.glob("*/en.yml"))
    own = {room: _entries(chapter_texts(room, "en").get("notes", {})) for room in rooms}
    return compare_notes(named, _entries(catalogue("en")["notes"]), own)


def compare_notes(named: NamedNotes, shared: set[str], own: Mapping[str, set[str]]) -> list[str]:
    """Tell what differs between the code's remarks and the entries of the texts.

    Parameters
    ----------
    named : NamedNotes
    shared : set of str
        Dotted keys of the shared texts, below `notes.`.
    own : mapping of str to set of str
        The same of each chapter's own texts, by room.

    Returns
    -------
    list of str
        One sentence a fault.
    """
    faults = [
        f"{_file(room)} must hold 'notes.{key}', but does not"
        for room, key in sorted(named.asked)
        if not any(_fits(key, entry) for entry in shared | own.get(room, set()))
    ]
    for room, entries in {"": shared, **own}.items():
        asked = {key for place, key in named.asked if room in ("", place)}
        faults += [
            f"{_file(room)} must hold no 'notes.{entry}', but does: no code names it"
            for entry in sorted(entries)
            if not _is_named(entry, asked, named.texts)
        ]
    return faults


def _is_named(entry: str, asked: set[str], texts: set[str]) -> bool:
    if entry.startswith(WORDS):
        return entry.removeprefix(WORDS) in texts
    return entry in texts or any(_fits(key, entry) for key in asked)


def _fits(key: str, entry: str) -> bool:
    return entry.startswith(key[:-1]) if key.endswith("*") else entry == key


def _file(room: str) -> str:
    return f"chapters/{room}/en.yml" if room else "telling/en.yml"


def _entries(texts: Mapping[str, Any], place: str = "") -> set[str]:
    found: set[str] = set()
    for key, text in texts.items():
        if isinstance(text, Mapping):
            found |= _entries(text, f"{place}{key}.")
        else:
            found.add(f"{place}{key}")
    return found


def named_notes(source: Path) -> NamedNotes:
    """Read what every module below a folder says of remarks."""
    asked: set[tuple[str, str]] = set()
    texts: set[str] = set()
    for path in sorted(source.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        room = path.parent.name if path.parent.parent.name == CHAPTERS.name else ""
        texts |= {node.value for node in ast.walk(tree) if _is_text(node)}
        asked |= {(room, key) for key in _asked(tree)}
    return NamedNotes(asked, texts)


def _asked(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and getattr(node.func, "id", "") == "note" and node.args
        ):
            continue
        first = node.args[0]
        if _is_text(first):
            yield first.value
        elif isinstance(first, ast.JoinedStr) and _is_text(first.values[0]):
            yield f"{first.values[0].value}*"


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)
