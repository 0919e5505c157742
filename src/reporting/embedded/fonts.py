"""The fonts of the PDF: those of the wheels, and a CJK family where the text needs one."""

import re
import shutil
from pathlib import Path

import font_source_sans_pro
import typst

from reporting.errors import ReportError

SANS = "Source Sans Pro"
STYLES = ("Regular", "It", "Semibold", "SemiboldIt", "Bold", "BoldIt")
CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef]")
CJK_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Serif CJK SC",
    "Microsoft YaHei",
    "PingFang SC",
)


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
    present = typst.Fonts(include_system_fonts=True).families()
    found = next((family for family in CJK_FAMILIES if family in present), None)
    if found is None:
        raise ReportError(
            "the PDF needs a font with Chinese characters, but none is installed; "
            "install one: apt-get install fonts-wqy-microhei"
        )
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
