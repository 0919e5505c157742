"""The data of a figure, read off what is drawn: no more than the figure itself shows.

A curve has at most `MOST_POINTS` points, and a number is told to a thousandth of its axis, as an
eye might read it: whoever has the data knows no more of anybody than whoever sees the figure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FixedFormatter

MOST_POINTS = 50
STEPS = 1000
COLUMNS = ("mark", "series", "x", "x_end", "y", "y_end", "value")
Row = dict[str, Any]


def drawn_data(figure: Figure) -> pd.DataFrame:
    """Read the data of every mark of a figure.

    Parameters
    ----------
    figure : Figure
        Drawn already.

    Returns
    -------
    DataFrame
        `mark` (line, point, interval, band, bar, cell), `series` (its label), `x, x_end, y, y_end`
        in units of the axes, names where an axis has names; `value` of a cell. Columns that
        no mark fills are left out.
    """
    rows = [row for ax in figure.axes for row in _marks(ax)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    kept = [name for name in COLUMNS if table[name].notna().any() and (table[name] != "").any()]
    return table[kept]


def _marks(ax: Axes) -> Iterator[Row]:
    across, upward = _reading(ax.xaxis), _reading(ax.yaxis)
    readings = {"x": across, "y": upward, "x_end": across, "y_end": upward}
    for mark, series, points in _points(ax):
        for row in points:
            told = zip(readings.items(), row, strict=False)
            yield {"mark": mark, "series": series} | {name: read(one) for (name, read), one in told}
    across, upward = _cells(ax.xaxis) or across, _cells(ax.yaxis) or upward
    for picture in ax.images:
        for (down, right), value in np.ndenumerate(np.ma.filled(picture.get_array(), np.nan)):
            if np.isfinite(value):
                named = {"x": across(right), "y": upward(down), "value": float(f"{value:.3g}")}
                yield {"mark": "cell", "series": ""} | named


def _points(ax: Axes) -> Iterator[tuple[str, str, np.ndarray]]:
    """Each mark that stands in units of the axes, with its rows of x, y (and their other ends)."""
    for line in ax.lines:
        if line.get_transform() == ax.transData:
            kind = "point" if line.get_linestyle() in ("None", "", " ") else "line"
            yield kind, _label(line), _thin(np.column_stack(line.get_data(orig=False)))
    for one in ax.collections:
        if isinstance(one, PathCollection):
            yield "point", _label(one), _thin(np.asarray(one.get_offsets(), float))
        elif one.get_transform() == ax.transData and isinstance(one, LineCollection):
            ends = [segment[[0, -1]].ravel() for segment in one.get_segments() if len(segment)]
            yield "interval", _label(one), _thin(np.array(ends).reshape(-1, 4))
        elif isinstance(one, PolyCollection):
            for path in one.get_paths():
                yield "band", _label(one), _thin(_band(path.vertices))
    boxes = [box for box in ax.patches if isinstance(box, Rectangle) and box is not ax.patch]
    bars = [(*box.get_center(), box) for box in boxes if box.get_transform() != ax.transAxes]
    for x, y, box in bars:
        flat = _named(ax.yaxis) is not None
        low, high = (box.get_x(), y) if flat else (x, box.get_y())
        ends = (box.get_x() + box.get_width(), y) if flat else (x, box.get_y() + box.get_height())
        yield "bar", _label(box), np.array([[low, high, *ends]])


def _band(vertices: np.ndarray) -> np.ndarray:
    """Lower and upper end of a band wherever it has a corner."""
    corners = pd.DataFrame(vertices, columns=["x", "y"]).groupby("x")["y"].agg(["min", "max"])
    return np.column_stack([corners.index, corners["min"], corners.index, corners["max"]])


def _thin(points: np.ndarray) -> np.ndarray:
    points = points[np.isfinite(points).all(axis=1)] if len(points) else points
    if len(points) <= MOST_POINTS:
        return points
    return points[np.unique(np.linspace(0, len(points) - 1, MOST_POINTS).round().astype(int))]


def _label(artist: Any) -> str:
    """A mark's label: its own, or the words beside it in its colour."""
    label = str(artist.get_label())
    if not label.startswith("_"):
        return label
    colour = _colour(artist)
    words = (text.get_text() for text in artist.axes.texts if _colour(text) == colour)
    return next((word for word in words if any(map(str.isalpha, word))), "")


def _colour(artist: Any) -> str:
    asked = artist.get_color if hasattr(artist, "get_color") else artist.get_facecolor
    found = np.asarray(to_rgba_array(asked()))
    return to_hex(found[0][:3]) if len(found) else ""


def _named(axis: Axis) -> dict[float, str] | None:
    """The names on an axis of names, by their places; None of an axis of numbers."""
    own = getattr(axis.major.formatter, "own", axis.major.formatter)
    if not isinstance(own, FixedFormatter | StrCategoryFormatter):
        return None
    places = axis.get_majorticklocs()
    return dict(zip(map(float, places), axis.major.formatter.format_ticks(places), strict=False))


def _cells(axis: Axis) -> Callable[[float], Any] | None:
    """The names beside the rows or columns of a picture of cells; None where there are none."""
    places = axis.get_majorticklocs()
    names = dict(zip(map(float, places), axis.major.formatter.format_ticks(places), strict=False))
    named = any(any(map(str.isalpha, name)) or "-" in name for name in names.values())
    return (lambda place: names.get(float(place), place)) if named else None


def _reading(axis: Axis) -> Callable[[float], Any]:
    """How a place on an axis is told: its name, or a number to a thousandth of the axis."""
    names = _named(axis)
    low, high = axis.get_view_interval()
    if names is not None:
        return lambda place: names.get(round(float(place)), float(f"{place:.3g}"))
    step = 10.0 ** np.floor(np.log10(max(abs(high - low), 1e-12) / STEPS))
    digits = int(-np.log10(step))
    return lambda place: round(round(float(place) / step) * step, max(digits, 0))
