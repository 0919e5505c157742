"""`build/site/index.html`: every report with its title, date, data and links."""

from __future__ import annotations

import fcntl
import json
import os
from html import escape
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import quote

from analysis.telling.markup import one_line
from analysis.telling.wording import catalogue
from reporting.contained import with_policy
from reporting.errors import speak
from reporting.project import ROOT, build_folder, site_folder, write_if_changed
from reporting.seals import index_seal, seal

LISTED = {"title", "subtitle", "study", "simulated", "period", "finished", "data"}
"""What the list tells of a report."""


def main() -> None:
    """Write the list of all reports anew."""
    write_index()


def write_index() -> None:
    """Write the list of the reports that lie under `build/site/`, one process at a time."""
    keys = build_folder() / "keys"
    keys.mkdir(parents=True, exist_ok=True)
    with (keys / "index.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        index = site_folder() / "index.html"
        write_if_changed(index, index_page(site_folder()))
        os.utime(index)  # to make it is younger than the reports that it lists
        seal(index_seal(), [index, *descriptions()])


def descriptions() -> list[Path]:
    """What the reports say of themselves: studies first, variants after them."""
    site = site_folder()
    found = [*site.glob("*/report.json"), *site.glob("variants/*/*/report.json")]
    return sorted((path for path in found if path.parent.name[0] != "."), key=str)


def index_page(site: Path) -> str:
    """The page that lists the reports under a folder.

    It is in the language of the reports where all have the same, else in English.
    """
    read = {path: _description(path) for path in descriptions()}
    reports = {path: report for path, report in read.items() if report}
    languages = {report.get("language", "en") for report in reports.values()}
    language = languages.pop() if len(languages) == 1 else "en"
    texts = catalogue(language)["index"]
    words = {key: escape(text) for key, text in texts.items() if isinstance(text, str)}
    sections = []
    for key in ("reports", "variants"):
        own = [
            path for path in reports if ("variants" in _parts(path, site)) == (key == "variants")
        ]
        items = "\n".join(_item(reports[path], path.parent, site, words) for path in own)
        if items:
            sections.append(f"<section><h2>{words[key]}</h2>\n<ul>\n{items}\n</ul></section>")
    page = Template((ROOT / "reports" / "index.html").read_text(encoding="utf-8"))
    text = page.substitute(words, language=language, list="\n".join(sections))
    return with_policy(text)


def _parts(path: Path, site: Path) -> tuple[str, ...]:
    return path.relative_to(site).parts


def _description(path: Path) -> dict[str, Any]:
    """What a report says of itself; nothing of one that is not whole: its study remakes it."""
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    pages = (path.with_name(name).is_file() for name in ("report.html", "report.pdf"))
    return read if isinstance(read, dict) and set(read) >= LISTED and all(pages) else {}


def _text(text: Any) -> str:
    """A text of a report as the page holds it."""
    return escape(one_line(str(text)))


def _item(report: dict[str, Any], folder: Path, site: Path, words: dict[str, str]) -> str:
    place = quote(folder.relative_to(site).as_posix())
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
    pages = sorted((folder / "notebooks").glob("*.html"))
    links = " · ".join(
        f'<a href="{place}/notebooks/{quote(page.name)}">{_text(page.stem)}</a>' for page in pages
    )
    notebooks = f'<p class="small">{words["notebooks"].format(links=links)}</p>' if pages else ""
    return f"""<li>
<h3><a href="{place}/report.html">{_text(report["title"])}</a>{badge}</h3>
<p>{_text(report["subtitle"])}</p>
<p class="small">{about}</p>
{_indices(report, words)}<p><a href="{place}/report.html">{words["page"]}</a> ·
<a href="{place}/report.pdf">PDF</a> · {_brief(folder, place, words)}
<a href="{place}/results/">{tables}</a></p>
{notebooks}{_history(report, words)}</li>"""


def _indices(report: dict[str, Any], words: dict[str, str]) -> str:
    """The same five indices of every study, each beside its value of a year before."""
    told = ""
    for index in report.get("indices", []):
        before = words["before"].format(value=_text(index["before"])) if index["before"] else ""
        value = _text(index["value"]) or "–"
        told += f"<div><dt>{_text(index['name'])}</dt><dd>{value}"
        told += f' <span class="small">{before}</span></dd></div>\n'
    return f'<dl class="indices">{told}</dl>\n' if told else ""


def _brief(folder: Path, place: str, words: dict[str, str]) -> str:
    if not (folder / "report-brief.pdf").is_file():
        return ""
    return f'<a href="{place}/report-brief.pdf">{words["brief"]}</a> ·'


def _history(report: dict[str, Any], words: dict[str, str]) -> str:
    """The runs before this one, and what moved since the last of them."""
    runs = [
        f"{_text(run['finished'])} ({_text(run['data'][:8])})" for run in report.get("runs", [])
    ]
    told = f'<p class="small">{words["runs"].format(runs="; ".join(runs))}</p>\n' if runs else ""
    moved = "".join(f"<p>{_text(one)}</p>\n" for one in report.get("moved", []))
    if moved:
        told += f"<details><summary>{words['changed']}</summary>\n{moved}</details>\n"
    return told


def run() -> None:
    """The step as make runs it."""
    speak(main)


if __name__ == "__main__":
    run()
