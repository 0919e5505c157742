"""Lay a source's rows under the contract's names and types."""

from __future__ import annotations

from functools import reduce
from operator import mul, or_

import ibis

from analysis import schemas
from analysis.data.blanks import code_held, present
from analysis.data.ids import clean_id, without_zeros
from analysis.data.parsing import read_bare_time, read_column, read_text
from analysis.data.planning import Plan
from analysis.data.raw import ORIGIN, ROW

UNREAD, ABSENT, SHOWN, BARE, CODED = "unread__", "absent__", "shown__", "bare__", "coded__"


def map_rows(plan: Plan, rows: ibis.Table, clean_ids: bool) -> ibis.Table:
    """Read each column; say beside it where a value was absent or could not be read."""
    mapped = {}
    for column in plan.origins:
        mapped |= _read(plan, rows, column, plan.kinds[column], clean_ids)
    numbers = {name: rows[name] for name in (ROW, ORIGIN) if name in rows.columns}
    return rows.select(**mapped, **numbers)


def _read(
    plan: Plan, rows: ibis.Table, column: str, kind: str, clean_ids: bool
) -> dict[str, ibis.Column]:
    source, codes = plan.written[column], plan.codes[column]
    cells = [rows[part] for part in plan.parts[column]]
    held = [code_held(cell, own) for cell, own in zip(cells, codes, strict=True) if own]
    if column not in plan.whole or len(cells) > 1:
        cells = [present(cell, own) for cell, own in zip(cells, codes, strict=True)]
    value = reduce(mul, (read_column(cell, kind, source) for cell in cells))
    absent = reduce(or_, (cell.isnull() for cell in cells))
    text = kind == schemas.TEXT
    shown = {} if text else {SHOWN + column: read_text(cells[0])}
    bare = read_bare_time(cells[0], source) if kind in (schemas.DAY, schemas.TIME) else None
    if column in plan.cents:
        value = value / 100
    if text and column in plan.labels:
        value = value.cases(*plan.labels[column].items(), else_=value)
    if column == "customer_id":
        value = clean_id(value, plan.float_ids or clean_ids, clean_ids)
        value = without_zeros(value) if plan.unpadded else value
        absent = absent | value.isnull()
    read = {column: value, ABSENT + column: absent, UNREAD + column: ~absent & value.isnull()}
    read |= {CODED + column: ibis.coalesce(*held)} if held else {}
    read |= {BARE + column: bare} if bare is not None else {}
    return read | shown
