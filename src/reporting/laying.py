"""Lay a chapter's page out: its title, what its notebook shows, nothing of what shows nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator

from analysis.telling.wording import Wording
from reporting.chapters import chapter_source, chapter_title
from reporting.executed import Output, findings_of, is_silent
from reporting.project import Notebook

EMBED = re.compile(r"^\{\{< embed \S+#(\S+) >\}\}$")
HEADING = re.compile(r"^(#+) ")


def chapter_page(notebook: Notebook, cells: dict[str, Output], say: Wording) -> str:
    """The chapter's `.qmd` under its title, with how to read each figure below it.

    What shows nothing is left out, and a heading that has nothing below it with it; a chapter in
    which no finding tells anything is its title and the reasons.
    """
    text = chapter_source(notebook, say.language).read_text(encoding="utf-8")
    blocks = re.split(r"\n{2,}", text.strip())
    if HEADING.match(blocks[0]) and blocks[0].startswith("# "):
        return text
    told = [f"# {chapter_title(notebook, say)} {{#sec-{notebook.chapter}}}"]
    findings = findings_of(cells)
    silent = findings and all(found["metadata"]["finding"].get("silent") for found in findings)
    told += _reasons(blocks, cells) if silent else _filled(blocks, cells, say)
    return "\n\n".join(told) + "\n"


def _filled(blocks: list[str], cells: dict[str, Output], say: Wording) -> Iterator[str]:
    headings: list[str] = []
    for block in blocks:
        if heading := HEADING.match(block):
            depth = len(heading[1])
            headings = [one for one in headings if len(HEADING.match(one)[1]) < depth] + [block]
            continue
        embed = EMBED.match(block)
        output = cells.get(embed[1]) if embed else None
        if output is not None and is_silent(output):
            continue
        yield from headings
        headings = []
        yield block
        if output is not None and output["metadata"].get("reading"):
            yield say("report.reading", reading=output["metadata"]["reading"])


def _reasons(blocks: list[str], cells: dict[str, Output]) -> Iterator[str]:
    for block in blocks:
        embed = EMBED.match(block)
        if embed and "finding" in cells.get(embed[1], {"metadata": {}})["metadata"]:
            yield block
