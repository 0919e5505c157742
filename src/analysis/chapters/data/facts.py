"""What the data chapter says."""

from __future__ import annotations

import pandas as pd

from analysis.chapters.data.groups import CustomersHeld
from analysis.telling.coverage import used_rows
from analysis.telling.facts import Fact


def customers_fact(held: CustomersHeld, audit: pd.DataFrame) -> Fact:
    """How many customers and purchases the report is about, and how many rows were used.

    Parameters
    ----------
    held : CustomersHeld
    audit : DataFrame
        `Tables.audit`; columns used: `table`, `step`, `rows`.

    Returns
    -------
    Fact
    """
    variant, rows = used_rows(audit, "transactions")
    return Fact(
        "customers",
        estimate=held.customers,
        unit="count",
        n=held.customers,
        base="ever_bought",
        also=(variant, *(("returns_only",) if held.returns_only else ()), "purchase"),
        numbers=rows
        | {"purchases": held.purchases, "revenue": held.revenue}
        | {"returns_only": held.returns_only, "people": held.customers + held.returns_only},
        in_summary=False,
    )
