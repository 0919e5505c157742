"""Whom a report speaks of: the ledger of bases as bars, from all who are known to the current."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from analysis.notes import note
from analysis.states.bases import Bases
from analysis.telling.facts import Fact, nothing
from analysis.telling.palette import ACCENT, CONTEXT
from analysis.telling.wording import Wording


def bases_fact(bases: Bases, lapse_weeks: float) -> Fact:
    """How many of those who ever were customers are customers on the day.

    Parameters
    ----------
    bases : Bases
        Gated: what is about too few people has no count.
    lapse_weeks : float
        As the study has it; told where purchases alone say who is a customer.

    Returns
    -------
    Fact
    """
    steps = bases.steps.set_index("base")["n"]
    ever = next((name for name in ("ever_contract", "ever_bought") if name in steps.index), None)
    if ever is None or "current" not in steps.index or steps[[ever, "current"]].isna().any():
        return nothing("bases", "too_few", at=bases.at)
    return Fact(
        "bases",
        estimate=steps["current"],
        unit="count",
        n=int(steps[ever]),
        base=ever,
        variant="contracts" if ever == "ever_contract" else "",
        numbers={
            "at": bases.at,
            "churned": steps[ever] - steps["current"],
            "share": steps["current"] / max(steps[ever], 1),
            "weeks": lapse_weeks,
        },
        in_summary=False,
    )


def bases_table(bases: Bases) -> pd.DataFrame:
    """Every base of the study.

    Parameters
    ----------
    bases : Bases

    Returns
    -------
    DataFrame of shape (bases, 3)
        `base` and `meaning` (notes), `n`.
    """
    known = bases.table
    return pd.DataFrame(
        {
            "base": [note(f"bases.{name}") for name in known["base"]],
            "n": known["n"],
            "meaning": [note(f"bases.meaning.{name}") for name in known["base"]],
        }
    )


def plot_bases(bases: Bases, ax: Axes, say: Wording) -> Axes:
    """Draw a bar each from all who are known to those who are current and not at risk.

    Parameters
    ----------
    bases : Bases
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    steps = bases.steps.dropna(subset=["n"])
    colours = [ACCENT if base in ("current", "active") else CONTEXT for base in steps["base"]]
    ax.barh(range(len(steps)), steps["n"], color=colours, height=0.6)
    for place, n in enumerate(steps["n"]):
        ax.annotate(
            say.formats.show(n, "count"),
            (n, place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
        )
    ax.set_yticks(range(len(steps)), [say.note(note(f"bases.{b}")) for b in steps["base"]])
    ax.invert_yaxis()
    ax.grid(visible=False, axis="y")
    ax.set(xlabel=say("bases.axis"), xlim=(0, 1.12 * steps["n"].max()))
    ax.xaxis.set_major_formatter(lambda count, _: say.formats.show(count, "count"))
    return ax
