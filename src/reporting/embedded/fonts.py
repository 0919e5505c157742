"""The fonts of the PDF: those of the wheels, and a CJK family where the text needs one."""

import shutil
from pathlib import Path

import font_source_sans_pro
import typst

from analysis.telling.glyphs import fallback_fonts
from analysis.telling.scripts import CJK, NO_CJK, cjk_family, is_cjk
from reporting.embedded.packed import packed
from reporting.errors import ReportError

SANS, FALLBACK = "Source Sans Pro", "DejaVu Sans"
STYLES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")


def stage_fonts(folder: Path) -> None:
    """Copy the font files that the PDF is set in into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    own = map(Path, font_source_sans_pro.font_files_ttf.values())
    wanted = [file for file in own if file.stem.split("-")[1] in STYLES]
    for file in [*wanted, *fallback_fonts()]:
        if not (folder / file.name).is_file():
            shutil.copyfile(file, folder / file.name)


def families_for(text: str, language: str = "en") -> list[str]:
    """The families the PDF is set in: those of wheels, then a CJK family if the text needs one.

    Raises
    ------
    ReportError
        The language is written in CJK signs and no family has them. In another language a name in
        such signs is spelled out (see `reporting.theme.stage_glyphs`).
    """
    found = installed_cjk() if CJK.search(text) else None
    if found is None and CJK.search(text) and is_cjk(language):
        raise ReportError(NO_CJK.format(what="the PDF"))
    return [SANS, FALLBACK, *([found] if found else [])]


def installed_cjk() -> str | None:
    """A family with CJK signs among the fonts of the machine."""
    return cjk_family(typst.Fonts(include_system_fonts=True).families())


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
            ignore_system_fonts=families == [SANS, FALLBACK],
            timestamp=0,
            pdf_standards=["ua-1"],
        )
    except typst.TypstError as fault:
        raise ReportError(f"report.qmd must typeset, but Typst said: {fault}") from fault
    if warnings:
        said = "; ".join(sorted({warning.message for warning in warnings}))
        raise ReportError(f"the PDF must typeset without a warning, but Typst said: {said}")
    pdf.write_bytes(packed(made))
