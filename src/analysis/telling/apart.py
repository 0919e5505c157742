"""Two numbers and how far they lie apart, told so that a reader who subtracts finds no fault.

42.33 and 50.67 lie 8.3 apart; told as 42.3, 50.7 and 8.3 they do not. Such numbers are told with
as many digits more, at most two, as it takes for the difference told to be that of the numbers
told and the rounded true one at once; where no number of digits does both (thirds), the difference
keeps fewer digits than the numbers that it lies between.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

LARGE_AMOUNT = 1000
"""From here on amounts are told without their minor units."""
Pair = tuple[float, float]
PER_CENT = frozenset({"percent", "percent0", "points"})
DIGITS = {"percent": 1, "points": 1, "percent0": 0}
NOISE = 1e-3
"""Of the last digit told: more than arithmetic in binary adds, less than a reader sees."""
SAME = 1e-6
"""By so much may a difference miss that of its two numbers and still be theirs."""


class Told(float):
    """A number that is told beside others, with the differences between them.

    Attributes
    ----------
    pairs : tuple of (float, float)
        All pairs whose differences are told with it.
    """

    pairs: tuple[Pair, ...]

    def __new__(cls, number: float, pairs: Iterable[Pair]) -> Told:
        made = super().__new__(cls, number)
        made.pairs = tuple(pairs)
        return made

    def __getnewargs__(self) -> tuple:
        return float(self), self.pairs

    def digits(self, kind: str) -> int:
        """After the decimal point, in a format of `Formats`."""
        return _digits(self.pairs, kind)


class Apart(float):
    """A difference that is told beside the two numbers that it lies between.

    Attributes
    ----------
    ends : (float, float)
        It is the first less the second.
    pairs : tuple of (float, float)
        All pairs that are told with the same digits; its own alone by default.
    """

    ends: Pair
    pairs: tuple[Pair, ...]

    def __new__(cls, one: float, other: float, pairs: Iterable[Pair] = ()) -> Apart:
        made = super().__new__(cls, one - other)
        made.ends = (float(one), float(other))
        made.pairs = tuple(pairs) or (made.ends,)
        return made

    def __getnewargs__(self) -> tuple:
        return *self.ends, self.pairs

    def digits(self, kind: str) -> int:
        """After the decimal point, in a format of `Formats`."""
        most, least = _digits(self.pairs, kind), _usual(self.pairs, kind)
        return next(_agreeing(self.ends, kind, most, least), most)


def told_apart(
    one: float, other: float, difference: float | None = None
) -> tuple[float, float, float]:
    """Two numbers and the first less the second, to be told together.

    Parameters
    ----------
    one, other : float
    difference : float, optional
        Where it may be another than theirs (of those who have both): then all stay as they are.
    """
    apart = Apart(one, other)
    if difference is not None and not math.isclose(difference, apart, abs_tol=SAME):
        return one, other, difference
    return Told(one, apart.pairs), Told(other, apart.pairs), apart


def _usual(pairs: Iterable[Pair], kind: str) -> int:
    """The digits that a format has where no difference is told."""
    if kind == "money":
        largest = max((abs(end) for pair in pairs for end in pair if math.isfinite(end)), default=0)
        return 0 if largest >= LARGE_AMOUNT else 2
    if kind in DIGITS:
        return DIGITS[kind]
    if kind.startswith("number"):
        return int(kind.removeprefix("number"))
    raise ValueError(f"a difference must be told in percent, money or a number, not as '{kind}'")


def _digits(pairs: tuple[Pair, ...], kind: str) -> int:
    """The digits with which all numbers of the pairs are told."""
    usual = _usual(pairs, kind)
    pairs = tuple(pair for pair in pairs if all(map(math.isfinite, pair)))
    # Minor units have two digits: one alone would be no amount.
    tried = (0, 2) if kind == "money" and not usual else (usual, usual + 1, usual + 2)
    exact = (most for most in tried if all(_agree(pair, kind, most, most) for pair in pairs))
    rounded = (
        most for most in tried if all(list(_agreeing(pair, kind, most, usual)) for pair in pairs)
    )
    return next(exact, next(rounded, tried[-1]))


def _agreeing(pair: Pair, kind: str, most: int, least: int) -> Iterator[int]:
    """Digits of a difference, the most first, that agree with the numbers as they are told."""
    return (digits for digits in range(most, least - 1, -1) if _agree(pair, kind, most, digits))


def _agree(pair: Pair, kind: str, most: int, digits: int) -> bool:
    """Whether the difference rounded is the rounded difference of the numbers rounded."""
    scale = 100 if kind in PER_CENT else 1
    one, other = pair
    told = round(scale * one, most) - round(scale * other, most)
    true = round(scale * (one - other), digits)
    off = abs(told - true) * 10**digits
    return off < NOISE if digits == most else off < 0.5 - NOISE
