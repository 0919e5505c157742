"""What follows from the tables: who the customers are, and how their groups are named.

Names of groups, and of reasons, that are words of the catalogue are marked (`analysis.names`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis

from analysis.data.promised import OF_CONTRACTS
from analysis.names import AS_JOINED, MARK, words
from analysis.params import Params


def complete_tables(by_name: Mapping[str, ibis.Table], params: Params) -> dict[str, ibis.Table]:
    """Add what follows from the tables: customers, open ends, the year of the first contract.

    Without a table of customers, they are all who bought, had a contract or answered. Groups of
    customers that are named like words of the catalogue are marked as names.
    """
    if "contracts" in by_name and "ended_at" not in by_name["contracts"].columns:
        open_ends = by_name["contracts"].mutate(ended_at=ibis.null("date"))
        by_name = by_name | {"contracts": open_ends}
    if "customers" not in by_name:
        known = ("transactions", "contracts", "surveys")
        ids = [by_name[name].select("customer_id").distinct() for name in known if name in by_name]
        people = ibis.union(*ids, distinct=True) if len(ids) > 1 else ids[0]
        by_name = by_name | {"customers": people}
    customers = mark_groups(by_name["customers"], params)
    by_name = by_name | {"customers": customers}
    if "contracts" in by_name:
        reasons = mark_groups(by_name["contracts"], params, columns=["ended_reason"])
        by_name = by_name | {"contracts": reasons}
    year = OF_CONTRACTS[0]
    if year in params.segments and "contracts" in by_name and year not in customers.columns:
        first = (
            by_name["contracts"]
            .group_by("customer_id")
            .agg(**{year: lambda rows: rows.started_at.min().year().cast("string")})
        )
        joined = customers.left_join(first, "customer_id")
        by_name = by_name | {"customers": joined.select(*customers.columns, year)}
    return by_name


def mark_groups(
    table: ibis.Table, params: Params, *, columns: Sequence[str] | None = None
) -> ibis.Table:
    """The table, its names of groups marked where they would be read as other words.

    The groups of a simulated company are words of the code.

    Parameters
    ----------
    table : ibis.Table
    params : Params
        Uses the columns and labels that the study names: they are words too.
    columns : sequence of str, optional
        Those that hold names of groups; every text column but `customer_id` by default.
    """
    if params.simulated:
        return table
    labels = params.satisfaction.labels
    taken = sorted(words() | {*params.segments, *params.covariates, *labels})
    wanted = set(table.columns if columns is None else columns) - {"customer_id"}
    texts = [name for name, kind in table.schema().items() if kind.is_string() and name in wanted]
    return table.mutate(**{name: _marked(table[name], taken) for name in texts}) if texts else table


def _marked(column: ibis.Column, taken: list[str]) -> ibis.Column:
    begun = "|".join(map(re.escape, taken))
    as_joined = column.re_search(f"^({begun})({'|'.join(AS_JOINED)})")
    return ibis.cases(
        (column.isin(taken), column + MARK),
        (as_joined, column.replace(" ", f"{MARK} ") + MARK),
        else_=column,
    )
