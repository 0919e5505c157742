"""Remarks as keys with numbers: what stands beside a number, before anybody words it.

A method never writes a sentence for people. Where a cell is not estimable, or an assumption is
doubtful, it gives a `Note`; the catalogue of the reader's language holds the sentence under
`notes.<key>`. No remark is the empty text, so that a column `note` holds "" or notes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

NONE = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark, or a name that carries numbers ("alive 12 months later").

    Attributes
    ----------
    key : str
        The place in the catalogue below `notes.`, such as 'survival.beyond_follow_up'.
    numbers : tuple of (str, object)
        What the sentence names: numbers, names of groups, or a further note.
    also : tuple of Note
        Remarks that stand beside this one.
    """

    key: str
    numbers: tuple[tuple[str, Any], ...] = ()
    also: tuple[Note, ...] = ()

    def __str__(self) -> str:
        words = self.key.rpartition(".")[2].replace("_", " ")
        told = ", ".join(f"{name} {_shown(value)}" for name, value in self.numbers)
        return "; ".join([f"{words} ({told})" if told else words, *map(str, self.also)])

    def of(self, name: str) -> Any:
        """One of the note's numbers."""
        return dict(self.numbers)[name]


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def note(key: str, /, **numbers: Any) -> Note:
    """Make a remark: its key, and what its sentence names."""
    return Note(key, tuple(numbers.items()))


def joined(notes: Iterable[Note | str]) -> Note | str:
    """Lay remarks together into one; none of them is the empty text."""
    first, *others = [*filter(None, notes)] or [NONE]
    return Note(first.key, first.numbers, (*first.also, *others)) if others else first


def written(told: Note | str) -> str:
    """A remark as a file keeps it: a text as it stands, a note as JSON."""
    return json.dumps(asdict(told), sort_keys=True) if isinstance(told, Note) else told


def read_note(text: str) -> Note | str:
    """The remark that `written` wrote."""
    return _note_of(json.loads(text)) if text.startswith('{"also"') else text


def _note_of(found: dict[str, Any]) -> Note:
    numbers = tuple((name, value) for name, value in found["numbers"])
    return Note(found["key"], numbers, tuple(map(_note_of, found["also"])))


def includes(remark: Note | str, one: Note) -> bool:
    """Whether a remark, or one that stands beside it, is of the same key."""
    return isinstance(remark, Note) and one.key in (remark.key, *(also.key for also in remark.also))
