"""Tell every fault of a study's data in one go (`make validate`)."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from analysis.data.faults import Fault
from analysis.data.reading import check_source
from analysis.data.shared_ids import NO_OTHER, count_shared_ids
from analysis.params import Params


def find_faults(params: Params) -> list[Fault]:
    """Return every fault of every table; an empty list when there is none."""
    _, checked = check_source(params)
    return [fault for table in checked for fault in table.faults]


def validation_report(params: Params) -> tuple[str, int]:
    """Return what `make validate` prints, and how many faults it tells.

    One line a fault: table, column, rule, how many rows, first places, remedy. Without faults,
    what happened to the rows of each table, and how many of its customers the others know.
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
                noun = "customer" if reason.startswith("customers") else "row"
                lines.append(f"- {name}: {_many(rows, noun)} {step}{reason and f' ({reason})'}")
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
