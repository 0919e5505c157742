"""How many prospects become customers, and how soon."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.states.conversion import Conversion
from analysis.telling.curves import draw_curves, draw_medians, mark_told
from analysis.telling.wording import Wording


def plot_conversion(result: Conversion, ax: Axes, say: Wording) -> Axes:
    """Draw the share who became customers by weeks since the first contact, by group.

    Curves stop where fewer than the study's smallest group are still waiting; the shares that the
    finding tells are marked.

    Parameters
    ----------
    result : Conversion
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.set(xlabel=say("weeks_axis"), ylabel=say("share_axis"))
    draw_curves(result.curve, ax, say, falling=False, heading="waiting")
    draw_medians(result.curve, ax, say)
    mark_told(result.within, ax, say)
    return ax
