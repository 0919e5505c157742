"""From the first contact to the first purchase: how many, and how soon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.lifecycle.months import beginnings
from analysis.methods.disclosure import pool_small
from analysis.methods.survival import LogRankTest, SurvivalCurve, logrank_test, survival_curve
from analysis.params import Params

MOST_GROUPS = 6
EVERYBODY = "all prospects"


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
    notes : tuple of str
        Who was left out, and why.
    left_out : DataFrame
        The same as numbers: `reason, people`; reasons that held for nobody are there too.
    """

    table: pd.DataFrame
    notes: tuple[str, ...]
    left_out: pd.DataFrame | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Conversion:
    """Time from the first contact to the first purchase, those who have not bought censored.

    Attributes
    ----------
    curve : SurvivalCurve
        Share who have not bought yet, by weeks since the first contact.
    within : DataFrame
        `group, term, weeks, estimate, std_error, conf_low, conf_high, at_risk, n, note`: share who
        bought within so many weeks.
    test : LogRankTest or None
        Whether the groups differ; None for one group.
    notes : tuple of str
    """

    curve: SurvivalCurve
    within: pd.DataFrame
    test: LogRankTest | None
    notes: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """For a table: `group, contact_weeks, estimate, conf_low, conf_high, waiting, n, note`."""
        names = {"weeks": "contact_weeks", "at_risk": "waiting"}
        columns = ["group", "contact_weeks", "estimate", "conf_low", "conf_high", "waiting"]
        table = self.within.rename(columns=names)[[*columns, "n", "note"]]
        table["note"] = np.where(table["estimate"].isna(), "nobody was followed so long", "")
        return table.replace({"group": {"all": EVERYBODY}})


def read_prospects(tables: Tables, params: Params) -> Prospects:
    """Follow everybody from the first contact to the first purchase (or contract).

    People who bought before the contact on record, or before the observation began, tell nothing
    about conversion in it and are left out, as are contacts after the observation: the notes count
    them.

    Raises
    ------
    DataError
        `customers.first_contact_at` is absent or empty: prospects cannot be seen.
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
        "have no first contact on record": contact.isna(),
        "were first met after the observation": contact > end,
        "bought before the first contact on record": bought < contact,
        "bought before the observation began": (bought >= contact) & (bought < begin),
    }
    notes = [f"{rows.sum():,} people {why} and are left out." for why, rows in left_out.items()]
    kept = ~np.logical_or.reduce(list(left_out.values()))
    if not kept.any():
        raise DataError(
            "customers.first_contact_at must be known for somebody, but is for nobody in the "
            "observation; add the day of the first known contact"
        )
    table = table.drop(columns="begun_at").assign(
        duration=(bought.fillna(end) - contact).dt.days / 7,
        event=bought.notna(),
        entry=np.maximum((begin - contact).dt.days - 1, 0) / 7,
    )
    told = [note for note, rows in zip(notes, left_out.values(), strict=True) if rows.any()]
    counts = pd.DataFrame(
        {"reason": list(left_out), "people": [x.sum() for x in left_out.values()]}
    )
    return Prospects(table[kept].reset_index(drop=True), tuple(told), counts)


def pool_channels(prospects: Prospects, *, min_cell: int, by: str = "channel") -> Prospects:
    """Add `group`: a column of `customers` with small groups joined, or one group without it."""
    table = prospects.table
    group = pd.Series("all", index=table.index)
    if by in table:
        known = table[by].astype(object).where(table[by].notna(), "not known")
        group = pool_small(known, min_cell, most=MOST_GROUPS).astype(str)
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
    horizons_weeks : sequence of float
        Weeks since the first contact at which the share is told.
    by : str or None
        A column of `customers` known at the first contact.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481; the share who bought is one minus their curve.
    """
    table = with_group(prospects.table, by)
    curve = survival_curve(table, by=by, conf_level=conf_level)
    waiting = curve.at(horizons_weeks)
    within = waiting.assign(
        term="conversion",
        estimate=1 - waiting["estimate"],
        conf_low=1 - waiting["conf_high"],
        conf_high=1 - waiting["conf_low"],
    ).rename(columns={"time": "weeks"})
    several = by is not None and table[by].nunique() > 1
    test = logrank_test(table, by=by) if several else None
    return Conversion(curve, within, test, (*prospects.notes, *curve.notes))


def with_group(table: pd.DataFrame, by: str | None) -> pd.DataFrame:
    """The people with a text column of groups, 'not known' where it is missing."""
    if by is None:
        return table
    if by not in table:
        raise DataError(
            f"'{by}' must be a column of customers, but is not; "
            f"there are {', '.join(table.columns)}"
        )
    return table.assign(**{by: table[by].astype(object).fillna("not known").astype(str)})
