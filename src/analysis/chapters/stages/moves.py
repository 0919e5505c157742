"""Where the customers of each stage are one month later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from analysis.methods.multistate import step_probabilities

COLUMNS = ["from", "to", "estimate", "conf_low", "conf_high", "customer_months", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class MonthlyMoves:
    """Share of the customers of a stage who are in each stage one month later.

    Attributes
    ----------
    table : DataFrame of shape (moves made,)
        `from, to, estimate, conf_low, conf_high, customer_months` (months that customers began in
        the stage)`, note`; moves that were never made are left out, and those that fewer than
        `min_cell` customers made are counted with another.
    states : tuple of str
        The stages in the order of a life; none where nobody was followed.
    customer_months : int
        Months that customers began in any stage.
    """

    COUNTED_BY: ClassVar = {"table": "customer_months"}

    table: pd.DataFrame
    states: tuple[str, ...]
    customer_months: int


def monthly_moves(
    paths: pd.DataFrame, *, min_cell: int = 1, conf_level: float = 0.95
) -> MonthlyMoves:
    """Estimate where the customers of each stage are one month later, pooled over all months.

    Parameters
    ----------
    paths : DataFrame
        Of `stage_paths`.
    min_cell : int
        Moves that fewer customers made are counted with the next rarest of their stage.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MonthlyMoves

    References
    ----------
    Anderson & Goodman (1957), Annals of Mathematical Statistics 28, 89-110.
    """
    if not len(paths):
        return MonthlyMoves(pd.DataFrame(columns=COLUMNS), (), 0)
    steps = step_probabilities(paths, step=1.0, least=min_cell, conf_level=conf_level)
    made = (steps.table["estimate"] != 0) & (steps.table["n"] > 0)
    table = steps.table[made].rename(columns={"n": "customer_months"})
    total = int(table.drop_duplicates("from")["customer_months"].sum())
    return MonthlyMoves(table[COLUMNS].reset_index(drop=True), steps.states, total)
