"""Every relationship of a contractual study, with the groups known on its first day."""

from __future__ import annotations

import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import customer_frame, spells
from analysis.params import Params

OF_THE_FIRST_PURCHASE = ("first_value_third", "first_value", "acquired_month")


def read_relationships(tables: Tables, params: Params) -> pd.DataFrame:
    """Return every relationship with the groups of its customer.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`, `customers` and, where there are any, `transactions`.
    params : Params
        Uses `segments` and what `frames.spells` uses.

    Returns
    -------
    DataFrame
        The columns of `frames.spells` (durations in months, `cause` 'not stated' where an end has
        none) and one column a segment, 'not known' where it is missing.

    Raises
    ------
    DataError
        A segment is no column, or is known only later than the first day of the relationship.
    """
    found = spells(tables, params)
    stated = found["cause"].notna() | ~found["event"].astype(bool)
    found["cause"] = found["cause"].where(stated, "not stated")
    people = _people(tables, params)
    absent = [name for name in params.segments if name not in people]
    if absent:
        raise DataError(
            f"segments must be columns of the customers, but {', '.join(absent)} is none; set "
            f"segments to some of {', '.join(people.columns.drop('customer_id'))}"
        )
    joined = found.merge(people, on="customer_id", how="left")
    _refuse_later(joined, params.segments)
    for name in params.segments:
        joined[name] = _known(joined[name])
    return joined[[*found.columns, *params.segments]]


def _people(tables: Tables, params: Params) -> pd.DataFrame:
    if "transactions" in tables:
        bought = customer_frame(tables, params)[["customer_id", "first_at", *OF_THE_FIRST_PURCHASE]]
        attributes = tables.fetch(tables["customers"])
        known = [c for c in attributes if c == "customer_id" or c not in bought]
        return attributes[known].merge(bought, on="customer_id", how="outer")
    return tables.fetch(tables["customers"])


def _refuse_later(joined: pd.DataFrame, segments: tuple[str, ...]) -> None:
    late = [name for name in segments if name in OF_THE_FIRST_PURCHASE]
    if not late:
        return
    first = joined[joined["spell"] == 1]
    unknown = ~(first["first_at"] <= first["started_at"])
    if unknown.any():
        raise DataError(
            f"groups must be known on the first day of a relationship, but {', '.join(late)} is "
            f"known only after it for {unknown.sum():,} of {len(first):,} customers; set segments "
            "to columns of the customers, such as channel"
        )


def _known(segment: pd.Series) -> pd.Series:
    if not segment.isna().any():
        return segment
    return segment.astype(object).where(segment.notna(), "not known")
