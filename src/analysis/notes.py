"""Remarks as keys with numbers: what stands beside a number, before anybody words it.

A method never writes a sentence for people. Where a cell is not estimable, or an assumption is
doubtful, it gives a `Note`; the catalogue of the reader's language holds the sentence under
`notes.<key>`. No remark is the empty text, so that a column `note` holds "" or notes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
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
        told = ", ".join(f"{name} {value}" for name, value in self.numbers)
        return "; ".join([f"{words} ({told})" if told else words, *map(str, self.also)])

    def of(self, name: str) -> Any:
        """One of the note's numbers."""
        return dict(self.numbers)[name]


def note(key: str, **numbers: Any) -> Note:
    """Make a remark: its key, and what its sentence names."""
    return Note(key, tuple(numbers.items()))


def joined(notes: Iterable[Note | str]) -> Note | str:
    """Lay remarks together into one; none of them is the empty text."""
    first, *others = [*filter(None, notes)] or [NONE]
    return Note(first.key, first.numbers, (*first.also, *others)) if others else first
