"""Survival curves and their complement, with aligned numbers at risk, for any chapter."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill, shorten

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import Normal, Stroke
from matplotlib.ticker import MultipleLocator, PercentFormatter

from analysis.methods.suppression import in_steps
from analysis.methods.survival import SurvivalCurve
from analysis.states.within import best_supported_shares, longest_horizon
from analysis.telling.palette import (
    ACCENT,
    CONTEXT,
    DASHES,
    GROUPS,
    INK,
    QUIET,
    RULE,
    THIRDS,
    group_colours,
)
from analysis.telling.widths import share_of_panel
from analysis.telling.wording import Wording

MOST_TICKS = 8
WEEK_STEPS = (1, 2, 4, 6, 13, 26, 52, 104, 260)
MONTH_STEPS = (1, 2, 3, 6, 12, 24, 60)
COUNTS = ("at_risk", "events", "censored")
ENCLOSED = ("estimate", "conf_low", "conf_high")
NAME_LETTERS = 20  # longer names of groups are wrapped, and cut short beside the numbers
LINE = 0.055  # height of a line of names, as a share of the axis
LETTER_POINTS, AXIS_POINTS = 4.8, 340  # width of a digit at 9.5 pt, and of the axis of a figure
HALO = [Stroke(linewidth=3, foreground="white"), Normal()]
LATE = 0.85  # of the axis: a curve that ends later is named in the margin, else at its end


def draw_medians(curve: SurvivalCurve, ax: Axes, say: Wording) -> None:
    """Lines from half of the customers down to the time after which it is half, in its colour."""
    told = curve.medians[curve.medians["n"] >= say.min_cell]
    for i, median in enumerate(told["estimate"]):
        if np.isfinite(median):
            colour = CONTEXT if len(told) == 1 else GROUPS[i % len(GROUPS)]
            ax.plot([0, median], [0.5, 0.5], color=CONTEXT, linewidth=1, linestyle=RULE)
            ax.plot([median, median], [0.5, 0], color=colour, linewidth=1, linestyle=RULE)


def mark_shares(rows: pd.DataFrame, ax: Axes, say: Wording, *, at: str, colours) -> None:
    """Mark the shares that a sentence speaks of: a dot at their time, with the number.

    Parameters
    ----------
    rows : DataFrame
        One row a mark: `at` (the column of its time) and `estimate`.
    colours : sequence of str
        One a row.
    """
    left, right = ax.get_xlim()
    ax.set_xlim(left, max(right, rows[at].max()))
    marks = zip(rows[[at, "estimate"]].to_numpy(float), colours, strict=True)
    for (time, share), colour in marks:
        ax.plot([time], [share], "o", color=colour, markersize=6, zorder=4, clip_on=False)
        late = time > 0.8 * ax.get_xlim()[1]
        above = len(rows) > 1 and share == rows["estimate"].max()
        style = {"ha": "right" if late else "left", "va": "bottom" if above else "top"}
        ax.annotate(
            say.formats.show(share, "percent"), (time, share),
            (-4 if late else 5, 6 if above else -6), textcoords="offset points", color=INK,
            fontsize=10, fontweight="bold", path_effects=HALO, zorder=5, **style,
        )  # fmt: skip


def mark_told(within: pd.DataFrame, ax: Axes, say: Wording) -> None:
    """Mark the shares that a sentence tells: of all, or of the two groups that differ most clearly.

    Parameters
    ----------
    within : DataFrame
        Gated: of `states.within.shares_within`.
    """
    last = longest_horizon(within, min_cell=say.min_cell)
    if last is None:
        return
    if len(last) > 1:
        pair = best_supported_shares(last, conf_level=say.conf_level)
        last = last[last["group"].astype(str).isin([pair.get("most"), pair.get("least")])]
    mark_shares(last, ax, say, at="weeks", colours=[INK] * len(last))
    if len(last) == 2:
        _bracket(last, ax)


def _bracket(pair: pd.DataFrame, ax: Axes) -> None:
    """Join the two shares between which a difference is told."""
    time, (low, high) = pair["weeks"].max(), sorted(pair["estimate"])
    ax.annotate(
        "", (time, low), (time, high), zorder=4, annotation_clip=False,
        arrowprops={"arrowstyle": "|-|,widthA=0.25,widthB=0.25", "color": INK, "lw": 1.4},
    )  # fmt: skip


def draw_curves(
    curve: SurvivalCurve,
    ax: Axes,
    say: Wording,
    *,
    falling: bool,
    heading: str = "curves.at_risk",
    steps: tuple[float, ...] = WEEK_STEPS,
    ends: bool = False,
    shades: Mapping[str, str] | None = None,
) -> None:
    """Draw the groups' curves with bands, their names, and numbers at risk below.

    `ends` adds those who ended so far (and, for one group, those open); `steps` are the distances
    between ticks to choose from; `shades` are colours of ordered groups, whose names stand in ink.
    """
    shown = [group for group in curve.groups if curve.risk_sets[group].n >= say.min_cell]
    names, reached = [], []
    if shown and set(shown) <= set(THIRDS):
        shades = dict(zip(shown, group_colours(shown), strict=True))
    for i, group in enumerate(shown):
        line_steps = _visible(curve.of(group), say.min_cell, falling)
        colour = ACCENT if len(shown) == 1 else GROUPS[i % len(GROUPS)]
        colour = shades[group] if shades else colour
        line = {"color": colour, "linestyle": DASHES[i % len(DASHES)], "where": "post"}
        ax.step(line_steps["time"], line_steps["share"], **line)
        band = {"color": colour, "alpha": 0.16, "linewidth": 0, "step": "post"}
        last = line_steps.iloc[-1]
        reached.append(max(last["time"], 1e-9))
        ax.fill_between(line_steps["time"], line_steps["low"], line_steps["high"], **band)
        if len(shown) > 1:
            names.append((last["time"], last["share"], group, INK if shades else colour))
    longest = max(reached, default=1)
    ax.set_xlim(0, longest)
    ax.set_ylim(0, None if not falling else 1.02)
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(_ticks(longest, steps, share_of_panel(ax)))
    label_ends(names, ax, say)
    _numbers_at_risk(curve, shown, ax, say, say(heading), ends, inked=shades is not None)


def _visible(steps: pd.DataFrame, min_cell: int, falling: bool) -> pd.DataFrame:
    """The steps from time zero up to where too few are at risk, as `steps_of_many` joins them."""
    seen = steps[steps["at_risk"] >= min_cell]
    last = seen[seen["time"] == seen["time"].max()]
    many = steps_of_many(seen, min_cell)
    start = pd.DataFrame({"time": [0.0]} | {name: [1.0] for name in ENCLOSED})
    seen = pd.concat([start, many], ignore_index=True)
    # The line ends where following ends, at the height of its last step.
    height = {name: seen[name].iloc[-1] for name in ENCLOSED}
    seen = pd.concat([seen, last.assign(**height)], ignore_index=True).drop_duplicates("time")
    low, high = (
        seen["conf_low"].fillna(seen["estimate"]),
        seen["conf_high"].fillna(seen["estimate"]),
    )
    if falling:
        return seen.assign(share=seen["estimate"], low=low, high=high)
    return seen.assign(share=1 - seen["estimate"], low=1 - high, high=1 - low)


def steps_of_many(steps: pd.DataFrame, min_cell: int) -> pd.DataFrame:
    """The steps of a curve at which at least `min_cell` ended since the step before.

    Ends that are fewer are taken together with those that follow, so that the curve does not show
    on which day one of them was. At its steps the curve is as high as it was estimated.

    Parameters
    ----------
    steps : DataFrame
        One row a time, in order: `time, events` and what the curve is there.
    min_cell : int
    """
    kept, since = [], 0.0
    for events in steps["events"].to_numpy(float):
        since += events
        kept.append(events > 0 and since >= min_cell)
        since = 0.0 if kept[-1] else since
    return steps[np.array(kept, bool)]


def _ticks(longest: float, steps: tuple[float, ...], room: float) -> MultipleLocator:
    most = max(MOST_TICKS * room, 3)
    return MultipleLocator(next((s for s in steps if longest / s <= most), longest / 4))


def label_ends(ends: list[tuple[float, float, str, str]], ax: Axes, say: Wording) -> None:
    """Name each curve at its end: in the margin, apart where ends lie close, or in the plot.

    `ends` are time and height of the end, group, colour. A line joins a name with its curve only
    outside the panel, where it can be taken for no curve.
    """
    room = share_of_panel(ax)
    letters = max(int(NAME_LETTERS * room), 10)
    left, right = ax.get_xlim()
    late = sorted((end for end in ends if end[0] > LATE * right), key=lambda end: end[1])
    names = [fill(say.value(group), letters) for _, _, group, _ in late]
    places = _apart([y for _, y, _, _ in late], [name.count("\n") + 1 for name in names], ax)
    style = {"fontweight": "bold", "fontsize": 10, "linespacing": 0.95, "annotation_clip": False}
    edge, aside = right + 0.004 * (right - left), right + 0.03 * (right - left)
    for (_, y, _, colour), name, place in zip(late, names, places, strict=True):
        ax.annotate(name, (aside, place), (2, 0), color=colour, va="center",
                    textcoords="offset points", **style)  # fmt: skip
        ax.plot([edge, aside], [y, place], color=colour, linewidth=1, clip_on=False)
    for x, y, group, colour in (end for end in ends if end not in late):
        name = fill(say.value(group), letters)
        ax.annotate(name, (x, y), (4, 0), color=colour, va="center", path_effects=HALO,
                    textcoords="offset points", zorder=6, **style)  # fmt: skip


def _apart(heights: list[float], lines: list[int], ax: Axes) -> list[float]:
    """Heights of names of so many lines, moved up where they would overlap, then below the top."""
    low, high = ax.get_ylim()
    halves = [LINE * (high - low) * count / 2 for count in lines]
    places, edge = [], -np.inf
    for height, half in zip(heights, halves, strict=True):
        places.append(max(height, edge + half))
        edge = places[-1] + half
    edge = high
    for i in reversed(range(len(places))):
        places[i] = min(places[i], edge - halves[i])
        edge = places[i] - halves[i]
    return places


def _numbers_at_risk(
    curve: SurvivalCurve,
    shown: list[str],
    ax: Axes,
    say: Wording,
    heading: str,
    ends: bool,
    *,
    inked: bool = False,
) -> None:
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    counts = curve.at_risk(ticks).set_index(["group", "time"])
    points = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    style = {"fontsize": 9.5, "va": "top", "annotation_clip": False}
    ax.annotate(heading, (low, 0), (0, -36), ha="left", color=QUIET, **points, **style)
    rows = _number_rows(shown, ends, say)
    last = [_numbers(counts, group, ticks[-1], columns, say) for group, columns, _ in rows]
    room = share_of_panel(ax)
    gap = (high - ticks[-1]) / (high - low)
    aside = _past_the_last(max(map(len, last), default=0), gap, room)
    letters = max(int(NAME_LETTERS * room), 10)
    for row, (group, columns, name) in enumerate(rows):
        colour = INK if inked or len(shown) == 1 else GROUPS[row % len(GROUPS)]
        drop = -49 - 13 * row
        for tick in ticks:
            text = _numbers(counts, group, tick, columns, say)
            ax.annotate(text, (tick, 0), (0, drop), ha="center", color=colour, **points, **style)
        if name:
            place = {"ha": "left", "color": colour, "fontweight": "bold"}
            name = shorten(name, letters, placeholder=" …")
            ax.annotate(name, (high * 1.012, 0), (aside, drop), **place, **points, **style)


def _past_the_last(letters: int, room: float, panel: float = 1.0) -> float:
    """Points by which names must stand aside of the last numbers; `room` is a share of the axis."""
    return max(LETTER_POINTS * letters / 2 + 4 - (room + 0.012) * AXIS_POINTS * panel, 0)


def _numbers(
    counts: pd.DataFrame, group: str, tick: float, columns: tuple[str, ...], say: Wording
) -> str:
    numbers = [_number(counts.loc[(group, tick), column], say) for column in columns]
    return numbers[0] if len(numbers) == 1 else "{} ({})".format(*numbers)


def _number_rows(
    shown: list[str], ends: bool, say: Wording
) -> list[tuple[str, tuple[str, ...], str]]:
    """Group, counts of it that share the row, and the row's name."""
    if len(shown) == 1 and ends:
        return [(shown[0], (column,), say(f"counts.{column}")) for column in COUNTS]
    columns = COUNTS[:2] if ends else COUNTS[:1]
    return [(group, columns, say.value(group) if len(shown) > 1 else "") for group in shown]


def _number(number: float, say: Wording) -> str:
    """A number at risk, in steps of `min_cell`: two of them do not tell of the few between."""
    if 0 < number < say.min_cell:
        return f"<{say.min_cell}"
    return say.formats.show(float(in_steps(number, say.min_cell)), "count")
