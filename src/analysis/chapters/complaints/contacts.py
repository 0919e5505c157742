"""Complaints and other contacts, and who was still a customer when they were settled.

Whether a complaint was answered in time is known only after that time. So customers are followed
from the day on which the slower limit has passed: all groups have survived the same wait, and none
is credited with it.
"""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.frames import purchase_days
from analysis.params import Params
from analysis.states.outcomes import outcomes_after
from analysis.states.tier_held import with_tier
from analysis.units import WEEKS_PER_YEAR

COMPLAINT, COMPARED = "complaint", ("contact", "enquiry")
OTHER, FAST, SLOW, OPEN = "other_contact", "answered_fast", "answered_late", "not_answered"
LOST = "lost"


def complaint_events(tables: Tables, params: Params) -> pd.DataFrame:
    """One row a complaint, contact or enquiry of a customer who was active when it was settled.

    Parameters
    ----------
    tables : Tables
        Uses `interactions` (`customer_id, at, kind`, and `resolved_at` where there is one),
        `transactions`, and `tier_history` where there is one.
    params : Params
        Uses `satisfaction.answered_days` (days within which an answer is fast, and late),
        `satisfaction.outcome_weeks`, `observed_until`, `relationship` and what `spells` uses.

    Returns
    -------
    DataFrame of shape (contacts, …)
        `customer_id, at` (the day of the landmark, `late_days` after the contact), `handling`,
        `lost` (0/1, in the window after it), `days_since_last, log_recency, tenure_years,
        log_spend_before` and `tier_held`, all as of the landmark. Contacts whose window was cut off
        are left out.
    """
    _, late_days = params.satisfaction.answered_days
    contacts = recorded_contacts(tables, params)
    contacts["at"] = contacts["began_at"].dt.normalize() + pd.Timedelta(days=late_days)
    contacts = contacts.drop_duplicates(["customer_id", "at"], keep="first")
    after = outcomes_after(tables, params, contacts, weeks=params.satisfaction.outcome_weeks)
    contractual = params.relationship == "contractual"
    contacts[LOST] = after["ended"] if contractual else 1 - after["bought_again"]
    active = contacts[after["active"] & contacts[LOST].notna()]
    rows = active[["customer_id", "at", "began_at", "handling", LOST]]
    rows = rows.merge(_purchases_before(rows, tables), on=["customer_id", "at"])
    rows = rows[rows["first_at"].notna()]
    rows["tenure_years"] = (rows["at"] - rows["first_at"]).dt.days / 7 / WEEKS_PER_YEAR
    rows["days_since_last"] = (rows["at"] - rows["latest_at"]).dt.days
    rows["log_recency"] = np.log1p(rows["days_since_last"])
    rows["log_spend_before"] = np.log1p(rows["revenue_before"].astype(float).clip(lower=0))
    return with_tier(rows, tables).reset_index(drop=True)


def recorded_contacts(tables: Tables, params: Params) -> pd.DataFrame:
    """All complaints, contacts and enquiries, with the days until they were settled.

    Returns
    -------
    DataFrame
        `customer_id, kind, began_at, resolved_at, days` (whole days; NaN while open), `handling`;
        the contacts of a customer in order, a complaint before what else there was.
    """
    fast_days, late_days = params.satisfaction.answered_days
    interactions = tables["interactions"]
    kinds = interactions.kind.isin([COMPLAINT, *COMPARED])
    settled_at = [name for name in ("resolved_at",) if name in interactions.columns]
    chosen = interactions.filter(kinds).select(
        "customer_id", "kind", *settled_at, began_at=interactions["at"].cast("timestamp")
    )
    contacts = tables.fetch(chosen)
    if "resolved_at" not in contacts:
        contacts["resolved_at"] = pd.NaT
    days = contacts["resolved_at"].dt.normalize() - contacts["began_at"].dt.normalize()
    contacts["days"] = days.dt.days
    complained = contacts["kind"] == COMPLAINT
    settled = [contacts["days"] <= fast_days, contacts["days"] <= late_days]
    handled = np.select(settled, [FAST, SLOW], OPEN)
    contacts["handling"] = np.where(complained, handled, OTHER)
    # On one day the complaint counts, not the enquiry beside it.
    return contacts.assign(first=~complained).sort_values(["customer_id", "first", "began_at"])


def _purchases_before(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    """Sum, in the engine, what lies up to each landmark."""
    asked = ibis.memtable(rows[["customer_id", "at"]].assign(at=rows["at"].dt.date))
    asked = asked.select("customer_id", asked_at=asked["at"].cast("date"))
    pairs = asked.join(purchase_days(tables), "customer_id")
    pairs = pairs.filter(pairs["at"] <= pairs.asked_at)
    sums = pairs.group_by(["customer_id", "asked_at"]).agg(
        first_at=pairs["at"].min(where=pairs.bought),
        latest_at=pairs["at"].max(where=pairs.bought),
        revenue_before=pairs.amount.sum(),
    )
    return tables.fetch(sums, money=["revenue_before"]).rename(columns={"asked_at": "at"})
