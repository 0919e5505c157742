"""What keeping customers costs, beside what they bring."""

from __future__ import annotations

import pandas as pd

from analysis.findings.value import or_nothing
from analysis.telling.findings import Finding, finding
from analysis.telling.wording import Wording
from analysis.value import ContractValue, RetentionCost

COST = "keeping"


def cost_finding(
    result: RetentionCost, say: Wording, *, contracts: ContractValue | None = None
) -> Finding:
    """What keeping a customer costs a year, beside the fees where there are contracts."""
    options = {"claim": "descriptive", "in_summary": False}
    if not len(result.table) or result.table["n"].iloc[-1] < say.min_cell:
        return finding(say, f"{COST}.none", **options)
    row = result.table.iloc[-1]
    numbers = {"each": row["spent_each"], "spent": row["spent_year"], "n": row["n"]}
    kept = "contracts" if result.contractual else "buyers"
    details = [say(f"{COST}.{kept}", **numbers)]
    if contracts is not None and len(contracts.table) and contracts.table["fee_year"].iloc[-1] > 0:
        fee = contracts.table["fee_year"].iloc[-1]
        details.append(say(f"{COST}.fees", fee=fee, share=row["spent_each"] / fee))
    return finding(say, f"{COST}.told", *details, **options, **numbers)


def cost_table(result: RetentionCost, say: Wording) -> pd.DataFrame:
    """By kind; one line that says why where there is none."""
    return or_nothing(result.table, "spent_on", say)
