"""What the tiers foretell: the next period's value, who stays, and who moves."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from analysis.figures.tiers import draw_intervals, plot_gain, plot_migration, tier_colours
from analysis.methods.disclosure import small_rows
from analysis.telling.curves import draw_curves
from analysis.telling.palette import INK
from analysis.telling.wording import Wording
from analysis.tiers import Judgement, Moves, TierFutures


def plot_moves(result: Moves, ax: Axes, say: Wording) -> Axes:
    """Draw the moves between two ratings; a sentence where there is only one."""
    if result.observed is None:
        return _nothing(ax, say("tiers.moves.none.headline"))
    return plot_migration(result.observed, ax, say)


def plot_next_value(result: Judgement | None, ax: Axes, say: Wording) -> Axes:
    """Draw each tier's mean value in the next period with its interval and its share of all.

    Tiers smaller than the study's smallest group are left out, and the next where it must be.
    """
    if result is None:
        return _nothing(ax, say("judging.none.headline"))
    table = result.outcome.table.assign(held=result.held["value_share"].to_numpy())
    colours = np.array(tier_colours(len(table)))
    shown = ~small_rows(table["n"], say.min_cell).to_numpy() & (table["n"] > 0).to_numpy()
    table, colours = table[shown].reset_index(drop=True), colours[shown]
    place = np.arange(len(table))
    mean = table["estimate"].to_numpy(float)
    reach = np.nan_to_num([mean - table["conf_low"], table["conf_high"] - mean])
    ax.bar(place, mean, color=colours, width=0.62, zorder=2)
    draw_intervals(ax, place, mean, yerr=reach)
    for at, row in table.iterrows():
        if np.isfinite(row["held"]):
            text = say("judging.top.label", share=row["held"])
            top = max(row["estimate"] + np.nan_to_num(row["conf_high"] - row["estimate"]), 0)
            style = {"ha": "center", "fontsize": 10, "fontweight": "bold"}
            ax.annotate(text, (at, top), (0, 4), textcoords="offset points", **style)
    ax.set_xticks(place, [say.value(tier) for tier in table["group"]])
    ax.grid(False, axis="x")
    ax.set_ylabel(say("judging.top.axis", currency=say.formats.currency.strip()))
    ax.margins(y=0.12)
    ax.yaxis.set_major_formatter(lambda value, _: say.formats.show(value, "count"))
    return ax


def plot_next_gain(result: Judgement | None, ax: Axes, say: Wording) -> Axes:
    """Draw the share of the next period's value that the best rated hold."""
    if result is None:
        return _nothing(ax, say("judging.none.headline"))
    return plot_gain(result.gain, ax, say)


def plot_tier_futures(result: TierFutures, ax: Axes, say: Wording) -> Axes:
    """Draw who has bought again, or is still under contract, by weeks since the rating."""
    if result.curve is None:
        return _nothing(ax, say("judging.none.headline"))
    kind = "contract" if result.contractual else "purchase"
    ax.set(xlabel=say("judging.stay.weeks_axis"), ylabel=say(f"judging.stay.{kind}.axis"))
    tiers = result.tiers
    draw_curves(
        result.curve, ax, say, falling=result.contractual, heading=f"judging.stay.{kind}.counts",
        shades=dict(zip(tiers, tier_colours(len(tiers)), strict=True)),
    )  # fmt: skip
    return ax


def _nothing(ax: Axes, text: str) -> Axes:
    ax.set_axis_off()
    ax.annotate(text, (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", color=INK)
    return ax
