"""How satisfied customers are, what goes with it, and what followed."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.methods.regression import ShapeComparison
from analysis.satisfaction.behaviour import Behaviour
from analysis.satisfaction.intention import Intention
from analysis.satisfaction.one_more_point import MonthsGained
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


def _groups(table: pd.DataFrame, say: Wording) -> list[str]:
    return [
        say("loyalty.group", group=head(row.known_group, say), n=row.n_answers)
        for row in table.itertuples()
    ]


def _renamed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    ends = {name: "estimate", f"{name}_conf_low": "conf_low", f"{name}_conf_high": "conf_high"}
    return table[list(ends)].rename(columns=ends)
