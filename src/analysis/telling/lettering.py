"""Letters of a drawing as letters: each text with the width that it was laid out for.

A text is searched, read aloud and small; outlines of its letters are none of these. A machine
without the report's font sets it in another one, pressed into the same width, so that nothing runs
over an edge or into its neighbour.
"""

from __future__ import annotations

import re
from html import unescape

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

TEXT = re.compile(
    r'<text style="([^"]*)"(?: x="([^"]*)" y="([^"]*)")? transform="([^"]*)">([^<]*)<'
)
STYLE = re.compile(r"([\w-]+): ([^;]+)")
NOT_TURNED = re.compile(r"rotate\(-?0 ")
FALLBACK = ("Seravek", "Ubuntu", "Calibri", "Noto Sans", "Arial", "sans-serif")


def lettered(svg: str, families: list[str]) -> str:
    """The drawing with its fonts named once and the width of every text beside it.

    Parameters
    ----------
    svg : str
        As matplotlib writes it with `svg.fonttype: none`.
    families : list of str
        The families that it was laid out in.
    """
    # Without quotes, which no renderer's own escaping of the drawing can get wrong.
    named = ", ".join((*families, *FALLBACK))
    svg = svg.replace("<svg ", f'<svg font-family="{named}" ', 1)
    return TEXT.sub(lambda text: _measured(text, families), svg)


def _measured(text: re.Match[str], families: list[str]) -> str:
    style, x, y, turned, content = text.groups()
    told = dict(STYLE.findall(style))
    size, weight = float(told["font-size"].removesuffix("px")), told.get("font-weight", "400")
    kept = {name: value for name, value in told.items() if name != "font-family"}
    attributes = [f'style="{";".join(f"{name}:{value}" for name, value in kept.items())}"']
    if x is not None:
        attributes.append(f'x="{float(x):.1f}" y="{float(y):.1f}"')
    if not NOT_TURNED.match(turned):
        attributes.append(f'transform="{turned}"')
    if len(content) > 1:
        font = FontProperties(family=families, size=size, weight=int(weight))
        width, _, _ = text_to_path.get_text_width_height_descent(unescape(content), font, False)
        attributes.append(f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs"')
    return f"<text {' '.join(attributes)}>{content}<"
