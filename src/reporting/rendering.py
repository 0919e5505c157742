"""Render a staged report: an HTML page, a PDF, its brief; by Quarto or the embedded renderer."""

import os
import shutil
import tempfile
from pathlib import Path

from reporting import quarto
from reporting.contained import carry_policy, check_no_paths, check_self_contained
from reporting.errors import ReportError
from reporting.preflight import check_staged
from reporting.project import ROOT
from reporting.theme import families_of


def render_report(staged: Path, html: Path, pdf: Path) -> str:
    """Make both formats of the report in `staged` and say which renderer made them.

    Parameters
    ----------
    staged
        A small Quarto project: report.qmd, its chapters, the executed notebooks, the theme.
    html, pdf
        Where the two files belong. Both are replaced together when both were made; when anything
        fails they stay as they were.

    Returns
    -------
    str
        "quarto 1.10.18", or "embedded (pandoc 3.9, typst 0.15.2)".

    Raises
    ------
    ReportError
        A source lies outside the common subset, something that it names is absent, no font has
        the signs of its language, or a renderer fails; all faults at once, one sentence each.
    """
    check_staged(staged)
    families_of(staged)
    program = quarto.find_quarto()
    html.parent.mkdir(parents=True, exist_ok=True)
    pdf.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".render-", dir=html.parent) as folder:
        work = Path(folder)
        made_html, made_pdf = work / "report.html", work / "report.pdf"
        if program:
            renderer = quarto.render(program, staged, made_html, made_pdf, work / "quarto")
            check_no_paths(made_html, (staged, work, ROOT, Path.home()))
            carry_policy(made_html, check_self_contained(made_html))
        else:
            renderer = _render_embedded(staged, made_html, made_pdf, work / "embedded")
        made = {made_html: html, made_pdf: pdf}
        if brief_of(made_pdf).is_file():
            made[brief_of(made_pdf)] = brief_of(pdf)
        put_in_place(made)
    return renderer


def brief_of(pdf: Path) -> Path:
    """Where the brief of a report lies: `report-brief.pdf`."""
    return pdf.with_name(f"{pdf.stem}-brief.pdf")


def render_slides(staged: Path, pdf: Path) -> None:
    """Make the slides of a staged report: page one, and one slide a chapter's figure.

    Raises
    ------
    ReportError
        The report was staged by an earlier version, or cannot be typeset.
    """
    from reporting import embedded

    if not (staged / "slides.qmd").is_file():
        raise ReportError(f"{staged} must hold slides.qmd, but does not; make the report first")
    with tempfile.TemporaryDirectory(prefix=".render-", dir=pdf.parent) as folder:
        made = Path(folder) / pdf.name
        embedded.render_pdf(staged, made, Path(folder), "slides")
        put_in_place({made: pdf})


def put_in_place(made: dict[Path, Path]) -> None:
    """Move every made file to its place, or none of them: what was there comes back on a fault."""
    kept: dict[Path, Path] = {}
    try:
        for source, place in made.items():
            if place.is_file():
                kept[place] = source.with_suffix(source.suffix + ".last")
                shutil.copyfile(place, kept[place])
            os.replace(source, place)
    except OSError as fault:
        for place in made.values():
            if place in kept:
                os.replace(kept[place], place)
        raise ReportError(
            f"{fault.filename2 or fault.filename} must be writable, but {fault.strerror}; "
            "close whatever holds it and render again"
        ) from fault


def _render_embedded(staged: Path, html: Path, pdf: Path, work: Path) -> str:
    from reporting import embedded

    work.mkdir()
    embedded.render(staged, html, pdf, work)
    return embedded.version()
