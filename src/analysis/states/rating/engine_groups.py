"""Groups by k-means for customers too many to bring back: formed on some, given to all."""

from __future__ import annotations

import ibis

from analysis.data import Tables
from analysis.notes import Note
from analysis.params.tiers import Scheme
from analysis.states.rating.tiers import cluster_values, form_groups, group_notes


def engine_clusters(
    tables: Tables, base: ibis.Table, scheme: Scheme, some: Tables
) -> tuple[ibis.Table, tuple[str, ...], list[Note]]:
    """Form the groups on the customers drawn by lot; everybody is in that with the nearest centre.

    As `cluster_values` and `cluster_customers`: logarithms, standardised, gaps filled by the
    median.

    Returns
    -------
    rows, tiers, notes
        `rows`: those of `base` with `level`.
    """
    rule = scheme.clusters
    drawn = tables.fetch(base.semi_join(some["customers"], "customer_id"))
    values = cluster_values(drawn, rule.quantities)
    found = form_groups(values, rule)
    tiers = scheme.tiers or tuple(f"group_{k + 1}" for k in range(rule.k or found.k))
    usual, spread = drawn[list(values)].astype(float).median().fillna(0.0), values.std(ddof=0)
    spread = spread.where(spread > 0, 1.0)
    columns = {}
    for quantity, name in zip(rule.quantities, values, strict=True):
        sign = -1.0 if quantity.startswith("-") else 1.0
        value = base[name].cast("float64").fill_null(float(usual[name]))
        size = (value.abs() + 1).ln()
        columns[f"seen_{name}"] = sign * ibis.ifelse(value < 0, -size, size)
    rows = base.mutate(**columns)
    far = [
        sum(
            ((rows[f"seen_{name}"] - float(centre[name])) / float(spread[name])) ** 2
            for name in values
        )
        for _, centre in found.centres.iterrows()
    ]
    rows = rows.mutate(**{f"far_{k}": distance for k, distance in enumerate(far)})
    least = ibis.least(*(rows[f"far_{k}"] for k in range(found.k)))
    nearest = [(rows[f"far_{k}"] <= least, k) for k in range(found.k)]
    rows = rows.mutate(level=ibis.cases(*nearest, else_=0))
    dropped = [*columns, *(f"far_{k}" for k in range(found.k))]
    return rows.drop(*dropped), tiers, group_notes(drawn, list(values), found)
