"""HTML for JupyterLab beside the Markdown of a report: the same words, never read as mathematics.

What is told is Markdown in which every name from the data is character references already
(`analysis.telling.markup`), so that the few marks that are left are the catalogue's own. Signs that
Lab's typesetter reads as mathematics stand in spans of their own. There is no script and no
address; colours are those of Lab's theme.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Sequence
from html import escape

MARKED = (
    (re.compile(r"(``?)\s?(\S.*?)\s?\1"), r"<code>\2</code>"),
    (re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*"), r"<b>\1</b>"),
    (re.compile(r"\*(?=\S)(.+?)(?<=\S)\*"), r"<em>\1</em>"),
    (re.compile(r"\^(\w+)\^"), r"<sup>\1</sup>"),
)
TYPESET = re.compile(r"\$|\\|&#36;|&#92;")
STYLE = """<style>
.told { line-height: 1.4; overflow-x: auto; }
.told p { margin: .3em 0; max-width: 54em; }
.told .number { font-size: 1.7em; font-weight: 600; margin-right: .2em; }
.told .small { opacity: .75; font-size: .9em; }
.told .claim { border: 1px solid; border-radius: 1em; padding: 0 .6em; }
.told.finding { border-left: 3px solid; padding-left: .8em; }
.told figure { margin: 0; }
.told table { border-collapse: collapse; margin: .3em 0; }
.told.told th, .told.told td { text-align: left; padding: .2em .7em; vertical-align: top; }
.told.told th { border-bottom: 1px solid; vertical-align: bottom; }
.told.told .right { text-align: right; white-space: nowrap; }
.told img { background: #fff; max-width: 100%; height: auto; }
</style>"""


def told(*parts: str, kind: str = "") -> str:
    """Join parts to one block of HTML that brings its own look."""
    inside = "\n".join(filter(None, parts))
    names = " ".join(filter(None, ("told", kind, "mathjax_ignore", "tex2jax_ignore")))
    return f'<div class="{names}">{STYLE}\n{inside}\n</div>'


def inline(text: str) -> str:
    """Turn a sentence of Markdown into HTML.

    Parameters
    ----------
    text : str
        Names from the data in it are character references, as `markdown` writes them.
    """
    safe = re.sub(r"&(?!#\d+;)", "&amp;", text)
    safe = safe.replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    for mark, tag in MARKED:
        safe = mark.sub(tag, safe)
    return TYPESET.sub(lambda sign: f"<span>{sign[0]}</span>", safe)


def plain(text: str) -> str:
    """Turn plain text into HTML: nothing in it is a mark."""
    return TYPESET.sub(lambda sign: f"<span>{sign[0]}</span>", escape(text))


def paragraph(text: str, kind: str = "") -> str:
    """Make a paragraph of a sentence in Markdown; nothing of an empty one."""
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{inline(text)}</p>" if text else ""


def paragraphs(text: str) -> str:
    """Make paragraphs of Markdown that is parted by blank lines."""
    return "\n".join(map(paragraph, re.split(r"\n{2,}", text)))


def table(
    heads: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[bool], caption: str = ""
) -> str:
    """Make a table of cells that are HTML already.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequences of str
    right : sequence of bool
        Which columns stand at the right.
    caption : str
        HTML, above the table.

    Returns
    -------
    str
    """
    sides = [' class="right"' if one else "" for one in right]
    head = "".join(f"<th{side}>{one}</th>" for side, one in zip(sides, heads, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f"<td{s}>{c}</td>" for s, c in zip(sides, row, strict=True)) + "</tr>"
        for row in rows
    )
    drawn = f"<table><thead><tr>{head}</tr></thead>\n<tbody>{body}</tbody></table>"
    above = f"<figcaption><p>{caption}</p></figcaption>" if caption else ""
    return f"<figure>{above}{drawn}</figure>"


def picture(svg: str, alt: str) -> str:
    """Make a picture of a drawing: its marks are its own, and nothing in it is run."""
    drawn = base64.b64encode(svg.encode()).decode()
    return f'<img src="data:image/svg+xml;base64,{drawn}" alt="{escape(alt)}" />'
