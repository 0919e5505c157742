"""Months and money that go with one more point, for all and by group."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.chapters.one_more_point.margin import MarginGained
from analysis.chapters.one_more_point.months import MonthsGained
from analysis.telling.shapes import draw_groups
from analysis.telling.wording import Wording


def plot_months_gained(result: MonthsGained, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how many months longer (or sooner) it is per point.

    Parameters
    ----------
    result : MonthsGained
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    draw_groups(result.table, "estimate", "number1", ax, say)
    ax.set_xlabel(say(f"{result.outcome}.axis", horizon=result.horizon))
    return ax


def plot_margin_gained(result: MarginGained, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how much more margin goes with one point.

    Parameters
    ----------
    result : MarginGained
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    draw_groups(result.table, "estimate", "money", ax, say)
    ax.set_xlabel(say(f"money.{result.quantity}.axis", weeks=result.weeks))
    return ax
