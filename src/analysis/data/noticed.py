"""What is told of checked rows though nothing is wrong with them.

Questions that run against their scale (they ask for the opposite, and nobody has said so), and
customers who only returned.
"""

from __future__ import annotations

import math

import ibis

from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.questions import Audit
from analysis.notes import note
from analysis.params import Params
from analysis.params.satisfaction import ScaleParams

Z = 1.96
FEWEST = 20
RETURNS_ALONE = "customers with returns only, who are in no number of customers"


def notice_rows(name: str, table: ibis.Table, params: Params) -> Audit:
    """Notice what the rows of a table show that passed the checks, by its name."""
    if name == "transactions":
        return _returning_alone(table)
    return _reversed(table, params) if name == "surveys" else []


def _returning_alone(transactions: ibis.Table) -> Audit:
    """Count the customers who never bought, and only returned."""
    most = transactions.group_by("customer_id").agg(most=transactions.amount.max())
    count = fetch_count(most.filter(most.most < 0))
    return [("transactions", "noticed", RETURNS_ALONE, count)] if count else []


def _reversed(table: ibis.Table, params: Params) -> Audit:
    """Find items whose correlation with the other items of their scale is clearly negative.

    Items that the params reverse are turned first. Of two items alone it cannot be said which one
    runs against the other: both are told. Counted are the answers to all items of the scale.
    """
    found = []
    for name, scale in params.satisfaction.scales.items():
        items = [item for item in scale.items if item in table.columns]
        if len(items) > 1:
            found += _against(table, name, scale, items)
    return found


def _against(table: ibis.Table, name: str, scale: ScaleParams, items: list[str]) -> list[tuple]:
    turned = {item: _turned(table, item, scale) for item in items}
    answered = table.select(**{f"i{place}": value for place, value in enumerate(turned.values())})
    answered = answered.filter([answered[column].notnull() for column in answered.columns])
    total = sum((answered[column] for column in answered.columns[1:]), answered.i0)
    asked = {"n": answered.count()}
    for column in answered.columns:
        rest = total - answered[column]
        asked |= {f"var_{column}": answered[column].var(), f"varrest_{column}": rest.var()}
        asked[f"cov_{column}"] = answered[column].cov(rest)
    found = fetch_rows(answered.aggregate(**asked))[0]
    against = [item for place, item in enumerate(items) if _clearly_negative(found, f"i{place}")]
    reasons = [note("rows.against_scale", item=item, scale=name) for item in against]
    return [("surveys", "noticed", reason, found["n"]) for reason in reasons]


def _turned(table: ibis.Table, item: str, scale: ScaleParams) -> ibis.Column:
    value = table[item].cast("float64")
    return scale.low + scale.high - value if item in scale.reverse else value


def _clearly_negative(found: dict, column: str) -> bool:
    """Whether the interval of the correlation (Fisher's z) lies below 0."""
    variances = (found[f"var_{column}"] or 0) * (found[f"varrest_{column}"] or 0)
    if found["n"] < FEWEST or variances <= 0:
        return False
    correlation = max(-0.999999, min(0.999999, found[f"cov_{column}"] / math.sqrt(variances)))
    return math.atanh(correlation) + Z / math.sqrt(found["n"] - 3) < 0
