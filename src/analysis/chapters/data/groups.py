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
    """The customers who ever bought, and the money of everybody.

    Attributes
    ----------
    customers, purchases : int
        People, and their purchase days.
    returns_only : int
        Further people in the purchase table, who only returned.
    revenue : float
        All amounts of the purchase table, net of all returns, in the study's currency.
    sizes : DataFrame
        `segment, group, n, share` (of all customers, 0 to 1).
    """

    customers: int
    purchases: int
    returns_only: int
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
    people, revenue = _everybody(tables)
    return CustomersHeld(
        len(customers),
        int(customers["purchases"].sum()),
        people - len(customers),
        revenue,
        _sizes(levels, len(customers)),
    )


def _everybody(tables: Tables) -> tuple[int, float]:
    """The people of the purchase table, those who only returned among them, and its sum."""
    lines = tables["transactions"]
    asked = {"people": lines.customer_id.nunique(), "revenue": lines.amount.sum()}
    found = tables.fetch(lines.aggregate(**asked), money=["revenue"]).iloc[0]
    return int(found["people"]), float(found["revenue"])


def _counted(tables: Tables, params: Params) -> CustomersHeld:
    rows = customer_rows(tables, params)
    sums = {"n": rows.count(), "purchases": rows.purchases.sum()}
    totals = tables.fetch(rows.aggregate(**sums)).iloc[0]
    levels = {}
    for name in params.segments:
        require_segment(name, rows.columns)
        found = tables.fetch(rows.group_by(name).agg(n=rows.count()))
        levels[name] = found["n"].groupby(as_in_frame(found[name]), dropna=False).sum()
    customers, (people, revenue) = int(totals["n"]), _everybody(tables)
    purchases, sizes = int(totals["purchases"]), _sizes(levels, customers)
    return CustomersHeld(customers, purchases, people - customers, revenue, sizes)


def _sizes(levels: dict[str, pd.Series], customers: int) -> pd.DataFrame:
    """One row a group, in the order of the groups; who has none is 'not known'."""
    parts = []
    for name, counts in levels.items():
        counts = counts.sort_index()
        groups = [str(group) if pd.notna(group) else UNKNOWN for group in counts.index]
        parts.append(pd.DataFrame({"segment": name, "group": groups, "n": counts.to_numpy()}))
    sizes = pd.concat(parts, ignore_index=True)
    return sizes.assign(share=sizes["n"] / customers)
