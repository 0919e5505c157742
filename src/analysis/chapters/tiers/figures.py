"""The curve of concentration, and moves between tiers as a heat map that carries its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.chapters.tiers.moves import Moves
from analysis.methods.concentration import Concentration
from analysis.telling.palette import ACCENT, CONTEXT, INK, QUIET, SEQUENTIAL
from analysis.telling.wording import Wording

TOP, TENTH = 0.1, "top_10_percent"
DARK = 0.75
"""From this share of the darkest on, numbers are white."""


def plot_lorenz(result: Concentration, ax: Axes, say: Wording) -> Axes:
    """Draw the share of value by share of customers, and mark what the best tenth holds.

    Parameters
    ----------
    result : Concentration
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    curve = of_many(result, say.min_cell)
    ax.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1, linestyle=(0, (2, 2)))
    ax.annotate(say("lines.equal"), (0.5, 0.5), (-6, 4), textcoords="offset points",
                color=QUIET, fontsize=9.5, ha="right")  # fmt: skip
    ax.plot(curve["customers"], curve["value"], color=ACCENT)
    band = {"color": ACCENT, "alpha": 0.12, "linewidth": 0}
    ax.fill_between(curve["customers"], curve["value"], curve["customers"], **band)
    at = 1 - float(result.table.set_index("term")["estimate"].get(TENTH, np.nan))
    if np.isfinite(at) and TOP * result.customers >= say.min_cell:
        ax.plot([1 - TOP, 1 - TOP, 1], [0, at, at], color=INK, linewidth=1, linestyle=(0, (2, 2)))
        text = say("lines.top", value=1 - at)
        ax.annotate(text, (1, (1 + at) / 2), (6, 0), textcoords="offset points", color=INK,
                    va="center", annotation_clip=False, fontweight="bold")  # fmt: skip
    ax.set(xlabel=say("axes.customers"), ylabel=say("axes.value"))
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, np.nan_to_num(curve["value"].min())), 1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


def of_many(result: Concentration, min_cell: int) -> pd.DataFrame:
    """The Lorenz curve at each `min_cell` customers, so that it shows what nobody holds alone."""
    people = max(result.customers, 1)
    share = np.arange(0, max(people - min_cell, 0) + 1, min_cell) / people
    at = np.append(share, 1.0) if people > 1 else np.array([0.0, 1.0])
    held = np.interp(at, result.curve["customers"], result.curve["value"])
    return pd.DataFrame({"customers": at, "value": held})


def plot_moves(result: Moves, ax: Axes, say: Wording) -> Axes:
    """Draw the per cent of each tier that is in each tier at the next rating; small cells blank.

    Parameters
    ----------
    result : Moves
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    shares = result.cells.pivot(index="from", columns="to", values="estimate")
    percent = 100 * shares.reindex(index=result.tiers, columns=result.tiers).to_numpy(float)
    top = max(np.nanmax(percent), 1.0) if np.isfinite(percent).any() else 1.0
    ax.imshow(percent, cmap=SEQUENTIAL, vmin=0, vmax=top, aspect="auto")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    names = [say.value(tier) for tier in result.tiers]
    held = result.held.set_index("from")["n"].reindex(result.tiers)
    sizes = ["" if np.isnan(n) else say.formats.show(n, "count") for n in held]
    rows = [f"{name}\n{size}".strip() for name, size in zip(names, sizes, strict=True)]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), rows)
    ax.xaxis.set_label_position("top")
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
    ax.set(xlabel=say("axes.after"), ylabel=say("axes.before"))
    for (row, column), value in np.ndenumerate(percent):
        if np.isfinite(value):
            colour = "white" if value > top * DARK else INK
            weight = "bold" if row == column else "normal"
            text = say.formats.show(value / 100, "percent0")
            style = {"ha": "center", "va": "center", "color": colour, "fontweight": weight}
            ax.text(column, row, text, **style)
    return ax
