"""Every text that a reader sees comes from one catalogue per language.

`say = wording_for(params)` opens the catalogue `<language>.yml`; `say("retention.x", share=0.483)`
fills a sentence. Numbers are formatted where the sentence names a format: `{share:percent}`.
Names of categories and notes that the code makes ("not reached") are looked up as they are written
there: `say.value(…)`, `say.note(…)`. Another language is another file with the same keys.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analysis.params import Params
from analysis.wording.formats import Formats

FOLDER = Path(__file__).parent
JOINTS = re.compile(r"(: |, | × | → | – )")
FIELD = re.compile(r"\{([a-z_]+)[^}]*\}")
NUMBER = re.compile(r"[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?")


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is shown: its heading, its format, and its one-line definition."""

    head: str
    format: str
    means: str


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """The catalogue of one language, with what a study's sentences need to know.

    Attributes
    ----------
    language : str
    texts : dict
        The catalogue file.
    formats : Formats
        Numbers, money, dates and intervals in this language.
    min_cell : int
        The size below which a group is not shown.
    conf_level : float
        The level of every interval, such as 0.95.
    period : tuple of date
        First and last day of the observation.
    simulated : bool
        Whether the customers are simulated.
    """

    language: str
    texts: Mapping[str, Any] = field(repr=False)
    formats: Formats
    min_cell: int
    conf_level: float
    period: tuple
    simulated: bool

    def __call__(self, key: str, **numbers: Any) -> str:
        """Fill the sentence of a dotted key.

        Raises
        ------
        LookupError
            The key is not in the catalogue, or a number that it names is not given.
        ValueError
            A number is missing (NaN): a sentence never says "nan".
        """
        return _Filler(self.formats).vformat(self._text(key), (), self._known() | numbers).strip()

    def _known(self) -> dict[str, Any]:
        return {
            "level": self.conf_level,
            "min_cell": self.min_cell,
            "begin": self.period[0],
            "end": self.period[1],
        }

    def _text(self, key: str) -> str:
        found: Any = self.texts
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                raise LookupError(f"wording/{self.language}.yml must hold '{key}', but does not")
            found = found[part]
        if not isinstance(found, str):
            raise LookupError(f"wording/{self.language}.yml must hold a text at '{key}'")
        return found

    def column(self, name: str) -> Column:
        """Heading, format and definition of a column; `within_*_weeks` covers a family."""
        columns = self.texts["columns"]
        pattern = (
            name if name in columns else next((p for p in columns if fnmatchcase(name, p)), None)
        )
        if pattern is None:
            raise LookupError(
                f"wording/{self.language}.yml must hold the column '{name}', but does not"
            )
        entry, part = columns[pattern], _wildcard(name, pattern)
        texts = (entry["head"], entry["means"])
        head, means = (_Filler(self.formats).vformat(t, (part,), self._known()) for t in texts)
        return Column(head, entry.get("format", "text"), means)

    def value(self, value: Any) -> str:
        """A category's name for readers; one that the catalogue does not know stands as it is."""
        if isinstance(value, bool) or not isinstance(value, str):
            return str(value)
        told = self._told("values", value)
        # "tier: gold", "image → loyalty": names that are joined are told one by one.
        return "".join(map(self._part, JOINTS.split(value))) if told is None else told

    def _part(self, part: str) -> str:
        told = self._told("values", part)
        return part.replace("_", " ") if told is None else told

    def name(self, name: str) -> str:
        """The name of a table or column for readers; one of the study's own is told as a value."""
        told = self._told("names", name)
        return self.value(name) if told is None else told

    def note(self, note: str) -> str:
        """A method's note for readers; notes joined by "; " are told one by one.

        The catalogue's `notes` hold each as the code writes it, with `{names}` for what varies; one
        that it does not know is told as a category's name, or as it is.
        """
        told = self._told("notes", note)
        if told is not None:
            return told
        one, joint, others = note.partition("; ")
        return self.note(one) + joint + self.note(others) if joint else self.value(note)

    def _told(self, section: str, text: str) -> str | None:
        """The wording of a text that the code made; None where the catalogue does not know it."""
        known = self.texts[section]
        if text in known:
            return known[text] or text
        for written, pattern in _patterns(tuple(filter(FIELD.search, known))):
            if found := pattern.fullmatch(text):
                parts = {
                    name: self._told_part(name, part) for name, part in found.groupdict().items()
                }
                return _NoteFiller(self.formats).vformat(known[written] or written, (), parts)
        return None

    def _told_part(self, name: str, part: str) -> str:
        """What varies in a note: a number, a further note, or the name of something."""
        told = {"note": self.note, "column": self.name}.get(name, self.value)
        return part if NUMBER.fullmatch(part) else told(part)


@cache
def _patterns(written: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    """Texts with what varies in braces, as they are looked up: the first that fits is taken."""
    parts = [(text, enumerate(FIELD.split(text))) for text in written]
    return [(text, re.compile("".join(_pattern(*part) for part in split))) for text, split in parts]


def _pattern(place: int, part: str) -> str:
    return f"(?P<{part}>[^;]+?)" if place % 2 else re.escape(part)


def _wildcard(name: str, pattern: str) -> str:
    before, _, after = pattern.partition("*")
    return name[len(before) : len(name) - len(after)].replace("_", ".") if "*" in pattern else ""


class _Filler(string.Formatter):
    """`str.format` whose format names are those of `Formats`."""

    def __init__(self, formats: Formats) -> None:
        self.formats = formats

    def format_field(self, value: Any, spec: str) -> str:
        return self.formats.show(value, spec or "text")


class _NoteFiller(_Filler):
    """The same for what a note says: its numbers come as text, such as "1,234"."""

    def format_field(self, value: str, spec: str) -> str:
        numeric = spec and NUMBER.fullmatch(value)
        return super().format_field(*(value.replace(",", ""), spec) if numeric else (value, ""))


def wording_for(params: Params) -> Wording:
    """The catalogue of a study's language."""
    texts = catalogue(params.language)
    labels = params.satisfaction.labels
    texts = {**texts, "values": {**texts["values"], **labels}}
    return Wording(
        language=params.language,
        texts=texts,
        formats=Formats.of(texts["formats"], params.currency),
        min_cell=params.min_cell,
        conf_level=params.conf_level,
        period=(params.observed_from, params.observed_until),
        simulated=params.simulated,
    )


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """The texts of a language, as its file holds them."""
    return yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))
