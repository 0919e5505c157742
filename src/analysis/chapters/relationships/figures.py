"""How long relationships last, how they end, and how many end soon."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MultipleLocator, PercentFormatter

from analysis.chapters.relationships.ahead import EndsAhead
from analysis.chapters.relationships.ends import EndsByCause
from analysis.chapters.relationships.length import RelationshipLength
from analysis.telling.curves import (
    MONTH_STEPS,
    draw_curves,
    draw_medians,
    label_ends,
    steps_of_many,
)
from analysis.telling.palette import ACCENT, DASHES, GROUPS
from analysis.telling.widths import share_of_panel
from analysis.telling.wording import Wording


def plot_relationship_length(result: RelationshipLength, ax: Axes, say: Wording) -> Axes:
    """Draw the share still customers by months, median lines, and numbers below.

    One curve carries those at risk, ended and open; several carry those at risk and ended.

    Parameters
    ----------
    result : RelationshipLength
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    heading = "group_numbers" if len(result.curve.groups) > 1 else "numbers"
    ax.set(xlabel=say("months_axis"), ylabel=say("length.axis"))
    options = {"falling": True, "heading": heading, "steps": MONTH_STEPS, "ends": True}
    draw_curves(result.curve, ax, say, **options)
    draw_medians(result.curve, ax, say)
    return ax


def plot_ends_by_cause(result: EndsByCause, ax: Axes, say: Wording) -> Axes:
    """Draw the share ended in each way by months, with bands, up to where too few are at risk.

    Parameters
    ----------
    result : EndsByCause
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.set(xlabel=say("months_axis"), ylabel=say("ends.axis"))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    table = result.incidence.table
    table = table[table["at_risk"] >= say.min_cell]
    longest = table["time"].max() if len(table) else 1.0
    ends = []
    for i, cause in enumerate(result.causes):
        steps = steps_of_many(table[table["cause"] == cause], say.min_cell)
        last = steps.tail(1).assign(time=longest)
        steps = pd.concat([steps, last]).drop_duplicates("time")
        time = np.append(0.0, steps["time"])
        share = np.append(0.0, steps["estimate"])
        low = np.append(0.0, steps["conf_low"].fillna(steps["estimate"]))
        high = np.append(0.0, steps["conf_high"].fillna(steps["estimate"]))
        colour = GROUPS[i % len(GROUPS)]
        line = {"color": colour, "linestyle": DASHES[i % len(DASHES)], "where": "post"}
        ax.step(time, share, **line)
        ax.fill_between(time, low, high, color=colour, alpha=0.16, linewidth=0, step="post")
        ends.append((longest, share[-1], cause, colour))
    ax.set(xlim=(0, longest), ylim=(0, None))
    most = max(8 * share_of_panel(ax), 3)
    step = next((s for s in MONTH_STEPS if longest / s <= most), longest / 4)
    ax.xaxis.set_major_locator(MultipleLocator(step))
    label_ends(ends, ax, say)
    return ax


def plot_ends_ahead(result: EndsAhead, ax: Axes, say: Wording) -> Axes:
    """Draw the share expected to end within the months ahead, by tenure reached, with intervals.

    Parameters
    ----------
    result : EndsAhead
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table.dropna(subset=["share"])
    rows = np.arange(len(table))
    share = table["share"].to_numpy(float)
    low = share - (table["conf_low"] / table["told"]).to_numpy(float)
    high = (table["conf_high"] / table["told"]).to_numpy(float) - share
    ax.errorbar(share, rows, xerr=[low, high], fmt="o", color=ACCENT, markersize=6, elinewidth=2)
    for row, (value, reach, count) in enumerate(zip(share, high, table["estimate"], strict=True)):
        told = say("ahead.label", share=value, expected=count)
        ax.annotate(told, (value + reach, row), (6, 0), textcoords="offset points", va="center")
    ax.set_yticks(rows, [say.value(str(name)) for name in table["tenure"]])
    ax.set_ylim(len(table) - 0.5, -0.5)
    ax.grid(True, axis="x")
    ax.grid(False, axis="y")
    ax.set_xlim(0, max(1.35 * (share + high).max(), 0.1) if len(table) else 1)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set(xlabel=say("ahead.axis", months=result.months), ylabel=say("ahead.tenure_axis"))
    return ax
