"""One Markdown text from a staged report: shortcodes expanded, media written beside it."""

import re
import shutil
from pathlib import Path
from typing import Any

from reporting.cells import Cell, read_notebook
from reporting.qmd import SHORTCODE, fenced_code, look_up, read_source

SUFFIX = {"image/svg+xml": ".svg", "image/png": ".png"}
IMAGE = re.compile(r"!\[[^\]]*\]\(\s*([^)\s]+)")


def expand(
    staged: Path, work: Path, values: dict[str, dict[str, Any]], name: str = "report.qmd"
) -> str:
    """Return the body of a staged page with include, embed, var, meta and pagebreak expanded.

    `values` holds the tables that `var` and `meta` read. Pictures are written below `work`, at the
    address that the text names. The preflight has made sure that everything is there.
    """
    return "\n".join(_expand_file(staged / name, staged, work, values))


def _expand_file(path: Path, staged: Path, work: Path, values: dict) -> list[str]:
    source = read_source(path)
    expanded: list[str] = []
    for line, is_code in zip(source.lines, fenced_code(source.lines), strict=True):
        alone = None if is_code else SHORTCODE.fullmatch(line.strip())
        if alone and alone[1] == "include":
            expanded += ["", *_expand_file(path.parent / alone[2], staged, work, values), ""]
        elif alone and alone[1] == "embed":
            expanded += ["", *_embedded(alone[2], path.parent, work), ""]
        elif alone and alone[1] == "pagebreak":
            expanded += ["", "::: {.pagebreak}", ":::", ""]
        else:
            expanded.append(_with_values(line, values))
            _copy_pictures(line, path.parent, work)
    return expanded


def _with_values(line: str, values: dict[str, dict[str, Any]]) -> str:
    def value(found: re.Match[str]) -> str:
        return str(look_up(values[found[1]], found[2])) if found[1] in values else found[0]

    return SHORTCODE.sub(value, line)


def _embedded(target: str, folder: Path, work: Path) -> list[str]:
    address, label = target.split("#", 1)
    cell = read_notebook(folder / address).cells[label]
    body = _body(cell, Path(address).stem, work)
    if not label.startswith(("fig-", "tbl-")):
        return body
    fence = ":" * 12
    return [f"{fence} {{#{label}}}", "", *body, "", *cell.caption.splitlines(), "", fence]


def _body(cell: Cell, stem: str, work: Path) -> list[str]:
    if cell.form == "text/markdown":
        return str(cell.content).splitlines()
    picture = work / "media" / f"{stem}-{cell.label}{SUFFIX[cell.form]}"
    picture.parent.mkdir(exist_ok=True)
    content = cell.content if isinstance(cell.content, bytes) else cell.content.encode()
    picture.write_bytes(content)
    alt = " ".join(cell.alt.split()).replace("\\", "&#92;").replace('"', "&#34;")
    return [f'![](media/{picture.name}){{fig-alt="{alt}"}}']


def _copy_pictures(line: str, folder: Path, work: Path) -> None:
    for address in IMAGE.findall(line):
        if (folder / address).is_file():
            (work / address).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / address, work / address)
