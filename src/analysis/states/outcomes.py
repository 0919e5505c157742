"""What came after a day: purchases, money, and whether the relationship ended."""

from __future__ import annotations

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError, ParamsError
from analysis.frames import purchase_days, spells
from analysis.params import Params

MONEY_DIGITS = 6
WINDOW = ["customer_id", "at", "until"]


def outcomes_after(
    tables: Tables, params: Params, asked: pd.DataFrame, *, weeks: float | None = None
) -> pd.DataFrame:
    """Return what each customer did in the time after a day, and whether that time was observed.

    The window begins on the day after `at` and ends on `until`, both days whole; what happens on
    the day itself counts neither before nor after, since its order is not known.

    Parameters
    ----------
    tables : Tables
        Uses `transactions`, and `contracts` in a contractual study, where there are any.
    params : Params
        Uses `observed_until`, `followed_until` and what `frames.spells` uses.
    asked : DataFrame
        `customer_id`, `at` (a day) and, unless `weeks` is given, `until` (a day after it): any
        number of rows a customer.
    weeks : float, optional
        The length of every window, above 0: `until` is `7 * weeks` days after `at`.

    Returns
    -------
    DataFrame
        The rows of `asked` with its index, `customer_id, at, until` and

        =============  ================================================================
        observed       whether the whole window was observed
        purchases      purchase days; missing where the window was not observed
        revenue        amount, returns netted; likewise
        margin         likewise, where the transactions carry one
        bought_again   1 where anything was bought, else 0; likewise
        active         whether a relationship was open at the close of `at`
        ends_observed  whether every end within the window can be known: whether it ends by
                       `followed_until`
        ended          1 where the open relationship ended within the window, else 0; missing where
                       none was open, or its end cannot be known
        =============  ================================================================

        Money is in `params.currency`, rounded to 1e-6. The columns of purchases are there where
        the study has transactions, those of ends where it has what they are told by.

    Raises
    ------
    DataError
        A column is missing.
    ParamsError
        Neither or both of `weeks` and `until` are given, or the window has no length.
    """
    found = _windows(asked, weeks)
    end = pd.Timestamp(params.observed_until)
    found["observed"] = found["until"] <= end
    if "transactions" in tables:
        found = _with_purchases(found, tables)
    contractual = params.relationship == "contractual"
    if ("contracts" if contractual else "transactions") in tables:
        found["ends_observed"] = found["until"] <= pd.Timestamp(params.followed_until)
        found = _with_ends(found, tables, params)
    return found


def _windows(asked: pd.DataFrame, weeks: float | None) -> pd.DataFrame:
    if (weeks is None) == ("until" not in asked):
        raise ParamsError(
            "a window must have either weeks or a column until, but "
            f"{'neither' if weeks is None else 'both'} came"
        )
    absent = [column for column in ("customer_id", "at") if column not in asked]
    if absent:
        raise DataError(f"asked must have the column {absent[0]}, but it has none")
    found = asked[["customer_id"]].astype("str")
    found["at"] = pd.to_datetime(asked["at"]).astype("datetime64[us]").dt.normalize()
    if weeks is None:
        found["until"] = pd.to_datetime(asked["until"]).astype("datetime64[us]").dt.normalize()
    else:
        found["until"] = found["at"] + pd.Timedelta(days=int(7 * weeks))
    if not (found["until"] > found["at"]).all():
        raise ParamsError("a window must end after the day it begins at, but one does not")
    return found


def _with_purchases(found: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Sum, in the engine, what lies within each window; blank what was not observed."""
    windows = found[WINDOW].drop_duplicates()
    windows = ibis.memtable(windows.rename(columns={"at": "asked_at"}))
    windows = windows.mutate(
        asked_at=windows.asked_at.cast("date"), until=windows.until.cast("date")
    )
    pairs = windows.join(purchase_days(tables), "customer_id")
    pairs = pairs.filter((pairs["at"] > pairs.asked_at) & (pairs["at"] <= pairs.until))
    money = {"revenue": "amount"} | ({"margin": "margin"} if "margin" in pairs.columns else {})
    sums = {name: pairs[column].sum() for name, column in money.items()}
    sums = {"purchases": pairs.count(where=pairs.bought), **sums}
    counted = tables.fetch(pairs.group_by(["customer_id", "asked_at", "until"]).agg(**sums))
    joined = found.merge(counted.rename(columns={"asked_at": "at"}), on=WINDOW, how="left")
    joined = joined.set_index(found.index)
    for name in sums:
        amounts = joined[name].astype(float).fillna(0.0).round(MONEY_DIGITS)
        joined[name] = amounts.where(joined["observed"])
    joined["bought_again"] = joined["purchases"].gt(0).astype(float).where(joined["observed"])
    return joined


def _with_ends(found: pd.DataFrame, tables: Tables, params: Params) -> pd.DataFrame:
    """Say whose relationship was open on the day, and whether it ended within the window."""
    stays = spells(tables, params)[["customer_id", "started_at", "ended_at"]]
    pairs = found[WINDOW].reset_index(drop=True).rename_axis("row").reset_index()
    pairs = pairs.merge(stays, on="customer_id")
    going = (pairs["started_at"] <= pairs["at"]) & ~(pairs["ended_at"] <= pairs["at"])
    held = pairs[going].drop_duplicates("row").set_index("row")
    ended = (held["ended_at"] <= held["until"]).astype(float).reindex(range(len(found)))
    active = ended.notna().to_numpy()
    known = found["ends_observed"].to_numpy()
    return found.assign(active=active, ended=ended.where(known).to_numpy())
