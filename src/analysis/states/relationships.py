"""Every relationship of a contractual study, with the groups known on its first day."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from analysis.data import Tables
from analysis.frames import customer_frame, spells
from analysis.params import Params
from analysis.states.segments import require_segment, with_unknown

OF_THE_FIRST_PURCHASE = ("first_value", "first_value_third", "acquired_month")


def read_relationships(tables: Tables, params: Params) -> pd.DataFrame:
    """Return every relationship that was followed, with the groups of its customer.

    Parameters
    ----------
    tables : Tables
        Uses `contracts`, `customers` and, where there are any, `transactions`.
    params : Params
        Uses `segments`, `followed_until` and what `frames.spells` uses.

    Returns
    -------
    DataFrame
        The columns of `frames.spells` (durations in months, `cause` 'not stated' where an end has
        none) and one column a segment, 'not known' where it is missing, or became known only
        after the first day of the customer's first relationship; what began after follow-up had
        ended is left out.

    Raises
    ------
    DataError
        A segment is no column.
    """
    every = followed_spells(tables, params)
    stated = every["cause"].notna() | ~every["event"].astype(bool)
    every["cause"] = every["cause"].where(stated, "not stated")
    people = attributes_at_start(tables, params)
    for name in params.segments:
        require_segment(name, people)
    joined = every.merge(people, on="customer_id", how="left")
    joined = _known_at_start(joined, params.segments)
    groups = {name: with_unknown(joined[name]) for name in params.segments}
    return joined[[*every.columns, *params.segments]].assign(**groups)


def followed_spells(tables: Tables, params: Params) -> pd.DataFrame:
    """The rows of `frames.spells` that had begun when follow-up ended (`followed_until`)."""
    every = spells(tables, params)
    begun = every["started_at"] <= pd.Timestamp(params.followed_until)
    return every[begun].reset_index(drop=True)


def attributes_at_start(tables: Tables, params: Params) -> pd.DataFrame:
    """What is known of each customer at the start: columns of `customers`, and the first purchase.

    Returns
    -------
    DataFrame
        One row a customer: the columns of `customers`; where there are `transactions`, also
        `first_at` and `OF_THE_FIRST_PURCHASE`, which may be known only after a contract began.
    """
    people = tables.fetch(tables["customers"])
    if "transactions" not in tables:
        return people
    bought = customer_frame(tables, params)[["customer_id", "first_at", *OF_THE_FIRST_PURCHASE]]
    known = [c for c in people if c == "customer_id" or c not in bought]
    return people[known].merge(bought, on="customer_id", how="outer")


def _known_at_start(joined: pd.DataFrame, segments: Sequence[str]) -> pd.DataFrame:
    """Groups by the first purchase are blank for whom it came only after the first start."""
    late = [name for name in segments if name in OF_THE_FIRST_PURCHASE and name in joined]
    if not late or "first_at" not in joined:
        return joined
    began = joined.groupby("customer_id")["started_at"].transform("min")
    known = joined["first_at"] <= began
    return joined.assign(**{name: joined[name].where(known) for name in late})
