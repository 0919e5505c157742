"""Stage a report: a small Quarto project of a study's chapters and what their notebooks show."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

from analysis.telling.cells import as_cell
from analysis.telling.markup import attribute
from analysis.telling.wording import Wording, wording_for
from reporting.chapters import REPORTS
from reporting.executed import FORMS, Output, Shown, is_silent, shown_by
from reporting.first_page import first_page, strips
from reporting.laying import NARROW, chapter_page
from reporting.notebook_pages import write_notebook_pages
from reporting.pages import (
    brief_page,
    chapter_foot,
    chapter_list,
    contents,
    front_page,
    slides_page,
)
from reporting.parameters import variables
from reporting.project import Study
from reporting.provenance import provenance
from reporting.strips import STRIPS
from reporting.theme import stage_glyphs, stage_theme

SHARED = ("references.bib",)
FINDINGS_SCHEMA = 1
SUPPRESSED = "suppressed.csv"


def stage_report(study: Study, aside: Path) -> Path:
    """Write `aside/report/`, `results/` and `notebooks/` from the executed notebooks.

    Returns the first, a Quarto project that is ready to render.

    Raises
    ------
    ReportError
        A labelled cell that shows nothing, or more than one thing.
    """
    shown, say = shown_by(study), wording_for(study.params)
    (aside / "report" / "nb").mkdir(parents=True)
    (aside / "results").mkdir()
    project = aside / "report"
    stage_theme(project, say.language)
    for name in SHARED:
        shutil.copyfile(REPORTS / name, project / name)
    pages: dict[str, str] = {}
    for notebook, cells in shown.items():
        page = chapter_page(notebook, cells, say) + chapter_foot(study, notebook, say)
        pages[notebook.chapter] = page
        (project / f"_{notebook.chapter}.qmd").write_text(page, encoding="utf-8")
        _write_json(project / "nb" / f"{notebook.name}.ipynb", _notebook_of(cells))
        _write_drawings(project, cells)
    made = {
        "_summary.qmd": first_page(shown, say),
        "_contents.qmd": contents(shown, say),
        "_provenance.qmd": provenance(study, say),
        "_chapters.qmd": chapter_list(study, say),
        "_variables.yml": variables(study, say),
        "report.qmd": front_page(study, shown, say),
    }
    made["brief.qmd"] = brief_page(made["report.qmd"], shown, say)
    made["slides.qmd"] = slides_page(made["report.qmd"], pages, shown, say)
    for name, text in made.items():
        (project / name).write_text(text, encoding="utf-8")
    stage_glyphs(project)
    write_results(shown, aside / "results", say)
    write_notebook_pages(study, aside, say)
    return project


def _write_drawings(project: Path, cells: dict[str, Output]) -> None:
    """The drawings for a phone, and the strips of page one, beside the notebooks."""
    narrow = ((label, output["metadata"].get(NARROW)) for label, output in cells.items())
    for folder, drawings in ((NARROW, narrow), (STRIPS, strips(cells))):
        (project / folder).mkdir(exist_ok=True)
        for label, drawing in drawings:
            if drawing:
                (project / folder / f"{label}.svg").write_text(drawing, encoding="utf-8")


def _notebook_of(cells: dict[str, Output]) -> dict[str, Any]:
    """A notebook of labelled cells only, each with one clean form."""
    return {
        "cells": [
            _clean_cell(label, output) for label, output in cells.items() if not is_silent(output)
        ],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _clean_cell(label: str, output: Output) -> dict[str, Any]:
    form = next(form for form in FORMS if form in output["data"])
    metadata = output["metadata"]
    options = {"label": label}
    if form.startswith("image/"):
        options |= {"fig-cap": metadata["caption"], "fig-alt": attribute(metadata["alt"])}
    elif "caption" in metadata:
        options["tbl-cap"] = metadata["caption"]
    source = [
        f"#| {key}: {json.dumps(text, ensure_ascii=False)}\n" for key, text in options.items()
    ]
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": re.sub(r"[^A-Za-z0-9_-]", "-", label)[:64],
        "metadata": {},
        "outputs": [
            {"data": {form: output["data"][form]}, "metadata": {}, "output_type": "display_data"}
        ],
        "source": source,
    }


def write_results(shown: Shown, folder: Path, say: Wording) -> None:
    """The tables as CSV, one file a table, and the dictionary of their columns.

    The dictionary says first how texts stand in all of them (see `analysis.telling.cells`).
    """
    dictionary = io.StringIO()
    writer = csv.writer(dictionary, lineterminator="\n")
    writer.writerow(["file", "column", "heading", "meaning"])
    writer.writerow(["columns.csv", "file", *map(say, ("report.file.head", "report.file.means"))])
    for notebook, cells in shown.items():
        for label, output in cells.items():
            if "text/csv" not in output["data"]:
                continue
            name = f"{_file_name(notebook.chapter, label)}.csv"
            (folder / name).write_text("".join(output["data"]["text/csv"]), encoding="utf-8")
            for column in output["metadata"]["columns"]:
                told = (column["name"], column["head"], column["means"])
                writer.writerow([name, *map(as_cell, told)])
    for column in ("file", "reason", "number"):
        told = (say(f"report.suppressed.{column}.{part}") for part in ("head", "means"))
        writer.writerow([SUPPRESSED, column, *told])
    (folder / SUPPRESSED).write_text(suppressions(shown, say), encoding="utf-8")
    (folder / "columns.csv").write_text(dictionary.getvalue(), encoding="utf-8")
    _write_json(folder / "findings.json", findings_record(shown))


def suppressions(shown: Shown, say: Wording) -> str:
    """What is not told, one row a table and reason: `file, reason, number` as CSV."""
    rows = io.StringIO()
    writer = csv.writer(rows, lineterminator="\n")
    writer.writerow(["file", "reason", "number"])
    for notebook, cells in shown.items():
        for label, output in cells.items():
            for reason, number in output["metadata"].get("suppressed", {}).items():
                name = f"{_file_name(notebook.chapter, label)}.csv"
                writer.writerow([name, say(f"report.suppressed.reasons.{reason}"), number])
    return rows.getvalue()


def _file_name(chapter: str, label: str) -> str:
    """`tbl-retention-lapse` of the chapter `retention` lies in `retention-lapse.csv`.

    The data of `fig-retention-lapse` lie in `retention-fig-lapse.csv`.
    """
    prefix, plain = f"{chapter.replace('_', '-')}-", label.removeprefix("tbl-")
    kind = "fig-" if label.startswith("fig-") else ""
    return f"{chapter}-{kind}{plain.removeprefix(kind).removeprefix(prefix)}"


def findings_record(shown: Shown) -> dict[str, Any]:
    """Every finding with its numbers (`findings.json`; docs/findings.md holds the schema)."""
    told = []
    for notebook, cells in shown.items():
        for label, output in cells.items():
            finding = output["metadata"].get("finding", {})
            if "fact" in finding:
                text = {key: finding[key] for key in ("sentence", "detail")}
                told.append({"chapter": notebook.chapter, "label": label} | finding["fact"] | text)
    return {"schema": FINDINGS_SCHEMA, "findings": told}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
