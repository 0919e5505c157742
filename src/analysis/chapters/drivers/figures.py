"""Driver bars, the importance-performance map, and what low and high ratings weigh."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.chapters.drivers.importance import Drivers, Touchpoints
from analysis.telling.estimates import head, lying
from analysis.telling.naming import name_points
from analysis.telling.palette import ACCENT, CONTEXT, INK
from analysis.telling.wording import Wording

BAR = "#9fc4d3"
PENALTY = "#d55e00"
QUADRANT_CORNERS = {
    "concentrate here": (0.02, 0.98, "left", "top"),
    "keep up": (0.98, 0.98, "right", "top"),
    "low priority": (0.02, 0.02, "left", "bottom"),
    "possible overkill": (0.98, 0.02, "right", "bottom"),
}


def plot_driver_importance(result: Drivers, ax: Axes, say: Wording) -> Axes:
    """Draw each driver's share of the outcome's variance as a bar with its interval.

    Parameters
    ----------
    result : Drivers
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.importance.table.sort_values("estimate").reset_index(drop=True)
    share = 100 * table[["estimate", "conf_low", "conf_high"]]
    ax.barh(table.index, share["estimate"], color=BAR, height=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.hlines(table.index, share["conf_low"], share["conf_high"], color=INK, linewidth=1.8)
    top = share.max(axis=1)
    for row, value in share["estimate"].items():
        ax.annotate(
            f"{value:.0f}%", (top[row], row), xytext=(5, 0), textcoords="offset points",
            va="center", size=10, weight="bold",
        )  # fmt: skip
    ax.set_yticks(table.index, [head(term, say) for term in table["term"]])
    ax.set_xlim(0, 1.12 * (top.max() or 1.0))
    ax.set_xlabel(say("drivers.axis", outcome=say.value(result.outcome)))
    return lying(ax)


def plot_importance_performance(result: Touchpoints, ax: Axes, say: Wording) -> Axes:
    """Draw performance across, importance upward, with the quadrants named in their corners.

    Parameters
    ----------
    result : Touchpoints
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    charted = result.drivers.map
    table = charted.table
    for corner, (x, y, ha, va) in QUADRANT_CORNERS.items():
        words = say(f"touchpoints.quadrants.{corner.replace(' ', '_')}")
        ax.text(x, y, words, transform=ax.transAxes, ha=ha, va=va, color="#5d6772", size=9.5)
    ax.axvline(charted.performance_split, color=CONTEXT, linewidth=0.9)
    ax.axhline(100 * charted.importance_split, color=CONTEXT, linewidth=0.9)
    across, upward = table["performance"], 100 * table["importance"]
    ax.hlines(upward, table["performance_low"], table["performance_high"], color=CONTEXT, lw=1)
    ax.vlines(
        across, 100 * table["importance_low"], 100 * table["importance_high"], color=CONTEXT, lw=1
    )
    first = table["quadrant"].eq("concentrate here")
    colours = np.where(first, "#d55e00", ACCENT)
    ax.scatter(across, upward, c=colours, s=46, zorder=3)
    ax.margins(0.2)
    name_points(ax, across.to_numpy(), upward.to_numpy(), [say.value(d) for d in table["term"]])
    ax.set_ylim(bottom=0)
    ax.grid(False)
    ax.set_xlabel(say("touchpoints.performance_axis"))
    ax.set_ylabel(say("touchpoints.importance_axis"))
    return ax


def plot_penalty_reward(result: Drivers, ax: Axes, say: Wording) -> Axes:
    """Draw what a low rating takes away and a high one adds, against the middle ratings.

    Parameters
    ----------
    result : Drivers
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.asymmetry.table
    drivers = list(dict.fromkeys(table["group"]))[::-1]
    ax.axvline(0, color=INK, linewidth=0.9)
    for term, colour in (("penalty", PENALTY), ("reward", ACCENT)):
        rows = table[table["term"] == term].set_index("group").reindex(drivers)
        told = ((rows["n"] >= say.min_cell) & rows["estimate"].notna()).to_numpy()
        places = np.arange(len(drivers))[told]
        rows = rows[told]
        ax.barh(places, rows["estimate"], height=0.5, color=colour, alpha=0.75)
        ax.hlines(places, rows["conf_low"], rows["conf_high"], color=INK, linewidth=1.2)
    ax.set_yticks(range(len(drivers)), [head(driver, say) for driver in drivers])
    ax.set_ylim(-0.6, len(drivers) - 0.1)
    for side, key, colour in ((-1, "low", PENALTY), (1, "high", ACCENT)):
        ax.annotate(
            say(f"asymmetry.{key}_rating"), (0, len(drivers) - 0.35), xytext=(6 * side, 0),
            textcoords="offset points", ha="right" if side < 0 else "left", va="center",
            color=colour, weight="bold", size=9.5,
        )  # fmt: skip
    ax.margins(x=0.08)
    ax.set_xlabel(say("asymmetry.axis", outcome=say.value(result.outcome)))
    return lying(ax)
