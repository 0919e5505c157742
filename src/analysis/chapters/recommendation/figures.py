"""The net promoter score of each group as a dot with its interval."""

from __future__ import annotations

from matplotlib.axes import Axes

from analysis.chapters.recommendation.facts import shown_segment
from analysis.methods.suppression import in_steps
from analysis.states.recommendation import Recommendation
from analysis.telling.estimates import draw_estimates, signed
from analysis.telling.palette import ACCENT, INK
from analysis.telling.wording import Wording


def plot_scores(result: Recommendation, ax: Axes, say: Wording) -> Axes:
    """Draw the net promoter score of each group with its interval, and that of all answers.

    Parameters
    ----------
    result : Recommendation
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.of(shown_segment(result))
    numbers = [signed(score, "number0", say) for score in table["estimate"]]
    people = in_steps(table["n"], say.min_cell)
    pairs = zip(table["group"], people, strict=True)
    labels = [say("score.group", group=group, n=n) for group, n in pairs]
    draw_estimates(ax, labels, table, numbers, zero=None)
    ax.axvline(0, color=INK, linewidth=0.9, zorder=1)
    together = result.of("all")
    if len(together) and len(table) > 1:
        score = together["estimate"].iloc[0]
        ax.axvline(score, color=ACCENT, linewidth=1, linestyle=(0, (2, 2)), zorder=1)
        ax.annotate(
            say("score.all", score=score), (score, 1), (4, -2), va="top", color=ACCENT,
            xycoords=("data", "axes fraction"), textcoords="offset points", fontsize=9.5,
        )  # fmt: skip
    ends = table[["estimate", "conf_low", "conf_high"]]
    ax.set_xlim(min(ends.min().min(), 0) - 8, max(ends.max().max(), 0) + 8)
    ax.set_xlabel(say("score.axis"))
    return ax
