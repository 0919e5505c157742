"""Whether every point of a driver counts alike, and what a point goes with in each group."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from analysis.methods.regression import ShapeComparison
from analysis.methods.suppression import in_steps
from analysis.notes import Note, note
from analysis.telling.estimates import draw_estimates, head, signed
from analysis.telling.facts import Fact, Sentence, nothing
from analysis.telling.palette import ACCENT, CONTEXT
from analysis.telling.wording import Wording


def shape_fact(
    shapes: ShapeComparison | None,
    *,
    base: str,
    conf_level: float,
    why: Note | str = "",
    **numbers: float,
) -> Fact:
    """Whether every point of satisfaction counts alike.

    Parameters
    ----------
    shapes : ShapeComparison or None
    base : str
        Whom it speaks of.
    conf_level : float
        Between 0 and 1.
    why : Note or str
        Why there is no comparison.
    **numbers
        What the chapter's own texts name besides.

    Returns
    -------
    Fact
    """
    spline = None if shapes is None else shapes.table.set_index("shape").loc["spline"]
    if spline is None or not np.isfinite(spline["p_value"]):
        return nothing("shape", "none", why=why or note("reasons.singular"))
    numbers["p"] = float(spline["p_value"])
    options = {"n": int(spline["n"]), "base": base, "in_summary": False}
    if numbers["p"] >= 1 - conf_level:
        return Fact("shape", variant="line", also=("detail",), numbers=numbers, **options)
    slopes = shapes.bend.set_index("term")["estimate"]
    if len(slopes) < 2 or slopes.isna().any():
        return Fact("shape", variant="bent", numbers=numbers, **options)
    numbers |= {
        "at": shapes.bend_at,
        "below": slopes.iloc[0],
        "above": slopes.iloc[0] + slopes.iloc[1],
    }
    return Fact("shape", variant="bent", also=("detail",), numbers=numbers, **options)


def joined_sentence(levels: Sequence[str]) -> list[Sentence]:
    """That some groups are not adjusted for on their own; nothing where all are."""
    return [Sentence("slopes.joined", {"levels": tuple(levels)})] if levels else []


def never_bought_sentence(never: int, min_cell: int) -> list[Sentence]:
    """That answers before any purchase are left out; nothing where there are none."""
    key = "slopes.never_bought" if never >= min_cell else "slopes.never_bought_few"
    return [Sentence(key, {"never": never})] if never else []


def draw_shape(shapes: ShapeComparison, ax: Axes, say: Wording) -> None:
    """Draw a free curve with its band beside a straight line."""
    free = shapes.curve[shapes.curve["group"] == "spline"]
    line = shapes.curve[shapes.curve["group"] == "line"]
    ax.fill_between(free["value"], free["conf_low"], free["conf_high"], color=ACCENT, alpha=0.16,
                    linewidth=0)  # fmt: skip
    ax.plot(free["value"], free["estimate"], color=ACCENT, label=say("shapes.free"))
    ax.plot(line["value"], line["estimate"], color=CONTEXT, linestyle=(0, (5, 1.5)),
            label=say("shapes.line"))  # fmt: skip
    ax.legend(loc="upper left")
    ax.set_xlabel(say("shapes.driver_axis", driver=head(shapes.driver, say)))


def draw_groups(
    table: pd.DataFrame, column: str, kind: str, ax: Axes, say: Wording, *, times: float = 1
) -> None:
    """Draw a column and its interval for all and for each group, a gap between groupings.

    Hidden rows (no count) and those without an estimate are left out.
    """
    table = table.dropna(subset=[column, "n"])
    prefix = "" if column == "estimate" else f"{column}_"
    ends = {column: "estimate"} | {f"{prefix}{end}": end for end in ("conf_low", "conf_high")}
    pairs = zip(table["group"], in_steps(table["n"], say.min_cell), strict=True)
    labels = [say("shapes.group", group=head(group, say), n=n) for group, n in pairs]
    numbers = [signed(value, kind, say) for value in table[column]]
    shown = times * table[list(ends)].rename(columns=ends)
    draw_estimates(ax, labels, shown, numbers, apart=table["segment"].tolist())
