"""Contracts still there after each renewal, observed and as two models have them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.chapters.renewals.lives import Renewals
from analysis.telling.palette import CONTEXT, DASHES, GROUPS, INK, QUIET, RULE
from analysis.telling.wording import Wording


def plot_renewals(result: Renewals, ax: Axes, say: Wording) -> Axes:
    """Draw the share still there by renewals, observed and as the models foresaw it.

    Parameters
    ----------
    result : Renewals
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.curve
    ax.set(xlabel=say("axes.renewals"), ylabel=say("axes.staying"))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylim(0, 1.04)
    periods = np.append(0, table["period"])
    ends = []
    for k, name in enumerate(("sbg", "bdw")):
        if table[name].notna().all():
            share = np.append(1, table[name])
            ax.plot(periods, share, color=GROUPS[k], linestyle=DASHES[k + 1])
            ends.append((share[-1], say.value(name), GROUPS[k]))
    observed = np.append(1, table["staying"])
    ax.plot(periods, observed, color=INK, marker="o", markersize=5, linewidth=1.6)
    low, high = table["staying_conf_low"], table["staying_conf_high"]
    reach = np.nan_to_num([table["staying"] - low, high - table["staying"]])
    marks = {"fmt": "none", "color": INK, "capsize": 3, "linewidth": 1.4}
    ax.errorbar(table["period"], table["staying"], yerr=reach, **marks)
    ends.append((observed[-1], say("axes.observed"), INK))
    held = table.loc[table["held_out"], "period"]
    if len(held):
        first = held.iloc[0] - 0.5
        ax.axvline(first, color=CONTEXT, linewidth=1, linestyle=RULE)
        style = {"color": QUIET, "fontsize": 9.5, "va": "top"}
        text = say("axes.held_out")
        ax.annotate(text, (first, 1.03), (4, -2), textcoords="offset points", **style)
    last = -1.0
    for y, name, colour in sorted(ends):
        last = max(y, last + 0.06)
        place = {"xytext": (periods[-1] * 1.02, last), "va": "center", "annotation_clip": False}
        ax.annotate(name, (periods[-1], y), color=colour, fontweight="bold", fontsize=10, **place)
    ax.set_xticks(periods)
    ax.set_xlim(0, periods[-1] + 0.1)
    return ax
