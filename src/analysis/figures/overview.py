"""How the observation is covered."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from analysis.overview import Coverage
from analysis.telling.palette import ACCENT
from analysis.telling.wording import Wording

MOST_LABELS = 9


def plot_coverage(result: Coverage, ax: Axes, say: Wording) -> Axes:
    """Draw what happened in each month as bars; months of too few customers stay blank."""
    table = result.table
    shown = table["events"].where(table["active"] >= say.min_cell, 0)
    ax.bar(range(len(table)), shown, width=0.8, color=ACCENT)
    every = -(-len(table) // MOST_LABELS)
    ax.set_xticks(range(0, len(table), every), table["month"][::every])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: say.formats.show(count, "count")))
    ax.set(ylabel=say(f"data.coverage.{result.of}.axis"), xlim=(-0.6, len(table) - 0.4))
    return ax
