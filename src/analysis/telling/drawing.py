"""Figures only draw results: `plot_<result>(result, ax, say)`; `illustrate` makes one of it.

Text in a figure is text: `$` is never read as mathematics, what no font can draw is named, and a
name without end is cut.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import font_source_sans_pro
import matplotlib.style
import pandas as pd
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import Formatter

from analysis.errors import ParamsError
from analysis.telling import html
from analysis.telling.blank import is_blank
from analysis.telling.cells import as_cells
from analysis.telling.drawn import drawn_data
from analysis.telling.glyphs import drawable
from analysis.telling.lettering import lettered
from analysis.telling.markup import Filled, tidy
from analysis.telling.outlines import light
from analysis.telling.scripts import CJK, NO_CJK, cjk_family, is_cjk
from analysis.telling.widths import NARROW_INCHES, WIDE_INCHES, fit_narrow, wrap_narrow
from analysis.telling.wording import Wording

STYLE = Path(__file__).with_name("report.mplstyle")
FAMILIES = ("Source Sans Pro", "DejaVu Sans")
NARROW_HEIGHT = 0.85
"""Height of the narrow drawing beside that of the wide one."""

LONGEST_LINE, LONGEST_TICK = 120, 60


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Illustration:
    """A drawn figure with what it says: the caption, and the alternative text.

    Attributes
    ----------
    svg, caption, alt : str
    reading : str
        How to read it, in one line; empty where it explains itself.
    below : str
        The same as a sentence of its own, for JupyterLab.
    csv : str
        What is drawn, as data (`telling.drawn`).
    columns : tuple of dict
        Name, head and meaning of each column of the CSV.
    narrow : str
        The same drawn anew for a phone, or half a printed page.
    """

    svg: str
    caption: str
    alt: str
    reading: str = ""
    below: str = ""
    csv: str = ""
    columns: tuple[dict[str, str], ...] = ()
    narrow: str = ""

    def __repr__(self) -> str:
        return f"Illustration({self.caption!r})"

    @property
    def html(self) -> str:
        """The picture with its caption and how to read it, for JupyterLab."""
        words = "\n".join([html.paragraph(self.caption), html.paragraph(self.below, "small")])
        drawn = html.picture(self.svg, self.alt)
        return html.told(f"<figure>{drawn}<figcaption>{words}</figcaption></figure>")

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        told = {"caption": self.caption, "alt": self.alt}
        more = {"reading": self.reading, "narrow": self.narrow}
        told |= {key: text for key, text in more.items() if text}
        shown = {"image/svg+xml": self.svg, "text/html": self.html}
        if self.csv:
            shown |= {"text/csv": self.csv}
            told |= {"columns": list(self.columns)}
        return shown, told


def illustrate(
    plot: Callable[[Any, Axes, Wording], Axes],
    result: Any,
    say: Wording,
    *,
    caption: str,
    alt: str,
    reading: str = "",
    height: float = 4.0,
) -> Illustration | None:
    """Draw a result as a figure of the report's width, and anew at that of a phone.

    None where it shows no number at all.

    Parameters
    ----------
    plot : callable
        One of the `plot_…` functions.
    result : object
        The analysis result that it draws.
    say : Wording
        The catalogue for axis labels.
    caption, alt : str
        Finished sentences: what to see, what is drawn, n and period; and the same for those who
        do not see the figure.
    reading : str
        How to read it.
    height : float
        In inches, of the wide drawing; its width is 7 inches.

    Raises
    ------
    ParamsError
        The language is written in Chinese characters and no font on this machine has them.
    """
    wide = _drawn(plot, result, say, (WIDE_INCHES, height))
    narrow = _drawn(plot, result, say, (NARROW_INCHES, NARROW_HEIGHT * height))
    if wide is None or narrow is None:
        return None
    svg, data = wide
    return Illustration(
        svg,
        caption,
        alt,
        reading,
        below=say("report.reading", reading=Filled(reading)) if reading else "",
        csv=as_cells(data).to_csv(index=False) if len(data) else "",
        columns=tuple(_told(name, say) for name in data),
        narrow=narrow[0],
    )


def _drawn(
    plot: Callable, result: Any, say: Wording, size: tuple[float, float]
) -> tuple[str, pd.DataFrame] | None:
    """The drawing of a size and the data that it shows; None where it shows no number."""
    family, narrow = _cjk_family(), size[0] == NARROW_INCHES
    families = [*FAMILIES, *filter(None, [family])]
    with matplotlib.style.context([STYLE, {"font.family": families}]):
        figure = Figure(figsize=size)
        FigureCanvasSVG(figure)
        plot(result, figure.subplots(), say)
        if is_blank(figure):
            return None
        if family is None and is_cjk(say.language):
            _refuse_cjk(figure)
        if narrow:
            wrap_narrow(figure)
        _as_text(figure, has_cjk=family is not None)
        if narrow:
            fit_narrow(figure)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        svg = light(lettered(drawn.getvalue(), families))
    return svg, drawn_data(figure)


def _told(name: str, say: Wording) -> dict[str, str]:
    """A column of a figure's data in the dictionary."""
    head, means = (say(f"drawn.{name}.{part}") for part in ("head", "means"))
    return {"name": name, "head": head, "means": means}


@cache
def _cjk_family() -> str | None:
    """Register the wheel's fonts; a family with Chinese characters, where one is installed."""
    for file in font_source_sans_pro.font_files_ttf.values():
        font_manager.fontManager.addfont(file)
    return cjk_family(font.name for font in font_manager.fontManager.ttflist)


def _as_text(figure: Figure, *, has_cjk: bool) -> None:
    """Let every text of a figure pass the gate, those that an axis makes as it is drawn too."""

    def shown(text: str, longest: int = LONGEST_LINE) -> str:
        lines = drawable(tidy(text), has_cjk=has_cjk).split("\n")
        return "\n".join(_cut(line, longest) for line in lines)

    for axis in figure.findobj(Axis):
        for ticks in (axis.major, axis.minor):
            ticks.formatter = _Shown(ticks.formatter, shown)
    for text in figure.findobj(Text):
        text.set_text(shown(text.get_text()))
        text.set_parse_math(False)


def _cut(line: str, longest: int) -> str:
    return line if len(line) <= longest else line[: longest - 2] + " …"


class _Shown(Formatter):
    """An axis's own formatter, what it says let through the gate."""

    def __init__(self, own: Formatter, shown: Callable[[str], str]) -> None:
        self.own, self.shown = own, shown

    def format_ticks(self, values) -> list[str]:
        return [self.shown(text, LONGEST_TICK) for text in self.own.format_ticks(values)]

    def __call__(self, value, position=None) -> str:
        return self.shown(self.own(value, position), LONGEST_TICK)

    def get_offset(self) -> str:
        return self.own.get_offset()


def _refuse_cjk(figure: Figure) -> None:
    texts = (text.get_text() for text in figure.findobj(Text))
    if any(map(CJK.search, texts)):
        raise ParamsError(NO_CJK.format(what="the figures"))
