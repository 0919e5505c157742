"""The curve of second purchases, and cohorts as a heat map that carries its numbers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.chapters.retention.cohorts import CohortRetention
from analysis.chapters.retention.second_purchase import SecondPurchase
from analysis.telling.curves import draw_curves, draw_medians, mark_told
from analysis.telling.palette import CONTEXT, INK, SEQUENTIAL
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
        ax.axhline(0.5, color=CONTEXT, linewidth=1, linestyle=(0, (2, 2)))
        text = say("second_purchase.half")
        ax.annotate(
            text, (0, 0.5), (4, 3), textcoords="offset points", color="#5b6570", fontsize=9.5
        )
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
    share = result.matrix("share")
    few = result.matrix("customers") < say.min_cell
    percent = 100 * share.mask(few).to_numpy(float)
    top = np.nanmax(percent) if np.isfinite(percent).any() else 1.0
    ax.imshow(percent, cmap=SEQUENTIAL, vmin=0, vmax=max(top, 1.0), aspect="auto")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set(xlabel=say("months_axis"), ylabel=say("cohort_axis"))
    ax.set_xticks(range(share.shape[1]), [f"{month}" for month in share.columns])
    every = max(1, -(-share.shape[0] // 18))
    ax.set_yticks(range(0, share.shape[0], every), share.index[::every])
    ax.tick_params(length=0)
    if share.shape[1] <= MOST_NUMBERS and share.shape[0] <= MOST_NUMBERS:
        _write_numbers(percent, top, ax)
    else:
        every = -(-share.shape[1] // 18)
        ax.set_xticks(range(0, share.shape[1], every), [f"{m}" for m in share.columns[::every]])
    return ax


def _write_numbers(percent: np.ndarray, top: float, ax: Axes) -> None:
    size = 9 if percent.shape[1] <= 18 else 7.5
    for (row, column), value in np.ndenumerate(percent):
        if np.isfinite(value):
            colour = "white" if value > 0.62 * top else INK
            ax.text(column, row, f"{value:.0f}", ha="center", va="center", color=colour, size=size)
