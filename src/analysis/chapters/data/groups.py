"""How many customers there are, what they bought, and how many are in the groups compared."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from analysis.data import Tables
from analysis.frames import customer_frame, customer_rows, is_large
from analysis.params import Params
from analysis.states.segments import UNKNOWN, as_in_frame, require_segment


@dataclass(frozen=True, slots=True, eq=False)
class CustomersHeld:
    """The customers who ever bought.

    Attributes
    ----------
    customers, purchases : int
        People, and their purchase days.
    revenue : float
        Net of returns, in the study's currency.
    sizes : DataFrame
        `segment, group, n, share` (of all customers, 0 to 1).
    """

    customers: int
    purchases: int
    revenue: float
    sizes: pd.DataFrame


def customers_held(tables: Tables, params: Params) -> CustomersHeld:
    """Count the customers, in the engine where the study is large.

    Parameters
    ----------
    tables : Tables
    params : Params
        Uses `segments` and what `customer_frame` uses.

    Returns
    -------
    CustomersHeld

    Raises
    ------
    DataError
        A segment is no column of the customers.
    """
    if is_large(tables):
        return _counted(tables, params)
    customers = customer_frame(tables, params)
    for name in params.segments:
        require_segment(name, customers)
    levels = {n: customers[n].value_counts(sort=False, dropna=False) for n in params.segments}
    return CustomersHeld(
        len(customers),
        int(customers["purchases"].sum()),
        customers["revenue"].sum(),
        _sizes(levels, len(customers)),
    )


def _counted(tables: Tables, params: Params) -> CustomersHeld:
    rows = customer_rows(tables, params)
    sums = {"n": rows.count(), "purchases": rows.purchases.sum(), "revenue": rows.revenue.sum()}
    totals = tables.fetch(rows.aggregate(**sums), money=["revenue"]).iloc[0]
    levels = {}
    for name in params.segments:
        require_segment(name, rows.columns)
        found = tables.fetch(rows.group_by(name).agg(n=rows.count()))
        levels[name] = found["n"].groupby(as_in_frame(found[name]), dropna=False).sum()
    customers = int(totals["n"])
    return CustomersHeld(
        customers, int(totals["purchases"]), totals["revenue"], _sizes(levels, customers)
    )


def _sizes(levels: dict[str, pd.Series], customers: int) -> pd.DataFrame:
    """One row a group, in the order of the groups; who has none is 'not known'."""
    parts = []
    for name, counts in levels.items():
        counts = counts.sort_index()
        groups = [str(group) if pd.notna(group) else UNKNOWN for group in counts.index]
        parts.append(pd.DataFrame({"segment": name, "group": groups, "n": counts.to_numpy()}))
    sizes = pd.concat(parts, ignore_index=True)
    return sizes.assign(share=sizes["n"] / customers)
