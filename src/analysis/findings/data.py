"""What the data chapter says."""

from __future__ import annotations

import pandas as pd

from analysis.findings import Finding, finding
from analysis.overview import Coverage
from analysis.wording import Wording


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


def coverage_caption(result: Coverage, customers: pd.DataFrame, say: Wording) -> str:
    """What the coverage figure shows."""
    if result.empty_months:
        numbers = {"months": result.empty_months, "customers": len(customers)}
        return say("data.coverage.caption_gap", **numbers)
    return say("data.coverage.caption", customers=len(customers))


def coverage_alt(result: Coverage, say: Wording) -> str:
    """The same in words."""
    purchases = result.table["purchases"]
    return say("data.coverage.alt", most=purchases.max(), least=purchases.min())
