"""What is asked of all rows of a table in one pass, and how the answer is judged."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import ibis

from analysis.data.crossing import fetch_rows
from analysis.data.faults import Fault
from analysis.data.rules import Laid
from analysis.notes import Note

Audit = list[tuple[str, str, Note | str, int]]
Judged = tuple[Audit, list[Fault]]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Counts of the rows of a table, and what follows from them.

    Attributes
    ----------
    asked : mapping
        Name to the count that is asked for.
    judge : callable
        The counts by name, with `rows` (all) and `left` (those that no repair leaves out), to
        what is told of the table and to its faults.
    alone : bool
        Whether its faults are told only where nothing before is wrong.
    """

    asked: Mapping[str, ibis.Scalar]
    judge: Callable[[Mapping[str, int]], Judged]
    alone: bool = False


def ask(laid: Laid, questions: Sequence[Question]) -> list[dict[str, int]]:
    """Ask all questions in one pass; return the answers to each, with `rows` and `left`."""
    everywhere = {"rows": laid.mapped.count(), "left": laid.mapped.count(where=laid.kept)}
    asked = dict(everywhere)
    for place, question in enumerate(questions):
        asked |= {f"{name}_{place}": count for name, count in question.asked.items()}
    found = fetch_rows(laid.mapped.aggregate(**asked))[0]
    counts = {name: int(count or 0) for name, count in found.items()}
    return [
        {name: counts[name] for name in everywhere}
        | {name: counts[f"{name}_{place}"] for name in question.asked}
        for place, question in enumerate(questions)
    ]
