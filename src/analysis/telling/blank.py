"""Whether a figure shows any number at all: all may be about too few people to be drawn."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike


def is_blank(figure: Figure) -> bool:
    """Whether no axes of a figure, nor one inside another, draws a finite number.

    Parameters
    ----------
    figure : Figure
    """
    every = [*figure.axes, *(child for ax in figure.axes for child in ax.child_axes)]
    return not any(any(_drawn(ax)) or len(ax.texts) > 1 for ax in every)


def _drawn(ax: Axes) -> Iterator[bool]:
    """Of each thing in an axes, whether it draws a number."""
    for line in ax.lines:
        yield _any_finite(line.get_ydata())
    for bar in ax.patches:
        if hasattr(bar, "get_width"):
            yield bool(np.isfinite([bar.get_width(), bar.get_height()]).all())
    for image in ax.images:
        yield _any_finite(image.get_array())
    for drawn in ax.collections:
        reached = any(_any_finite(path.vertices) for path in drawn.get_paths())
        shades = drawn.get_array()
        shaded = shades is None or _any_finite(shades)
        yield reached and shaded and _any_finite(drawn.get_offsets())


def _any_finite(values: ArrayLike) -> bool:
    numbers = np.ma.masked_invalid(np.ma.asarray(values, float))
    return bool(np.ma.count(numbers))
