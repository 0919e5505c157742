"""How complaints are handled, and who is lost after them, beside who is after other contacts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.complaints.contacts import (
    COMPLAINT,
    FAST,
    LOST,
    OPEN,
    OTHER,
    SLOW,
    recorded_contacts,
)
from analysis.data import Tables
from analysis.methods.measurement import survey_shares
from analysis.methods.regression import RegressionFit, average_marginal_effects, fit_logit
from analysis.methods.survival import survival_curve
from analysis.notes import Note
from analysis.params import Params
from analysis.states.answers import attempt

GROUPS = (OTHER, FAST, SLOW, OPEN)
CONTROLS = ("tier_held", "tenure_years", "log_spend_before", "log_recency")
ENDS = ["estimate", "conf_low", "conf_high"]
GAPS = ["difference", "difference_conf_low", "difference_conf_high", "p_value"]


@dataclass(frozen=True, slots=True, eq=False)
class Handling:
    """How soon complaints are answered.

    Attributes
    ----------
    within : dict of int to float
        Share of the complaints answered within so many days, the fast limit first; NaN where the
        longer limit had passed for none.
    median_days : float
        Half of the complaints are answered by then (Kaplan-Meier, so that those made lately count
        only as long as they could be answered); NaN when fewer than half ever are.
    complaints, customers, settled : int
        All complaints, the customers who made them, and the complaints whose longer limit had
        passed by the end of observation.
    """

    within: dict[int, float]
    median_days: float
    complaints: int
    customers: int
    settled: int


@dataclass(frozen=True, slots=True, eq=False)
class Loss:
    """Customers after a complaint, beside customers after another contact.

    Attributes
    ----------
    table : DataFrame of shape (kinds of contact, 10)
        `handling, contacts, customers, estimate` (share lost within the window), `conf_low,
        conf_high, difference` (of the shares against other contacts, adjusted),
        `difference_conf_low, difference_conf_high, p_value`.
    fit : RegressionFit or None
        Logit of being lost; None where it cannot be estimated; `why` says why not.
    customers : int
        Customers with a contact that was followed.
    weeks : float
        Length of the window.
    fast_days, late_days : int
        Days within which an answer counts as fast, and as an answer at all.
    contractual : bool
        Whether lost means the end of the contract; else no purchase within the window.
    why : Note or str
        Why there is nothing; empty where there is something.
    """

    COUNTED_BY: ClassVar = {"table": "customers"}

    table: pd.DataFrame
    fit: RegressionFit | None
    customers: int
    weeks: float
    fast_days: int
    late_days: int
    contractual: bool
    why: Note | str = ""

    def row(self, handling: str) -> pd.Series | None:
        """The contacts of one kind, or None where they may not be shown or there are none."""
        rows = self.table[self.table["handling"].eq(handling)].dropna(subset=["customers"])
        return None if rows.empty else rows.iloc[0]


def complaint_handling(tables: Tables, params: Params) -> Handling:
    """Count how many complaints are answered, and how soon.

    Parameters
    ----------
    tables : Tables
        Uses `interactions`.
    params : Params
        Uses `satisfaction.answered_days` and `observed_until`.

    Returns
    -------
    Handling
    """
    contacts = recorded_contacts(tables, params)
    complaints = contacts[contacts["kind"] == COMPLAINT]
    limits = params.satisfaction.answered_days
    passed = complaints["began_at"] + pd.Timedelta(days=limits[1])
    settled = complaints.loc[passed <= pd.Timestamp(params.observed_until), "days"]
    return Handling(
        within={limit: (settled <= limit).mean() if len(settled) else np.nan for limit in limits},
        median_days=_median(complaints, pd.Timestamp(params.observed_until)),
        complaints=len(complaints),
        customers=int(complaints["customer_id"].nunique()),
        settled=len(settled),
    )


def _median(complaints: pd.DataFrame, until: pd.Timestamp) -> float:
    """The median days to an answer (Kaplan-Meier): an open complaint waits to the last day."""
    if not len(complaints):
        return np.nan
    waited = (until - complaints["began_at"].dt.normalize()).dt.days
    lives = pd.DataFrame({"duration": complaints["days"].fillna(waited).astype(float)})
    lives["event"] = complaints["days"].notna()
    return float(survival_curve(lives).medians["estimate"].iloc[0])


def loss_after_contacts(events: pd.DataFrame, params: Params, *, conf_level: float = 0.95) -> Loss:
    """Compare who is lost after complaints, by how they were handled, and after other contacts.

    Parameters
    ----------
    events : DataFrame
        Those of `complaint_events`.
    params : Params
        Uses `satisfaction.answered_days`, `satisfaction.outcome_weeks` and `relationship`.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Loss

    References
    ----------
    Anderson, Cain & Gelber (1983), J. Clin. Oncol. 1, 710-719; Korn & Graubard (1998), Survey
    Methodology 24, 193-201.
    """
    fast_days, late_days = params.satisfaction.answered_days
    present = [group for group in GROUPS if (events["handling"] == group).any()]
    rows = events.assign(handling=pd.Categorical(events["handling"], present, ordered=True))
    several = OTHER in present and len(present) > 1
    fit, why = _fit(rows, conf_level) if several else (None, "")
    return Loss(
        table=_shares(rows, fit, conf_level),
        fit=fit,
        customers=int(rows["customer_id"].nunique()),
        weeks=params.satisfaction.outcome_weeks,
        fast_days=fast_days,
        late_days=late_days,
        contractual=params.relationship == "contractual",
        why=why,
    )


def _fit(rows: pd.DataFrame, conf_level: float) -> tuple[RegressionFit | None, Note | str]:
    controls = [name for name in CONTROLS if name in rows and rows[name].nunique() > 1]
    return attempt(
        lambda: fit_logit(
            rows,
            outcome=LOST,
            drivers=["handling"],
            controls=controls,
            cluster="customer_id",
            conf_level=conf_level,
        )
    )


def _shares(rows: pd.DataFrame, fit: RegressionFit | None, conf_level: float) -> pd.DataFrame:
    counted = rows.groupby("handling", observed=True).agg(
        contacts=(LOST, "size"), customers=("customer_id", "nunique")
    )
    table = counted.reindex(columns=[*counted, *ENDS, *GAPS])
    if len(rows):
        shares = survey_shares(
            rows, column=LOST, by="handling", cluster="customer_id", conf_level=conf_level
        ).table.set_index("group")
        table[ENDS] = shares.loc[table.index, ENDS]
    if fit is not None:
        gaps = average_marginal_effects(fit, drivers=["handling"])
        groups = gaps["term"].str.removeprefix("handling: ")
        table.loc[groups, GAPS] = gaps[[*ENDS, "p_value"]].to_numpy()
    return table.reset_index().astype({"handling": "str"})
