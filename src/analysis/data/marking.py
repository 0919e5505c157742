"""Mark the groups of customers whose names are words of the catalogue (see `analysis.names`)."""

from __future__ import annotations

import re

import ibis

from analysis.names import AS_JOINED, MARK, words
from analysis.params import Params


def mark_groups(customers: ibis.Table, params: Params) -> ibis.Table:
    """The customers, the texts of their columns marked where they would be read as other words.

    The groups of a simulated company are words of the code.

    Parameters
    ----------
    customers : ibis.Table
        Every text column but `customer_id` holds names of groups.
    params : Params
        Uses the columns and labels that the study names: they are words too.
    """
    if params.simulated:
        return customers
    labels = params.satisfaction.labels
    taken = sorted(words() | {*params.segments, *params.covariates, *labels})
    types = customers.schema().items()
    texts = [name for name, kind in types if kind.is_string() and name != "customer_id"]
    return customers.mutate(**{name: _marked(customers[name], taken) for name in texts})


def _marked(column: ibis.Column, taken: list[str]) -> ibis.Column:
    begun = "|".join(map(re.escape, taken))
    as_joined = column.re_search(f"^({begun})({'|'.join(AS_JOINED)})")
    return ibis.cases(
        (column.isin(taken), column + MARK),
        (as_joined, column.replace(" ", f"{MARK} ") + MARK),
        else_=column,
    )
