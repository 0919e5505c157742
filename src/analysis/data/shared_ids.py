"""How many customers of each table the other tables know: everybody is counted or named.

Tables whose ids come from different systems (an order number here, an e-mail there) read without a
fault and meet nowhere: every chapter that joins them would tell of a chance remnant. So below a
share of customers met the tables are refused, and above it the share is told.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import ibis
import pandas as pd

from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.meeting import FEW, apart_fault
from analysis.params import Params

LEADING = ("transactions", "contracts", "customers")
"""Tables that every chapter joins the others to."""
NO_OTHER = "no other"


def count_shared_ids(tables: Mapping[str, ibis.Table]) -> pd.DataFrame:
    """Count the customers of each table, and how many of them each other table knows.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        Those that the study has; `customer_id` is used.

    Returns
    -------
    DataFrame
        `table, customers, other, met` (customers of the table who are in the other). The last
        `other` of a table is 'no other': there `met` is how many of its customers no other table
        knows. One engine query, whatever the number of tables.
    """
    names = list(tables)
    found = _count(tables)
    rows = []
    for name in names:
        others = [other for other in names if other != name]
        met = [(other, found["_and_".join(sorted((name, other)))]) for other in others]
        met += [(NO_OTHER, found[f"only_{name}"])] if others else []
        rows += [(name, found[name], other, count) for other, count in met]
        rows += [] if others else [(name, found[name], NO_OTHER, found[name])]
    return pd.DataFrame(rows, columns=["table", "customers", "other", "met"])


def apart_faults(
    tables: Mapping[str, ibis.Table], own: Mapping[str, ibis.Table], params: Params
) -> list[Fault]:
    """Find tables whose customers the others do not know: written otherwise, or too few of them.

    Parameters
    ----------
    tables : mapping of str to ibis.Table
        The tables of the study.
    own : mapping of str to ibis.Table
        Those whose ids are the customers' own, not the numbers of rows, which are nobody's.
    params : Params
        Uses `data.least_met` and `min_cell`.
    """
    shared = count_shared_ids(tables)
    return _otherwise_written(own, shared) or _few_met(shared, params)


def _otherwise_written(tables: Mapping[str, ibis.Table], shared: pd.DataFrame) -> list[Fault]:
    """Find tables whose ids are written otherwise than those of the customers, or the purchases."""
    if not tables:
        return []
    order = ("customers", "transactions", "contracts", "surveys")
    base = next((name for name in order if name in tables), next(iter(tables)))
    met = shared[(shared["other"] == base) & shared["table"].isin(tables)]
    few = met.loc[met["met"] <= FEW * met["customers"], "table"]
    return [f for name in few for f in apart_fault(name, tables[name], base, tables[base])]


def _few_met(shared: pd.DataFrame, params: Params) -> list[Fault]:
    """Find tables that meet a leading table in too few customers to tell anything of both.

    Judged is the share of the smaller of the two that the larger knows (a study of many prospects
    has few buyers, all of them known), against `data.least_met`; not where the smaller has fewer
    customers than `min_cell`, of whom nothing is told anyway.
    """
    sizes = shared.drop_duplicates("table").set_index("table")["customers"]
    met = shared.set_index(["table", "other"])["met"]
    faults = []
    for one, other in combinations(sizes.index, 2):
        leading = next((name for name in LEADING if name in (one, other)), "")
        small = min(sizes[one], sizes[other])
        if not leading or small < params.min_cell:
            continue
        share, least = met[(one, other)] / small, params.data.least_met
        if share < least:
            table = other if leading == one else one
            faults.append(_fault(table, leading, sizes, int(met[(one, other)]), least))
    return faults


def _fault(table: str, leading: str, sizes: pd.Series, met: int, least: float) -> Fault:
    came = (
        f"{met:,} are in both, of {sizes[table]:,} in {table} and {sizes[leading]:,} in {leading}"
    )
    remedy = (
        "give both tables the same ids, leave one out, or, where so few are right, set "
        "data: {least_met: 0}"
    )
    rule = f"must know {least:.0%} of the customers that it can share with {leading} (least_met)"
    return Fault(table, "customer_id", rule, came, remedy=remedy)


def _count(tables: Mapping[str, ibis.Table]) -> dict[str, int]:
    """Count each table's customers, those of every two, and those of one alone."""
    names = list(tables)
    flagged = [
        tables[name].select(
            "customer_id", **{f"in_{other}": ibis.literal(int(other == name)) for other in names}
        )
        for name in names
    ]
    rows = ibis.union(*flagged) if len(flagged) > 1 else flagged[0]
    people = rows.group_by("customer_id").agg(**{f"in_{n}": rows[f"in_{n}"].max() for n in names})
    tables_of_one = sum((people[f"in_{name}"] for name in names[1:]), people[f"in_{names[0]}"])
    asked = {name: people[f"in_{name}"].sum() for name in names}
    asked |= {
        f"only_{name}": people.count(where=(people[f"in_{name}"] == 1) & (tables_of_one == 1))
        for name in names
    }
    asked |= {
        "_and_".join(sorted(pair)): (people[f"in_{pair[0]}"] * people[f"in_{pair[1]}"]).sum()
        for pair in combinations(names, 2)
    }
    found = fetch_rows(people.aggregate(**asked))[0]
    return {name: int(count or 0) for name, count in found.items()}
