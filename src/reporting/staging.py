"""Stage a report: a small Quarto project of a study's chapters and what their notebooks show."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import yaml

from reporting.errors import ReportError
from reporting.project import ROOT, Notebook, Study, notebooks
from reporting.theme import stage_theme

REPORTS = ROOT / "reports"
SHARED = ("references.bib",)
LABEL = re.compile(r"^#\|\s*label:\s*(\S+)\s*$", re.MULTILINE)
RELATIONSHIPS = {
    "contractual": "business with contracts",
    "noncontractual": "business without contracts",
}
MOST_FINDINGS = 7
FORMS = ("image/svg+xml", "image/png", "text/markdown")


def stage_report(study: Study, aside: Path) -> Path:
    """Write `aside/report/` and `aside/results/` from the executed notebooks.

    Returns the first, a Quarto project that is ready to render.

    Raises
    ------
    ReportError
        A labelled cell that shows nothing, or more than one thing.
    """
    shown = {notebook: shown_cells(executed(study, notebook)) for notebook in study.chapters}
    (aside / "report" / "nb").mkdir(parents=True)
    (aside / "results").mkdir()
    project = aside / "report"
    stage_theme(project)
    for name in SHARED:
        shutil.copyfile(REPORTS / name, project / name)
    for notebook, cells in shown.items():
        shutil.copyfile(chapter_source(notebook), project / f"_{notebook.chapter}.qmd")
        _write_json(project / "nb" / f"{notebook.name}.ipynb", _notebook_of(cells))
    (project / "_summary.qmd").write_text(summary(study, shown), encoding="utf-8")
    (project / "_provenance.qmd").write_text(provenance(study), encoding="utf-8")
    (project / "_chapters.qmd").write_text(chapter_list(study), encoding="utf-8")
    (project / "_variables.yml").write_text(variables(study), encoding="utf-8")
    (project / "report.qmd").write_text(front_page(study, shown), encoding="utf-8")
    write_results(shown, aside / "results")
    return project


def executed(study: Study, notebook: Notebook) -> dict[str, Any]:
    """The executed copy of a notebook."""
    path = study.folder / "notebooks" / f"{notebook.name}.ipynb"
    return json.loads(path.read_text(encoding="utf-8"))


def chapter_source(notebook: Notebook) -> Path:
    """The `.qmd` that shows a notebook."""
    path = REPORTS / f"_{notebook.chapter}.qmd"
    if not path.is_file():
        raise ReportError(
            f"notebooks/{notebook.name}.ipynb must have its chapter reports/{path.name}, "
            "but there is none; write it (see docs/add-a-chapter.md)"
        )
    return path


def shown_cells(content: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The labelled cells of an executed notebook: label -> its one output."""
    cells: dict[str, dict[str, Any]] = {}
    for cell in content["cells"]:
        source = "".join(cell["source"])
        label = LABEL.search(source)
        if cell["cell_type"] != "code" or label is None:
            continue
        outputs = [output for output in cell["outputs"] if set(FORMS) & set(output.get("data", ()))]
        if len(outputs) != 1 or label[1] in cells:
            raise ReportError(
                f"cell {label[1]} must show one figure, table or finding and be the only one of "
                f"its name, but shows {len(outputs)}; end it with illustrate(), present() or a "
                "finding"
            )
        cells[label[1]] = outputs[0]
    return cells


def _notebook_of(cells: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A notebook of labelled cells only, each with one clean form."""
    return {
        "cells": [_clean_cell(label, output) for label, output in cells.items()],
        "metadata": {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _clean_cell(label: str, output: dict[str, Any]) -> dict[str, Any]:
    form = next(form for form in FORMS if form in output["data"])
    metadata = output["metadata"]
    options = {"label": label}
    if form.startswith("image/"):
        options |= {"fig-cap": metadata["caption"], "fig-alt": metadata["alt"]}
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


def summary(study: Study, shown: dict[Notebook, dict[str, dict[str, Any]]]) -> str:
    """The executive summary: the weightiest findings, each with its claim and its chapter."""
    lines = ["# Executive summary {#sec-summary .unnumbered}", ""]
    for notebook, output in weightiest(shown):
        link = f"[{notebook.title.rstrip('?.')}](#sec-{notebook.chapter})"
        text = "".join(output["data"]["text/markdown"]).rstrip().removesuffix(":::")
        lines += [f"{text}[More: {link}]{{.more}}\n:::", ""]
    return "\n".join(lines)


def weightiest(
    shown: dict[Notebook, dict[str, dict[str, Any]]],
) -> list[tuple[Notebook, dict[str, Any]]]:
    """At most seven findings in the order of the report.

    The first findings of all chapters come before the second ones, and the chapters that answer
    the study's main questions (`weight`) before the others.
    """
    ranked = []
    for notebook, cells in shown.items():
        findings = [out for out in cells.values() if "finding" in out["metadata"]]
        told = [out for out in findings if out["metadata"]["finding"]["in_summary"]]
        for place, output in enumerate(told):
            ranked.append((place, -notebook.weight, len(ranked), notebook, output))
    chosen = sorted(ranked, key=lambda entry: entry[:3])[:MOST_FINDINGS]
    return [entry[3:] for entry in sorted(chosen, key=lambda entry: entry[2])]


def chapter_list(study: Study) -> str:
    """Which chapters the study's tables allow, and what each missing one would take."""
    rows = []
    for notebook in notebooks():
        shown = notebook in study.chapters
        if notebook.without and not shown:
            continue
        needs = ", ".join(map(_need, notebook.needs))
        if notebook.relationship:
            needs += f" of a {RELATIONSHIPS[notebook.relationship]}"
        link = f"[{notebook.title}](#sec-{notebook.chapter})" if shown else notebook.title
        rows.append(f"| {link} | {'yes' if shown else 'no'} | {needs} |")
    head = [
        "| Chapter | In this report | Tables it needs |",
        "|:------------------------|:-----|:------------------------|",
    ]
    caption = ": The chapters, and the tables that each one needs {#tbl-chapters}"
    return "\n".join([*head, *rows, "", caption, ""])


def _need(name: str) -> str:
    """`customers.first_contact_at` as "customers with first contact at"."""
    return name.replace(".", " with ").replace("_", " ")


def abstract(shown: dict[Notebook, dict[str, dict[str, Any]]]) -> str:
    """The first chapter's finding: whom the report is about, and when."""
    cells = next(iter(shown.values())).values()
    findings = [
        output["metadata"]["finding"] for output in cells if "finding" in output["metadata"]
    ]
    return findings[0]["sentence"] if findings else ""


def front_page(study: Study, shown: dict[Notebook, dict[str, dict[str, Any]]]) -> str:
    """`report.qmd`: the front matter of the study before the includes of its chapters."""
    params = study.params
    _, matter, body = (REPORTS / "report.qmd").read_text(encoding="utf-8").split("---\n", 2)
    fields = yaml.safe_load(matter) | {
        "title": params.title,
        "subtitle": params.subtitle,
        "author": params.author,
        "date": run_stamp(study)["finished"][:10],
        "lang": params.language,
        "abstract": abstract(shown),
    }
    if params.simulated:
        fields["subtitle"] = f"[Simulated data]{{.badge}} {params.subtitle}".strip()
    if study.variant:
        tried = _tried(params.overrides)
        fields["subtitle"] += f" (variant: {tried})"
    chapters = "\n\n".join(f"{{{{< include _{found.chapter}.qmd >}}}}" for found in study.chapters)
    front = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=1000)
    return f"---\n{front}---\n{body.replace('{{< include _chapters.qmd >}}', chapters)}"


def variables(study: Study) -> str:
    """Values that chapters name with `{{< var … >}}`: the parameters, for readers."""
    resolved = study.params.model_dump(mode="json", exclude={"data", "overrides"})
    values = {
        key: ", ".join(f"{item:g}" if isinstance(item, float) else str(item) for item in value)
        if isinstance(value, list)
        else f"{value:g}"
        if isinstance(value, float)
        else value
        for key, value in resolved.items()
        if not isinstance(value, dict)
    }
    values["confidence"] = f"{study.params.conf_level:.0%}"
    return yaml.safe_dump(values, allow_unicode=True)


def run_stamp(study: Study) -> dict[str, Any]:
    """What the youngest notebook of the study was run with, and when."""
    stamps = [executed(study, notebook)["metadata"]["provenance"] for notebook in study.chapters]
    return max(stamps, key=lambda stamp: stamp["finished"])


def provenance(study: Study) -> str:
    """The last page: parameters, overrides, data, commit, versions, time."""
    stamp = run_stamp(study)
    source = json.loads((study.folder / "tables" / "key.json").read_text("utf-8"))["description"]
    fingerprint = json.loads((study.folder / "study.json").read_text("utf-8"))["fingerprint"]
    data = {
        "Data": source["title"],
        "Citation": source["citation"],
        "Licence": source["licence"],
        "Fingerprint": f"`{fingerprint[:16]}`",
        "Run": stamp["finished"],
        "Code": f"commit {stamp['commit']}",
        "Lock": f"`{stamp['lock']}`",
        "Python": stamp["python"],
        **stamp["versions"],
    }
    overrides = study.params.overrides
    tried = _tried(overrides) or "none"
    parameters = study.params.model_dump(mode="json", exclude={"data", "overrides"})
    shown = {key.replace("_", " "): _plain(value) for key, value in parameters.items()}
    return "\n".join(
        [
            "# How this report was made {#sec-provenance}",
            "",
            "The report was made by parameterised notebooks from the data below; the same "
            "parameters, data and code give the same numbers. The tables behind it lie beside "
            "it as CSV files, with a dictionary of their columns.",
            "",
            *_definitions("Data and code", "tbl-provenance", data),
            *_definitions("Parameters", "tbl-parameters", shown | {"changed for this run": tried}),
        ]
    )


def _tried(overrides: dict[str, Any]) -> str:
    """What a variant changes, in words."""
    pairs = ((key.replace("_", " ").replace(".", " "), value) for key, value in overrides.items())
    return ", ".join(f"{key} = {_plain(value)}" for key, value in pairs)


def _definitions(caption: str, label: str, values: dict[str, Any]) -> list[str]:
    rows = [
        f"| {key} | {_cell(value)} |" for key, value in values.items() if value not in ("", None)
    ]
    head = ["| What | Value |", "|:---------------|:------------------------------------|"]
    return [*head, *rows, "", f": {caption} {{#{label}}}", ""]


def _cell(value: Any) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def _plain(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, dict):
        return "; ".join(f"{key.replace('_', ' ')}: {_plain(item)}" for key, item in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value) or "none"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).replace("_", " ") if isinstance(value, str) else str(value)


def write_results(shown: dict[Notebook, dict[str, dict[str, Any]]], folder: Path) -> None:
    """The tables as CSV, one file a table, and the dictionary of their columns."""
    dictionary = io.StringIO()
    writer = csv.writer(dictionary, lineterminator="\n")
    writer.writerow(["file", "column", "heading", "meaning"])
    for notebook, cells in shown.items():
        for label, output in cells.items():
            if "text/csv" not in output["data"]:
                continue
            name = f"{notebook.chapter}-{label.removeprefix('tbl-')}.csv"
            (folder / name).write_text("".join(output["data"]["text/csv"]), encoding="utf-8")
            for column in output["metadata"]["columns"]:
                writer.writerow([name, column["name"], column["head"], column["means"]])
    (folder / "columns.csv").write_text(dictionary.getvalue(), encoding="utf-8")


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
