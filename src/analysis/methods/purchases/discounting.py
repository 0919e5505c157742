"""How money to come is brought to today, with its period convention stated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from analysis.errors import ParamsError
from analysis.units import WEEKS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Discounting:
    """How money to come is brought to today.

    Attributes
    ----------
    annual_rate : float
        0.1 for ten per cent a year.
    periods_per_year : float
        Model time units in a year.
    period : float
        Length in time units of the periods that are summed.
    timing : {"start", "middle", "end"}
        When in its period a purchase is counted as made.
    """

    annual_rate: float = 0.0
    periods_per_year: float = WEEKS_PER_YEAR
    period: float = 4.0
    timing: Literal["start", "middle", "end"] = "middle"

    def __post_init__(self) -> None:
        if not -0.99 < self.annual_rate < 10:
            raise ParamsError(
                f"annual_rate must be a share such as 0.1 for 10 %, but {self.annual_rate} came"
            )
        if not (self.period > 0 and self.periods_per_year > 0):
            raise ParamsError("period and periods_per_year must be above 0, but one is not")

    def schedule(self, time: float) -> tuple[np.ndarray, np.ndarray]:
        """Ends of the periods up to `time`, and the factor of each."""
        ends = np.append(np.arange(self.period, time - 1e-9, self.period), time)
        starts = np.append(0.0, ends[:-1])
        moment = {"start": starts, "middle": (starts + ends) / 2, "end": ends}[self.timing]
        return ends, (1 + self.annual_rate) ** -(moment / self.periods_per_year)

    def sum(self, cumulative: Callable[[float], np.ndarray], time: float) -> np.ndarray:
        """Discounted sum of the increments of a cumulative expectation."""
        if self.annual_rate == 0:
            return cumulative(time)
        ends, factors = self.schedule(time)
        weights = factors - np.append(factors[1:], 0.0)
        return sum(w * cumulative(end) for end, w in zip(ends, weights, strict=True))


UNDISCOUNTED = Discounting()
