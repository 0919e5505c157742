"""Customers who were chosen for a campaign, contacted or held out, and what they did after it."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import attach_known, purchase_days, sample_customers
from analysis.frames.calendar import first_day, month_number
from analysis.params import Params
from analysis.states.outcomes import outcomes_after
from analysis.states.stages import Stages
from analysis.states.tier_held import with_tier

OUTCOMES = ("bought_again", "purchases", "revenue", "margin", "ended")
"""What is compared, each in the window from the day of the contact."""
TREATED, CONTROL = "treated", "control"
DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """Campaigns that held customers out, one row a customer and campaign.

    Attributes
    ----------
    frame : DataFrame
        `customer_id, campaign, at` (the day of the contact), `treated` (bool), `redeemed` (bool;
        within the window), `cost`, the outcomes, the same before the contact (`<outcome>_before`,
        an equally long window that ends the day before), `days` until the next purchase and
        `bought` (whether there was one; else `days` is the length of the window), and what was held
        on the day before: `tier_held`, `stage` where there are such.
    outcomes : tuple of str
        Those of `OUTCOMES` that the study knows.
    left_out : DataFrame
        Campaigns that are not compared: `campaign, why` ('no_control', 'too_few', 'cut_off')`, n`
        (customers in it).
    weeks : float
        Length of the window.
    by_lot : float or None
        The share that lot was to treat; None where nothing says that it was a lot.
    """

    frame: pd.DataFrame
    outcomes: tuple[str, ...]
    left_out: pd.DataFrame
    weeks: float
    by_lot: float | None

    @property
    def customers(self) -> int:
        """Customers who were in one of the campaigns that are compared."""
        return int(self.frame["customer_id"].nunique())


def read_trials(tables: Tables, params: Params, *, stages: Stages | None = None) -> Trials:
    """Return what everybody who was chosen for a campaign did before and after its day.

    The window begins with the day of the contact. A campaign is compared where its whole window
    was observed for everybody in it and both arms have `min_cell` customers.

    Parameters
    ----------
    tables : Tables
        Uses `campaigns` (`customer_id, campaign, at, arm`, and `cost, redeemed_at` where there are
        such), `transactions`, and `tier_history` and `contracts` where there are such.
    params : Params
        Uses `campaigns`, `min_cell`, `observed_until` and what `outcomes_after` uses.
    stages : Stages, optional
        Gives the stage at the end of the month before.

    Returns
    -------
    Trials
    """
    tables = sample_customers(tables)
    chosen = _chosen(tables)
    window = pd.Timedelta(days=int(7 * params.campaigns.weeks))
    followed = chosen["at"] + window - DAY <= pd.Timestamp(params.observed_until)
    left_out = _left_out(chosen, followed, params.min_cell)
    frame = chosen[~chosen["campaign"].isin(left_out["campaign"])].reset_index(drop=True)
    outcomes: tuple[str, ...] = ()
    if len(frame):
        frame, outcomes = _with_outcomes(frame, tables, params)
        frame = _with_next(frame, tables, window)
        frame = _with_states(frame, tables, stages)
        frame["redeemed"] = frame["redeemed_at"] < frame["at"] + window
        frame = frame.sort_values(["at", "campaign", "customer_id"], ignore_index=True)
    return Trials(
        frame,
        outcomes,
        left_out,
        params.campaigns.weeks,
        params.campaigns.treated_share,
    )


def _chosen(tables: Tables) -> pd.DataFrame:
    """Everybody with an arm, the day of the contact as a local day."""
    campaigns = tables["campaigns"]
    more = [name for name in ("cost", "redeemed_at") if name in campaigns.columns]
    told = campaigns.filter(campaigns.arm.notnull()).select(
        "customer_id", "campaign", "arm", *more, at=campaigns["at"].cast("timestamp")
    )
    rows = tables.fetch(told.order_by(["at", "campaign", "customer_id"]))
    rows["at"] = rows["at"].dt.normalize()
    rows["treated"] = rows.pop("arm") == TREATED
    rows["redeemed_at"] = pd.to_datetime(rows.get("redeemed_at"))
    rows["cost"] = rows.get("cost", pd.Series(0.0, rows.index)).astype(float).fillna(0.0)
    return rows


def _left_out(chosen: pd.DataFrame, followed: pd.Series, least: int) -> pd.DataFrame:
    rows = []
    for name, part in chosen.groupby("campaign", sort=False):
        fewest = min(part["treated"].sum(), (~part["treated"]).sum())
        why = "too_few" if fewest < least else ""
        why = "no_control" if fewest == 0 else why
        why = why if followed[part.index].all() else "cut_off"
        if why:
            rows.append((name, why, part["customer_id"].nunique()))
    return pd.DataFrame(rows, columns=["campaign", "why", "n"])


def _with_outcomes(
    frame: pd.DataFrame, tables: Tables, params: Params
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Outcomes from the day of the contact on, and in as long a time before it."""
    weeks = params.campaigns.weeks
    eve = frame.assign(at=frame["at"] - DAY)
    after = outcomes_after(tables, params, eve, weeks=weeks)
    long_ago = eve.assign(at=eve["at"] - pd.Timedelta(days=int(7 * weeks)))
    before = outcomes_after(tables, params, long_ago, weeks=weeks)
    known = [name for name in OUTCOMES if name in after and after[name].notna().all()]
    if params.relationship != "contractual":
        known = [name for name in known if name != "ended"]
    found = frame.assign(**{name: after[name].astype(float) for name in known})
    earlier = {f"{name}_before": before[name].astype(float) for name in known if name != "ended"}
    return found.assign(**earlier), tuple(known)


def _with_next(frame: pd.DataFrame, tables: Tables, window: pd.Timedelta) -> pd.DataFrame:
    """Days to the first purchase from the contact on; the length of the window without one."""
    asked = ibis.memtable(frame[["customer_id", "at"]].drop_duplicates())
    asked = asked.select("customer_id", asked_at=asked["at"].cast("date"))
    pairs = asked.join(purchase_days(tables), "customer_id")
    pairs = pairs.filter(pairs.bought & (pairs["at"] >= pairs.asked_at))
    firsts = pairs.group_by(["customer_id", "asked_at"]).agg(next_at=pairs["at"].min())
    found = tables.fetch(firsts).rename(columns={"asked_at": "at"})
    rows = frame.merge(found, on=["customer_id", "at"], how="left")
    days = (rows.pop("next_at") - rows["at"]).dt.days + 1.0
    rows["bought"] = days <= window.days
    return rows.assign(days=np.where(rows["bought"], days, float(window.days)))


def _with_states(frame: pd.DataFrame, tables: Tables, stages: Stages | None) -> pd.DataFrame:
    """The tier held on the eve of the contact, and the stage of the last whole month before it."""
    eve = frame["at"] - DAY
    rows = with_tier(frame.assign(at=eve), tables)
    if stages is not None:
        months = stages.table
        judged = months.select(
            "customer_id", "stage", from_at=first_day(month_number(months.month) + 1)
        )
        rows = attach_known(rows, judged, at="at")
        rows["stage"] = pd.Categorical(rows["stage"], stages.order)
    return rows.assign(at=frame["at"])
