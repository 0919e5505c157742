"""Driver bars, the importance-performance map, and what low and high ratings weigh."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from analysis.chapters.drivers.importance import Drivers, Touchpoints
from analysis.telling.estimates import head, lying
from analysis.telling.naming import name_points
from analysis.telling.palette import ACCENT, CONTEXT, INK, QUIET, WARNING
from analysis.telling.tiers import draw_intervals
from analysis.telling.wording import Wording

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
    colours = np.where(table.index == table.index.max(), ACCENT, CONTEXT)
    ax.barh(table.index, share["estimate"], color=colours, height=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    reach = np.abs(share[["conf_low", "conf_high"]].sub(share["estimate"], axis=0)).T
    draw_intervals(ax, share["estimate"], table.index, xerr=np.nan_to_num(reach))
    top = share.max(axis=1)
    explained = table["share"]
    for row, value in table["estimate"].items():
        text = say("drivers.bar", variance=value, share=explained[row])
        ax.annotate(
            text, (top[row], row), xytext=(5, 0), textcoords="offset points",
            va="center", size=10, weight="bold",
        )  # fmt: skip
    ax.set_yticks(table.index, [head(term, say) for term in table["term"]])
    ax.set_xlim(0, 1.3 * (top.max() or 1.0))
    ax.set_xlabel(say("drivers.axis", outcome=say.value(result.outcome)))
    return lying(ax)


def plot_importance_performance(result: Touchpoints, ax: Axes, say: Wording) -> Axes:
    """Draw who does not rate low across, importance upward: what the touchpoints are ranked by.

    On the dotted curve low ratings and importance multiply to as much as at the first in rank, so
    that no touchpoint lies above it; the quadrants, named in their corners, part at the means.

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
    table = _charted(result)
    for corner, (x, y, ha, va) in QUADRANT_CORNERS.items():
        words = say(f"touchpoints.quadrants.{corner.replace(' ', '_')}")
        ax.text(x, y, words, transform=ax.transAxes, ha=ha, va=va, color=QUIET, size=9.5)
    across, upward = table["across"], table["weight"]
    ax.axvline(across.mean(), color=CONTEXT, linewidth=0.9)
    ax.axhline(upward.mean(), color=CONTEXT, linewidth=0.9)
    ax.hlines(upward, table["across_low"], table["across_high"], color=CONTEXT, lw=1)
    ax.vlines(across, table["weight_low"], table["weight_high"], color=CONTEXT, lw=1)
    first = table["priority_rank"].eq(table["priority_rank"].min())
    ax.scatter(across, upward, c=np.where(first, WARNING, ACCENT), s=46, zorder=3)
    ax.margins(0.2)
    _draw_as_much(ax, table[first].iloc[0])
    name_points(ax, across.to_numpy(), upward.to_numpy(), [say.value(d) for d in table["term"]])
    ax.grid(False)
    ax.set_xlabel(say("touchpoints.performance_axis", low_at=result.drivers.low_at))
    ax.set_ylabel(say("touchpoints.importance_axis"))
    return ax


def _charted(result: Touchpoints) -> pd.DataFrame:
    """The touchpoints that are ranked, in per cent: `across` (not rated low)`, weight`, ends."""
    names = {"importance_low": "weight_low", "importance_high": "weight_high"}
    ends = result.drivers.map.table.set_index("term")[list(names)].rename(columns=names)
    table = result.table.dropna(subset=["n", "priority_rank"]).join(ends, on="term")
    table = table.assign(
        across=1 - table["estimate"],
        across_low=1 - table["conf_high"],
        across_high=1 - table["conf_low"],
    )
    scaled = ["across", "across_low", "across_high", "weight", *ends]
    return table.assign(**100 * table[scaled]).reset_index(drop=True)


def _draw_as_much(ax: Axes, first: pd.Series) -> None:
    """Where low ratings and importance multiply to as much as at the first in rank."""
    left, right = ax.get_xlim()
    top = ax.get_ylim()[1]
    across = np.linspace(left, min(right, 99.9), 200)
    upward = (100 - first["across"]) * first["weight"] / (100 - across)
    ax.plot(across, upward, color=WARNING, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
    ax.set_xlim(left, right)
    ax.set_ylim(0, top)


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
    for term, colour in (("penalty", WARNING), ("reward", ACCENT)):
        rows = table[table["term"] == term].set_index("group").reindex(drivers)
        told = ((rows["n"] >= say.min_cell) & rows["estimate"].notna()).to_numpy()
        places = np.arange(len(drivers))[told]
        rows = rows[told]
        ax.barh(places, rows["estimate"], height=0.5, color=colour, alpha=0.75)
        ax.hlines(places, rows["conf_low"], rows["conf_high"], color=INK, linewidth=1.2)
    ax.set_yticks(range(len(drivers)), [head(driver, say) for driver in drivers])
    ax.set_ylim(-0.6, len(drivers) - 0.1)
    for side, key, colour in ((-1, "low", WARNING), (1, "high", ACCENT)):
        ax.annotate(
            say(f"asymmetry.{key}_rating"), (0, len(drivers) - 0.35), xytext=(6 * side, 0),
            textcoords="offset points", ha="right" if side < 0 else "left", va="center",
            color=colour, weight="bold", size=9.5,
        )  # fmt: skip
    ax.margins(x=0.08)
    ax.set_xlabel(say("asymmetry.axis", outcome=say.value(result.outcome)))
    return lying(ax)
