"""The fonts of the PDF: those of the wheels, and a CJK family where the text needs one."""

import shutil
from pathlib import Path

import font_source_sans_pro
import typst

from analysis.telling.scripts import CJK, NO_CJK, cjk_family
from reporting.errors import ReportError

SANS = "Source Sans Pro"
STYLES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")


def stage_fonts(folder: Path) -> None:
    """Copy the font files that the PDF is set in into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in map(Path, font_source_sans_pro.font_files_ttf.values()):
        if file.stem.split("-")[1] in STYLES and not (folder / file.name).is_file():
            shutil.copyfile(file, folder / file.name)


def families_for(text: str) -> list[str]:
    """The families the PDF is set in: the wheel's, then a CJK family if the text needs one."""
    if not CJK.search(text):
        return [SANS]
    found = cjk_family(typst.Fonts(include_system_fonts=True).families())
    if found is None:
        raise ReportError(NO_CJK.format(what="the PDF"))
    return [SANS, found]


def compile_pdf(source: Path, pdf: Path, root: Path, families: list[str]) -> None:
    """Compile a Typst source to accessible PDF (PDF/UA-1); a warning, such as an absent font,
    is an error.
    """
    stage_fonts(root / "fonts")
    try:
        made, warnings = typst.compile_with_warnings(
            str(source),
            root=str(root),
            font_paths=[str(root / "fonts")],
            ignore_system_fonts=families == [SANS],
            timestamp=0,
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as fault:
        raise ReportError(f"report.qmd must typeset, but Typst said: {fault}") from fault
    if warnings:
        said = "; ".join(sorted({warning.message for warning in warnings}))
        raise ReportError(f"the PDF must typeset without a warning, but Typst said: {said}")
    pdf.write_bytes(made)
