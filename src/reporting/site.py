"""`build/index.html`: every report with its title, date, data and links."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from analysis.telling.markup import one_line
from analysis.telling.wording import catalogue
from reporting.contained import with_policy
from reporting.project import ROOT, write_if_changed


def write_index(build: Path) -> None:
    """List the reports that lie under `build`, studies first and variants after them.

    The page is in the language of the reports where all have the same, else in English.
    """
    found = [*build.glob("*/report.json"), *build.glob("variants/*/*/report.json")]
    reports = {path: json.loads(path.read_text("utf-8")) for path in sorted(found, key=str)}
    languages = {report.get("language", "en") for report in reports.values()}
    language = languages.pop() if len(languages) == 1 else "en"
    words = {key: escape(text) for key, text in catalogue(language)["index"].items()}
    sections = []
    for key in ("reports", "variants"):
        own = [path for path in reports if ("variants" in path.parts) == (key == "variants")]
        items = "\n".join(_item(reports[path], path.parent, build, words) for path in own)
        if items:
            sections.append(f"<section><h2>{words[key]}</h2>\n<ul>\n{items}\n</ul></section>")
    page = Template((ROOT / "reports" / "index.html").read_text(encoding="utf-8"))
    text = page.substitute(words, language=language, list="\n".join(sections))
    write_if_changed(build / "index.html", with_policy(text))


def _text(text: Any) -> str:
    """A text of a report as the page holds it."""
    return escape(one_line(str(text)))


def _item(report: dict[str, Any], folder: Path, build: Path, words: dict[str, str]) -> str:
    place = quote(folder.relative_to(build).as_posix())
    badge = f' <span class="badge">{words["simulated"]}</span>' if report["simulated"] else ""
    begin, end = report["period"]
    about = words["about"].format(
        study=_text(report["study"]),
        begin=_text(begin),
        end=_text(end),
        data=_text(report["data"]["title"]),
        finished=_text(report["finished"]),
    )
    tables = words["tables"].format(tables=len(list((folder / "results").glob("*.csv"))))
    return f"""<li>
<h3><a href="{place}/report.html">{_text(report["title"])}</a>{badge}</h3>
<p>{_text(report["subtitle"])}</p>
<p class="small">{about}</p>
<p><a href="{place}/report.html">{words["page"]}</a> · <a href="{place}/report.pdf">PDF</a> ·
<a href="{place}/results/">{tables}</a></p>
</li>"""
