"""Where customers stand among others, in the engine: shares below, and the cuts at such shares.

Values are counted, cumulated and joined back: no window runs over all customers.
"""

from __future__ import annotations

from collections.abc import Iterable

import ibis
import numpy as np

from analysis.data import Tables
from analysis.params.tiers import Scheme

SHARE_SLACK = 1e-12
BINS_A_POINT = 100


def cuts_at_shares(
    tables: Tables, rows: ibis.Table, column: str, shares: tuple[float, ...]
) -> np.ndarray | None:
    """The least value with at least such a share of customers below it; infinite where none has.

    None where the column is null in every row.
    """
    held = _held(rows, column)
    below = (held.reached - held.size) / held.known
    least = {
        f"cut_{k}": held.value.min(where=below >= share - SHARE_SLACK)
        for k, share in enumerate(shares)
    }
    found = tables.fetch(held.aggregate(known=held.known.max(), **least)).iloc[0]
    if not found["known"] > 0:
        return None
    return found.drop("known").fillna(np.inf).to_numpy(float)


def score_cuts(tables: Tables, rows: ibis.Table, shares: tuple[float, ...]) -> np.ndarray | None:
    """`cuts_at_shares` of the column `score`, from 0 to 100, of which nearly each has another.

    First the hundredth of a point that a cut lies in is found, then the cut within it: so that no
    engine must put all customers in one order.
    """
    rows = rows.filter(rows.score.notnull())
    rows = rows.select("score", bin=(rows.score * BINS_A_POINT).floor().cast("int64"))
    bins = _held(rows, "bin")
    before = bins.reached - bins.size
    wanted = [before < (share - SHARE_SLACK) * bins.known for share in shares]
    asked = {f"bin_{k}": bins.value.max(where=where) for k, where in enumerate(wanted)}
    asked |= {f"before_{k}": before.max(where=where) for k, where in enumerate(wanted)}
    found = tables.fetch(bins.aggregate(known=bins.known.max(), **asked)).iloc[0]
    if not found["known"] > 0:
        return None
    inside = rows.group_by(["bin", "score"]).agg(size=rows.count().cast("float64"))
    up_to = ibis.cumulative_window(group_by="bin", order_by="score")
    inside = inside.mutate(before=inside.size.sum().over(up_to) - inside.size)
    least = {}
    for k, share in enumerate(shares):
        missing = (share - SHARE_SLACK) * found["known"] - found[f"before_{k}"]
        own = (inside.bin == int(found[f"bin_{k}"])) & (inside.before >= float(missing))
        later = inside.bin > int(found[f"bin_{k}"])
        least[f"cut_{k}"] = inside.score.min(where=own | later)
    return tables.fetch(inside.aggregate(**least)).iloc[0].fillna(np.inf).to_numpy(float)


def _held(rows: ibis.Table, column: str) -> ibis.Table:
    """`value, size` (customers who have it)`, reached` (up to it)`, known` (of all)."""
    known = rows.filter(rows[column].notnull())
    held = known.group_by(value=known[column]).agg(size=known.count().cast("float64"))
    up_to = ibis.cumulative_window(order_by="value")
    return held.mutate(reached=held.size.sum().over(up_to), known=held.size.sum().over())


def with_percents(rows: ibis.Table, schemes: Iterable[Scheme]) -> ibis.Table:
    """Add what schemes rank by: the percentage of customers below in each quantity, ties half.

    Parameters
    ----------
    rows : ibis.Table
        One row a customer, kept in the engine.

    Returns
    -------
    ibis.Table
        With a column `percent_…` for each quantity of a score or of RFM; null where unknown.
    """
    base = rows
    for quantity in dict.fromkeys(q for scheme in schemes for q in _ranked(scheme)):
        name, column = plain_quantity(quantity)[0], percent_column(quantity)
        if name not in base.columns or column in base.columns:
            continue
        held = _held(base.select(ranked=signed_value(base, quantity)), "ranked")
        percent = 100 * (held.reached - held.size / 2) / held.known
        rows = rows.mutate(ranked=signed_value(rows, quantity))
        rows = rows.left_join(held.select(ranked="value", **{column: percent}), "ranked")
        rows = rows.drop("ranked", "ranked_right")
    return rows


def _ranked(scheme: Scheme) -> list[str]:
    if scheme.rfm:
        return list(scheme.rfm.quantities)
    parts = scheme.score.dimensions.values() if scheme.score else ()
    return [quantity for part in parts for quantity in part.quantities]


def percent_column(quantity: str) -> str:
    """The column that holds the percentage of customers below in a quantity."""
    return f"percent_{quantity.replace('-', 'less_')}"


def plain_quantity(quantity: str) -> tuple[str, float]:
    """A quantity without its sign, and the sign."""
    return quantity.removeprefix("-"), -1.0 if quantity.startswith("-") else 1.0


def signed_value(rows: ibis.Table, quantity: str) -> ibis.Value:
    """A quantity as a number of which more is better."""
    name, sign = plain_quantity(quantity)
    return sign * rows[name].cast("float64")
