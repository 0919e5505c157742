"""Numbers, money, dates and probabilities as readers expect them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from analysis.telling.apart import LARGE_AMOUNT, Apart, Told


class AtMost(float):
    """A p-value of which only an upper bound is known: as small as its draws can make it."""


def drawn_p(p_value: float, draws: float) -> float:
    """A p-value estimated by so many draws as it may be told: none is below 1 / (1 + draws)."""
    least = 1 / (1 + draws)
    return AtMost(p_value) if p_value <= least * (1 + 1e-9) else float(p_value)


@dataclass(frozen=True, slots=True)
class Formats:
    """The conventions of one language, and the study's currency."""

    decimal: str
    thousands: str
    percent: str
    money: str
    months: tuple[str, ...]
    date: str
    none: str
    currency: str

    @classmethod
    def of(cls, conventions: Mapping[str, Any], currency: str) -> Formats:
        """Read the `formats:` block of a catalogue."""
        symbols = conventions["symbols"]
        return cls(
            decimal=conventions["decimal"],
            thousands=conventions["thousands"],
            percent=conventions["percent"],
            money=conventions["money"],
            months=tuple(conventions["months"]),
            date=conventions["date"],
            none=conventions["none"],
            currency=symbols.get(currency, f"{currency} "),
        )

    def show(self, value: Any, kind: str) -> str:
        """Format a value; kinds are the methods below (`percent`, `count`, `number1` …).

        Raises
        ------
        ValueError
            The value is missing or infinite.
        """
        if kind == "text":
            return str(value)
        if kind == "date":
            return self._date(value)
        number = float(value)
        if isinstance(value, AtMost) and kind in ("p", "p_cell"):
            return f"\N{LESS-THAN OR EQUAL TO} {self._plain(max(number, 0.001), 3)}"
        if not math.isfinite(number):
            raise ValueError(f"a number that is told must be finite, but {value} came")
        if isinstance(value, Apart | Told):
            return self._beside(number, kind, value.digits(kind))
        return self._number(number, kind)

    def cell(self, value: Any, kind: str) -> str:
        """Format a table cell; a missing or an infinite value is a dash."""
        if value is None or value != value or value in (math.inf, -math.inf):
            return self.none
        return self.show(value, kind)

    def _beside(self, number: float, kind: str, digits: int) -> str:
        """A number with digits of its own."""
        if kind == "money":
            return self._money(number, digits)
        if kind.startswith("number"):
            return self._plain(number, digits)
        told = self._plain(100 * number, digits)
        return told if kind == "points" else self.percent.format(told)

    def _number(self, number: float, kind: str) -> str:
        match kind:
            case "count":
                return self._plain(number, 0)
            case "percent":
                return self.percent.format(self._plain(100 * number, 1))
            case "percent0":
                return self.percent.format(self._plain(100 * number, 0))
            case "points":
                return self._plain(100 * number, 1)
            case "money":
                return self._money(number, 0 if abs(number) >= LARGE_AMOUNT else 2)
            case "p":
                return "< 0.001" if number < 0.001 else f"= {self._plain(number, 3)}"
            case "p_cell":
                return "< 0.001" if number < 0.001 else self._plain(number, 3)
            case "auto":
                return self._plain(number, 0 if number == round(number) else 1)
            case _ if kind.startswith("number"):
                return self._plain(number, int(kind.removeprefix("number")))
        raise ValueError(f"a format must be one of those of Formats, but '{kind}' came")

    def _plain(self, number: float, digits: int) -> str:
        rounded = round(number, digits) + 0.0
        text = f"{rounded:,.{digits}f}"
        swap = {",": self.thousands, ".": self.decimal}
        return "".join(swap.get(sign, sign) for sign in text).replace("-", "\N{MINUS SIGN}")

    def _money(self, amount: float, digits: int) -> str:
        sign = "\N{MINUS SIGN}" if amount < 0 else ""
        shown = self.money.format(self._plain(abs(amount), digits), currency=self.currency)
        return sign + shown

    def _date(self, day: date) -> str:
        return self.date.format(day=day.day, month=self.months[day.month - 1], year=day.year)
