"""Contract lives as counted rows, and what sBG and BdW share: sums over periods to come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods.purchases._rows import check_columns, counted_rows
from analysis.notes import Note, note

TAIL = 1e-12
"""A discounted sum over periods stops when what is left out is below this share of it."""
LONGEST = 200_000
"""Most periods summed before a life is called endless."""


def renewal_rows(alive: list[float] | np.ndarray) -> pd.DataFrame:
    """Turn the customers alive after 0, 1, 2, … renewals into counted rows.

    Parameters
    ----------
    alive : array
        Customers alive after 0, 1, 2, … renewals: two or more numbers that never rise.

    Returns
    -------
    DataFrame
        `duration` (periods), `event` (True: ended in that period; False: still alive at the last
        count), `count`.

    Raises
    ------
    DataError
        Fewer than two numbers, or numbers that rise.
    """
    alive = np.asarray(alive, float)
    if alive.ndim != 1 or len(alive) < 2 or not np.isfinite(alive).all():
        raise DataError(f"alive must hold two or more numbers, but holds {alive.shape}")
    if (np.diff(alive) > 0).any() or alive[-1] < 0 or alive[0] <= 0:
        raise DataError("alive must start above 0 and never rise, but it does; check the counts")
    periods = np.arange(1, len(alive))
    lost = pd.DataFrame({"duration": periods, "event": True, "count": -np.diff(alive)})
    kept = pd.DataFrame({"duration": periods[-1:], "event": False, "count": alive[-1:]})
    rows = pd.concat([lost, kept], ignore_index=True)
    return rows[rows["count"] > 0].reset_index(drop=True)


def check_renewals(lives: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Check and count the columns duration and event."""
    check_columns(lives, ("duration", "event"))
    duration, event = lives["duration"].to_numpy(float), lives["event"].to_numpy(float)
    if (duration % 1 != 0).any() or (duration < 1).any():
        raise DataError(
            "duration must be a whole number of periods, 1 or more, but is not in "
            f"{((duration % 1 != 0) | (duration < 1)).sum():,} of {len(lives):,} rows; count "
            "the renewal a customer declined (or the last she is known to have made)"
        )
    if not np.isin(event, (0, 1)).all():
        raise DataError("event must be True (ended) or False (still alive), but is neither")
    duration, event, counts = counted_rows(lives, ("duration", "event"))
    return duration, event == 1, counts


def thin_renewals(duration: np.ndarray, event: np.ndarray, counts: np.ndarray) -> Note | str:
    """Say why the lives support no model; empty when they may."""
    if counts.sum() < 2:
        return note("purchases.one_history")
    if not event.any():
        return note("purchases.nobody_left")
    if len(np.unique(duration[event])) < 2:
        return note("purchases.one_period")
    return ""


def discounted_lives(
    survival: Callable[[np.ndarray], np.ndarray], renewals: np.ndarray, rate: float
) -> np.ndarray:
    """Sum of S(t) / S(k) / (1 + rate)^(t - k - 1) over t > k, for each number of renewals k.

    Fader & Hardie (2010), eq. 6: the next renewal is not discounted. Their closed form for sBG
    overflows where customers are almost alike; the sum does not.
    """
    made = np.asarray(renewals, float)
    if not np.isfinite(made).all() or (made != np.floor(made)).any() or (made < 0).any():
        raise ParamsError(f"renewals must be 0, 1, 2, …, but {renewals} came")
    if not rate > 0:
        raise ParamsError(f"the discount rate of a period must be above 0, but {rate} came")
    periods = int(min(LONGEST, np.ceil(np.log(TAIL * rate) / -np.log1p(rate))))
    first, last = int(made.min()), int(made.max())
    alive = survival(np.arange(first, last + periods + 1.0))
    ahead = np.append(np.cumsum((alive[1:] * (1 + rate) ** -np.arange(len(alive) - 1.0))[::-1]), 0)
    at = (made - first).astype(int)
    return ahead[len(alive) - 2 - at] * (1 + rate) ** at / alive[at]
