"""Tiers as they are drawn: their colours, and what they hold beside how many they are."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.states.rating.profiles import TierProfile
from analysis.telling.palette import ACCENT, CONTEXT, GROUPS, INK, ordered
from analysis.telling.widths import is_narrow
from analysis.telling.wording import Wording


def tier_colours(number: int) -> list[str]:
    """One ordered palette, light to dark with worth."""
    return ordered(number)


def draw_intervals(ax: Axes, x, y, **reach) -> None:
    """Interval lines with a light edge, to be seen on dark bars too (`xerr` or `yerr`)."""
    for colour, width, cap in (("white", 3.2, 2.6), (INK, 1.4, 1.4)):
        marks = {"fmt": "none", "color": colour, "linewidth": width, "capthick": cap}
        ax.errorbar(x, y, capsize=3, zorder=3, **marks, **reach)


def plot_profile(result: TierProfile, ax: Axes, say: Wording) -> Axes:
    """Draw, tier by tier, the share of customers beside the shares of what they hold.

    Tiers that the gate hides are left out.

    Parameters
    ----------
    result : TierProfile
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table.dropna(subset=["n"]).reset_index(drop=True)
    series = [("share", say("profile.customers"))]
    series += [(f"share_{name}", say("profile.held", quantity=name)) for name in result.quantities]
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
    ax.legend(loc="lower left", bbox_to_anchor=(-0.01, 1.0), handlelength=1,
              ncols=1 if is_narrow(ax) else len(series))  # fmt: skip
    ax.set_yticks(range(len(table)), [say.value(tier) for tier in table["tier"]])
    ax.grid(axis="x")
    ax.grid(False, axis="y")
    ax.set_xlabel(say("profile.axis"))
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax
