"""Stages: where customers are, now and over time, how they move, and how long they stay."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.ticker import MaxNLocator, PercentFormatter

from analysis.chapters.stages.course import StageCourse
from analysis.chapters.stages.moves import MonthlyMoves
from analysis.chapters.stages.now import StagesNow
from analysis.chapters.stages.stage_time import StageMonths
from analysis.methods.multistate import StateOccupation
from analysis.methods.multistate.steps import JOINED
from analysis.methods.suppression import in_steps
from analysis.telling.palette import (
    CONTEXT,
    GROUPS,
    HIDDEN,
    INK,
    QUIET,
    RULE,
    SEQUENTIAL,
    STAGES,
    group_colours,
)
from analysis.telling.widths import share_of_panel
from analysis.telling.wording import Wording

LABEL_SHARE = 0.06
RULE_WIDTH = 0.1  # of the axis, for the name of a step by rule
LETTER_WIDTH = 0.014  # of the axis, for the bold label font


def plot_stages_now(result: StagesNow, ax: Axes, say: Wording) -> Axes:
    """Draw the customers in each stage as bars with number and share; small ones have none.

    Parameters
    ----------
    result : StagesNow
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table
    shown = table["customers"].fillna(0)
    places = range(len(table))
    ax.barh(places, shown, 0.72, color=[STAGES.get(stage, CONTEXT) for stage in table["stage"]])
    for place, row in zip(places, table.to_dict("records"), strict=True):
        text = say("few")
        if np.isfinite(row["customers"]):
            text = say("now.label", customers=row["customers"], share=row["share"])
        at = (shown.iloc[place], place)
        ax.annotate(text, at, (5, 0), textcoords="offset points", va="center", color=INK)
    ax.set_yticks(places, [say.value(stage) for stage in table["stage"]])
    ax.set_ylim(len(table) - 0.4, -0.6)
    ax.set_xlim(0, 1.25 * max(shown.max(), 1))
    ax.xaxis.set_visible(False)
    ax.spines[["bottom"]].set_visible(False)
    ax.tick_params(axis="y", length=0)
    ax.grid(False)
    return ax


def plot_stage_course(result: StageCourse, ax: Axes, say: Wording) -> Axes:
    """Draw the share of customers in each stage by months since the start, stacked.

    Areas stop where fewer than the study's smallest group are observed; the row below counts the
    customers who are. Dotted: months at which the rules make a step.

    Parameters
    ----------
    result : StageCourse
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    share, observed = _shares(result.occupation, say.min_cell)
    order = [state for state in result.occupation.states if share[state].max() > 0]
    top = share[order].cumsum(axis=1)
    times = share.index.to_numpy()
    for state in order:
        low = (top[state] - share[state]).to_numpy()
        area = {"color": _colour(state, order), "linewidth": 0.6, "edgecolor": "white"}
        ax.fill_between(times, low, top[state].to_numpy(), step="post", **area)
    ax.set_xlim(times[0], times[-1])
    ax.set_ylim(0, 1)
    ax.grid(False)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    months = "months_axis" if result.past_known else "seen_axis"
    ax.set(xlabel=say(months), ylabel=say("share_axis"))
    _name_areas(share[order], top, ax, say)
    _mark_told(result, share, top, ax, say)
    _mark_rules(result.steps, ax, say)
    _count_observed(observed, ax, say)
    return ax


def _mark_told(
    result: StageCourse, share: pd.DataFrame, top: pd.DataFrame, ax: Axes, say: Wording
) -> None:
    """Mark the share that the finding tells, in its month and its area."""
    if not len(result.told):
        return
    row = result.told.iloc[0]
    at = max(int(np.searchsorted(share.index, row["months"], side="right")) - 1, 0)
    high = top[row["stage"]].iloc[at]
    low = high - share[row["stage"]].iloc[at]
    colour = _on(_colour(row["stage"], list(top)))
    ends = {"color": colour, "linewidth": 1.2, "linestyle": (0, (2, 2))}
    ax.plot([row["months"]] * 2, [low, high], **ends)
    ax.annotate(
        say.formats.show(row["estimate"], "percent"), (row["months"], high), (5, -4),
        textcoords="offset points", color=colour, fontweight="bold", fontsize=10, va="top",
    )  # fmt: skip


def plot_monthly_moves(result: MonthlyMoves, ax: Axes, say: Wording) -> Axes:
    """Draw the shares of those who move from stage to stage in a month, as a heat map.

    Moves of few customers are hidden; those with whom they are counted bear a mark.

    Parameters
    ----------
    result : MonthlyMoves
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    states, table = list(result.states), result.table
    known = table.assign(estimate=table["estimate"].fillna(-1.0))  # a move never made has no row
    share, notes = (
        known.pivot(index="from", columns="to", values=column).reindex(columns=states)
        for column in ("estimate", "note")
    )
    share = share.reindex([state for state in states if state in share.index]).fillna(0.0)
    shade = colormaps[SEQUENTIAL]
    for (row, source), (column, target) in _cells(share):
        value = share.loc[source, target]
        few = value < 0
        fill = HIDDEN if few else shade(0.05 + 0.9 * np.sqrt(value))
        ax.fill_between([column - 0.5, column + 0.5], row - 0.5, row + 0.5, color=fill, lw=0)
        text = say("few") if few else say.formats.show(value, "percent" if value else "percent0")
        text += "*" if notes.loc[source, target] == JOINED else ""
        colour = _on(fill) if value > 0 else QUIET
        weight = "bold" if source == target else "normal"
        ax.text(column, row, text, ha="center", va="center", color=colour, fontweight=weight)
    ax.set_xlim(-0.5, len(states) - 0.5)
    ax.set_ylim(len(share) - 0.5, -0.5)
    ax.set_xticks(range(len(states)), [say.value(state) for state in states])
    ax.set_yticks(range(len(share)), [say.value(state) for state in share.index])
    ax.xaxis.set_label_position("top")
    ax.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    ax.set(xlabel=say("to_axis"), ylabel=say("from_axis"))
    ax.spines[:].set_visible(False)
    ax.grid(False)
    return ax


def plot_stage_months(result: StageMonths, ax: Axes, say: Wording) -> Axes:
    """Draw the expected months in each stage, by group, with intervals and numbers.

    Parameters
    ----------
    result : StageMonths
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table.dropna(subset=["n"])
    groups, states = list(table["group"].unique()), list(dict.fromkeys(table["stage"]))
    height = 0.8 / max(len(groups), 1)
    own = group_colours([str(group) for group in groups])
    for place, group in enumerate(groups):
        rows = table[table["group"] == group].set_index("stage").reindex(states)
        at = np.arange(len(states)) + (place - (len(groups) - 1) / 2) * height
        single = len(groups) == 1
        colours = [_colour(state, states) if single else own[place] for state in states]
        ax.barh(at, rows["estimate"], height * 0.86, color=colours)
        spread = np.abs(rows[["conf_low", "conf_high"]].sub(rows["estimate"], axis=0)).T
        ax.errorbar(rows["estimate"], at, xerr=spread, fmt="none", ecolor=INK, elinewidth=1)
        _write_months(rows, at, ax, say, "" if single else f"{say.value(str(group))}  ")
    ax.set_yticks(range(len(states)), [say.value(state) for state in states])
    ax.set_ylim(len(states) - 0.5, -0.5)
    ax.set_xlim(0, 1.28 * (table[["estimate", "conf_high"]].max().max() or 1.0))
    ax.grid(axis="y", visible=False)
    ax.grid(axis="x", visible=True)
    ax.set_xlabel(say("expected_axis", horizon=result.until_months))
    return ax


def _shares(result: StateOccupation, min_cell: int) -> tuple[pd.DataFrame, pd.Series]:
    """Shares (times x states) and customers observed, up to where too few are."""
    table = result.table.dropna(subset="estimate")
    share = table.pivot(index="time", columns="state", values="estimate")
    observed = table.groupby("time")["at_risk"].sum()
    enough = observed[observed >= min_cell].index
    last = enough.max() if len(enough) else share.index[0]
    return share.loc[:last], observed.loc[:last]


def _name_areas(share: pd.DataFrame, top: pd.DataFrame, ax: Axes, say: Wording) -> None:
    """Name an area where it has most room, or beside its end where it has nowhere enough."""
    low, high = ax.get_xlim()
    last_y = -1.0
    for state in share:
        colour, name = _colour(state, list(share)), say.value(state)
        reach = (0.01 + LETTER_WIDTH / 2 * len(name)) * (high - low)
        places = (
            _room(top[state] - share[state], top[state], centre, reach)
            for centre in np.linspace(low + reach, high - reach, 60)
        )
        x, y, room = max(places, key=lambda place: place[2])
        if room >= LABEL_SHARE:
            style = {"ha": "center", "va": "center", "fontweight": "bold"}
            ax.text(x, y, name, color=_on(colour), **style)
            continue
        end = float(top[state].iloc[-1] - share[state].iloc[-1] / 2)
        last_y = max(end, last_y + 0.055)
        line = {"arrowstyle": "-", "color": colour, "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        style = {"xycoords": "axes fraction", "va": "center", "fontweight": "bold", "color": INK}
        ax.annotate(name, (1, end), (1.02, last_y), annotation_clip=False, arrowprops=line, **style)


def _room(bottom: pd.Series, top: pd.Series, centre: float, reach: float):
    """The height that stays inside an area all along a label: its place and size."""
    times = bottom.index.to_numpy()
    first = max(np.searchsorted(times, centre - reach, side="right") - 1, 0)
    along = slice(first, np.searchsorted(times, centre + reach, side="left"))
    floor, ceiling = bottom.iloc[along].max(), top.iloc[along].min()
    return centre, (floor + ceiling) / 2, ceiling - floor


def _mark_rules(steps: tuple[float, ...], ax: Axes, say: Wording) -> None:
    """Dot the months at which the rules make a step; steps close together share a name."""
    low, high = ax.get_xlim()
    named = -np.inf
    for step in steps:
        ax.axvline(step, color=INK, linewidth=1, linestyle=RULE)
        if step - named < RULE_WIDTH * (high - low):
            continue
        place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
        style = {"ha": "left", "va": "bottom", "fontsize": 9.5, "annotation_clip": False}
        ax.annotate(say("by_rule"), (step, 1), (0, 4), color=QUIET, **place, **style)
        named = step


def _count_observed(observed: pd.Series, ax: Axes, say: Wording) -> None:
    points = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    style = {"fontsize": 9.5, "va": "top", "annotation_clip": False}
    low, high = ax.get_xlim()
    ax.annotate(say("observed_row"), (low, 0), (0, -36), ha="left", color=QUIET, **points, **style)
    ticks = ax.get_xticks()
    for tick in ticks[:: 1 if share_of_panel(ax) > 0.7 else 2]:
        at = np.searchsorted(observed.index.to_numpy(), tick, side="right") - 1
        if low <= tick <= high and at >= 0:
            people = float(in_steps(observed.iloc[at], say.min_cell))
            number = say.formats.show(people, "count")
            ax.annotate(number, (tick, 0), (0, -49), ha="center", color=INK, **points, **style)


def _write_months(rows: pd.DataFrame, at: np.ndarray, ax: Axes, say: Wording, name: str) -> None:
    for y, (_, row) in zip(at, rows.iterrows(), strict=True):
        if not np.isfinite(row["estimate"]):
            continue
        text = name + say.formats.show(row["estimate"], "number1")
        end = np.nanmax([row["conf_high"], row["estimate"]])
        ax.annotate(text, (end, y), (5, 0), textcoords="offset points", va="center", color=INK)


def _cells(table: pd.DataFrame):
    for row in enumerate(table.index):
        for column in enumerate(table.columns):
            yield row, column


def _colour(state: str, order: list[str]) -> str:
    """The stage's fixed colour; stages of one's own take the other palette in their order."""
    return STAGES.get(state) or (*GROUPS, CONTEXT)[order.index(state) % 7]


def _on(fill) -> str:
    """Ink or white, whichever is easier to read on a colour."""
    red, green, blue = to_rgb(fill)
    return INK if 0.299 * red + 0.587 * green + 0.114 * blue > 0.5 else "white"
