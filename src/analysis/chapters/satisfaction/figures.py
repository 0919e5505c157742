"""Means of the scales over the range of the answers, and how alike every two scales are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.chapters.satisfaction.measurement import Measurement
from analysis.telling.estimates import draw_estimates, head
from analysis.telling.palette import INK, SEQUENTIAL
from analysis.telling.wording import Wording

DARK = 0.6


def plot_scale_levels(result: Measurement, ax: Axes, say: Wording) -> Axes:
    """Draw the mean of each scale with its interval, over the range of the answers.

    Parameters
    ----------
    result : Measurement
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.levels.dropna(subset=["n", "estimate"])
    table = table.sort_values("estimate", ascending=False)
    numbers = [say.formats.show(value, "number1") for value in table["estimate"]]
    labels = [
        say("level.scale", scale=head(row.scale, say), items=row.items)
        for row in table.itertuples()
    ]
    draw_estimates(ax, labels, table, numbers, zero=None)
    ends = {"lowest": table["lowest"].min(), "highest": table["highest"].max()}
    ax.set_xlim(*ends.values())
    ax.set_xlabel(say("level.axis", **ends))
    return ax


def plot_validity(result: Measurement, ax: Axes, say: Wording) -> Axes:
    """Draw how alike every two scales are (HTMT), each cell with its number.

    Parameters
    ----------
    result : Measurement
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    matrix = result.pairs.pivot(index="other", columns="one", values="estimate")
    matrix = matrix.loc[result.pairs["other"].unique(), result.pairs["one"].unique()]
    values = matrix.to_numpy(float)
    ax.imshow(values, cmap=SEQUENTIAL, vmin=0, vmax=1, aspect="auto")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    ax.set_xticks(range(matrix.shape[1]), [head(name, say) for name in matrix.columns])
    ax.set_yticks(range(matrix.shape[0]), [head(name, say) for name in matrix.index])
    for (row, column), value in np.ndenumerate(values):
        if np.isfinite(value):
            text = say.formats.show(value, "number2")
            colour = "white" if value > DARK else INK
            ax.text(column, row, text, ha="center", va="center", color=colour)
    return ax
