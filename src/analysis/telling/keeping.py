"""What keeping customers costs, beside what they bring: for chapters with and without contracts."""

from __future__ import annotations

from analysis.states.retention_cost import RetentionCost
from analysis.telling.facts import Beside, Fact, nothing


def keeping_fact(result: RetentionCost, *, base: str, fee_year: float = 0.0) -> Fact:
    """What keeping a customer costs a year, beside the fees where there are contracts.

    Parameters
    ----------
    result : RetentionCost
        The gated result.
    base : str
        Who was kept.
    fee_year : float
        Mean fees a year of an open contract, in the study's currency; 0 where there are none.

    Returns
    -------
    Fact
    """
    kept = result.table.dropna(subset=["n"])
    if not len(kept):
        return nothing("keeping", "too_few" if len(result.table) else "no_costs", why=result.note)
    row = kept.iloc[-1]
    numbers = {"spent": row["spent_year"]}
    also = ["contracts" if result.contractual else "buyers"]
    beside = None
    if fee_year > 0:
        numbers |= {"fee": fee_year, "share": row["spent_each"] / fee_year}
        beside = Beside("fee_year", fee_year)
        also.append("fees")
    return Fact(
        "keeping",
        estimate=row["spent_each"],
        unit="money",
        n=int(row["n"]),
        base=base,
        also=tuple(also),
        numbers=numbers,
        comparator=beside,
        in_summary=False,
    )
