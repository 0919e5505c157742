"""Statistical disclosure control where numbers are the parts of others: a ledger of wholes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import pandas as pd


def small_parts(
    counts: pd.Series,
    sums: Mapping[str, Collection[tuple[str, ...]]],
    min_cell: int,
    *,
    first: str = "",
) -> pd.Series:
    """Which numbers must be hidden, where some are the sums of others.

    A number from 1 to `min_cell` less 1 is hidden. As long as a whole and its parts hide exactly
    one number, one more of them goes too, since the others would give it away: `first` where it is
    one of them, else the smallest part. A number of no sum takes none with it.

    Parameters
    ----------
    counts : Series, (k,), indexed by name
        Missing counts are not hidden.
    sums : mapping
        Each whole to the sets of its parts, every one of which adds up to it.
    min_cell : int
        The smallest number that may be shown.
    first : str
        What is hidden before any other: the whole that nothing else in a report names.

    Returns
    -------
    Series of bool, (k,), indexed as `counts`

    References
    ----------
    Hundepool et al. (2012), Statistical Disclosure Control, Wiley, chapter 4.
    """
    hidden = (counts > 0) & (counts < min_cell)
    while (known := next(_given_away(hidden, counts, sums), None)) is not None:
        hidden[first if first in known else known[0]] = True
    return hidden


def _given_away(
    hidden: pd.Series, counts: pd.Series, sums: Mapping[str, Collection[tuple[str, ...]]]
) -> Iterator[list[str]]:
    """Of each sum that hides one number: what else may be hidden, the smallest part first."""
    for whole, sets in sums.items():
        for parts in sets:
            own = [name for name in (*parts, whole) if counts[name] > 0]
            shown = sorted((n for n in own if not hidden[n]), key=lambda n: (n == whole, counts[n]))
            if shown and len(own) - len(shown) == 1:
                yield shown
