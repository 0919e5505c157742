"""What the data chapter says."""

from __future__ import annotations

import pandas as pd

from analysis.telling.coverage import used_rows
from analysis.telling.facts import Fact


def customers_fact(customers: pd.DataFrame, audit: pd.DataFrame) -> Fact:
    """How many customers and purchases the report is about, and how many rows were used.

    Parameters
    ----------
    customers : DataFrame
        The customer frame; columns used: `purchases`, `revenue` (in the study's currency).
    audit : DataFrame
        `Tables.audit`; columns used: `table`, `step`, `rows`.

    Returns
    -------
    Fact
    """
    variant, rows = used_rows(audit, "transactions")
    return Fact(
        "customers",
        estimate=len(customers),
        unit="count",
        n=len(customers),
        base="ever_bought",
        also=(variant, "purchase"),
        numbers=rows
        | {"purchases": customers["purchases"].sum(), "revenue": customers["revenue"].sum()},
        in_summary=False,
    )
