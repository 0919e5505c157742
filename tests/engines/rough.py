"""Tables as they come: nulls, ties, empty groups, days on the border, ids of many scripts."""

from __future__ import annotations

import ibis
import pandas as pd

from analysis.data import Tables, fetch
from analysis.params import Params

CUSTOMERS = 150
IDS = ("10", "9", "a-1", "A-1", "_z", "Zoë", "zoe", "Ärzte", "中文", "a 1")
NOBODY = "never bought"


def rough_tables(tables: Tables, params: Params) -> dict[str, ibis.Table]:
    """A study's tables with few customers and much of what goes wrong, as tables in memory."""
    known = fetch(tables["customers"]).head(CUSTOMERS)["customer_id"]
    names = dict(zip(known[: len(IDS)], IDS, strict=True))
    made = {}
    for name in tables:
        rows = fetch(tables[name])
        rows = rows[rows["customer_id"].isin(known)].replace({"customer_id": names})
        rows = ROUGHEN[name](rows.reset_index(drop=True), params)
        made[name] = ibis.memtable(
            rows.sample(frac=1, random_state=1), schema=tables[name].schema()
        )
    return made


def _some(rows: pd.DataFrame, step: int, **changed) -> pd.DataFrame:
    """Every so many rows once more, with other values."""
    return rows.iloc[::step].assign(**changed)


def _blank(rows: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Each column missing in every seventh row, and all of them in some."""
    rows = rows.copy()
    for place, column in enumerate(columns):
        rows.loc[rows.index % 7 == place % 7, column] = None
        rows.loc[rows.index % 41 == 0, column] = None
    return rows


def _transactions(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    first, last = pd.Timestamp(params.observed_from), pd.Timestamp(params.observed_until)
    rows = _blank(rows, "margin", "product", "channel")
    alone = _some(rows, 40, customer_id="only returns", amount=-5.0)
    more = [
        _some(rows, 11),  # identical
        _some(rows, 13, amount=-rows["amount"]),  # given back on the day
        _some(rows, 17, amount=0.0, margin=0.0),
        _some(rows, 19, amount=rows["amount"] / 3, margin=None),
        _some(rows, 23, at=last),
        _some(rows, 29, at=first),
        _some(rows, 31, at=rows["at"] + pd.Timedelta(days=1)),
    ]
    rows = pd.concat([rows, alone, *more], ignore_index=True)
    return rows[rows["at"].between(first, last)]


def _customers(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    last = pd.Timestamp(params.observed_until)
    rows = _blank(rows, "channel", "acquisition_cost", "acquired_at", "region", "age_band")
    rows.loc[rows.index % 5 == 0, "first_contact_at"] = pd.NaT
    late = rows.index % 9 == 0
    rows.loc[late, "first_contact_at"] = last  # met on the last day, or after the purchase
    rows.loc[late, "acquired_at"] = pd.NaT
    nobody = rows.head(1).assign(customer_id=NOBODY, channel="empty", first_contact_at=last)
    return pd.concat([rows, nobody], ignore_index=True)


def _contracts(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    last, gap = pd.Timestamp(params.observed_until), params.gap_days
    ended = rows[rows["ended_at"].notna()]
    within = ended["ended_at"] + pd.Timedelta(days=gap)
    running = {"ended_at": pd.NaT, "ended_reason": None}
    more = [
        _some(rows, 5, plan="another"),  # on the same day
        _some(ended, 7, ended_at=last, plan="late"),
        _some(ended, 11, ended_at=last + pd.Timedelta(days=1), plan="later"),
        _some(ended, 13, ended_at=ended["started_at"], plan="a day"),
        _some(ended, 3, started_at=within, **running),
        _some(ended, 4, started_at=within + pd.Timedelta(days=1), **running),
    ]
    rows = pd.concat([_blank(rows, "monthly_fee"), *more], ignore_index=True)
    return rows[rows["started_at"] <= last].drop_duplicates(["customer_id", "started_at", "plan"])


def _surveys(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    items = [column for column in rows if column[-1].isdigit()]
    rows = _blank(rows, "nps", "comment", *items)
    more = [
        _some(rows, 2, nps=0.0),
        _some(rows, 3, nps=10.0, comment="twice"),  # three answers on one day
        _some(rows, 5, at=pd.Timestamp(params.observed_until)),
        _some(rows, 7, at=pd.Timestamp(params.observed_from)),
        _some(rows, 11, customer_id=NOBODY),
    ]
    return pd.concat([rows, *more], ignore_index=True)


def _interactions(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    midnight, second = rows["at"].dt.normalize(), pd.Timedelta(seconds=1)
    rows = _blank(rows, "channel", "cost", "rating", "resolved_at")
    more = [
        _some(rows, 5, kind="complaint"),  # at the same time as something else
        _some(rows, 7, at=midnight, resolved_at=midnight),
        _some(rows, 11, at=midnight + pd.Timedelta(days=1) - second, resolved_at=pd.NaT),
    ]
    rows = pd.concat([rows, *more], ignore_index=True)
    return rows[rows["at"] < pd.Timestamp(params.observed_until) + pd.Timedelta(days=1)]


def _tier_history(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    last = pd.Timestamp(params.observed_until)
    rows = _blank(rows, "reason")
    more = _some(rows[rows["to_at"].isna()], 9, from_at=last, tier="new tier")
    return pd.concat([rows, more], ignore_index=True).drop_duplicates(["customer_id", "from_at"])


def _campaigns(rows: pd.DataFrame, params: Params) -> pd.DataFrame:
    return _blank(rows, "arm", "cost", "redeemed_at")


ROUGHEN = {
    "transactions": _transactions,
    "customers": _customers,
    "contracts": _contracts,
    "surveys": _surveys,
    "interactions": _interactions,
    "tier_history": _tier_history,
    "campaigns": _campaigns,
}
