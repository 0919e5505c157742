"""Buying again over satisfaction, for all and by group."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.chapters.behaviour.followed import Behaviour
from analysis.telling.palette import INK
from analysis.telling.shapes import draw_groups, draw_shape
from analysis.telling.wording import Wording


def plot_behaviour_shape(result: Behaviour, ax: Axes, say: Wording) -> Axes:
    """Draw the share who bought again over satisfaction: observed by point, and adjusted curves.

    Parameters
    ----------
    result : Behaviour
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    observed = result.bands.dropna(subset=["n"])
    ax.vlines(observed["at"], observed["conf_low"], observed["conf_high"], color=INK, linewidth=1.2)
    ax.scatter(observed["at"], observed["estimate"], color=INK, s=28, zorder=4)
    draw_shape(result.shapes, ax, say)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.set_ylabel(say("shape.axis", weeks=result.weeks))
    return ax


def plot_behaviour_groups(result: Behaviour, ax: Axes, say: Wording) -> Axes:
    """Draw, for all and by group, how many more of 100 buy again per point of satisfaction.

    Parameters
    ----------
    result : Behaviour
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    draw_groups(result.by_group, "again", "points", ax, say, times=100)
    ax.set_xlabel(say("groups.axis", weeks=result.weeks))
    return ax
