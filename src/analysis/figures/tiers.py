"""Tiers: who moves, what they hold, and what they foretell."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.methods.concentration import Gain, Migration
from analysis.methods.disclosure import small_cells, small_rows
from analysis.telling.palette import (
    ACCENT,
    CONTEXT,
    DASHES,
    GROUPS,
    INK,
    SEQUENTIAL,
)
from analysis.telling.wording import Wording
from analysis.tiers import TierProfile

DARK = 0.75
"""From this share of the darkest on, numbers are white."""


def plot_migration(result: Migration, ax: Axes, say: Wording) -> Axes:
    """Draw the per cent of each tier that is in each tier at the next rating; small cells blank."""
    hidden = small_cells(result.matrix("count"), say.min_cell)
    percent = 100 * result.matrix("estimate").mask(hidden).to_numpy(float)
    top = max(np.nanmax(percent), 1.0) if np.isfinite(percent).any() else 1.0
    ax.imshow(percent, cmap=SEQUENTIAL, vmin=0, vmax=top, aspect="auto", origin="lower")
    ax.grid(False)
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)
    names = [say.value(tier) for tier in result.tiers]
    held = result.table.drop_duplicates("from").set_index("from")["n"]
    rows = [
        f"{name}\n{_size(held[tier], say)}" for name, tier in zip(names, result.tiers, strict=True)
    ]
    ax.set_xticks(range(len(names)), names)
    ax.set_yticks(range(len(names)), rows)
    ax.set(xlabel=say("tiers.axes.after"), ylabel=say("tiers.axes.before"))
    for (row, column), value in np.ndenumerate(percent):
        if np.isfinite(value):
            colour = "white" if value > top * DARK else INK
            weight = "bold" if row == column else "normal"
            text = say.formats.show(value / 100, "percent0")
            style = {"ha": "center", "va": "center", "color": colour, "fontweight": weight}
            ax.text(column, row, text, **style)
    return ax


def plot_gain(result: Gain, ax: Axes, say: Wording) -> Axes:
    """Draw the share of the next period's value that the best rated hold, for each score."""
    ax.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1, linestyle=(0, (2, 2)))
    ax.annotate(say("tiers.lines.equal"), (0.72, 0.72), (6, -12), textcoords="offset points",
                color="#5b6570", fontsize=9.5)  # fmt: skip
    ends = []
    for k, (name, deciles) in enumerate(result.deciles.groupby("group", sort=False)):
        reach = np.append(0, np.cumsum(deciles["n"]) / deciles["n"].sum())
        held = np.append(0, deciles["cumulative_share"])
        ax.plot(reach, held, color=GROUPS[k % len(GROUPS)], linestyle=DASHES[k % len(DASHES)])
        ends.append((held[min(3, len(held) - 1)], name, GROUPS[k % len(GROUPS)]))
    for line, (_, name, colour) in enumerate(sorted(ends, reverse=True)):
        ax.annotate(say.value(name), (0.97, 0.1 + 0.08 * (len(ends) - 1 - line)), ha="right",
                    xycoords="axes fraction", color=colour, fontweight="bold")  # fmt: skip
    ax.set(xlabel=say("tiers.axes.scored"), ylabel=say("tiers.axes.gained"))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


def plot_profile(result: TierProfile, ax: Axes, say: Wording) -> Axes:
    """Draw, tier by tier, the share of customers beside the shares of what they hold.

    Tiers smaller than the study's smallest group are left out, and the next where it must be.
    """
    table = result.table[~small_rows(result.table["n"], say.min_cell)].reset_index(drop=True)
    series = [("share", say("tiers.lines.customers"))]
    series += [
        (f"share_{name}", say("tiers.lines.held", quantity=say.value(name)))
        for name in result.quantities
    ]
    height = 0.8 / len(series)
    colours = [CONTEXT, ACCENT, *GROUPS[1:]]
    for k, (column, label) in enumerate(series):
        place = np.arange(len(table)) + 0.4 - (k + 0.5) * height
        width = table[column].to_numpy(float)
        colour = colours[k % len(colours)]
        ax.barh(place, np.nan_to_num(width), 0.92 * height, color=colour, label=label)
        for at, value in zip(place, width, strict=True):
            if np.isfinite(value):
                ax.annotate(say.formats.show(value, "percent0"), (max(value, 0), at), (4, 0),
                            textcoords="offset points", va="center", fontsize=9.5)  # fmt: skip
    ax.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), ncols=len(series), handlelength=1)
    ax.set_yticks(range(len(table)), [say.value(tier) for tier in table["tier"]])
    ax.grid(axis="x")
    ax.grid(False, axis="y")
    ax.set_xlabel(say("tiers.axes.share"))
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


def _size(n: float, say: Wording) -> str:
    few = 0 < n < say.min_cell
    return f"< {say.min_cell}" if few else say.formats.show(n, "count")
