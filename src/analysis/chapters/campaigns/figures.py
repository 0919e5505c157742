"""Effects of campaigns as dots with intervals, and the time to the next purchase by arm."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.chapters.campaigns.tested import EARLIER, CampaignEffects, GroupEffects, NextPurchase
from analysis.telling.curves import WEEK_STEPS, draw_curves
from analysis.telling.estimates import draw_estimates, signed
from analysis.telling.wording import Wording

MOST = 12


def plot_effects(result: CampaignEffects, ax: Axes, say: Wording) -> Axes:
    """Draw how many more in 100 bought in each campaign, the latest first, and in all together.

    Parameters
    ----------
    result : CampaignEffects
        Gated.
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    each = result.table[result.table["outcome"] == "bought_again"].dropna(subset=["n"])
    all_of_them = result.pooled[
        result.pooled["outcome"].eq("bought_again") & result.pooled["adjustment"].eq(EARLIER)
    ]
    rows = pd.concat([all_of_them.assign(campaign="all_campaigns"), each.iloc[::-1][:MOST]])
    apart = ["all", *["each"] * (len(rows) - 1)]
    return _draw(rows, rows["campaign"], ax, say, apart)


def plot_groups(result: GroupEffects, ax: Axes, say: Wording) -> Axes:
    """Draw the effect in each tier and stage on the eve of the contact.

    Parameters
    ----------
    result : GroupEffects
        Gated.
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    rows = result.table.dropna(subset=["n"])
    return _draw(rows, rows["group"], ax, say, [*rows["by"]])


def plot_sooner(result: NextPurchase, ax: Axes, say: Wording) -> Axes:
    """Draw the share of each arm that had bought, by days from the contact.

    Parameters
    ----------
    result : NextPurchase
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    draw_curves(result.curve, ax, say, falling=False, steps=WEEK_STEPS)
    ax.set_xlabel(say("sooner.axis"))
    ax.set_ylabel(say("sooner.share"))
    return ax


def _draw(rows: pd.DataFrame, names: pd.Series, ax: Axes, say: Wording, apart) -> Axes:
    numbers = [signed(estimate, "points", say) for estimate in rows["estimate"]]
    draw_estimates(ax, [say.value(name) for name in names], rows, numbers, apart=apart)
    ax.xaxis.set_major_formatter(lambda share, _: say.formats.show(share, "points"))
    ax.set_xlabel(say("effect.axis"))
    return ax
