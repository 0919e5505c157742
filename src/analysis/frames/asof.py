"""Join what held on a day: tiers, stages, scores are states, not attributes."""

from __future__ import annotations

from datetime import date

import ibis
import pandas as pd

from analysis.data import fetch
from analysis.errors import DataError

KEYS = ("customer_id", "from_at", "to_at")


def attach(frame: pd.DataFrame, states: pd.DataFrame, *, at: str | date) -> pd.DataFrame:
    """Add to each row the state that its customer was in on a day.

    Parameters
    ----------
    frame : pandas.DataFrame
        `customer_id` and, when `at` names a column, that column of days.
    states : pandas.DataFrame
        `customer_id, from_at`, optional `to_at` (the day on which the state ended; missing while
        it lasts), and the columns to add. A state holds from `from_at` up to the day before
        `to_at`, or until the customer's next state.
    at : str or date
        The column of days, or one day for all rows.

    Returns
    -------
    pandas.DataFrame
        The frame, its rows and index as they were, with the columns of the state; missing where
        the customer was in no state on that day. What begins after the day is never used.

    Raises
    ------
    DataError
        If a column is absent or would be overwritten, or a customer has two states from one day.
    """
    added = [column for column in states.columns if column not in KEYS]
    _check(frame, states, added, at)
    if frame.empty or states.empty:
        missing = states[added].iloc[:0].reindex(range(len(frame))).set_axis(frame.index)
        return frame.assign(**missing.to_dict("series"))
    days = frame[at] if isinstance(at, str) else pd.Series(pd.Timestamp(at), index=frame.index)
    asked = pd.DataFrame(
        {
            "customer_id": frame["customer_id"].astype("str").array,
            "day": pd.to_datetime(days).astype("datetime64[us]").to_numpy(),
            "row": range(len(frame)),
        }
    )
    known = states.assign(
        customer_id=states["customer_id"].astype("str"),
        from_at=pd.to_datetime(states["from_at"]).astype("datetime64[us]"),
    )
    found = pd.merge_asof(
        asked.dropna(subset="day").sort_values("day", kind="stable"),
        known.sort_values("from_at", kind="stable"),
        left_on="day",
        right_on="from_at",
        by="customer_id",
    )
    if "to_at" in found:
        over = pd.to_datetime(found["to_at"]) <= found["day"]
        found[added] = found[added].mask(over)
    found = found.set_index("row")[added].reindex(range(len(frame)))
    return frame.assign(**{column: found[column].set_axis(frame.index) for column in added})


def attach_known(frame: pd.DataFrame, states: ibis.Table, *, at: str) -> pd.DataFrame:
    """Add the state of a day from a table that stays in its engine.

    The customers and days go to the engine; one row for each of them comes back.

    Parameters
    ----------
    frame : pandas.DataFrame
        `customer_id` and the column of days that `at` names.
    states : ibis.Table
        As `attach` takes them; one row a customer and `from_at`.
    at : str
    """
    days = pd.to_datetime(frame[at]).dt.date
    asked = pd.DataFrame({"who": frame["customer_id"].astype("str"), "day": days})
    asked = ibis.memtable(asked.dropna().drop_duplicates(), schema={"who": "string", "day": "date"})
    begun = asked.join(
        states, [asked.who == states.customer_id, states.from_at.cast("date") <= asked.day]
    )
    latest = ibis.window(group_by=["who", "day"], order_by=ibis.desc("from_at"))
    held = begun.mutate(place=ibis.row_number().over(latest))
    held = held.filter(held.place == 0).select(*states.columns)
    found = fetch(held.distinct())
    return attach(frame, found, at=at)


def _check(frame: pd.DataFrame, states: pd.DataFrame, added: list[str], at: str | date) -> None:
    needed = [("frame", frame, "customer_id"), ("states", states, "customer_id")]
    needed += [("states", states, "from_at")]
    if isinstance(at, str):
        needed.append(("frame", frame, at))
    for name, table, column in needed:
        if column not in table:
            raise DataError(f"{name} must have the column {column}, but it has none")
    taken = [column for column in added if column in frame]
    if taken:
        raise DataError(f"frame must not have the column {taken[0]} yet, but it has; drop it")
    twice = int(states.duplicated(["customer_id", "from_at"]).sum())
    if twice:
        raise DataError(
            "states must have one row a customer and from_at, but "
            f"{twice:,} of {len(states):,} rows repeat one; keep the one that held"
        )
