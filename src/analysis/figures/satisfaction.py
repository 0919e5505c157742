"""Path diagrams, driver bars, the importance-performance map and coefficients."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.ticker import MaxNLocator

from analysis.figures.path_layout import distance_to_segments, place_constructs
from analysis.methods.drivers import DriverImportance, ImportancePerformance
from analysis.methods.pathmodel import PathEstimate
from analysis.methods.regression import OrdinalFit, RegressionFit
from analysis.telling.estimates import head
from analysis.telling.naming import name_points
from analysis.telling.palette import ACCENT, CONTEXT, INK
from analysis.telling.wording import Wording

BOX = (0.66, 0.44)
LABEL_PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
THICKEST = 4.5
BAR = "#9fc4d3"
QUADRANT_CORNERS = {
    "concentrate here": (0.02, 0.98, "left", "top"),
    "keep up": (0.98, 0.98, "right", "top"),
    "low priority": (0.02, 0.02, "left", "bottom"),
    "possible overkill": (0.98, 0.02, "right", "bottom"),
}


def plot_path_model(result: PathEstimate, ax: Axes, say: Wording) -> Axes:
    """Draw constructs with R² and the paths with their coefficients, thicker when stronger.

    Paths whose interval holds zero are dashed and grey.
    """
    names = result.model.constructs
    places = place_constructs(result.model.adjacency)
    places[:, 1] = places[:, 1].max() - places[:, 1]
    at = dict(zip(names, places, strict=True))
    paths = result.table.reset_index(drop=True)
    begins = np.array([at[name] for name in paths["from"]])
    ends = np.array([at[name] for name in paths["to"]])
    written: list[np.ndarray] = []
    for row, path in paths.iterrows():
        clear = not path["conf_low"] <= 0 <= path["conf_high"]
        colour = ACCENT if clear else CONTEXT
        _draw_arrow(ax, begins[row], ends[row], abs(path["estimate"]), colour, clear)
        spot = _label_spot(row, begins, ends, places, written)
        written.append(spot)
        ax.text(
            *spot, say.formats.show(path["estimate"], "number2"), ha="center", va="center",
            color=INK if clear else "#5d6772", size=9.5, weight="bold" if clear else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2}, zorder=4,
        )  # fmt: skip
    explained = result.quality.set_index("construct")["r_squared"]
    for name, place in at.items():
        _draw_box(ax, place, say.value(name), explained[name], say)
    ax.set_xlim(places[:, 0].min() - 0.5, places[:, 0].max() + 0.5)
    ax.set_ylim(places[:, 1].min() - 0.62, places[:, 1].max() + 0.4)
    ax.set_axis_off()
    if paths["conf_low"].le(0).mul(paths["conf_high"].ge(0)).any():
        _explain_lines(ax, say)
    return ax


def _draw_arrow(
    ax: Axes, begin: np.ndarray, end: np.ndarray, size: float, colour: str, clear: bool
) -> None:
    ax.add_patch(
        FancyArrowPatch(
            _leave_box(begin, end), _leave_box(end, begin, margin=0.015),
            arrowstyle="-|>", mutation_scale=12, shrinkA=0, shrinkB=0, color=colour,
            linewidth=0.8 + THICKEST * min(size, 1.0),
            linestyle="-" if clear else (0, (4, 2)), zorder=2, joinstyle="miter",
        )
    )  # fmt: skip


def _leave_box(inside: np.ndarray, towards: np.ndarray, *, margin: float = 0.0) -> np.ndarray:
    """Where the line to another construct leaves the box around this one."""
    along = towards - inside
    with np.errstate(divide="ignore"):
        share = np.min(np.array(BOX) / 2 / np.abs(along))
    return inside + along * min(share, 0.49) + margin * along / np.linalg.norm(along)


def _label_spot(
    row: int,
    begins: np.ndarray,
    ends: np.ndarray,
    places: np.ndarray,
    written: list[np.ndarray],
) -> np.ndarray:
    """The place on a path that is farthest from other labels, boxes and paths."""
    others = np.arange(len(begins)) != row
    leave, arrive = _leave_box(begins[row], ends[row]), _leave_box(ends[row], begins[row])

    def room(share: float) -> float:
        spot = leave + share * (arrive - leave)
        gaps = [0.6 * np.abs((spot - place) / BOX).max() for place in places]
        gaps += [1.6 * np.linalg.norm(spot - label) for label in written]
        if others.any():
            gaps.append(2.5 * distance_to_segments(spot, begins[others], ends[others]).min())
        return min(min(gaps), 0.6) - 0.05 * abs(share - 0.5)

    best = max(LABEL_PLACES, key=room)
    return leave + best * (arrive - leave)


def _draw_box(ax: Axes, place: np.ndarray, name: str, explained: float, say: Wording) -> None:
    width, height = BOX
    ax.add_patch(
        FancyBboxPatch(
            place - np.array(BOX) / 2, width, height,
            boxstyle="round,pad=0,rounding_size=0.06", facecolor="#eef3f6",
            edgecolor=ACCENT, linewidth=1.2, zorder=3,
        )
    )  # fmt: skip
    known = np.isfinite(explained)
    ax.text(
        place[0], place[1] + (0.07 if known else 0), name, ha="center", va="center", weight="bold",
        size=10 if len(name) < 14 else 8.5, zorder=5,
    )  # fmt: skip
    if known:
        share = say("satisfaction.path.explained", share=explained)
        ax.text(place[0], place[1] - 0.09, share, ha="center", va="center", size=9, zorder=5)


def _explain_lines(ax: Axes, say: Wording) -> None:
    lines = [
        Line2D([], [], color=ACCENT, linewidth=2.5),
        Line2D([], [], color=CONTEXT, linewidth=1.5, linestyle=(0, (4, 2))),
    ]
    words = [say("satisfaction.path.clear"), say("satisfaction.path.unclear")]
    ax.legend(lines, words, loc="lower center", ncols=2, fontsize=9, bbox_to_anchor=(0.5, -0.04))


def plot_driver_importance(result: DriverImportance, ax: Axes, say: Wording) -> Axes:
    """Draw each driver's share of the outcome's variance as a bar with its interval."""
    table = result.table.sort_values("estimate").reset_index(drop=True)
    share = 100 * table[["estimate", "conf_low", "conf_high"]]
    ax.barh(table.index, share["estimate"], color=BAR, height=0.6)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    _draw_intervals(ax, table.index, share, colour=INK)
    top = share.max(axis=1)
    for row, value in share["estimate"].items():
        ax.annotate(
            f"{value:.0f}%", (top[row], row), xytext=(5, 0), textcoords="offset points",
            va="center", size=10, weight="bold",
        )  # fmt: skip
    ax.set_yticks(table.index, [head(term, say) for term in table["term"]])
    ax.set_xlim(0, 1.12 * top.max())
    ax.set_xlabel(say("satisfaction.importance_axis", outcome=say.value(result.outcome)))
    return _lying(ax)


def plot_importance_performance(result: ImportancePerformance, ax: Axes, say: Wording) -> Axes:
    """Draw performance across, importance upward, with the quadrants named in their corners."""
    table = result.table
    for corner, (x, y, ha, va) in QUADRANT_CORNERS.items():
        words = say(f"satisfaction.quadrants.{corner.replace(' ', '_')}")
        ax.text(x, y, words, transform=ax.transAxes, ha=ha, va=va, color="#5d6772", size=9.5)
    ax.axvline(result.performance_split, color=CONTEXT, linewidth=0.9)
    ax.axhline(100 * result.importance_split, color=CONTEXT, linewidth=0.9)
    across, upward = table["performance"], 100 * table["importance"]
    ax.hlines(upward, table["performance_low"], table["performance_high"], color=CONTEXT, lw=1)
    ax.vlines(
        across, 100 * table["importance_low"], 100 * table["importance_high"], color=CONTEXT, lw=1
    )
    first = table["quadrant"].eq("concentrate here")
    colours = np.where(first, "#d55e00", ACCENT)
    ax.scatter(across, upward, c=colours, s=46, zorder=3)
    ax.margins(0.2)
    name_points(ax, across.to_numpy(), upward.to_numpy(), [say.value(d) for d in table["term"]])
    ax.set_ylim(bottom=0)
    ax.grid(False)
    ax.set_xlabel(say("satisfaction.performance_axis"))
    ax.set_ylabel(say("satisfaction.importance_upward"))
    return ax


def plot_coefficients(result: RegressionFit | OrdinalFit, ax: Axes, say: Wording) -> Axes:
    """Draw every term but the intercept and the cuts with its interval; grey where it holds 0."""
    terms = [name for name in result.design.names if name != "intercept"]
    table = result.table[result.table["term"].isin(terms) & result.table["estimate"].notna()]
    table = table.iloc[::-1].reset_index(drop=True)
    clear = ~(table["conf_low"].le(0) & table["conf_high"].ge(0))
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    for shown, colour in ((clear, ACCENT), (~clear, CONTEXT)):
        rows = table[shown]
        _draw_intervals(ax, rows.index, rows, colour=colour)
        ax.scatter(rows["estimate"], rows.index, color=colour, s=42, zorder=3)
    ax.set_yticks(table.index, [_term_words(term, say) for term in table["term"]])
    ax.set_ylim(-0.6, len(table) - 0.4)
    ax.set_xlabel(
        say(f"satisfaction.coefficients.{result.link}", outcome=say.value(result.outcome))
    )
    return _lying(ax)


def _term_words(term: str, say: Wording) -> str:
    return " × ".join(": ".join(map(say.value, part.split(": "))) for part in term.split(" × "))


def _draw_intervals(ax: Axes, rows: pd.Index, table: pd.DataFrame, *, colour: str) -> None:
    ax.hlines(rows, table["conf_low"], table["conf_high"], color=colour, linewidth=1.8, zorder=2)


def _lying(ax: Axes) -> Axes:
    """Grid and spines for rows that lie one under the other."""
    ax.grid(False, axis="y")
    ax.grid(True, axis="x")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0)
    return ax
