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
    customers, contracts, still_open, before, over : int
        Customers with a contract; contracts; those that had not ended by `observed_until`; those
        that began before `observed_from`; those of them that had ended by then.
    gone : int
        Customers all of whose contracts had ended by then.
    """

    customers: int
    contracts: int
    still_open: int
    before: int
    over: int
    gone: int


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
    found = {"over": 0, "gone": 0}
    if "ended_at" in held.columns:
        over = (held.ended_at <= observed_from).fill_null(False)
        asked["still_open"] = (held.ended_at.isnull() | (held.ended_at > observed_until)).sum()
        asked["over"] = over.sum()
        asked["lasting"] = held.customer_id.nunique(where=~over)
    found |= tables.fetch(held.aggregate(**asked)).iloc[0].to_dict()
    found["gone"] = found["customers"] - found.pop("lasting", found["customers"])
    return ContractsHeld(**{name: int(count) for name, count in found.items()})
