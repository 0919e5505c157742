"""Names from data that are words of the catalogue too stay names: they carry a mark.

The code has words of its own for groups ("all", "others", "not known"), which the catalogue tells
in the reader's language. A company may have a group of that very name. Where its tables are read,
such a name gets `MARK`, a sign that no text may hold (a noncharacter of Unicode), so that it is
never joined with the code's group nor translated; `analysis.telling` takes the mark away where a
name is shown or written.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import yaml

MARK = "\ufdd0"
AS_JOINED = (": ", ", ", " × ", " → ", " – ")
JOINTS = re.compile(f"({'|'.join(AS_JOINED)})")
ALL_TEXTS = ("telling/*.yml", "chapters/*/*.yml")
SECTIONS = ("values", "names")


@cache
def words() -> frozenset[str]:
    """The words of the code that the catalogue tells, in any language and chapter."""
    root = Path(__file__).parent
    found: set[str] = set()
    for file in (file for pattern in ALL_TEXTS for file in root.glob(pattern)):
        texts = yaml.load(file.read_bytes(), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        for section in SECTIONS:
            found.update(map(str, texts.get(section, ())))
    return frozenset(found)


def is_marked(text: str) -> bool:
    """Whether a text is a name from the data, to be told as it stands."""
    return MARK in text


def without_marks(text: str) -> str:
    """The name as the data hold it."""
    return text.replace(MARK, "")
