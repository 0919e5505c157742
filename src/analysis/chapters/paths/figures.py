"""The path diagram."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch

from analysis.chapters.paths.layout import distance_to_segments, place_constructs
from analysis.chapters.paths.model import SatisfactionPaths
from analysis.telling.palette import ACCENT, CONTEXT, INK, QUIET
from analysis.telling.wording import Wording

BOX = (0.66, 0.44)
LABEL_PLACES = (0.5, 0.42, 0.58, 0.34, 0.66, 0.27, 0.73)
THICKEST = 4.5


def plot_path_model(result: SatisfactionPaths, ax: Axes, say: Wording) -> Axes:
    """Draw constructs with R² and the paths with their coefficients, thicker when stronger.

    Paths whose interval holds zero are dashed and grey.

    Parameters
    ----------
    result : SatisfactionPaths
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    result = result.estimate
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
            color=INK if clear else QUIET, size=9.5, weight="bold" if clear else "normal",
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
        share = say("diagram.explained", share=explained)
        ax.text(place[0], place[1] - 0.09, share, ha="center", va="center", size=9, zorder=5)


def _explain_lines(ax: Axes, say: Wording) -> None:
    lines = [
        Line2D([], [], color=ACCENT, linewidth=2.5),
        Line2D([], [], color=CONTEXT, linewidth=1.5, linestyle=(0, (4, 2))),
    ]
    words = [say("diagram.clear"), say("diagram.unclear")]
    ax.legend(lines, words, loc="lower center", ncols=2, fontsize=9, bbox_to_anchor=(0.5, -0.04))
