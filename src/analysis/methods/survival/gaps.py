"""Times between purchases, one curve an order: first to second, second to third, and so on.

Gaps of one customer are never pooled into one curve: a long first gap leaves less time to see the
second, so that pooled later gaps are censored by what came before. Even by order, the curve of a
later gap speaks only for customers who got that far in time; it is noted.
"""

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._durations import check_columns
from analysis.methods.survival.milestones import Milestones, milestone_differences
from analysis.notes import Note, note

LATER_GAPS = note("survival.later_gaps")


def gap_milestones(
    gaps: pd.DataFrame, *, times, max_order: int | None = None, conf_level: float = 0.95
) -> tuple[Milestones, tuple[Note, ...]]:
    """Compare the share still waiting after given times between first, second, ... gaps.

    Parameters
    ----------
    gaps : DataFrame
        `customer_id, order` (1 for the gap between first and second purchase), `duration`, `event`
        (1 the next purchase came). One row a customer and order.
    times : list of float
        In the unit of `duration`.
    max_order : int, optional
        Leave out later gaps.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    Milestones
        Groups are orders; standard errors by customer, who appears in several orders.
    tuple of Note
        What later gaps do not say.

    Raises
    ------
    DataError
        A column is missing, or a customer has two gaps of one order.

    References
    ----------
    Dependent censoring of later gaps: Lin, Sun & Ying (1999), Biometrika 86, 59-70.
    """
    check_columns(gaps, ["customer_id", "order", "duration", "event"])
    if "count" in gaps.columns:
        raise DataError("gaps must be one row a customer and order, but a column count came")
    repeated = gaps.duplicated(["customer_id", "order"])
    if repeated.any():
        raise DataError(
            f"a customer must have one gap of each order, but {repeated.sum():,} rows repeat one "
            f"(first: row {int(np.argmax(repeated)):,}); number the gaps of each customer"
        )
    chosen = gaps
    if max_order is not None:
        chosen = chosen[chosen["order"] <= max_order]
    result = milestone_differences(
        chosen, by="order", times=times, cluster="customer_id", conf_level=conf_level
    )
    return result, (LATER_GAPS,) if chosen["order"].nunique() > 1 else ()
