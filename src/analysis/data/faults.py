"""One sentence a fault, all faults at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from analysis.errors import DataError


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a table.

    Attributes
    ----------
    table, column : str
        Where; `column` is empty when it is the table as a whole.
    rule : str
        What must hold, beginning with 'must'.
    came : str
        What came instead.
    rows, of : int
        Rows that break the rule, and rows looked at; 0 when rows do not matter.
    place : str
        The first places; values of ids and free text are never shown.
    remedy : str
        What to do about it.
    """

    table: str
    column: str
    rule: str
    came: str = ""
    rows: int = 0
    of: int = 0
    place: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        where = f"{self.table}.{self.column}" if self.column else self.table
        came = self.came or f"{self.rows:,} of {self.of:,} rows {_verb(self.rule, self.rows)}"
        place = f" ({self.place})" if self.place else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{where} {self.rule}, but {came}{place}{remedy}"


class FaultyData(DataError):
    """The tables break rules; `faults` lists them all."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def _verb(rule: str, rows: int) -> str:
    """Say of the rows what the rule asks: 'must not be missing' makes '3 rows are'."""
    denied, said = " not", rule.removeprefix("must ")
    if said.startswith("not "):
        denied, said = "", said.removeprefix("not ")
    verbs = {"be": ("is", "are"), "have": ("has", "have")}
    one, many = verbs.get(said.split()[0], ("does", "do"))
    return f"{one if rows == 1 else many}{denied}"
