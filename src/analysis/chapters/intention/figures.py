"""Intended loyalty over satisfaction."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.chapters.intention.intended import Intention
from analysis.telling.shapes import draw_shape
from analysis.telling.wording import Wording


def plot_intention_shape(result: Intention, ax: Axes, say: Wording) -> Axes:
    """Draw expected loyalty over satisfaction: a free curve with its band, and the line.

    Parameters
    ----------
    result : Intention
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    draw_shape(result.shapes, ax, say)
    ax.set_ylabel(say("shape.axis", outcome=say.value(result.fit.outcome)))
    return ax
