"""Estimates that lie one under the other: a dot, its interval, its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.telling.palette import ACCENT, CONTEXT, INK
from analysis.telling.wording import Wording

GAP = 0.6


def draw_estimates(
    ax: Axes,
    labels: Sequence[str],
    table: pd.DataFrame,
    numbers: Sequence[str],
    *,
    zero: float | None = 0.0,
    apart: Sequence[str] | None = None,
) -> Axes:
    """Draw `estimate, conf_low, conf_high` of each row, the first row on top.

    Intervals that hold `zero` (no effect) are grey; `numbers` are written above the dots; a gap
    parts rows where `apart` changes.
    """
    rows = table[["estimate", "conf_low", "conf_high"]].astype(float)
    if not len(rows):
        return ax
    rows = rows.set_axis(_places(len(rows), apart))
    holds = (rows["conf_low"] <= zero) & (rows["conf_high"] >= zero) if zero is not None else False
    colours = np.where(holds, CONTEXT, ACCENT) if zero is not None else [ACCENT] * len(rows)
    if zero is not None:
        ax.axvline(zero, color=INK, linewidth=0.9, zorder=1)
    ax.hlines(rows.index, rows["conf_low"], rows["conf_high"], colors=list(colours), linewidth=1.8)
    ax.scatter(rows["estimate"], rows.index, c=list(colours), s=46, zorder=3)
    for place, estimate, number in zip(rows.index, rows["estimate"], numbers, strict=True):
        ax.annotate(
            number, (estimate, place), xytext=(0, 7),
            textcoords="offset points", ha="center", size=10, weight="bold",
        )  # fmt: skip
    ax.set_yticks(rows.index, list(labels))
    ax.set_ylim(rows.index.min() - 0.6, rows.index.max() + 0.75)
    ax.margins(x=0.12)
    return lying(ax)


def lying(ax: Axes) -> Axes:
    """Grid and spines for rows that lie one under the other."""
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def _places(count: int, apart: Sequence[str] | None) -> np.ndarray:
    """Where the rows lie, downwards from zero; wider where `apart` changes."""
    steps = np.ones(count)
    if apart is not None:
        steps[1:] += GAP * (np.array(apart[1:]) != np.array(apart[:-1]))
    return -(np.cumsum(steps) - 1)


def signed(value: float, kind: str, say: Wording) -> str:
    """A number with its sign, in a format of `Formats`."""
    return ("+" if value > 0 else "") + say.formats.show(value, kind)


def head(name: str, say: Wording) -> str:
    """A category's name as a label begins: with a capital."""
    words = say.value(name)
    return words[:1].upper() + words[1:]
