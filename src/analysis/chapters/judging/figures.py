"""What the tiers foretell: the next period's value, how well they sort, and who stays."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from analysis.chapters.judging.futures import TierFutures
from analysis.chapters.judging.judgement import Judgement
from analysis.telling.curves import draw_curves, mark_shares, steps_of_many
from analysis.telling.palette import CONTEXT, DASHES, GROUPS, QUIET
from analysis.telling.tiers import draw_intervals, tier_colours
from analysis.telling.wording import Wording


def plot_next_value(result: Judgement, ax: Axes, say: Wording) -> Axes:
    """Draw each tier's mean value in the next period with its interval and its share of all.

    Tiers that the gate hides, or that nobody is in, are left out.

    Parameters
    ----------
    result : Judgement
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    colours = np.array(tier_colours(len(result.table)))
    shown = result.table["n"].gt(0).to_numpy()
    table, colours = result.table[shown].reset_index(drop=True), colours[shown]
    place = np.arange(len(table))
    mean = table["estimate"].to_numpy(float)
    reach = np.nan_to_num([mean - table["conf_low"], table["conf_high"] - mean])
    ax.bar(place, mean, color=colours, width=0.62, zorder=2)
    draw_intervals(ax, place, mean, yerr=reach)
    for at, row in table.iterrows():
        if np.isfinite(row["value_share"]):
            text = say("top.label", share=row["value_share"])
            top = max(row["estimate"] + np.nan_to_num(row["conf_high"] - row["estimate"]), 0)
            style = {"ha": "center", "fontsize": 10, "fontweight": "bold"}
            ax.annotate(text, (at, top), (0, 4), textcoords="offset points", **style)
    ax.set_xticks(place, [say.value(tier) for tier in table["tier"]])
    ax.grid(False, axis="x")
    ax.set_ylabel(say("top.axis", currency=say.formats.currency.strip()))
    ax.margins(y=0.12)
    ax.yaxis.set_major_formatter(lambda value, _: say.formats.show(value, "count"))
    return ax


def plot_next_gain(result: Judgement, ax: Axes, say: Wording) -> Axes:
    """Draw the share of the next period's value that the best rated hold, for each score.

    Parameters
    ----------
    result : Judgement
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    ax.plot([0, 1], [0, 1], color=CONTEXT, linewidth=1, linestyle=(0, (2, 2)))
    ax.annotate(say("lines.equal"), (0.72, 0.72), (6, -12), textcoords="offset points",
                color=QUIET, fontsize=9.5)  # fmt: skip
    own = result.gain.table[result.gain.table["term"] == "normalised_gini"].set_index("group")
    sorting = own["estimate"].dropna()
    ends = []
    for k, (name, deciles) in enumerate(result.gain.deciles.groupby("group", sort=False)):
        shown = _of_many(deciles, say.min_cell)
        reach = np.append(0, (deciles["n"].cumsum() / deciles["n"].sum())[shown])
        held = np.append(0, deciles["cumulative_share"][shown])
        ax.plot(reach, held, color=GROUPS[k % len(GROUPS)], linestyle=DASHES[k % len(DASHES)])
        ends.append((held[min(3, len(held) - 1)], name, GROUPS[k % len(GROUPS)]))
    for line, (_, name, colour) in enumerate(sorted(ends, reverse=True)):
        text = (
            say("gain.line", score=name, sorting=sorting[name])
            if name in sorting
            else say.value(name)
        )
        ax.annotate(text, (0.97, 0.1 + 0.08 * (len(ends) - 1 - line)), ha="right",
                    xycoords="axes fraction", color=colour, fontweight="bold")  # fmt: skip
    ax.set(xlabel=say("axes.scored"), ylabel=say("axes.gained"))
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


def _of_many(deciles: pd.DataFrame, min_cell: int) -> list[int]:
    """The points of a gain curve between which there are at least `min_cell` customers."""
    many = steps_of_many(deciles.assign(events=deciles["n"]), min_cell).index
    return [*many[:-1], deciles.index[-1]]


def plot_tier_futures(result: TierFutures, ax: Axes, say: Wording) -> Axes:
    """Draw who has bought again, or is still under contract, by weeks since the rating.

    Curves stop where fewer than the study's smallest group are still followed; the shares that the
    finding tells, of the highest and the lowest tier, are marked where it speaks of them.

    Parameters
    ----------
    result : TierFutures
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    kind = "contract" if result.contractual else "purchase"
    ax.set(xlabel=say("stay.weeks_axis"), ylabel=say(f"stay.{kind}.axis"))
    tiers = result.tiers
    shades = dict(zip(tiers, tier_colours(len(tiers)), strict=True))
    draw_curves(
        result.curve, ax, say, falling=result.contractual, heading=f"stay.{kind}.counts",
        shades=shades,
    )  # fmt: skip
    told = result.ends
    colours = [shades[str(group)] for group in told["group"]]
    mark_shares(told, ax, say, at="weeks", colours=colours)
    return ax
