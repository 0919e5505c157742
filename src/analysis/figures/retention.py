"""Cohorts as a heat map that carries its numbers."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.figures.palette import INK, SEQUENTIAL
from analysis.lifecycle.retention import CohortRetention
from analysis.methods.disclosure import small_cells
from analysis.wording import Wording

MOST_NUMBERS = 24


def plot_cohort_retention(result: CohortRetention, ax: Axes, say: Wording) -> Axes:
    """Draw the per cent of each cohort that buys in each later month; small cells are blank."""
    share = result.matrix("share")
    few = result.matrix("customers") < say.min_cell
    hidden = small_cells(result.matrix("active"), say.min_cell) | few
    percent = 100 * share.mask(hidden).to_numpy(float)
    top = np.nanmax(percent) if np.isfinite(percent).any() else 1.0
    ax.imshow(percent, cmap=SEQUENTIAL, vmin=0, vmax=max(top, 1.0), aspect="auto")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.set(xlabel=say("retention.months_axis"), ylabel=say("retention.cohort_axis"))
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
