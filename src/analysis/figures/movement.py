"""The chapter on stages: where customers are now, their course, their months, their moves."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.figures.stages import (
    plot_expected_months,
    plot_state_occupation,
    plot_transition_matrix,
)
from analysis.lifecycle.movement import MonthlyMoves, StageCourse, StagesNow
from analysis.lifecycle.stage_time import StageMonths
from analysis.methods.disclosure import small_rows
from analysis.telling.palette import CONTEXT, INK, STAGES
from analysis.telling.wording import Wording


def plot_stages_now(result: StagesNow, ax: Axes, say: Wording) -> Axes:
    """Draw the customers in each stage as bars with number and share; small ones have none."""
    table = result.table
    hidden = small_rows(table["customers"], say.min_cell)
    shown = table["customers"].mask(hidden, 0)
    colours = [STAGES.get(stage, CONTEXT) for stage in table["stage"]]
    places = range(len(table))
    ax.barh(places, shown, 0.72, color=colours)
    for place, row in zip(places, table.to_dict("records"), strict=True):
        text = say("stages.few")
        if not hidden.iloc[place]:
            text = say("stages.now.label", customers=row["customers"], share=row["share"])
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
    """Draw the share of customers in each stage by months since the start, stacked."""
    if result.occupation is None:
        return _nothing(ax, say)
    plot_state_occupation(result.occupation, ax, say)
    if not result.past_known:
        ax.set_xlabel(say("stages.seen_axis"))
    return ax


def plot_stage_months(result: StageMonths, ax: Axes, say: Wording) -> Axes:
    """Draw the expected months in each stage, by group, with intervals."""
    if result.expected is None or not (result.expected.table["n"] >= say.min_cell).any():
        return _nothing(ax, say)
    return plot_expected_months(result.expected, ax, say)


def plot_monthly_moves(result: MonthlyMoves, ax: Axes, say: Wording) -> Axes:
    """Draw the shares of those who move from stage to stage in a month."""
    if result.probabilities is None:
        return _nothing(ax, say)
    return plot_transition_matrix(result.probabilities, ax, say)


def _nothing(ax: Axes, say: Wording) -> Axes:
    """Say that too few were followed, in place of a drawing."""
    ax.axis("off")
    ax.text(0.5, 0.5, say("stages.nothing"), ha="center", va="center", color=INK)
    return ax
