"""Who and what a row is: how ids are written, rows that repeat another."""

from __future__ import annotations

import ibis

from analysis import schemas
from analysis.data.faults import Fault
from analysis.data.mapping import FLOAT_ID, ID_PADDING, Plan
from analysis.data.raw import RawTable
from analysis.params import Params

Audit = list[tuple[str, str, str, int]]


def look_at_ids(plan: Plan, rows: ibis.Table) -> dict[str, ibis.Scalar]:
    """Ask how text ids are written: '17850.0' for 17850, or with blanks around them."""
    ids = rows[plan.origins["customer_id"]]
    if not ids.type().is_string():
        return {}
    blank = ids.strip() == ""
    padded = (ids.strip() != ids) | ids.re_search(ID_PADDING) & ids.re_search(r"\s")
    as_float = ids.endswith("0") & ids.re_search(FLOAT_ID) | padded & ids.re_search(FLOAT_ID)
    return {"known": (~blank).sum(), "floats": as_float.sum(), "padded": (padded & ~blank).sum()}
