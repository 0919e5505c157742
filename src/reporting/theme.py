"""The look that both renderers share: the files of `reports/` that travel with a staged report."""

from pathlib import Path
from typing import Any

import yaml

from analysis.telling.glyphs import missing_glyphs
from analysis.telling.scripts import CJK_FAMILIES
from analysis.telling.wording import catalogue
from reporting.errors import ReportError
from reporting.qmd import metadata

REPORTS = Path(__file__).parents[2] / "reports"
THEME_FILES = ("theme.css", "theme.typ", "theme.lua", "appendix.lua")
FOR_QUARTO = ("theme.typ", "quarto.typ")
PARTIAL = "typst-template.typ"
"""The part of real Quarto's template for PDF that the theme takes the place of."""
WORDS = "_words.yml"
STAGED_TEXTS = (".qmd", ".ipynb", ".yml")
IN_QUARTO = {
    "toc-title-document": "contents",
    "section-title-abstract": "abstract",
    "section-title-footnotes": "footnotes",
    "section-title-references": "references",
    "section-title-appendices": "appendices",
    "title-block-author-single": "author",
    "title-block-author-plural": "authors",
    "title-block-published": "published",
    "copy-button-tooltip": "copy",
    "copy-button-tooltip-success": "copied",
    "code-summary": "code",
}
"""Quarto's name of each word that it may write into a page or a PDF of the subset."""
CALLOUTS = ("note", "tip", "warning", "important", "caution")


def stage_theme(staged: Path, language: str = "en") -> None:
    """Write the theme, the renderer's words and the PDF's fonts into a staged report."""
    from reporting.embedded.fonts import stage_fonts

    for name in THEME_FILES:
        (staged / name).write_bytes((REPORTS / name).read_bytes())
    (staged / PARTIAL).write_text(_partial(), encoding="utf-8")
    texts = catalogue(language)
    words, formats = texts["renderer"], texts["formats"]
    project = yaml.safe_load((REPORTS / "_quarto.yml").read_text(encoding="utf-8"))
    project |= {"lang": language, "date-format": words["date_format"], "language": _quarto(words)}
    _write(staged / "_quarto.yml", project)
    _write(staged / WORDS, words | {key: formats[key] for key in ("date", "months")})
    stage_fonts(staged / "fonts")


def stage_glyphs(staged: Path) -> None:
    """Write into `_quarto.yml` the PDF's fonts, and what it shows for signs that none has.

    Raises
    ------
    ReportError
        The report's language is written in CJK signs and no family has them.
    """
    project = yaml.safe_load((staged / "_quarto.yml").read_text(encoding="utf-8"))
    text = staged_text(staged)
    families = families_of(staged)
    missing = missing_glyphs(text, has_cjk=bool(set(families) & set(CJK_FAMILIES)))
    pairs = [{"sign": sign, "name": name} for sign, name in missing.items()]
    fonts = {"families": families} | ({"glyphs": pairs} if pairs else {})
    _write(staged / "_quarto.yml", project | fonts)


def families_of(staged: Path) -> list[str]:
    """The families that a staged report's PDF is set in, by either renderer.

    Raises
    ------
    ReportError
        The report's language is written in CJK signs and no family has them.
    """
    from reporting.embedded.fonts import families_for

    return families_for(staged_text(staged), str(metadata(staged)["lang"]))


def staged_text(staged: Path) -> str:
    """All that a staged report says."""
    sources = [file for file in sorted(staged.rglob("*")) if file.suffix in STAGED_TEXTS]
    return "".join(file.read_text(encoding="utf-8") for file in sources)


def _partial() -> str:
    """The theme as a part of Quarto's template: of theme.typ, no sign is one of the template's."""
    theme, own = ((REPORTS / name).read_text(encoding="utf-8") for name in FOR_QUARTO)
    return f"{theme.replace('$', '$$')}\n{own}"


def _quarto(words: dict[str, str]) -> dict[str, str]:
    """The same words under the names that real Quarto gives them."""
    named = {name: words[key] for name, key in IN_QUARTO.items()}
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
