"""Concentration of value."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.methods.concentration import Concentration
from analysis.telling.palette import ACCENT, CONTEXT, INK
from analysis.telling.wording import Wording

TOP = 0.2


def plot_lorenz(result: Concentration, ax: Axes, say: Wording) -> Axes:
    """Draw the share of value by share of customers, and mark what the top fifth holds."""
    curve = result.curve
    ax.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1, linestyle=(0, (2, 2)))
    ax.annotate(say("tiers.lines.equal"), (0.5, 0.5), (-6, 4), textcoords="offset points",
                color="#5b6570", fontsize=9.5, ha="right")  # fmt: skip
    ax.plot(curve["customers"], curve["value"], color=ACCENT)
    band = {"color": ACCENT, "alpha": 0.12, "linewidth": 0}
    ax.fill_between(curve["customers"], curve["value"], curve["customers"], **band)
    at = float(np.interp(1 - TOP, curve["customers"], curve["value"]))
    if np.isfinite(at):
        ax.plot([1 - TOP, 1 - TOP, 1], [0, at, at], color=INK, linewidth=1, linestyle=(0, (2, 2)))
        text = say("tiers.lines.top", customers=TOP, value=1 - at)
        ax.annotate(text, (1, (1 + at) / 2), (6, 0), textcoords="offset points", color=INK,
                    va="center", annotation_clip=False, fontweight="bold")  # fmt: skip
    ax.set(xlabel=say("tiers.axes.customers"), ylabel=say("tiers.axes.value"))
    ax.set_xlim(0, 1)
    ax.set_ylim(min(0.0, np.nan_to_num(curve["value"].min())), 1)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax
