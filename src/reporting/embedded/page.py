"""What pandoc leaves to do: the renderer's words and dates, pictures inside the HTML page."""

import base64
import datetime
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from reporting.qmd import read_yaml
from reporting.theme import WORDS, theme_file

PICTURE = re.compile(r'<img src="([^":]+)"')
SVG_HEAD = re.compile(r"<\?xml.*?\?>|<!DOCTYPE.*?>|<!--.*?-->|<metadata>.*?</metadata>", re.DOTALL)
SVG_SAFE = " !$&'()*+,-./;=?@[]_~"
KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".gif": "image/gif"}


def words(staged: Path) -> dict[str, Any]:
    """The renderer's own words in the report's language, which the staging wrote."""
    return read_yaml(theme_file(staged, WORDS))


def teach_pandoc(meta: dict[str, Any], work: Path) -> None:
    """Tell pandoc its one word of every page, which it does not know in each language (zh)."""
    told = work / "translations" / f"{str(meta['lang']).split('-')[0]}.yaml"
    told.parent.mkdir(exist_ok=True)
    told.write_text(f"Abstract: {meta['words']['abstract']}\n", encoding="utf-8")


def dates(meta: dict[str, Any]) -> dict[str, str]:
    """The report's date as readers, machines and Typst write it."""
    date = str(meta.get("date", ""))
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", date):
        return {}
    day, words = datetime.date.fromisoformat(date), meta["words"]
    month = words["months"][day.month - 1]
    return {
        "date": words["date"].format(day=day.day, month=month, year=day.year),
        "iso-date": date,
        "typst-date": f"datetime(year: {day.year}, month: {day.month}, day: {day.day})",
    }


def self_contained(html: str, work: Path) -> str:
    """Put every picture into the page and drop what names an address without need."""
    html = PICTURE.sub(lambda found: f'<img src="{data_address(work / found[1])}"', html)
    html = re.sub(r' xmlns="[^"]*"', "", html)
    return re.sub(r' id="toc-[^"]*"', "", html)


def data_address(picture: Path) -> str:
    """The picture as a data address; an SVG as text, which is a quarter smaller than base64."""
    if picture.suffix == ".svg":
        svg = SVG_HEAD.sub("", picture.read_text(encoding="utf-8"))
        svg = " ".join(svg.split()).replace("> <", "><").replace('"', "'")
        return "data:image/svg+xml," + quote(svg, safe=" !$&'()*+,-./;=?@[]_~").replace(
            "//", "%2F/"
        )
    content = base64.b64encode(picture.read_bytes()).decode()
    return f"data:{KINDS[picture.suffix.lower()]};base64,{content}"
