"""The prose of the chapters, in the study's language where somebody has written it.

`reports/_retention.qmd` is the chapter in English; `reports/zh/_retention.qmd` beside it is the
same in Chinese. A chapter that is not there in the study's language stands in English.
"""

from __future__ import annotations

import re
from pathlib import Path

from analysis.telling.wording import CHAPTERS, Wording
from reporting.project import ROOT, Notebook, Study

REPORTS = ROOT / "reports"
FRONT = "report.qmd"
TITLE = re.compile(r"^# (.+?)\s*(?:\{[^}]*\})?\s*$", re.MULTILINE)


def report_file(name: str, language: str) -> Path:
    """`reports/<language>/<name>` where there is one, else `reports/<name>`."""
    translated = REPORTS / language / name
    return translated if translated.is_file() else REPORTS / name


def chapter_source(notebook: Notebook, language: str) -> Path:
    """The `.qmd` that shows a notebook."""
    return report_file(f"_{notebook.chapter}.qmd", language)


def chapter_title(notebook: Notebook, say: Wording) -> str:
    """The chapter's title in the study's words, as the chapter's texts have it."""
    if (CHAPTERS / notebook.chapter).is_dir():
        return say.of(notebook.chapter).texts["title"]
    path = report_file(f"_{notebook.chapter}.qmd", say.language)
    found = TITLE.search(path.read_text(encoding="utf-8")) if path.is_file() else None
    return found[1] if found else notebook.title


def not_translated(study: Study) -> str:
    """One sentence that names what stands in English in a report in another language."""
    language = study.params.language
    names = [FRONT, *(f"_{notebook.chapter}.qmd" for notebook in study.chapters)]
    absent = [name for name in names if not (REPORTS / language / name).is_file()]
    if language == "en" or not absent:
        return ""
    return (
        f"reports/{language}/ must hold {', '.join(absent)} for a report that is all in its "
        "language, but does not; the English text stands in (see docs/another-language.md)"
    )
