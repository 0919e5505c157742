"""How the observation is covered, and how many rows of a table were used."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from analysis.states.records import Coverage
from analysis.telling.facts import Fact, nothing
from analysis.telling.palette import ACCENT
from analysis.telling.widths import share_of_panel
from analysis.telling.wording import Wording

MOST_LABELS = 9


def coverage_fact(result: Coverage, customers: int, base: str) -> Fact:
    """Whether the observation has months without any purchase or contract.

    There is nothing to tell where too few customers were active in every month.

    Parameters
    ----------
    result : Coverage
    customers : int
        Customers of the base that the months are about.
    base : str

    Returns
    -------
    Fact
    """
    events, key = result.table["events"], f"coverage.{result.of}"
    if not (events > 0).any():
        return nothing(key, "too_few")
    return Fact(
        key,
        estimate=result.empty_months,
        unit="count",
        n=customers,
        base=base,
        variant="gap" if result.empty_months else "",
        numbers={"most": events.max(), "least": events.min()},
        in_summary=False,
    )


def used_rows(audit: pd.DataFrame, table: str) -> tuple[str, dict[str, int]]:
    """How many of a table's rows were used: which sentence says so, and its numbers.

    Parameters
    ----------
    audit : DataFrame
        `Tables.audit`; columns used: `table`, `step`, `rows`.
    table : str

    Returns
    -------
    (str, dict)
        'kept_all' or 'dropped'; `rows_in` and `rows_kept`.
    """
    rows = audit[audit["table"] == table].groupby("step")["rows"].sum()
    kept, read = rows["kept"], rows.get("read", rows["kept"])
    return ("kept_all" if kept == read else "dropped"), {"rows_in": read, "rows_kept": kept}


def plot_coverage(result: Coverage, ax: Axes, say: Wording) -> Axes:
    """Draw what happened in each month as bars; months of too few customers stay blank.

    Parameters
    ----------
    result : Coverage
    ax : Axes
        Where to draw.
    say : Wording
        The chapter's texts.

    Returns
    -------
    Axes
    """
    table = result.table
    shown = table["events"].fillna(0)
    ax.bar(range(len(table)), shown, width=0.8, color=ACCENT)
    every = -(-len(table) // max(int(MOST_LABELS * share_of_panel(ax)), 3))
    ax.set_xticks(range(0, len(table), every), table["month"][::every])
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: say.formats.show(count, "count")))
    ax.set(ylabel=say(f"coverage.{result.of}.axis"), xlim=(-0.6, len(table) - 0.4))
    return ax
