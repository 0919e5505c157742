"""Checks of (start, stop] spells, on each of which a customer's covariates are constant."""

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods._durations import check_columns, raise_faults, read_numbers, tie_times

CUSTOMER = "customer_id"


def check_spells(frame: pd.DataFrame) -> None:
    """Raise if a spell has no length or overlaps another of the same `customer_id`."""
    check_columns(frame, ["start", "stop", "event"])
    faults: list[str] = []
    start = read_numbers(frame, "start", faults)
    stop = read_numbers(frame, "stop", faults, at_least=0)
    raise_faults(faults)
    stop, start = tie_times(stop, start)
    empty = start >= stop
    if empty.any():
        raise DataError(
            f"stop must be after start, but {empty.sum():,} of {len(start):,} spells have no "
            f"length (first: row {int(np.argmax(empty)):,}); drop them or mend their times"
        )
    if CUSTOMER in frame.columns:
        _refuse_overlap(frame[CUSTOMER], start, stop)


def _refuse_overlap(customer: pd.Series, start: np.ndarray, stop: np.ndarray) -> None:
    codes = pd.factorize(customer)[0]
    order = np.lexsort((start, codes))
    same = codes[order][1:] == codes[order][:-1]
    overlap = same & (start[order][1:] < stop[order][:-1])
    if overlap.any():
        row = int(order[1:][int(np.argmax(overlap))])
        raise DataError(
            f"spells of one customer must not overlap, but {overlap.sum():,} of {len(codes):,} "
            f"begin before the one before has ended (first: row {row:,}); mend their times"
        )


def varies_within(frame: pd.DataFrame, covariates: list[str]) -> bool:
    """Whether a covariate changes within a `customer_id`; without the column, it may."""
    if CUSTOMER not in frame.columns:
        return True
    distinct = frame.groupby(CUSTOMER, observed=True)[list(covariates)].nunique(dropna=False)
    return bool((distinct > 1).to_numpy().any())
