"""What goes with coming back or ending: forest plot, ratios over time, calibration."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator, PercentFormatter

from analysis.states.influences import Influences
from analysis.states.predictability import Predictability
from analysis.telling.palette import ACCENT, CONTEXT, INK, QUIET
from analysis.telling.wording import Wording

RATIO_TICKS = (0.1, 0.2, 0.33, 0.5, 0.67, 0.8, 1, 1.25, 1.5, 2, 3, 5, 10)
ROW_INCHES = 0.235


def forest_height(result: Influences) -> float:
    """Inches that a forest plot needs: one line a row and a covariate.

    Parameters
    ----------
    result : Influences

    Returns
    -------
    float
    """
    return 1.0 + ROW_INCHES * max(len(_forest_rows(result.table)), 4)


def plot_ratios(result: Influences, ax: Axes, say: Wording) -> Axes:
    """Draw hazard ratios with intervals on a logarithmic axis; hollow: the group compared with.

    Parameters
    ----------
    result : Influences
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.set_xlabel(say("rate_axis"))
    ax.axvline(1, color=CONTEXT, linewidth=1)
    ax.figure.subplots_adjust(left=0.27, right=0.79)
    rows = _forest_rows(result.table)
    lows = result.table["hazard_ratio_conf_low"].dropna()
    highs = result.table["hazard_ratio_conf_high"].dropna()
    low, high = min(0.8, lows.min()) / 1.05, max(1.25, highs.max()) * 1.05
    left = {"xycoords": ("figure fraction", "data"), "textcoords": "offset points", "va": "center"}
    for place, (heading, row) in enumerate(rows):
        if row is None:
            ax.annotate(say.value(heading), (0, place), (0, 0), fontweight="bold", **left)
        else:
            ax.annotate(say.value(row["level"]), (0, place), (10, 0), **left)
            _draw_ratio(row, place, ax, say)
    ax.set_xscale("log")
    ax.set(xlim=(low, high), ylim=(len(rows) - 0.4, -0.6), yticks=[])
    _ratio_ticks(ax.xaxis, low, high, say)
    ax.spines["left"].set_visible(False)
    ax.grid(True, axis="x")
    return ax


def _forest_rows(table: pd.DataFrame) -> list[tuple[str, pd.Series | None]]:
    """A line for each heading (no row) and each ratio."""
    rows: list[tuple[str, pd.Series | None]] = []
    for covariate, own in table.groupby("covariate", sort=False):
        rows.append((str(covariate), None))
        rows += [(str(covariate), row) for _, row in own.iterrows()]
    return rows


def _draw_ratio(row: pd.Series, place: int, ax: Axes, say: Wording) -> None:
    right = {"xycoords": ("axes fraction", "data"), "va": "center", "annotation_clip": False}
    if row["level"] == row["reference"]:
        ax.plot([1], [place], "o", color=CONTEXT, markerfacecolor="white", markersize=6)
        ax.annotate(say("influences.ratios.reference"), (1.02, place), color=QUIET, **right)
        return
    ends = [row["hazard_ratio_conf_low"], row["hazard_ratio_conf_high"]]
    if not np.isfinite([row["hazard_ratio"], *ends]).all():  # hidden, or without an interval
        ax.annotate(say.formats.none, (1.02, place), color=QUIET, **right)
        return
    clear = ends[0] > 1 or ends[1] < 1
    colour = ACCENT if clear else QUIET
    ax.plot(ends, [place, place], color=colour, linewidth=2)
    ax.plot([row["hazard_ratio"]], [place], "s", color=colour, markersize=6)
    text = say("influences.ratios.label", ratio=row["hazard_ratio"], low=ends[0], high=ends[1])
    weight = "bold" if clear else "normal"
    ax.annotate(text, (1.02, place), color=colour, fontweight=weight, **right)


def _ratio_ticks(axis, low: float, high: float, say: Wording) -> None:
    ticks = [tick for tick in RATIO_TICKS if low <= tick <= high]
    axis.set_major_locator(FixedLocator(ticks))
    axis.set_minor_locator(NullLocator())
    shown = {1: "auto"}
    axis.set_major_formatter(
        FuncFormatter(lambda tick, _: say.formats.show(tick, shown.get(tick, "number2")))
    )


def plot_ratio_over_time(result: Influences, ax: Axes, say: Wording) -> Axes:
    """Draw a hazard ratio as time goes on (smooth, band), beside the single ratio (dashed).

    Parameters
    ----------
    result : Influences
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.set(xlabel=say("time_axis"), ylabel=say("influences.constant.axis"))
    course = result.over_time
    ax.set_yscale("log")
    ax.axhline(1, color=CONTEXT, linewidth=1)
    band = {"color": ACCENT, "alpha": 0.16, "linewidth": 0}
    ax.fill_between(course["time"], course["ratio_conf_low"], course["ratio_conf_high"], **band)
    ax.plot(course["time"], course["hazard_ratio"], color=ACCENT)
    own = result.table[result.table["covariate"] == result.watched]
    single = own.loc[own["level"] == result.watched_level, "hazard_ratio"].iloc[0]
    if np.isfinite(single):  # else the group is hidden
        ax.axhline(single, color=INK, linewidth=1.2, linestyle=(0, (5, 2)))
        place = {"xycoords": ("axes fraction", "data"), "annotation_clip": False, "va": "center"}
        text = say("influences.constant.single", ratio=single)
        ax.annotate(text, (1.01, single), color=INK, **place)
    low = min(0.8, course["ratio_conf_low"].min()) / 1.05
    high = max(1.25, course["ratio_conf_high"].max()) * 1.05
    ax.set(ylim=(low, high), xlim=(0, course["time"].max()))
    _ratio_ticks(ax.yaxis, low, high, say)
    return ax


def plot_calibration(result: Predictability, ax: Axes, say: Wording) -> Axes:
    """Draw observed against predicted shares of customers kept aside; on the line they agree.

    Parameters
    ----------
    result : Predictability
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.calibration.dropna(subset=["n", "estimate"])
    predicted, seen = table["predicted"].to_numpy(), table["estimate"].to_numpy()
    low = table["conf_low"].fillna(table["estimate"]).to_numpy()
    high = table["conf_high"].fillna(table["estimate"]).to_numpy()
    edge = [min(predicted.min(), low.min()), max(predicted.max(), high.max())]
    margin = 0.04 * (edge[1] - edge[0]) + 0.005
    edge = [max(edge[0] - margin, 0), min(edge[1] + margin, 1)]
    ax.plot(edge, edge, color=CONTEXT, linewidth=1.2, linestyle=(0, (5, 2)))
    reach = [np.maximum(seen - low, 0), np.maximum(high - seen, 0)]
    ax.errorbar(predicted, seen, yerr=reach, fmt="o", color=ACCENT, markersize=6, elinewidth=1.6)
    ax.set(xlim=edge, ylim=edge, ylabel=say("influences.foreseen.seen_axis"))
    words = {"until": result.until, "did": "did", "unit": "unit"}
    ax.set_xlabel(say("influences.foreseen.predicted_axis", **words))
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax
