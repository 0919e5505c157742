"""Tell every fault of a study's data in one go (`make validate`)."""

from __future__ import annotations

from collections.abc import Callable

from analysis.data.reading import check_source
from analysis.notes import Note
from analysis.params import Params


def validation_report(params: Params, *, tell: Callable[[Note], str] = str) -> tuple[str, int]:
    """Return what `make validate` prints, and how many faults it tells.

    One line a fault: table, column, rule, how many rows, first places, remedy. Without faults,
    what happened to the rows of each table, in the words of `tell`.
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
            if rows or step in ("read", "kept"):
                told = tell(reason) if isinstance(reason, Note) else reason
                lines.append(f"- {name}: {_many(rows, 'row')} {step}{told and f' ({told})'}")
    return "\n".join(lines), 0


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
