"""From the first contact to the first purchase: how many, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.methods.disclosure import pool_small
from analysis.methods.pairs import is_known
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.notes import note
from analysis.params import Params
from analysis.states.segments import MOST_GROUPS, with_unknown
from analysis.states.stage_months import beginnings
from analysis.states.within import shares_within

WITHIN = ["group", "term", "weeks", "estimate", "std_error", "conf_low", "conf_high"]
WITHIN += ["at_risk", "n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class Prospects:
    """Everybody whose first contact is known.

    Attributes
    ----------
    table : DataFrame
        One row a person: `duration` (weeks from the first contact to the first purchase, or to
        `observed_until`), `event` (whether he bought), `entry` (weeks from the contact to the last
        day before `observed_from` where he was met before it, else 0) and the columns of
        `customers`.
    left_out : DataFrame of shape (4, 2)
        Who tells nothing about conversion: `reason` (a note)`, people`; reasons that hold for
        nobody are there too.
    """

    COUNTED_BY: ClassVar = {"left_out": "people"}

    table: pd.DataFrame
    left_out: pd.DataFrame


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """Time from the first contact to the first purchase, those who have not bought censored.

    Attributes
    ----------
    curve : SurvivalCurve or None
        Share who have not bought yet, by weeks since the first contact; None of nobody.
    within : DataFrame of shape (groups x horizons, 10)
        `group, term, weeks, estimate, std_error, conf_low, conf_high, at_risk, n, note`: share who
        bought within so many weeks.
    test : LogRankTest or None
        Whether the groups differ; None for one group.
    people : int
    """

    COUNTED_BY: ClassVar = {"within": "at_risk"}

    curve: SurvivalCurve | None
    within: pd.DataFrame
    test: LogRankTest | None
    people: int


def read_prospects(tables: Tables, params: Params) -> Prospects:
    """Follow everybody from the first contact to the first purchase (or contract).

    People who bought before the contact on record, or before the observation began, tell nothing
    about conversion in it and are left out, as are contacts after the observation.

    Parameters
    ----------
    tables : Tables
        Uses `customers` and `transactions` (or `contracts`).
    params : Params
        Uses `relationship, observed_from, observed_until`.

    Returns
    -------
    Prospects

    Raises
    ------
    DataError
        `customers.first_contact_at` is absent: prospects cannot be seen.
    """
    people = tables["customers"]
    if "first_contact_at" not in people.columns:
        raise DataError(
            "customers must have first_contact_at for prospects to be followed, but it is missing; "
            "add the day of the first known contact"
        )
    starts = beginnings(tables, params)
    joined = people.left_join(starts, "customer_id").drop("customer_id_right")
    table = tables.fetch(joined)
    begin, end = pd.Timestamp(params.observed_from), pd.Timestamp(params.observed_until)
    contact = pd.to_datetime(table["first_contact_at"]).dt.normalize()
    bought = pd.to_datetime(table["begun_at"]).dt.normalize()
    left_out = {
        "no_contact": contact.isna(),
        "met_later": contact > end,
        "bought_before_contact": bought < contact,
        "bought_before_observation": (bought >= contact) & (bought < begin),
    }
    kept = ~np.logical_or.reduce(list(left_out.values()))
    table = table.drop(columns="begun_at").assign(
        duration=(bought.fillna(end) - contact).dt.days / 7,
        event=bought.notna(),
        entry=np.maximum((begin - contact).dt.days - 1, 0) / 7,
    )
    counts = [(note(f"prospects.{why}"), rows.sum()) for why, rows in left_out.items()]
    return Prospects(
        table[kept].reset_index(drop=True), pd.DataFrame(counts, columns=["reason", "people"])
    )


def pool_channels(prospects: Prospects, *, min_cell: int, by: str = "channel") -> Prospects:
    """Add `group`: a column of `customers` with small groups joined, or one group without it.

    Parameters
    ----------
    prospects : Prospects
    min_cell : int
        The smallest group that may be told.
    by : str
        A column known at the first contact; where `customers` lack it, all are one group.

    Returns
    -------
    Prospects
    """
    table = prospects.table
    group = pd.Series("all", index=table.index)
    if by in table:
        group = pool_small(with_unknown(table[by]), min_cell, most=MOST_GROUPS).astype(str)
    return replace(prospects, table=table.assign(group=group))


def conversion(
    prospects: Prospects,
    *,
    horizons_weeks: Sequence[float],
    by: str | None = "channel",
    conf_level: float = 0.95,
) -> Conversion:
    """Estimate how soon prospects make a first purchase, by the channel that won them.

    Parameters
    ----------
    prospects : Prospects
        Columns used: `duration, entry` (weeks)`, event`, and `by`.
    horizons_weeks : sequence of float
        Weeks since the first contact at which the share is told.
    by : str or None
        A column of `customers` known at the first contact, or `group` of `pool_channels`.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    Conversion

    Raises
    ------
    DataError
        `by` is no column.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481; the share who bought is one minus their curve.
    """
    table = with_group(prospects.table, by)
    if not len(table):
        return Conversion(None, pd.DataFrame(columns=WITHIN), None, 0)
    curve = survival_curve(table, by=by, conf_level=conf_level)
    several = by is not None and table[by].nunique() > 1
    known = table if by is None else table[is_known(table[by])]
    test = logrank_test(known, by=by) if several and known[by].nunique() > 1 else None
    return Conversion(curve, shares_within(curve, horizons_weeks), test, len(table))


def with_group(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """The people with a text column of groups, 'not known' where it is missing."""
    if by is None:
        return table
    if by not in table:
        raise DataError(
            f"'{by}' must be a column of customers, but is not; "
            f"there are {', '.join(table.columns)}"
        )
    return table.assign(**{by: with_unknown(table[by]).astype(str)})
