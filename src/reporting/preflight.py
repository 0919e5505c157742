"""Look before rendering: everything that a staged report names is there, and said once.

All faults are gathered and raised at once, one sentence each with its place and its remedy, so
that neither renderer meets an absent notebook, label, key or citation half-way.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reporting.cells import Cell, Notebook, near, read_notebook
from reporting.errors import ReportError
from reporting.qmd import (
    LABEL,
    REFERENCE,
    SHORTCODE,
    look_up,
    metadata,
    prose,
    read_source,
    read_yaml,
)
from reporting.subset import check_sources, check_widths, faults_in

CITATION = re.compile(r"(?<![\w.@\\])-?@\{?([A-Za-z0-9][\w:.#$%&+?~/-]*\w)")
IMAGE = re.compile(r"!\[([^\]]*)\]\(\s*([^)\s]+)[^)]*\)(\{[^}]*\})?")
LINK = re.compile(r"\]\(#((?:fig|tbl|sec|eq)-[\w-]+)\)")
BIB_KEY = re.compile(r"@\w+\s*[{(]\s*([^,\s]+)\s*,")
CAPTIONED = ("fig-", "tbl-")
PICTURES = (".svg", ".png", ".jpg", ".jpeg", ".gif")


@dataclass
class Survey:
    """What one walk through a staged report has met, each with the place it was met at."""

    staged: Path
    values: dict[str, dict[str, Any]]
    sources: list[Path] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    references: list[tuple[str, str]] = field(default_factory=list)
    citations: list[tuple[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def check_staged(staged: Path) -> list[str]:
    """Check a staged report; returns the warnings and raises ReportError with all faults."""
    values = {"meta": metadata(staged), "var": read_yaml(staged / "_variables.yml")}
    survey = Survey(staged, values)
    _visit(staged / "report.qmd", survey, ())
    faults, warnings = check_sources(survey.sources)
    _check_references(survey)
    _check_citations(survey)
    if found := list(dict.fromkeys(faults + survey.faults)):
        raise ReportError(found)
    return warnings + survey.warnings


def _visit(path: Path, survey: Survey, parents: tuple[Path, ...]) -> None:
    source = read_source(path)
    if path not in survey.sources:
        survey.sources.append(path)
    _survey_values(source.name, source.lines, survey)
    for number, text in prose(source.lines):
        place = source.at(number)
        _survey_text(place, text, path.parent, survey)
        for found in SHORTCODE.finditer(text):
            if found[1] == "include":
                _visit_include(place, path.parent / found[2], survey, (*parents, path))
            elif found[1] == "embed" and "#" in found[2]:
                _visit_embed(place, found[2], path.parent, survey)


def _visit_include(place: str, path: Path, survey: Survey, parents: tuple[Path, ...]) -> None:
    if path in parents:
        survey.faults.append(f"{place}: {path.name} must not include itself; remove the line")
    elif not path.is_file():
        others = [other.name for other in path.parent.glob("*.qmd")]
        survey.faults.append(
            f"{place}: {path.name} must exist to be included, but it does not; "
            f"the nearest: {near(path.name, others)}"
        )
    else:
        _visit(path, survey, parents)


def _visit_embed(place: str, target: str, folder: Path, survey: Survey) -> None:
    address, label = target.split("#", 1)
    notebook = _notebook(place, address, folder, survey)
    if notebook is None:
        return
    if label not in notebook.cells:
        survey.faults.append(
            f"{place}: {address} must have a cell labelled {label}, but it has none; "
            f"the nearest: {near(label, list(notebook.cells))}"
        )
        return
    cell = notebook.cells[label]
    survey.faults += [f"{place}: {said}" for said in _cell_faults(cell, address)]
    where = f"{address}, cell {label}"
    if label.startswith(CAPTIONED):
        _add_label(label, place, survey)
        _survey_text(f"{where}, caption", cell.caption, folder, survey)
    if cell.form == "text/markdown":
        _survey_cell_text(where, str(cell.content).splitlines(), folder, survey)


def _notebook(place: str, address: str, folder: Path, survey: Survey) -> Notebook | None:
    path = folder / address
    if not path.is_file():
        others = [f"{other.parent.name}/{other.name}" for other in path.parent.glob("*.ipynb")]
        survey.faults.append(
            f"{place}: {address} must exist to be embedded, but it does not; "
            f"the nearest: {near(address, others)}"
        )
        return None
    try:
        notebook = read_notebook(path)
    except (ValueError, KeyError, TypeError):
        survey.faults.append(f"{place}: {address} must be a notebook, but it is not; run it again")
        return None
    for error in notebook.errors:
        survey.faults.append(f"{place}: {address} must run without an error, but {error}; mend it")
    for label in notebook.twice:
        survey.faults.append(f"{address}: label {label} must be given once; rename one cell")
    if notebook.has_html:
        survey.faults.append(
            f"{address}: an output holds text/html, which draws scripts from outside into the "
            "page; stage one clean form of each cell"
        )
    return notebook


def _cell_faults(cell: Cell, address: str) -> list[str]:
    where, faults = f"{address}, cell {cell.label}", []
    if cell.form is None:
        return [f"{where} must show a picture, a Markdown table or text, but it shows none; run it"]
    is_picture = cell.form.startswith("image/")
    if cell.label.startswith("fig-") != is_picture:
        kind = "a fig- label" if is_picture else "a tbl- or finding- label"
        faults.append(f"{where} shows {cell.form}, so it needs {kind}; rename it")
    if is_picture and not cell.alt:
        faults.append(f"{where} must have alt text, but it has none; add #| fig-alt:")
    if cell.label.startswith(CAPTIONED) and not cell.caption:
        option = cell.label[:3] + "-cap"
        faults.append(f"{where} must have a caption, but it has none; add #| {option}:")
    return faults


def _survey_cell_text(where: str, lines: list[str], folder: Path, survey: Survey) -> None:
    survey.faults += [f"{where}, line {line}: {said}" for line, said in faults_in(lines)]
    survey.warnings += [f"{where}: {said}" for _, said in check_widths(lines)]
    for number, text in prose(lines):
        _survey_text(f"{where}, line {number}", text, folder, survey)


def _survey_text(place: str, text: str, folder: Path, survey: Survey) -> None:
    for found in LABEL.finditer(text):
        _add_label(found[1], place, survey)
    for found in REFERENCE.finditer(text):
        survey.references.append((found[1][0].lower() + found[1][1:], place))
    survey.references += [(found[1], place) for found in LINK.finditer(text)]
    for found in CITATION.finditer(REFERENCE.sub("", text)):
        survey.citations.append((found[1], place))
    for alt, address, attributes in IMAGE.findall(text):
        inside = (folder / address).resolve().is_relative_to(survey.staged.resolve())
        if "://" in address or not inside or not (folder / address).is_file():
            survey.faults.append(
                f"{place}: picture {address} must be a file of the report, but it is not; add it"
            )
        elif Path(address).suffix.lower() not in PICTURES:
            survey.faults.append(
                f"{place}: picture {address} must be one of {', '.join(PICTURES)}; convert it"
            )
        if not alt and not re.search(r"\balt=|fig-alt=", attributes):
            survey.faults.append(f'{place}: picture {address} must have alt text; add fig-alt="…"')


def _survey_values(name: str, lines: list[str], survey: Survey) -> None:
    for number, line in enumerate(lines, start=1):
        for found in SHORTCODE.finditer(line):
            if found[1] in survey.values and look_up(survey.values[found[1]], found[2]) is None:
                known = ", ".join(sorted(survey.values[found[1]])) or "none"
                survey.faults.append(
                    f"{name}:{number}: {found[1]} {found[2]} must have a value, but it has none; "
                    f"there are: {known}"
                )


def _add_label(label: str, place: str, survey: Survey) -> None:
    if label in survey.labels:
        first = survey.labels[label]
        survey.faults.append(
            f"{place}: label {label} must be given once, but {first} gives it too; rename one"
        )
    survey.labels.setdefault(label, place)


def _check_references(survey: Survey) -> None:
    for label, place in survey.references:
        if label not in survey.labels:
            survey.faults.append(
                f"{place}: @{label} must lead to a label, but there is none; "
                f"the nearest: {near(label, list(survey.labels))}"
            )
        elif label.startswith("sec-") and not survey.values["meta"].get("number-sections"):
            survey.faults.append(
                f"{place}: @{label} needs numbered sections; set number-sections: true"
            )


def _check_citations(survey: Survey) -> None:
    names = survey.values["meta"].get("bibliography") or []
    keys: list[str] = []
    for name in [names] if isinstance(names, str) else names:
        file = survey.staged / name
        if file.is_file():
            keys += BIB_KEY.findall(file.read_text(encoding="utf-8"))
        else:
            survey.faults.append(f"{name} must exist to be cited from, but it does not; add it")
    for key, place in survey.citations:
        if key not in keys:
            survey.faults.append(
                f"{place}: @{key} must be in the bibliography, but it is not; "
                f"the nearest: {near(key, keys)}"
            )
