"""Every text that a reader sees comes from the catalogue of a language.

`say = wording_for(params)` opens the shared texts `telling/<language>.yml`; `say.of("retention")`
lays a chapter's own texts (`chapters/retention/<language>.yml`) over them. `say("x", share=0.483)`
fills a sentence: numbers are formatted where it names a format, `{share:percent}`, names of
categories as `{group:value}`, of columns as `{column:name}`, remarks as `{why:note}`. Another
language is other files with the same keys.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from analysis.names import JOINTS, is_marked
from analysis.notes import Note
from analysis.params import Params
from analysis.telling.formats import Formats
from analysis.telling.markup import Filled, Markup, markdown, one_line, plain

FOLDER = Path(__file__).parent
CHAPTERS = FOLDER.parent / "chapters"
LAID_OVER = ("values", "names", "columns", "notes")
END = re.compile(r"(?:(.+)_)?(conf_low|conf_high)")


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
    dominance : pair of float
        What one customer, and two together, may make up of a total that is shown.
    conf_level : float
        The level of every interval, such as 0.95.
    period : tuple of date
        First and last day of the observation, and the last on which everybody's end can be known.
    simulated : bool
        Whether the customers are simulated.
    people : mapping
        What customers are called in the study, by the words of the texts; empty where they are
        customers.
    own : frozenset of str
        The study's own columns and scales: their names are told with blanks for `_`.
    shipped : bool
        Whether all names are (a simulated company, a package): none comes from somebody's data.
    """

    language: str
    texts: Mapping[str, Any] = field(repr=False)
    formats: Formats
    min_cell: int
    conf_level: float
    period: tuple
    simulated: bool
    dominance: tuple[float, float] = (0.5, 0.75)
    people: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    shipped: bool = False

    def of(self, chapter: str) -> Wording:
        """The catalogue with a chapter's own texts laid over the shared ones."""
        own = _called(chapter_texts(chapter, self.language), self.people)
        return replace(self, texts=_laid_over(self.texts, own))

    def __call__(self, key: str, **numbers: Any) -> str:
        """Fill the sentence of a dotted key as plain text: for figures and alternative texts.

        Raises
        ------
        LookupError
            The key is not in the catalogue, or a number that it names is not given.
        ValueError
            A number is missing (NaN): a sentence never says "nan".
        """
        return self._fill(self._text(key), plain, numbers)

    def markdown(self, key: str, **numbers: Any) -> Filled:
        """Fill the sentence as Markdown: names from the data are escaped."""
        return Filled(self._fill(self._text(key), markdown, numbers))

    def has(self, key: str) -> bool:
        """Whether the catalogue holds a text at a dotted key."""
        return isinstance(self._found(key), str)

    def parts(self, key: str) -> list[str]:
        """The names below a dotted key."""
        found = self._found(key)
        return list(found) if isinstance(found, Mapping) else []

    def _fill(self, text: str, markup: Markup, numbers: Mapping[str, Any]) -> str:
        return _Teller(self, markup).vformat(text, (), self._known() | numbers).strip()

    def _known(self) -> dict[str, Any]:
        return {
            "level": self.conf_level,
            "min_cell": self.min_cell,
            "begin": self.period[0],
            "end": self.period[1],
            "followed": self.period[2],
        }

    def _text(self, key: str) -> str:
        found = self._found(key)
        if not isinstance(found, str):
            raise LookupError(f"the texts in '{self.language}' must hold '{key}', but do not")
        return found

    def _found(self, key: str) -> Any:
        found: Any = self.texts
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found

    def column(self, name: str, table: str = "") -> Column:
        """Heading, format and definition of a column; `within_*_weeks` covers a family.

        Looked up among the table's own columns, then the chapter's, then the shared ones. Ends of
        intervals are those of the number that they enclose.
        """
        columns = _columns_over(self.texts["columns"], self._own_columns(table))
        pattern = (
            name if name in columns else next((p for p in columns if fnmatchcase(name, p)), None)
        )
        if pattern is not None:
            entry, part = columns[pattern], _wildcard(name, pattern)
            texts = (entry["head"], entry["means"])
            head, means = (_Filler(self.formats).vformat(t, (part,), self._known()) for t in texts)
            return Column(head, entry.get("format", "text"), means)
        if end := END.fullmatch(name):
            return self._end_of(end[1] or "estimate", end[2], table)
        raise LookupError(f"the texts in '{self.language}' must hold the column '{name}'")

    def _own_columns(self, table: str) -> Mapping[str, Any]:
        found = self._found(table) if table else None
        return found.get("columns", {}) if isinstance(found, Mapping) else {}

    def _end_of(self, number: str, end: str, table: str) -> Column:
        enclosed = self.column(number, table)
        head = self("tables.ends.head" if number == "estimate" else "tables.ends.other_head",
                    head=enclosed.head)  # fmt: skip
        return Column(head, enclosed.format, self(f"tables.ends.{end}", head=enclosed.head))

    def value(self, value: Any) -> str:
        """A category's name for readers; one that the catalogue does not know stands as it is."""
        if isinstance(value, bool) or not isinstance(value, str):
            return one_line(str(value))
        told = self._told("values", value)
        if told is not None:
            return told
        # "tier: gold", "image → loyalty": what the code joined is told part by part.
        first, *others = JOINTS.split(value)
        known = first in self.own or self._told("values", first) is not None
        return "".join(map(self._part, (first, *others))) if known else self._part(value)

    def _part(self, part: str) -> str:
        told = None if is_marked(part) else self._told("values", part)
        if told is None:
            is_own = part in self.own or (self.shipped and not is_marked(part))
            return part.replace("_", " ") if is_own else one_line(part)
        return told

    def name(self, name: str) -> str:
        """The name of a table or column for readers; one of the study's own is told as a value."""
        told = self._told("names", name)
        return self.value(name) if told is None else told

    def note(self, note: Note | str) -> str:
        """A method's remark for readers, and those beside it.

        A text is a name that the code gives (`notes.words`), or stands as a category's name does.
        """
        if isinstance(note, Note):
            told = self._fill(self._text(f"notes.{note.key}"), plain, dict(note.numbers))
            return "; ".join([told, *map(self.note, note.also)])
        known = self.texts["notes"]["words"]
        return (known[note] or note) if note in known else self.value(note)

    def _told(self, section: str, text: str) -> str | None:
        """The wording of a name that the code gives; None where the catalogue does not know it."""
        known = self.texts[section]
        return (known[text] or text) if text in known else None


def _wildcard(name: str, pattern: str) -> str:
    before, _, after = pattern.partition("*")
    return name[len(before) : len(name) - len(after)].replace("_", ".") if "*" in pattern else ""


class _Filler(string.Formatter):
    """`str.format` whose format names are those of `Formats`."""

    def __init__(self, formats: Formats) -> None:
        self.formats = formats

    def format_field(self, value: Any, spec: str) -> str:
        return self.formats.show(value, spec or "text")


class _Teller(_Filler):
    """The same for a sentence: names are told in the reader's language, and escaped."""

    def __init__(self, say: Wording, markup: Markup) -> None:
        super().__init__(say.formats)
        self.say = say
        self.markup = markup

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Filled):
            return value
        if isinstance(value, Note):
            return self.markup(self.say.note(value))
        if spec in WORDS:
            return self.markup(WORDS[spec](self.say, value))
        if spec in ("list", "inline"):
            words = map(self.say.value, value)
            return ", ".join(
                self.markup(_inline(one) if spec == "inline" else one) for one in words
            )
        told = super().format_field(value, spec)
        return self.markup(told) if isinstance(value, str) else told


def _inline(words: str) -> str:
    """Words as they stand within a sentence: their first letter small."""
    return words[:1].lower() + words[1:]


WORDS = {
    "value": Wording.value,
    "name": Wording.name,
    "note": Wording.note,
    "say": Wording.__call__,
}


def wording_for(params: Params) -> Wording:
    """The catalogue of a study's language."""
    people = people_of(params)
    texts = _called(catalogue(params.language), people)
    labels = params.satisfaction.labels
    texts = {**texts, "values": {**texts["values"], **labels}}
    return Wording(
        language=params.language,
        texts=texts,
        formats=Formats.of(texts["formats"], params.currency),
        min_cell=params.min_cell,
        dominance=(params.most_of_one, params.most_of_two),
        conf_level=params.conf_level,
        period=(params.observed_from, params.observed_until, params.followed_until),
        simulated=params.simulated,
        people=people,
        own=own_columns(params),
        shipped=params.simulated or params.data.package is not None,
    )


def people_of(params: Params) -> Mapping[str, str]:
    """What customers are called in a study, by the words of the texts; phrases that are kept too.

    Raises
    ------
    LookupError
        The language has no words for it.
    """
    if params.customers_are == "customers":
        return {}
    words = catalogue(params.language).get("people", {})
    if params.customers_are not in words:
        raise LookupError(
            f"the texts in '{params.language}' must hold 'people.{params.customers_are}'"
        )
    return {phrase: phrase for phrase in words.get("kept", ())} | words[params.customers_are]


def _called(texts: Any, people: Mapping[str, str]) -> Any:
    """Texts with customers called otherwise; names of numbers in braces stay as they are."""
    if not people:
        return texts
    if isinstance(texts, Mapping):
        return {key: _called(text, people) for key, text in texts.items()}
    if not isinstance(texts, str):
        return texts
    words = "|".join(sorted(map(re.escape, people), key=len, reverse=True))
    return re.sub(
        rf"\{{[^{{}}]*\}}|\b(?:{words})\b", lambda found: people.get(found[0], found[0]), texts
    )


def own_columns(params: Params) -> frozenset[str]:
    """The columns and scales that a study names: words of its params file, not of its data."""
    asked = params.satisfaction
    items = {column for _, column in asked.questions}
    named = {*params.segments, *params.covariates, *asked.scales, *asked.touchpoints, *items}
    source = params.data
    tables = source.files or (source.connection.tables if source.connection else {})
    named |= {column for table in tables.values() for column in table.named}
    return frozenset(named | set(asked.answer.drivers if asked.answer else ()))


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """The shared texts of a language, as its file holds them."""
    return yaml.safe_load((FOLDER / f"{language}.yml").read_text(encoding="utf-8"))


@cache
def chapter_texts(chapter: str, language: str) -> Mapping[str, Any]:
    """The texts of one chapter in a language; English where it has none in that language."""
    files = [CHAPTERS / chapter / f"{one}.yml" for one in (language, "en")]
    found = next((file for file in files if file.is_file()), files[-1])
    return yaml.safe_load(found.read_text(encoding="utf-8"))


def _laid_over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> Mapping[str, Any]:
    """The chapter's texts, then the shared ones; sections of words are laid together."""
    both = {name: {**shared[name], **own.get(name, {})} for name in LAID_OVER}
    both["columns"] = _columns_over(shared["columns"], own.get("columns", {}))
    return {**shared, **own, **both}


def _columns_over(shared: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Own columns over the shared ones; an own number takes no shared ends of an interval."""
    ends = {name: END.fullmatch(name) for name in shared}
    foreign = {name for name, end in ends.items() if end and (end[1] or "estimate") in own}
    return {name: shared[name] for name in shared if name not in foreign} | dict(own)
