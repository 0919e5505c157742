"""The look that both renderers share: the files of `reports/` that travel with a staged report."""

from pathlib import Path
from typing import Any

import yaml

from analysis.telling.glyphs import missing_glyphs
from analysis.telling.scripts import CJK
from analysis.telling.wording import catalogue
from reporting.errors import ReportError

REPORTS = Path(__file__).parents[2] / "reports"
THEME_FILES = ("theme.css", "theme.typ", "theme.lua")
WORDS = "_words.yml"
STAGED_TEXTS = (".qmd", ".ipynb", ".yml")
CALLOUTS = ("note", "tip", "warning", "important", "caution")


def stage_theme(staged: Path, language: str = "en") -> None:
    """Write the theme, the renderer's words and the PDF's fonts into a staged report."""
    from reporting.embedded.fonts import stage_fonts

    for name in THEME_FILES:
        (staged / name).write_bytes((REPORTS / name).read_bytes())
    texts = catalogue(language)
    words, formats = texts["renderer"], texts["formats"]
    project = yaml.safe_load((REPORTS / "_quarto.yml").read_text(encoding="utf-8"))
    project |= {"lang": language, "date-format": words["date_format"], "language": _quarto(words)}
    _write(staged / "_quarto.yml", project)
    _write(staged / WORDS, words | {key: formats[key] for key in ("date", "months")})
    stage_fonts(staged / "fonts")


def stage_glyphs(staged: Path) -> None:
    """Write into `_quarto.yml` what the PDF shows in the place of signs that no font has."""
    from reporting.embedded.fonts import installed_cjk

    sources = [file for file in staged.rglob("*") if file.suffix in STAGED_TEXTS]
    text = "".join(file.read_text(encoding="utf-8") for file in sources)
    has_cjk = bool(CJK.search(text)) and installed_cjk() is not None
    missing = missing_glyphs(text, has_cjk=has_cjk)
    if missing:
        project = yaml.safe_load((staged / "_quarto.yml").read_text(encoding="utf-8"))
        pairs = [{"sign": sign, "name": name} for sign, name in missing.items()]
        _write(staged / "_quarto.yml", project | {"glyphs": pairs})


def _quarto(words: dict[str, str]) -> dict[str, str]:
    """The same words under the names that real Quarto gives them."""
    named = {"toc-title-document": words["contents"]}
    for kind in ("fig", "tbl"):
        named[f"crossref-{kind}-title"] = words[kind]
    for kind in ("fig", "tbl", "sec", "eq"):
        named[f"crossref-{kind}-prefix"] = words[kind]
    return named | {f"callout-{kind}-title": words[kind] for kind in CALLOUTS}


def _write(path: Path, content: dict[str, Any]) -> None:
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    path.write_text(text, encoding="utf-8")


def theme_file(staged: Path, name: str) -> Path:
    """A file of the theme: the staged copy, else the project's own."""
    for path in (staged.resolve() / name, REPORTS / name):
        if path.is_file():
            return path
    raise ReportError(f"{REPORTS / name} must exist, but it does not; restore it")
