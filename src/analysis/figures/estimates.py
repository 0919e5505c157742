"""Estimates that lie one under the other: a dot, its interval, its number."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.figures.palette import ACCENT, CONTEXT, INK
from analysis.methods.disclosure import small_rows
from analysis.wording import Wording


def draw_estimates(
    ax: Axes,
    labels: Sequence[str],
    table: pd.DataFrame,
    numbers: Sequence[str],
    *,
    zero: float | None = 0.0,
) -> Axes:
    """Draw `estimate, conf_low, conf_high` of each row, the first row on top.

    Intervals that hold `zero` (no effect) are grey; `numbers` are written above the dots.
    """
    rows = table[["estimate", "conf_low", "conf_high"]].astype(float).iloc[::-1]
    rows = rows.reset_index(drop=True)
    holds = (rows["conf_low"] <= zero) & (rows["conf_high"] >= zero) if zero is not None else False
    colours = np.where(holds, CONTEXT, ACCENT) if zero is not None else [ACCENT] * len(rows)
    if zero is not None:
        ax.axvline(zero, color=INK, linewidth=0.9, zorder=1)
    for place, row in rows.iterrows():
        ax.hlines(place, row["conf_low"], row["conf_high"], color=colours[place], linewidth=1.8)
    ax.scatter(rows["estimate"], rows.index, c=list(colours), s=46, zorder=3)
    for place, number in enumerate(reversed(list(numbers))):
        ax.annotate(
            number, (rows.loc[place, "estimate"], place), xytext=(0, 7),
            textcoords="offset points", ha="center", size=10, weight="bold",
        )  # fmt: skip
    ax.set_yticks(range(len(rows)), list(reversed(list(labels))))
    ax.set_ylim(-0.6, len(rows) - 0.25)
    ax.margins(x=0.12)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax


def draw_nothing(ax: Axes, say: Wording) -> Axes:
    """An empty panel that says that the data do not allow the figure."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, say("loyalty.nothing"), ha="center", va="center", color="#5d6772",
            transform=ax.transAxes)  # fmt: skip
    return ax


def large_enough(table: pd.DataFrame, say: Wording, column: str = "n_answers") -> pd.DataFrame:
    """The rows whose group may be shown."""
    return table[~small_rows(table[column], say.min_cell) & (table[column] > 0)]
