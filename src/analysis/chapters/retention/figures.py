"""The curve of second purchases, and cohorts as a heat map that carries its numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from analysis.chapters.retention.cohorts import CohortRetention
from analysis.chapters.retention.second_purchase import SecondPurchase
from analysis.telling.curves import draw_curves, draw_medians, mark_told
from analysis.telling.palette import CONTEXT, INK, QUIET, RULE, SEQUENTIAL
from analysis.telling.widths import share_of_panel
from analysis.telling.wording import Wording

MOST_NUMBERS = 24


def plot_second_purchase(result: SecondPurchase, ax: Axes, say: Wording) -> Axes:
    """Draw the share who bought again by weeks since the first purchase, with numbers at risk.

    Curves stop where fewer than the study's smallest group are still at risk; the shares that the
    finding tells are marked.

    Parameters
    ----------
    result : SecondPurchase
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.set(xlabel=say("weeks_axis"), ylabel=say("second_purchase.axis"))
    draw_curves(result.curve, ax, say, falling=False)
    draw_medians(result.curve, ax, say)
    if result.medians["estimate"].isna().all() and len(result.medians) == 1:
        ax.axhline(0.5, color=CONTEXT, linewidth=1, linestyle=RULE)
        text = say("second_purchase.half")
        ax.annotate(text, (0, 0.5), (4, 3), textcoords="offset points", color=QUIET, fontsize=9.5)
        ax.set_ylim(0, max(ax.get_ylim()[1], 0.56))
    mark_told(result.within, ax, say)
    return ax


def plot_cohort_retention(result: CohortRetention, ax: Axes, say: Wording) -> Axes:
    """Draw the per cent of each cohort that buys in each later month; hidden cells are blank.

    Parameters
    ----------
    result : CohortRetention
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    percent = 100 * result.folded()
    cells = percent.to_numpy(float)
    top = max(np.nanmax(cells), 1.0) if np.isfinite(cells).any() else 1.0
    drawn = ax.imshow(cells, cmap=SEQUENTIAL, vmin=0, vmax=top, aspect="auto")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set(xlabel=say("months_axis"), ylabel=say("cohort_axis"))
    room = share_of_panel(ax)
    every = max(1, -(-percent.shape[1] // int(18 * room)))
    ax.set_xticks(range(0, percent.shape[1], every), [f"{m}" for m in percent.columns[::every]])
    ax.set_yticks(range(percent.shape[0]), percent.index)
    ax.tick_params(length=0)
    if percent.shape[1] <= MOST_NUMBERS * room:
        _write_numbers(cells, top, ax)
    else:
        scale = ax.figure.colorbar(drawn, ax=ax, fraction=0.04, pad=0.02, format="%d%%")
        scale.outline.set_visible(False)
    _ring_told(result, percent, ax, say)
    return ax


def _ring_told(result: CohortRetention, percent: pd.DataFrame, ax: Axes, say: Wording) -> None:
    """Ring the month that the finding tells, its median above."""
    told = result.typical.dropna()
    if not len(told) or told["months_since"].iloc[0] != percent.columns[0]:
        return
    size = len(percent)
    ring = {"fill": False, "edgecolor": INK, "linewidth": 1.6, "clip_on": False, "zorder": 4}
    ax.add_patch(Rectangle((-0.5, -0.5), 1, size, **ring))
    text = say("cohorts.ring", median=told["median"].iloc[0])
    ax.annotate(text, (-0.5, -0.5), (0, 4), textcoords="offset points", fontweight="bold",
                color=INK, annotation_clip=False)  # fmt: skip


def _write_numbers(percent: np.ndarray, top: float, ax: Axes) -> None:
    size = 9 if percent.shape[1] <= 18 * share_of_panel(ax) else 7.5
    for (row, column), value in np.ndenumerate(percent):
        if np.isfinite(value):
            colour = "white" if value > 0.62 * top else INK
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, size=size)
