"""How many contracts a study of contracts is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analysis.data import Tables


@dataclass(frozen=True, slots=True, eq=False)
class ContractsHeld:
    """How many contracts a study of contracts is about.

    Attributes
    ----------
    customers, contracts, still_open, before : int
        Customers with a contract; contracts; those that had not ended by `observed_until`; those
        that began before `observed_from`.
    """

    customers: int
    contracts: int
    still_open: int
    before: int


def contracts_held(tables: Tables, *, observed_from: date, observed_until: date) -> ContractsHeld:
    """Count contracts; the counting happens in the engine.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`.
    observed_from, observed_until : date
        First and last day of the observation.

    Returns
    -------
    ContractsHeld
    """
    held = tables["contracts"]
    asked = {
        "customers": held.customer_id.nunique(),
        "contracts": held.count(),
        "still_open": held.count(),
        "before": (held.started_at < observed_from).sum(),
    }
    if "ended_at" in held.columns:
        asked["still_open"] = (held.ended_at.isnull() | (held.ended_at > observed_until)).sum()
    found = tables.fetch(held.aggregate(**asked)).iloc[0]
    return ContractsHeld(**{name: int(count) for name, count in found.items()})
