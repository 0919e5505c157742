"""What the chapter on contracts says."""

from __future__ import annotations

import pandas as pd

from analysis.chapters.contracts.held import ContractsHeld
from analysis.telling.coverage import used_rows
from analysis.telling.facts import Fact


def contracts_fact(held: ContractsHeld, audit: pd.DataFrame) -> Fact:
    """How many customers and contracts the report is about, and how many rows were used.

    Parameters
    ----------
    held : ContractsHeld
    audit : DataFrame
        `Tables.audit`; columns used: `table`, `step`, `rows`.

    Returns
    -------
    Fact
    """
    variant, rows = used_rows(audit, "contracts")
    numbers = {"contracts": held.contracts, "open": held.still_open, "before": held.before}
    numbers |= {"over": held.over, "gone": held.gone}
    sentences = {"before_observation": held.before, "over": held.over}
    return Fact(
        "contracts",
        estimate=held.customers,
        unit="count",
        n=held.customers,
        base="ever_contract",
        also=(variant, *(key for key, count in sentences.items() if count)),
        numbers=rows | numbers,
        in_summary=False,
    )
