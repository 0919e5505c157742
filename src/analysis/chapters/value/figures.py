"""What a model expects of customers, beside what they did."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.chapters.value.forecast import ForecastCheck
from analysis.chapters.value.residual import UNKNOWN, ResidualValue
from analysis.methods.suppression import in_steps
from analysis.telling.palette import ACCENT, CONTEXT, INK, QUIET, RULE
from analysis.telling.tiers import draw_intervals, tier_colours
from analysis.telling.widths import is_narrow
from analysis.telling.wording import Wording

LABEL = {"fontsize": 10, "fontweight": "bold", "annotation_clip": False}
EXPECTED = (0, (5, 1.5))
SIDE_BY_SIDE = ([0, 0, 0.41, 1], [0.59, 0, 0.41, 1])


def plot_forecast_tracking(result: ForecastCheck, ax: Axes, say: Wording) -> Axes:
    """Draw purchases by week, and beside or below them added up, made and expected.

    Parameters
    ----------
    result : ForecastCheck
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    tracking = result.tracking
    ax.set_axis_off()
    places = ([0, 0.6, 1, 0.4], [0, 0, 1, 0.4]) if is_narrow(ax) else SIDE_BY_SIDE
    weekly, running = map(ax.inset_axes, places)
    for panel, names, label in (
        (weekly, ("actual", "expected"), "weekly"),
        (running, ("cumulative_actual", "cumulative_expected"), "cumulative"),
    ):
        _draw_pair(tracking.table, panel, names)
        panel.set(xlabel=say("axes.week"), ylabel=say(f"axes.{label}"))
        panel.set_xlim(0, tracking.table["time"].iloc[-1])
        panel.set_ylim(0, None)
        panel.yaxis.set_major_formatter(lambda made, _: say.formats.show(made, "auto"))
        panel.axvline(tracking.split, color=CONTEXT, linewidth=1, linestyle=RULE)
    _key(running, say, low=True)
    top = weekly.get_ylim()[1]
    weekly.annotate(
        say("lines.holdout"), (tracking.split, top), (4, -2), textcoords="offset points",
        color=QUIET, fontsize=9.5, va="top",
    )  # fmt: skip
    return ax


def plot_forecast_calibration(result: ForecastCheck, ax: Axes, say: Wording) -> Axes:
    """Draw each group's mean purchases after the fit with its interval, and the forecast.

    Hidden groups are left out.

    Parameters
    ----------
    result : ForecastCheck
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    groups = result.calibration.table
    table = groups.dropna(subset=["n"]).reset_index(drop=True)
    by_decile = set(groups["group"]) >= {"10"}
    place = np.arange(len(table))
    reach = [table["actual"] - table["conf_low"], table["conf_high"] - table["actual"]]
    ax.errorbar(place, table["actual"], yerr=np.nan_to_num(reach), fmt="o", color=INK, capsize=3,
                linewidth=1.4, markersize=5)  # fmt: skip
    ax.plot(place, table["expected"], color=ACCENT, linestyle=EXPECTED, marker="D", markersize=4.5)
    ax.set_xticks(place, table["group"])
    ax.set_xlim(-0.5, max(len(table), 1) - 0.5)
    ax.set_ylim(0, None)
    ax.set_xlabel(say("axes.decile" if by_decile else "axes.frequency"))
    ax.set_ylabel(say("axes.mean"))
    _key(ax, say, left=not by_decile)
    return ax


def plot_residual_value(result: ResidualValue, ax: Axes, say: Wording) -> Axes:
    """Draw what a customer of each group is still expected to bring, with the groups' shares.

    `result` holds one way to group; hidden groups are left out.

    Parameters
    ----------
    result : ResidualValue
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table.dropna(subset=["n", "value_each"]).reset_index(drop=True)
    place = np.arange(len(table))
    ends = [table[f"value_ahead_conf_{end}"] / table["n"] for end in ("low", "high")]
    reach = np.nan_to_num([table["value_each"] - ends[0], ends[1] - table["value_each"]])
    colours = [_colours(result)[group] for group in table["group"]]
    ax.barh(place, table["value_each"], color=colours, height=0.62)
    draw_intervals(ax, table["value_each"], place, xerr=reach)
    for at, row in table.iterrows():
        people = float(in_steps(row["n"], say.min_cell))
        text = say("groups.label", part=row["value_part"], n=people)
        edge = row["value_each"] + reach[1][at]
        ax.annotate(text, (edge, at), (5, 0), textcoords="offset points", va="center",
                    fontsize=9.5, annotation_clip=False)  # fmt: skip
    ax.set_yticks(place, [say.value(group) for group in table["group"]])
    ax.grid(False, axis="y")
    currency = say.formats.currency.strip()
    ax.set_xlabel(say("groups.axis", weeks=result.weeks, currency=currency))
    ax.xaxis.set_major_formatter(lambda value, _: say.formats.show(value, "count"))
    ax.set_xlim(0, (float((table["value_each"] + reach[1]).max()) or 1.0) * 1.25)
    return ax


def _colours(result: ResidualValue) -> dict[str, str]:
    """Tiers, low to high, in their own palette; other groups in the accent."""
    groups = list(result.table["group"])
    if set(result.table["segment"]) != {"current_tier"}:
        return dict.fromkeys(groups, ACCENT)
    tiers = [group for group in groups if group != UNKNOWN]
    return dict(zip(tiers, tier_colours(len(tiers)), strict=True)) | {UNKNOWN: CONTEXT}


def _draw_pair(table: pd.DataFrame, ax: Axes, names: tuple[str, str]) -> None:
    ax.plot(table["time"], table[names[0]], color=INK, linewidth=1.6)
    ax.plot(table["time"], table[names[1]], color=ACCENT, linestyle=EXPECTED)


def _key(ax: Axes, say: Wording, *, left: bool = False, low: bool = False) -> None:
    """Name the marks (or, low in a panel of curves, the lines) in their colours."""
    x, align = (0.03, "left") if left else (0.97, "right")
    marks = ("━", "╍") if low else ("●", "◆")
    for line, (name, colour) in enumerate((("made", INK), ("forecast", ACCENT))):
        drop = 18 - 13 * line if low else -2 - 13 * line
        ax.annotate(
            f"{marks[line]} {say(f'lines.{name}')}", (x, 0 if low else 1), (0, drop), ha=align,
            va="bottom" if low else "top", xycoords="axes fraction",
            textcoords="offset points", color=colour, **LABEL,
        )  # fmt: skip
