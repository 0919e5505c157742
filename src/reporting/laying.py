"""Lay a chapter's page out: what argues first, what is there to check after it.

The argument is the chapter's title, its answer with one figure and how to read it, which stay
together, and what the chapter does not say. Everything else is closed at the chapter's end on the
page, and an appendix in the PDF (`reports/appendix.lua`). What shows nothing is left out, and a
heading that has nothing below it with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from analysis.telling.markup import attribute
from analysis.telling.wording import Wording
from reporting.chapters import chapter_source, chapter_title
from reporting.executed import Output, findings_of, is_silent
from reporting.project import Notebook

EMBED = re.compile(r"^\{\{< embed \S+#(\S+) >\}\}$")
HEADING = re.compile(r"^(#+) (.+)$")
BRIEF = re.compile(r"\n\n(?P<first>.*?) \[[^\]]*\]\{\.claim\}\n:::$", re.DOTALL)
NARROW = "narrow"
CSV_SAFE = ",.:;/?@!$'*+=_~-"


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """A block of a page: its text, the headings that it stands under, and what it embeds."""

    text: str
    headings: tuple[str, ...]
    label: str = ""
    output: Output | None = None

    @property
    def is_finding(self) -> bool:
        return self.output is not None and "finding" in self.output["metadata"]


def chapter_page(notebook: Notebook, cells: dict[str, Output], say: Wording) -> str:
    """The chapter's `.qmd`, laid out.

    A page that has a title of its own is left as it is; a chapter in which no finding tells
    anything is its title and the reasons.
    """
    text = chapter_source(notebook, say.language).read_text(encoding="utf-8")
    blocks = re.split(r"\n{2,}", text.strip())
    if blocks[0].startswith("# "):
        return text
    told = [f"# {chapter_title(notebook, say)} {{#sec-{notebook.chapter}}}"]
    findings = findings_of(cells)
    silent = findings and all(found["metadata"]["finding"].get("silent") for found in findings)
    if silent:
        told += _reasons(blocks, cells)
    else:
        told += _laid_out(list(_read(blocks, cells)), say, about_data=notebook.about_data)
    return "\n\n".join(told) + "\n"


def in_checks(texts: list[str], say: Wording) -> list[str]:
    """Blocks that are there to check, between the marks that close them."""
    opening = f'::::: {{.checks title="{attribute(say("report.checks"))}"}}'
    return [opening, *texts, ":::::"] if texts else []


def _read(blocks: list[str], cells: dict[str, Output]) -> Iterator[Block]:
    headings: list[str] = []
    for text in blocks:
        if heading := HEADING.match(text):
            depth = len(heading[1])
            headings = [one for one in headings if len(HEADING.match(one)[1]) < depth] + [text]
            continue
        embed = EMBED.match(text)
        output = cells.get(embed[1]) if embed else None
        if output is None or not is_silent(output):
            yield Block(text, tuple(headings), embed[1] if embed else "", output)


def _laid_out(blocks: list[Block], say: Wording, *, about_data: bool) -> Iterator[str]:
    limits = [one for one in blocks if one.label.startswith("limits-")]
    argued = _argued(blocks, figures=not about_data)
    yield from (["::::: {.told}", *_shown(argued, say, brief=True), ":::::"] if argued else [])
    if limits and not about_data:
        words = HEADING.match(limits[0].headings[-1])[2]
        yield from ["::: {.limits}", f"**{words}**", *(one.text for one in limits), ":::"]
        blocks = [one for one in blocks if one not in limits]
    rest = [one for one in blocks if one not in argued]
    yield from in_checks([*_further(argued), *_under_headings(rest, say)], say)


def _further(blocks: list[Block]) -> Iterator[str]:
    """What a finding says beyond its first sentence, for which the argument has no room."""
    for block in blocks:
        if block.is_finding:
            finding = block.output["metadata"]["finding"]
            rest = finding.get("detail", "").removeprefix(_first_detail(finding)).strip()
            yield from ([f"*{finding['sentence']}* {rest}"] if rest else [])


def _first_detail(finding: dict[str, Any]) -> str:
    found = BRIEF.search(finding.get("brief", ""))
    return found["first"] if found else ""


def _argued(blocks: list[Block], *, figures: bool) -> list[Block]:
    """The chapter's answer and one figure: of its first section, else of the first that has one."""
    first = next((one for one in blocks if one.is_finding and not _says_nothing(one)), None)
    if first is None or not figures:
        return [first] if first else []
    drawn = [one for one in blocks if one.label.startswith("fig-")]
    own = [one for one in drawn if one.headings == first.headings]
    if not drawn:
        return [first]
    figure = (own or drawn)[0]
    before = [one for one in blocks[: blocks.index(figure)] if one.is_finding]
    second = before[-1] if before and before[-1].headings == figure.headings else first
    return list(dict.fromkeys([first, second, figure])) if own else [second, figure]


def _says_nothing(block: Block) -> bool:
    return bool(block.output["metadata"]["finding"].get("silent"))


def _under_headings(blocks: list[Block], say: Wording) -> Iterator[str]:
    shown: tuple[str, ...] = ()
    for block in blocks:
        yield from (one for one in block.headings if one not in shown)
        shown = block.headings
        yield from _shown([block], say)


def _shown(blocks: list[Block], say: Wording, *, brief: bool = False) -> Iterator[str]:
    """Blocks as the page has them: a figure with its narrow drawing before, its reading after.

    `brief`: of a finding only the first of its further sentences.
    """
    for block in blocks:
        metadata = block.output["metadata"] if block.output else {}
        if metadata.get(NARROW):
            alt = attribute(metadata["alt"])
            yield f'![]({NARROW}/{block.label}.svg){{.narrow fig-alt="{alt}"}}'
        short = brief and block.is_finding and metadata["finding"].get("brief")
        yield short or block.text
        yield from _as_file(block, say)
        if metadata.get("reading"):
            yield say("report.reading", reading=metadata["reading"])


def _as_file(block: Block, say: Wording) -> Iterator[str]:
    """A table's numbers as a CSV file that lies in the page."""
    rows = "".join(block.output["data"].get("text/csv", "")) if block.output else ""
    if rows and block.label.startswith("tbl-"):
        name = f"{block.label.removeprefix('tbl-')}.csv"
        address = f"data:text/csv;charset=utf-8,{quote(rows, safe=CSV_SAFE)}"
        yield '::: {.content-visible when-format="html"}'
        yield f'[{say("report.csv")}]({address}){{.csv download="{name}"}}'
        yield ":::"


def _reasons(blocks: list[str], cells: dict[str, Output]) -> Iterator[str]:
    for block in blocks:
        embed = EMBED.match(block)
        if embed and "finding" in cells.get(embed[1], {"metadata": {}})["metadata"]:
            yield block
