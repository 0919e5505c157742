"""Complaints, how they were handled, and who was lost afterwards.

Whether a complaint was answered in time is known only after that time. So customers are followed
from the day on which the slower limit has passed: all groups have survived the same wait, and none
is credited with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import attach, purchase_days, spells
from analysis.methods.measurement import survey_shares
from analysis.methods.regression import RegressionFit, average_marginal_effects, fit_logit
from analysis.params import Params
from analysis.states.answers import NO_TIER, WEEKS_PER_YEAR, attempt

COMPLAINT, COMPARED = "complaint", ("contact", "enquiry")
OTHER, FAST, SLOW, OPEN = "other_contact", "answered_fast", "answered_late", "not_answered"
GROUPS = (OTHER, FAST, SLOW, OPEN)
LOST = "lost"


@dataclass(frozen=True, slots=True, eq=False)
class Complaints:
    """Customers after a complaint, beside customers after another contact.

    Attributes
    ----------
    table : DataFrame
        `handling, contacts, customers, estimate` (share lost within the window), `conf_low,
        conf_high, points_apart` (against other contacts, adjusted), `points_conf_low,
        points_conf_high, p_value`.
    fit : RegressionFit or None
        Logit of being lost; None where it cannot be estimated; `why` says why not.
    answered_within : dict of int to float
        Share of all complaints answered within so many days.
    median_days : float
        Half of the complaints are answered by then; NaN when fewer than half ever are.
    complaints, customers : int
    weeks : float
    fast_days, late_days : int
    contractual : bool
        Whether lost means the end of the contract; else no purchase within the window.
    """

    table: pd.DataFrame
    fit: RegressionFit | None
    answered_within: dict[int, float]
    median_days: float
    complaints: int
    complainers: int
    customers: int
    weeks: float
    fast_days: int
    late_days: int
    contractual: bool
    why: str


def complaint_events(tables: Tables, params: Params) -> pd.DataFrame:
    """One row a complaint, contact or enquiry of a customer who was active when it was settled.

    Returns
    -------
    DataFrame
        `customer_id, at` (the day of the landmark, `late_days` after the contact), `handling`,
        `lost` (0/1, in the window after it), `days_since_last, tenure_years, log_spend_before` and
        `tier_held`, all as of the landmark. Contacts whose window was cut off are left out.
    """
    _, late_days = params.satisfaction.answered_days
    contacts = _contacts(tables, params)
    window = int(7 * params.satisfaction.outcome_weeks)
    contacts["at"] = contacts["began_at"].dt.normalize() + pd.Timedelta(days=late_days)
    whole = contacts["at"] + pd.Timedelta(days=window) <= pd.Timestamp(params.observed_until)
    contacts = contacts[whole].drop_duplicates(["customer_id", "at"], keep="first")
    active = _active(contacts, tables, params, window)
    known = _known(active, tables, window)
    rows = active.merge(known, on=["customer_id", "at"], how="left")
    rows = rows[rows["first_at"].notna()]
    rows["tenure_years"] = (rows["at"] - rows["first_at"]).dt.days / 7 / WEEKS_PER_YEAR
    rows["days_since_last"] = (rows["at"] - rows["latest_at"]).dt.days
    rows["log_recency"] = np.log1p(rows["days_since_last"])
    rows["log_spend_before"] = np.log1p(rows["revenue_before"].astype(float).clip(lower=0))
    if params.relationship != "contractual":
        rows[LOST] = (rows["purchases_after"].fillna(0) == 0).astype(float)
    return _with_tier(rows, tables).reset_index(drop=True)


def _contacts(tables: Tables, params: Params) -> pd.DataFrame:
    fast_days, late_days = params.satisfaction.answered_days
    interactions = tables["interactions"]
    kinds = interactions.kind.isin([COMPLAINT, *COMPARED])
    known = [name for name in ("resolved_at",) if name in interactions.columns]
    chosen = interactions.filter(kinds).select(
        "customer_id", "kind", *known, began_at=interactions["at"].cast("timestamp")
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


def _active(contacts: pd.DataFrame, tables: Tables, params: Params, window: int) -> pd.DataFrame:
    """Keep those whose relationship was open at the landmark; mark the ends that came after it."""
    stays = spells(tables, params)[["customer_id", "started_at", "ended_at"]]
    closed = stays["ended_at"].fillna(pd.Timestamp(params.observed_until) + pd.Timedelta(days=1))
    pairs = contacts.merge(stays.assign(closed_at=closed), on="customer_id")
    open_then = (pairs["started_at"] <= pairs["at"]) & (pairs["at"] < pairs["closed_at"])
    rows = pairs[open_then].drop_duplicates(["customer_id", "at"])
    ends = rows["ended_at"] <= rows["at"] + pd.Timedelta(days=window)
    rows = rows.assign(**{LOST: ends.astype(float)})
    return rows[["customer_id", "at", "began_at", "handling", LOST]]


def _known(rows: pd.DataFrame, tables: Tables, window: int) -> pd.DataFrame:
    """Sum, in the engine, what lies up to and after each landmark."""
    asked = ibis.memtable(rows[["customer_id", "at"]].assign(at=rows["at"].dt.date))
    asked = asked.select("customer_id", asked_at=asked["at"].cast("date"))
    pairs = asked.join(purchase_days(tables), "customer_id")
    pairs = pairs.mutate(gap=pairs["at"].delta(pairs.asked_at, unit="day"))
    before, after = pairs.gap <= 0, (pairs.gap > 0) & (pairs.gap <= window)
    sums = pairs.group_by(["customer_id", "asked_at"]).agg(
        first_at=pairs["at"].min(where=before & pairs.bought),
        latest_at=pairs["at"].max(where=before & pairs.bought),
        revenue_before=pairs.amount.sum(where=before),
        purchases_after=pairs.bought.sum(where=after),
    )
    return tables.fetch(sums, money=["revenue_before"]).rename(columns={"asked_at": "at"})


def _with_tier(rows: pd.DataFrame, tables: Tables) -> pd.DataFrame:
    if "tier_history" not in tables:
        return rows
    history = tables.fetch(tables["tier_history"])
    columns = [c for c in ("customer_id", "from_at", "to_at", "tier") if c in history]
    rows = attach(rows, history[columns], at="at")
    tier = rows.pop("tier").astype(object)
    return rows.assign(tier_held=tier.where(tier.notna(), NO_TIER))


def complaints_and_loss(
    events: pd.DataFrame, tables: Tables, params: Params, *, conf_level: float = 0.95
) -> Complaints:
    """Compare who is lost after complaints, by how they were handled, and after other contacts."""
    fast_days, late_days = params.satisfaction.answered_days
    contacts = _contacts(tables, params)
    complained = contacts[contacts["kind"] == COMPLAINT]
    adjusted = [
        c for c in ("tier_held", "tenure_years", "log_spend_before", "log_recency") if c in events
    ]
    present = [group for group in GROUPS if (events["handling"] == group).any()]
    rows = events.assign(handling=pd.Categorical(events["handling"], present, ordered=True))
    fit, why = attempt(lambda: _fit(rows, adjusted, conf_level))
    days = complained["days"]
    observed = complained["began_at"] + pd.Timedelta(days=late_days) <= pd.Timestamp(
        params.observed_until
    )
    settled = days[observed]
    return Complaints(
        table=_shares(rows, fit, conf_level),
        fit=fit,
        answered_within={
            limit: float((settled <= limit).mean()) if len(settled) else float("nan")
            for limit in (fast_days, late_days)
        },
        median_days=_median(days),
        complaints=len(complained),
        complainers=int(complained["customer_id"].nunique()),
        customers=int(rows["customer_id"].nunique()),
        weeks=params.satisfaction.outcome_weeks,
        fast_days=fast_days,
        late_days=late_days,
        contractual=params.relationship == "contractual",
        why=why,
    )


def _median(days: pd.Series) -> float:
    """The median time to an answer; those without one count as longest."""
    if not len(days):
        return float("nan")
    middle = days.fillna(np.inf).sort_values().iloc[(len(days) - 1) // 2]
    return float(middle) if np.isfinite(middle) else float("nan")


def _fit(rows: pd.DataFrame, adjusted: list[str], conf_level: float) -> RegressionFit:
    if not (rows["handling"] != OTHER).any() or not (rows["handling"] == OTHER).any():
        raise DataError("complaints and other contacts must both be there, but one is absent")
    return fit_logit(
        rows,
        outcome=LOST,
        drivers=["handling"],
        controls=[name for name in adjusted if rows[name].nunique() > 1],
        cluster="customer_id",
        conf_level=conf_level,
    )


def _shares(rows: pd.DataFrame, fit: RegressionFit | None, conf_level: float) -> pd.DataFrame:
    counted = rows.groupby("handling", observed=True).agg(
        contacts=(LOST, "size"), customers=("customer_id", "nunique")
    )
    ends = ["estimate", "conf_low", "conf_high"]
    table = counted.reindex(columns=[*counted, *ends])
    if len(rows):
        shares = survey_shares(
            rows, column=LOST, by="handling", cluster="customer_id", conf_level=conf_level
        ).table.set_index("group")
        table[ends] = shares.loc[table.index, ends]
    columns = ["points_apart", "points_conf_low", "points_conf_high", "p_value"]
    table[columns] = np.nan
    if fit is not None:
        gaps = average_marginal_effects(fit, drivers=["handling"])
        groups = gaps["term"].str.removeprefix("handling: ")
        told = ["estimate", "conf_low", "conf_high", "p_value"]
        table.loc[groups, columns] = gaps[told].to_numpy()
    return table.rename_axis("handling").reset_index().astype({"handling": "str"})
