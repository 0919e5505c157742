"""What is proposed for one table, and what a person is asked of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from analysis.params.source import TableSource
from analysis.params.undecided import UNDECIDED

CONVENTIONS = ("date_format", "decimal", "thousands", "times_in", "amounts_in")


@dataclass(slots=True)
class Proposal:
    """What is proposed for one table.

    Attributes
    ----------
    name : str
        Name in the contract.
    block : dict
        What the params file says of where the table lies and how it reads; `???` where a person
        must decide.
    columns : dict
        Column of the contract to column (or product of columns) of the source.
    keep, left, groups : list of str
        Further columns of the source: taken along, not, and those that may be compared.
    facts : dict
        What the whole table was asked: counts of `rows`, `missing` needed values, `padded` and
        `repeated` ids,
        `negative` amounts, `cancelled` invoices, `instants` (times with a zone); `first`, `last`
        day; `strange` days; the `hour` in which most times of a column without a zone lie.
    currency, currency_sign : str
        The code that was found; the sign beside amounts, which may be of several currencies.
    notes : list of str
    questions : dict
        Key of the block to the lines that ask for it, with the evidence.
    ways : dict
        Key of the block to the values that it may have.
    periods : dict
        Way of reading the days to first and last day.
    """

    name: str
    block: dict[str, Any]
    columns: dict[str, Any] = field(default_factory=dict)
    keep: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    currency: str | None = None
    currency_sign: str = ""
    notes: list[str] = field(default_factory=list)
    questions: dict[str, list[str]] = field(default_factory=dict)
    ways: dict[str, Sequence[Any]] = field(default_factory=dict)
    periods: dict[str, tuple[date | None, date | None]] = field(default_factory=dict)

    def ask(
        self, key: str, lines: Iterable[str], ways: Sequence[Any], shown: Any = UNDECIDED
    ) -> None:
        """Leave a key of the block to a person."""
        self.block[key] = shown
        self.questions[key] = list(lines)
        self.ways[key] = ways

    def source(self) -> TableSource:
        """How the table reads, as far as it is known."""
        return self._reading({})

    def assumed(self) -> TableSource:
        """How the table reads if each open question is answered in the first way."""
        return self._reading({key: ways[0] for key, ways in self.ways.items()})

    def _reading(self, answers: dict[str, Any]) -> TableSource:
        known = {key: value for key, value in self.block.items() if key in CONVENTIONS}
        if isinstance(days := known.get("date_format"), dict):
            known["date_format"] = answers.pop("date_format", {}) | {
                column: form for column, form in days.items() if form != UNDECIDED
            }
        known = {key: value for key, value in known.items() if value != UNDECIDED}
        return TableSource(**(answers | known))

    def reads_days(self, column: str) -> bool:
        """Whether it is known how the days of a column of the contract are written."""
        days = self.block.get("date_format")
        return UNDECIDED not in (days, days.get(column) if isinstance(days, dict) else None)

    def origins(self, column: str) -> list[str]:
        """Return the source columns behind a column of the contract."""
        origin = self.columns.get(column, UNDECIDED)
        parts = origin["product_of"] if isinstance(origin, dict) else [origin]
        return [part for part in parts if part != UNDECIDED]
