"""`build/index.html`: every report with its title, date, data and links."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from reporting.project import ROOT, write_if_changed


def write_index(build: Path) -> None:
    """List the reports that lie under `build`, studies first and variants after them."""
    found = [*build.glob("*/report.json"), *build.glob("variants/*/*/report.json")]
    studies = sorted((path for path in found if "variants" not in path.parts), key=str)
    variants = sorted((path for path in found if "variants" in path.parts), key=str)
    sections = [_section("Reports", studies, build), _section("Variants", variants, build)]
    page = Template((ROOT / "reports" / "index.html").read_text(encoding="utf-8"))
    write_if_changed(
        build / "index.html", page.substitute(reports="\n".join(filter(None, sections)))
    )


def _section(title: str, reports: list[Path], build: Path) -> str:
    if not reports:
        return ""
    items = "\n".join(_item(json.loads(path.read_text("utf-8")), path, build) for path in reports)
    return f"<section><h2>{title}</h2>\n<ul>\n{items}\n</ul></section>"


def _item(report: dict[str, Any], path: Path, build: Path) -> str:
    folder = path.parent.relative_to(build).as_posix()
    badge = ' <span class="badge">simulated data</span>' if report["simulated"] else ""
    tables = sorted((path.parent / "results").glob("*.csv"))
    begin, end = report["period"]
    return f"""<li>
<h3><a href="{folder}/report.html">{escape(report["title"])}</a>{badge}</h3>
<p>{escape(report["subtitle"])}</p>
<p class="small">Study {escape(report["study"])} · {begin} to {end} ·
data: {escape(report["data"]["title"])} · made {escape(report["finished"])}</p>
<p><a href="{folder}/report.html">Web page</a> · <a href="{folder}/report.pdf">PDF</a> ·
<a href="{folder}/results/">{len(tables)} tables</a></p>
</li>"""
