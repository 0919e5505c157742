"""How satisfied customers are, what goes with it, and what followed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.figures.satisfaction import (
    plot_driver_importance,
    plot_importance_performance,
    plot_path_model,
)
from analysis.methods.regression import ShapeComparison
from analysis.satisfaction.behaviour import Behaviour
from analysis.satisfaction.drivers import Drivers
from analysis.satisfaction.intention import Intention
from analysis.satisfaction.one_more_point import MonthsGained
from analysis.satisfaction.paths import SatisfactionPaths
from analysis.satisfaction.worth import MarginGained
from analysis.telling.estimates import (
    draw_estimates,
    draw_nothing,
    head,
    large_enough,
    signed,
    small_by_segment,
)
from analysis.telling.palette import ACCENT, CONTEXT, INK
from analysis.telling.wording import Wording

PENALTY = "#d55e00"


def plot_intention_shape(result: Intention, ax: Axes, say: Wording) -> Axes:
    """Draw expected loyalty over satisfaction: a free curve with its band, and the line."""
    if result.shapes is None:
        return draw_nothing(ax, say)
    _draw_shape(result.shapes, ax, say)
    ax.set_ylabel(say("intended.axis", outcome=say.value(result.fit.outcome)))
    return ax


def plot_behaviour_shape(result: Behaviour, ax: Axes, say: Wording) -> Axes:
    """Draw the share who bought again over satisfaction: observed by point, and adjusted curves."""
    if result.shapes is None:
        return draw_nothing(ax, say)
    observed = large_enough(result.bands, say, "n")
    ax.vlines(observed["at"], observed["conf_low"], observed["conf_high"], color=INK, linewidth=1.2)
    ax.scatter(observed["at"], observed["estimate"], color=INK, s=28, zorder=4)
    _draw_shape(result.shapes, ax, say)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylabel(say("behaved.axis", weeks=result.weeks))
    return ax


def _draw_shape(shapes: ShapeComparison, ax: Axes, say: Wording) -> None:
    free = shapes.curve[shapes.curve["group"] == "spline"]
    line = shapes.curve[shapes.curve["group"] == "line"]
    ax.fill_between(free["value"], free["conf_low"], free["conf_high"], color=ACCENT, alpha=0.16,
                    linewidth=0)  # fmt: skip
    ax.plot(free["value"], free["estimate"], color=ACCENT, label=say("loyalty.free"))
    ax.plot(line["value"], line["estimate"], color=CONTEXT, linestyle=(0, (5, 1.5)),
            label=say("loyalty.line"))  # fmt: skip
    ax.legend(loc="upper left")
    ax.set_xlabel(say("loyalty.driver_axis", driver=head(shapes.driver, say)))


def plot_behaviour_groups(result: Behaviour, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how many more of 100 buy again per point of satisfaction."""
    _draw_groups(result.by_group, "again", "points", ax, say, times=100)
    ax.set_xlabel(say("behaved.groups_axis", weeks=result.weeks))
    return ax


def plot_months_gained(result: MonthsGained, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how many months longer customers stay per point."""
    _draw_groups(result.table, "months_longer", "number1", ax, say)
    ax.set_xlabel(say("point.months.axis", horizon=result.horizon))
    return ax


def plot_margin_gained(result: MarginGained, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how much more margin goes with one point."""
    _draw_groups(result.table, "gain", "money", ax, say)
    ax.set_xlabel(say(f"point.{result.quantity}.axis", weeks=result.weeks))
    return ax


def _draw_groups(
    table: pd.DataFrame, column: str, kind: str, ax: Axes, say: Wording, *, times: float = 1
) -> None:
    """A column and its interval for all and for each group, a gap between groupings."""
    if column not in table or table[column].isna().all():
        draw_nothing(ax, say)
        return
    table = table[~small_by_segment(table, say)].dropna(subset=[column])
    if table.empty:
        draw_nothing(ax, say)
        return
    numbers = [signed(value, kind, say) for value in table[column]]
    shown = times * _renamed(table, column)
    draw_estimates(ax, _groups(table, say), shown, numbers, apart=table["segment"].tolist())


def plot_importance(result: Drivers, ax: Axes, say: Wording) -> Axes:
    """Draw each driver's share of the differences in satisfaction."""
    if result.importance is None:
        return draw_nothing(ax, say)
    return plot_driver_importance(result.importance, ax, say)


def plot_map(result: Drivers, ax: Axes, say: Wording) -> Axes:
    """Draw importance against performance."""
    if result.map is None:
        return draw_nothing(ax, say)
    return plot_importance_performance(result.map, ax, say)


def plot_penalty_reward(result: Drivers, ax: Axes, say: Wording) -> Axes:
    """Draw what a low rating takes away and a high one adds, against the middle ratings."""
    if result.asymmetry is None:
        return draw_nothing(ax, say)
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
            say(f"loyalty.{key}_rating"), (0, len(drivers) - 0.35), xytext=(6 * side, 0),
            textcoords="offset points", ha="right" if side < 0 else "left", va="center",
            color=colour, weight="bold", size=9.5,
        )  # fmt: skip
    ax.margins(x=0.08)
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.set_xlabel(say("drivers.asymmetry.axis", outcome=say.value(result.outcome)))
    return ax


def plot_satisfaction_paths(result: SatisfactionPaths, ax: Axes, say: Wording) -> Axes:
    """Draw the path diagram."""
    if result.estimate is None:
        return draw_nothing(ax, say)
    return plot_path_model(result.estimate, ax, say)


def _groups(table: pd.DataFrame, say: Wording) -> list[str]:
    return [
        say("loyalty.group", group=head(row.known_group, say), n=row.n_answers)
        for row in table.itertuples()
    ]


def _renamed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    ends = {name: "estimate", f"{name}_conf_low": "conf_low", f"{name}_conf_high": "conf_high"}
    return table[list(ends)].rename(columns=ends)
