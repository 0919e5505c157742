"""What the data chapter says."""

from __future__ import annotations

import pandas as pd

from analysis.overview import ContractsHeld, Coverage
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording


def customers_finding(customers: pd.DataFrame, audit: pd.DataFrame, say: Wording) -> Finding:
    """How many customers and purchases the report is about, and how many rows were used."""
    rows = audit[audit["table"] == "transactions"].groupby("step")["rows"].sum()
    kept, read = rows["kept"], rows.get("read", rows["kept"])
    numbers = {
        "customers": len(customers),
        "purchases": customers["purchases"].sum(),
        "revenue": customers["revenue"].sum(),
        "rows_in": read,
        "rows_kept": kept,
    }
    used = say(f"data.finding.{'kept_all' if kept == read else 'dropped'}", **numbers)
    refer = say("data.finding.refer")
    return finding(
        say, "data.finding", used, refer, claim="descriptive", in_summary=False, **numbers
    )


def contracts_finding(held: ContractsHeld, audit: pd.DataFrame, say: Wording) -> Finding:
    """How many customers and contracts the report is about, and how many rows were used."""
    rows = audit[audit["table"] == "contracts"].groupby("step")["rows"].sum()
    kept, read = rows["kept"], rows.get("read", rows["kept"])
    numbers = {"customers": held.customers, "contracts": held.contracts, "open": held.still_open}
    used = say(
        f"data.contracts.{'kept_all' if kept == read else 'dropped'}", rows_in=read, rows_kept=kept
    )
    details = [used]
    if held.before:
        details.append(say("data.contracts.before", before=held.before))
    return finding(
        say, "data.contracts", *details, claim="descriptive", in_summary=False, **numbers
    )


def coverage_caption(result: Coverage, customers: int, say: Wording) -> str:
    """What the coverage figure shows."""
    key = f"data.coverage.{result.of}"
    if result.empty_months:
        return say(f"{key}.caption_gap", months=result.empty_months, customers=customers)
    return say(f"{key}.caption", customers=customers)


def coverage_alt(result: Coverage, say: Wording) -> str:
    """The same in words."""
    events = result.table["events"]
    return say(f"data.coverage.{result.of}.alt", most=events.max(), least=events.min())
