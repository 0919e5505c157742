"""Tell every fault of a study's data in one go (`make validate`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pandas as pd

from analysis.data.reading import check_source
from analysis.data.shared_ids import NO_OTHER, count_shared_ids
from analysis.notes import Note
from analysis.params import Params


def validation_report(params: Params, *, tell: Callable[[Note], str] = str) -> tuple[str, int]:
    """Return what `make validate` prints, and how many faults it tells.

    One line a fault: table, column, rule, how many rows, first places, remedy. Without faults,
    what happened to the rows of each table, in the words of `tell`, and how many of its customers
    the others know.
    """
    _, checked = check_source(params)
    faults = [fault for table in checked for fault in table.faults]
    if faults:
        lines = [f"{params.study}: {_many(len(faults), 'fault')}"]
        lines += [f"- {fault}" for fault in faults]
        return "\n".join(lines), len(faults)
    lines = [f"{params.study}: no faults"]
    for table in checked:
        for name, step, reason, rows in table.audit:
            if rows or step in ("read", "kept", "blanked"):
                told = tell(reason) if isinstance(reason, Note) else reason
                noun = "customer" if told.startswith("customers") else "row"
                lines.append(f"- {name}: {_many(rows, noun)} {step}{told and f' ({told})'}")
    shared = count_shared_ids({table.name: table.table for table in checked})
    return "\n".join([*lines, *_shared(shared)]), 0


def _shared(shared: pd.DataFrame) -> Iterator[str]:
    """Say of each table how many customers it has, and how many of them the others know."""
    for name, rows in shared.groupby("table", sort=False):
        known = [
            f"{row.met:,} in {row.other}{' table' if row.other == NO_OTHER else ''}"
            for row in rows.itertuples()
            if len(shared) > 1
        ]
        told = f", of whom {', '.join(known)}" if known else ""
        yield f"- {name}: {_many(rows['customers'].iloc[0], 'customer')}{told}"


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
