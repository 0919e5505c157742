"""Who and what a row is: how ids are written, rows that repeat another."""

from __future__ import annotations

import ibis

from analysis import schemas
from analysis.data.crossing import fetch_count, fetch_rows
from analysis.data.faults import Fault
from analysis.data.ids import FLOAT_ID, ID_PADDING, ROUNDED_ID
from analysis.data.parsing import EXACT, read_text
from analysis.data.planning import Plan
from analysis.data.questions import Audit
from analysis.data.raw import RawTable
from analysis.params import Params


def check_ids(plan: Plan, params: Params) -> tuple[int, Audit, list[Fault]]:
    """Count rows, and judge how ids are written: '17850.0' for 17850, or with blanks around them.

    Returns
    -------
    tuple
        The number of rows, what is told of their ids, and the faults.
    """
    found = _count_ids(plan, plan.raw.table)
    name, known, floats, padded = plan.raw.name, found["known"], found["floats"], found["padded"]
    audit: Audit = []
    faults = []
    if found["zeros"]:
        audit.append((name, "mended", "zeros before ids left out", found["zeros"]))
    if found["rounded"]:
        rule = "must be written in full (not 1.23E+11)"
        remedy = "export the ids as text: their last digits are lost"
        faults.append(Fault(name, "customer_id", rule, "", found["rounded"], known, "", remedy))
    if floats and floats == known:
        plan.float_ids = True
        audit.append((name, "noticed", "ids written as decimals, read as whole numbers", floats))
        floats = 0
    if params.data.repairs.ids == "clean":
        if floats or padded:
            audit.append((name, "mended", "ids cleaned of blanks and '.0'", floats + padded))
        return found["rows"], audit, faults
    remedy = "set repairs: {ids: clean}, or mend the source"
    if padded:
        rule = "must not begin or end with blanks"
        faults.append(Fault(name, "customer_id", rule, "", padded, known, "", remedy))
    if floats:
        rule = "must be written in one way"
        came = f"{floats:,} of {known:,} ids end in '.0'"
        faults.append(Fault(name, "customer_id", rule, came, floats, known, "", remedy))
    return found["rows"], audit, faults


def _count_ids(plan: Plan, rows: ibis.Table) -> dict[str, int]:
    """Count rows and how ids are written: `rows, known, floats, rounded, padded, zeros`."""
    asked = {"rows": rows.count()}
    ids = rows[plan.origins["customer_id"]]
    if ids.type().is_string():
        blank = ids.strip() == ""
        asked["known"] = (~blank).sum()
        asked["floats"] = ids.re_search(FLOAT_ID).sum()
        asked["rounded"] = ids.re_search(ROUNDED_ID).sum()
        asked["padded"] = (ids.re_search(ID_PADDING) & ~blank).sum()
    elif ids.type().is_floating():
        asked |= {"known": ids.count(), "rounded": (ids.abs() >= EXACT).sum()}
    if plan.unpadded:
        asked["zeros"] = read_text(ids).re_search("^0+[0-9A-Za-z]").sum()
    found = fetch_rows(rows.aggregate(**asked))[0]
    none = dict.fromkeys(("known", "floats", "padded", "rounded", "zeros"), 0)
    return none | {name: int(count or 0) for name, count in found.items()}


def check_duplicates(
    raw: RawTable, table: ibis.Table, left: int, params: Params, audit: Audit
) -> tuple[ibis.Table, int, list[Fault]]:
    """Count identical rows and rows with the same key; drop the identical ones where asked.

    Returns
    -------
    tuple
        The table, its number of rows, and the faults.
    """
    wanted, key = params.data.repairs.duplicates, schemas.SCHEMAS[raw.name].metadata["key"]
    distinct = table.distinct()
    same = left - fetch_count(distinct)
    remedy = "mend the source" if wanted == "drop" else "set repairs: {duplicates: drop}"
    faults = []
    if wanted == "drop":
        audit.append((raw.name, "dropped", "identical rows", same))
        table, left, same = (distinct if same else table), left - same, 0
    elif wanted == "refuse" and same:
        rule, came = "must not hold identical rows", f"{same:,} of {left:,} rows repeat another"
        faults.append(Fault(raw.name, "", rule, came, same, left, "", remedy))
    elif not key:
        audit.append((raw.name, "noticed", "identical rows, kept", same))
    if key and wanted != "refuse" and all(column in table.columns for column in key):
        keys = fetch_count(table.select(*key).distinct())
        if keys < left:
            rule = f"must have one row a {' and '.join(key)}"
            came = f"{left - keys:,} of {left:,} rows repeat a key"
            faults.append(Fault(raw.name, key[0], rule, came, left - keys, left, "", remedy))
    return table, left, faults
