"""The look that both renderers share: the files of `reports/` that travel with a staged report."""

from pathlib import Path

from reporting.errors import ReportError

REPORTS = Path(__file__).parents[2] / "reports"
THEME_FILES = ("_quarto.yml", "theme.css", "theme.typ", "theme.lua")


def stage_theme(staged: Path) -> None:
    """Copy the theme and the PDF's fonts into a staged report; Quarto reads them there."""
    from reporting.embedded.fonts import stage_fonts

    for name in THEME_FILES:
        (staged / name).write_bytes((REPORTS / name).read_bytes())
    stage_fonts(staged / "fonts")


def theme_file(staged: Path, name: str) -> Path:
    """A file of the theme: the staged copy, else the project's own."""
    for path in (staged.resolve() / name, REPORTS / name):
        if path.is_file():
            return path
    raise ReportError(f"{REPORTS / name} must exist, but it does not; restore it")
