"""Odds ratios as dots with their intervals, on a scale of ratios."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import NullFormatter, ScalarFormatter

from analysis.chapters.answers.ordered import OrderedAnswer
from analysis.telling.estimates import draw_estimates, head
from analysis.telling.wording import Wording

TICKS = (0.1, 0.2, 0.5, 1, 2, 3, 5, 10)


def plot_odds(result: OrderedAnswer, ax: Axes, say: Wording) -> Axes:
    """Draw the odds ratio of a better answer for each term, on a scale of ratios.

    Parameters
    ----------
    result : OrderedAnswer
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.odds.dropna(subset=["n", "estimate"])
    numbers = [say.formats.show(value, "number2") for value in table["estimate"]]
    draw_estimates(ax, [head(term, say) for term in table["term"]], table, numbers, zero=1.0)
    ax.set_xscale("log")
    ends = table[["estimate", "conf_low", "conf_high"]]
    low, high = ends.min().min(), ends.max().max()
    ax.set_xticks([tick for tick in TICKS if 0.8 * low < tick < 1.25 * high])
    ax.xaxis.set_major_formatter(ScalarFormatter())
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_xlabel(say("odds.axis", item=result.item))
    return ax
