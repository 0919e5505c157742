"""The common subset of Quarto Markdown: what both renderers read alike; the rest is refused.

Each rule takes the lines of one source and yields (line, sentence). `python -m reporting.subset
reports/*.qmd` checks sources from the command line; the preflight applies the same rules.
"""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from reporting.errors import ReportError
from reporting.qmd import (
    FENCE,
    INLINE_CODE,
    REFERENCE,
    SHORTCODE,
    Source,
    fenced_code,
    prose,
    read_source,
)

Found = Iterator[tuple[int, str]]

FRONT_MATTER = (
    *("title", "subtitle", "author", "date", "abstract", "lang"),
    *("toc", "number-sections", "bibliography", "csl"),
)
SHORTCODES = {
    "var": "one key",
    "meta": "one key",
    "include": "one file",
    "embed": "one notebook.ipynb#label",
    "pagebreak": "nothing",
}
CALLOUTS = ("note", "tip", "warning", "important", "caution")
CLASSES = {
    *(f"callout-{kind}" for kind in CALLOUTS),
    *("panel-tabset", "content-visible", "content-hidden", "unnumbered", "unlisted"),
    *("told", "limits", "checks", "appendix", "narrow", "strip", "page-one", "answers", "csv"),
    *("finding", "finding-number", "descriptive", "predictive", "causal", "claim", "more", "badge"),
}
ATTRIBUTES = {
    *("title", "collapse", "layout-ncol", "when-format", "unless-format"),
    *("fig-alt", "alt", "width", "height", "download"),
}
OTHER_PREFIXES = "lst|thm|lem|cor|prp|cnj|def|exm|exr|sol|rem|alg|nte|tip|wrn|imp|cau"
DIV = re.compile(r"^\s{0,3}(:{3,})\s*(\{[^}]*\}|[\w-]+)?\s*:*\s*$")
ATTRIBUTE_BLOCK = re.compile(r"\{\s*((?:[#.]|[\w-]+=)[^{}<]*)\}")
HEADING = re.compile(r"^(#{1,6})\s+\S")
MIXED = re.compile(
    r"\[[^\]]*(?:@(?:fig|tbl|sec|eq)-[^\]]*;\s*-?@(?!(?:fig|tbl|sec|eq)-)"
    r"|@(?!(?:fig|tbl|sec|eq)-)[^\];]*;\s*-?@(?:fig|tbl|sec|eq)-)"
)
WIDEST = 10


def check_code_cells(lines: list[str]) -> Found:
    """Refuse cells to execute and raw blocks; fenced code is otherwise free."""
    marks = fenced_code(lines)
    for number, line in enumerate(lines, start=1):
        fence = FENCE.match(line)
        opens = fence and marks[number - 1] and (number == 1 or not marks[number - 2])
        if opens and fence[2].startswith("{="):
            yield number, f"a raw block {fence[2]} reaches one format only; write it in Markdown"
        elif opens and re.match(r"\{[a-zA-Z]", fence[2]):
            yield number, f"a code cell {fence[2]} would run here; put it into a notebook, embed it"
        elif not marks[number - 1] and re.search(r"`\{=", line):
            yield number, "raw inline text reaches one format only; write it in Markdown"


def check_raw_text(lines: list[str]) -> Found:
    """Refuse HTML tags and TeX commands outside code and mathematics."""
    for number, text in prose(lines):
        text = SHORTCODE.sub("", text)
        tag = re.search(r"</?[a-zA-Z][\w-]*(?:\s[^<>]*)?/?>", text)
        command = re.search(r"\\[a-zA-Z]+", text)
        if tag:
            yield number, f"raw HTML {tag[0]} has no place in the PDF; write it in Markdown"
        if command:
            yield (
                number,
                f"raw LaTeX {command[0]} has no place here; write Markdown or $…$",
            )


def check_shortcodes(lines: list[str]) -> Found:
    """Refuse unknown shortcodes, and known ones with other arguments than the subset's."""
    for number, text in prose(lines):
        alone = SHORTCODE.fullmatch(text.strip())
        for found in SHORTCODE.finditer(text):
            name, arguments = found[1], found[2].split()
            if name not in SHORTCODES:
                yield number, f"shortcode {name} is not one of {', '.join(SHORTCODES)}; remove it"
            elif name in ("include", "embed", "pagebreak") and not alone:
                yield number, f"shortcode {name} must stand alone on its line; give it its own"
            elif len(arguments) != (name != "pagebreak"):
                yield number, f"shortcode {name} takes {SHORTCODES[name]}, but {found[2]!r} came"
            elif name == "embed" and not re.fullmatch(r"[^#]+\.ipynb#[\w-]+", arguments[0]):
                yield number, f"embed takes notebook.ipynb#label, but {arguments[0]} came"
        if "{{<" in SHORTCODE.sub("", text):
            yield number, "a shortcode must end with >}} on its own line; close it"


def check_attributes(lines: list[str]) -> Found:
    """Refuse classes, attributes and formats that only one renderer knows."""
    for number, text in prose(lines):
        div = DIV.match(text)
        if div and div[2] and not div[2].startswith("{"):
            yield from _class_faults(number, [div[2]])
        for block in ATTRIBUTE_BLOCK.finditer(text):
            yield from _block_faults(number, block[1], is_div=bool(div))


def _block_faults(number: int, block: str, *, is_div: bool) -> Found:
    pairs = dict(re.findall(r"([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|\S+)", block))
    bare = re.sub(r"([\w-]+)\s*=\s*(\"[^\"]*\"|'[^']*'|\S+)", "", block)
    yield from _class_faults(number, re.findall(r"\.([\w-]+)", bare))
    for name in pairs:
        if name not in ATTRIBUTES:
            yield number, f"attribute {name} is not one of {', '.join(sorted(ATTRIBUTES))}; drop it"
    for name in ("when-format", "unless-format"):
        value = pairs.get(name, "html").strip("\"'")
        if value not in ("html", "typst"):
            yield (
                number,
                f'{name} must be "html" or "typst" (the PDF), but "{value}" came',
            )
    if is_div and "layout-ncol" in pairs and re.search(r"#(fig|tbl)-", bare):
        yield number, "a layout-ncol block must not have a label; label each figure in it"
    if re.search(rf"#(?:{OTHER_PREFIXES})-", bare):
        yield number, f"label {bare.strip()} must begin with fig-, tbl-, sec- or eq-; rename it"


def _class_faults(number: int, classes: list[str]) -> Found:
    for name in classes:
        if name not in CLASSES:
            yield number, f"class {name} is not one of {', '.join(sorted(CLASSES))}; drop it"


def check_references(lines: list[str]) -> Found:
    """Refuse cross-references of other kinds, and those that would swallow a citation."""
    hangs = False
    for number, text in prose(lines):
        swallows = re.search(rf"{REFERENCE.pattern}\s*\[[^\]]*\](?![(\[{{])", text, re.IGNORECASE)
        if swallows or MIXED.search(text) or (hangs and re.match(r"\s*\[@", text)):
            yield (
                number,
                "a reference right before or among citations loses one; part them by words",
            )
        hangs = bool(re.search(rf"{REFERENCE.pattern}\s*$", text, re.IGNORECASE))
        for found in re.finditer(rf"(?<!\w)@((?:{OTHER_PREFIXES})-[\w-]+)", text, re.IGNORECASE):
            yield number, f"@{found[1]} must begin with fig-, tbl-, sec- or eq-; rename it"


def check_fences(lines: list[str]) -> Found:
    """Refuse code, comments, display mathematics and blocks that are not closed."""
    marks, opened = fenced_code(lines), None
    for number, is_code in enumerate(marks, start=1):
        opened = number if is_code and (number == 1 or not marks[number - 2]) else opened
    if marks and marks[-1] and not (FENCE.match(lines[-1]) and opened != len(lines)):
        yield opened, "fenced code opened here must be closed, but it is not; add its closing fence"
    stack: list[int] = []
    for number, text in prose(lines):
        div = DIV.match(text)
        if div and div[2]:
            stack.append(number)
        elif div and not stack:
            yield number, "a block is closed here, but none is open; remove the line"
        elif div:
            stack.pop()
        elif re.match(r"\s{0,3}:{3,}", text):
            yield number, "a block opens as ::: {.class}, but that is not it; mend the line"
    yield from ((number, "the block opened here must be closed; add :::") for number in stack)
    for mark, last, name in (("$$", "$$", "mathematics"), ("<!--", "-->", "the comment")):
        yield from _unclosed(lines, marks, mark, last, name)


def _unclosed(lines: list[str], marks: list[bool], start: str, stop: str, name: str) -> Found:
    opened = None
    for number, (line, is_code) in enumerate(zip(lines, marks, strict=True), start=1):
        rest = "" if is_code else INLINE_CODE.sub("", line)
        while (mark := stop if opened else start) in rest:
            rest = rest.split(mark, 1)[1]
            opened = None if opened else number
    if opened:
        yield opened, f"{name} opened here must be closed; add {stop}"


def check_headings(lines: list[str]) -> Found:
    """Refuse a heading without a blank line before it, and a level that is skipped.

    A chapter's page begins below the title that staging writes: level 2 may come first.
    """
    depth, level = 0, 1
    for number, text in prose(lines):
        div = DIV.match(text)
        depth += (1 if div[2] else -1) if div else 0
        heading = HEADING.match(text)
        if not heading:
            continue
        before = lines[number - 2].strip() if number > 1 else ""
        if before and not before.startswith(":::"):
            yield number, "a heading needs a blank line before it; add one"
        if depth == 0 and len(heading[1]) > level + 1:
            yield number, f"a heading of level {len(heading[1])} follows level {level}; skip none"
        level = len(heading[1]) if depth == 0 else level


def check_widths(lines: list[str]) -> Found:
    """Warn of pipe tables that do not fit a page."""
    for number, text in prose(lines):
        columns = len(re.findall(r"(?<!\\)\|", text.strip().strip("|"))) + 1
        if re.fullmatch(r"[|:\s-]*-[|:\s-]*", text) and "|" in text and columns > WIDEST:
            yield (
                number,
                (
                    f"the table has {columns} columns, but about {WIDEST} fit a page; "
                    "split it or turn it around"
                ),
            )


RULES: tuple[Callable[[list[str]], Found], ...] = (
    check_code_cells,
    check_raw_text,
    check_shortcodes,
    check_attributes,
    check_references,
    check_fences,
    check_headings,
)


def check_front_matter(source: Source) -> Found:
    """Refuse keys that both renderers do not read alike; chapters have no front matter."""
    if source.name.startswith("_") and source.front_lines:
        yield 1, "a chapter has no front matter; move its keys to report.qmd"
        return
    head = source.path.read_text(encoding="utf-8").splitlines()[: source.front_lines]
    for key in source.front:
        if key not in FRONT_MATTER:
            line = next((n for n, text in enumerate(head, 1) if text.startswith(f"{key}:")), 1)
            yield line, f"front matter key {key} is not one of {', '.join(FRONT_MATTER)}; remove it"


def faults_in(lines: list[str]) -> list[tuple[int, str]]:
    """All faults of some lines of Markdown, in their order."""
    return sorted(fault for rule in RULES for fault in rule(lines))


def check_sources(paths: list[Path]) -> tuple[list[str], list[str]]:
    """Check .qmd files; returns sentences that begin with file:line, (faults, warnings)."""
    faults, warnings = [], []
    for path in paths:
        try:
            source = read_source(path)
        except ReportError as fault:
            faults += fault.faults
            continue
        found = sorted([*check_front_matter(source), *faults_in(source.lines)])
        faults += [f"{source.at(line)}: {sentence}" for line, sentence in found]
        warnings += [f"{source.at(line)}: {said}" for line, said in check_widths(source.lines)]
    return faults, warnings


def main(arguments: list[str]) -> int:
    """Print every fault and warning of the named files; 1 when there is a fault."""
    faults, warnings = check_sources([Path(argument) for argument in arguments])
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
