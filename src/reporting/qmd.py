"""Quarto Markdown as lines: front matter, prose outside code, shortcodes and labels.

The subset check, the preflight and the embedded renderer look at a source through these few
functions, so that all three agree on what is code, what is mathematics and what is prose.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from reporting.errors import ReportError

SHORTCODE = re.compile(r"\{\{<\s*([\w-]+)\s*(.*?)\s*>\}\}")
FENCE = re.compile(r"^\s{0,3}(`{3,}|~{3,})\s*(.*)$")
INLINE_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
INLINE_MATH = re.compile(r"(?<![\\$])\$(?=[^\s$])([^$]*?[^\s\\$]|[^\s\\$])\$(?![\d$])")
REFERENCE = re.compile(r"(?<![\w.@\\])-?@((?:fig|tbl|sec|eq)-[\w-]*\w)", re.IGNORECASE)
LABEL = re.compile(r"\{[^{}<]*?#((?:fig|tbl|sec|eq)-[\w-]+)[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Source:
    """One .qmd file: its name for messages, its front matter, and the body with line numbers."""

    path: Path
    front: dict[str, Any]
    front_lines: int
    lines: list[str]

    @property
    def name(self) -> str:
        return self.path.name

    def at(self, line: int) -> str:
        """The place as a reader of an error message writes it into an editor."""
        return f"{self.path.name}:{line}"


def read_source(path: Path) -> Source:
    """Read a .qmd file; its front matter's lines are kept as empty lines of the body."""
    if not path.is_file():
        raise ReportError(f"{path} must exist, but it does not; stage the report again")
    lines = path.read_text(encoding="utf-8").splitlines()
    end = front_matter_end(lines)
    try:
        front = yaml.safe_load("\n".join(lines[1 : end - 1])) if end else {}
    except yaml.YAMLError as fault:
        mark = getattr(fault, "problem_mark", None)
        line = mark.line + 2 if mark else 1
        raise ReportError(
            f"{path.name}:{line}: the front matter must be YAML, but {fault.problem or fault}; "
            "mend that line"
        ) from fault
    if not isinstance(front, dict | None):
        raise ReportError(f"{path.name}:2: the front matter must be keys and values; mend it")
    return Source(path, front or {}, end, [""] * end + lines[end:])


def front_matter_end(lines: list[str]) -> int:
    """Number of lines the front matter takes, its two rulers included; 0 without one."""
    if not lines or lines[0].rstrip() != "---":
        return 0
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() in ("---", "..."):
            return number
    return 0


def metadata(staged: Path) -> dict[str, Any]:
    """The front matter of `report.qmd` over the keys of `_quarto.yml`, as Quarto merges them."""
    project = read_yaml(staged / "_quarto.yml")
    own = ("project", "format", "language")
    shared = {key: value for key, value in project.items() if key not in own}
    return {"lang": "en", **shared, **read_source(staged / "report.qmd").front}


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a file of keys and values; an absent file is an empty one."""
    if not path.is_file():
        return {}
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as fault:
        said = " ".join(str(fault).split())
        raise ReportError(f"{path.name} must be YAML, but {said}; mend that line") from fault
    if not isinstance(found, dict):
        raise ReportError(f"{path.name} must be keys and values; mend it")
    return found


def look_up(values: dict[str, Any], key: str) -> Any:
    """Follow a dotted key through nested tables; None when it leads nowhere."""
    for part in key.split("."):
        if not isinstance(values, dict) or part not in values:
            return None
        values = values[part]
    return values


def fenced_code(lines: list[str]) -> list[bool]:
    """Say for every line whether it belongs to a fenced code block, its fences included."""
    inside, marks = None, []
    for line in lines:
        fence = FENCE.match(line)
        if inside is None and fence and not ("`" in fence[1] and "`" in fence[2]):
            inside = fence[1]
            marks.append(True)
        elif inside is not None:
            marks.append(True)
            if fence and not fence[2] and fence[1][0] == inside[0] and len(fence[1]) >= len(inside):
                inside = None
        else:
            marks.append(False)
    return marks


def prose(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (line number, text) outside fenced code, with code, comments and math blanked."""
    in_math = in_comment = False
    for number, (line, is_code) in enumerate(zip(lines, fenced_code(lines), strict=True), start=1):
        if is_code:
            continue
        text = INLINE_CODE.sub(_blank, line)
        text, in_comment = _without(text, "<!--", "-->", in_comment)
        text, in_math = _without(text, "$$", "$$", in_math)
        yield number, INLINE_MATH.sub(_blank, text)


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _without(text: str, start: str, stop: str, inside: bool) -> tuple[str, bool]:
    """Blank what stands between two marks that may lie on different lines."""
    kept, rest = "", text
    while rest:
        before, mark, after = rest.partition(stop if inside else start)
        kept += " " * len(before) if inside else before
        kept += " " * len(mark)
        inside = not inside if mark else inside
        rest = after
    return kept, inside
