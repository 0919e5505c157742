"""The share lost after each kind of contact as a dot with its interval."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.chapters.complaints.loss import Loss
from analysis.telling.estimates import draw_estimates, signed
from analysis.telling.wording import Wording


def plot_loss(result: Loss, ax: Axes, say: Wording) -> Axes:
    """Draw the share lost after each kind of contact, with its interval.

    Parameters
    ----------
    result : Loss
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table.dropna(subset=["customers"])
    numbers = [
        say.formats.show(row.estimate, "percent")
        if row.difference != row.difference
        else say("loss.dot", share=row.estimate, more=signed(row.difference, "points", say))
        for row in table.itertuples()
    ]
    labels = [say.value(handling) for handling in table["handling"]]
    draw_estimates(ax, labels, table, numbers, zero=None)
    ax.set_xlim(0, None)
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    kind = "contracts" if result.contractual else "purchases"
    ax.set_xlabel(say(f"loss.axis.{kind}", weeks=result.weeks))
    return ax
