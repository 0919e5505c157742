"""Mark names of groups, and of reasons, that are words of the catalogue (`analysis.names`)."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ibis

from analysis.names import AS_JOINED, MARK, words
from analysis.params import Params


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
