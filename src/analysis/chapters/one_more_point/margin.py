"""What one more point of satisfaction goes with in money, within a window of weeks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import ibis
import numpy as np
import pandas as pd
from scipy import stats

from analysis.data import Tables
from analysis.frames import purchase_days
from analysis.frames.calendar import days_between
from analysis.methods.intervals import critical_value, effective_units
from analysis.methods.regression import RegressionFit, fit_spend
from analysis.methods.standardisation import (
    EValue,
    OneMorePoint,
    e_value_of_difference,
    one_more_point,
)
from analysis.notes import Note
from analysis.states.answers import Answers, attempt
from analysis.states.repeated import without_repeats
from analysis.states.slopes import joined_levels

WORTH = "worth_after"
TABLE = ["segment", "group", "n", "as_answered", "raised", "estimate", "conf_low", "conf_high"]
TABLE += ["note"]


@dataclass(frozen=True, slots=True, eq=False)
class MarginGained:
    """How much more margin (or revenue) they leave in the weeks after the answer.

    Attributes
    ----------
    gained : OneMorePoint or None
    table : DataFrame
        `segment, group, n, as_answered, raised, estimate, conf_low, conf_high` (the difference)`,
        note`, in money; no rows without an estimate.
    quantity : str
        'margin', or 'revenue' where the transactions carry no margin.
    weighted : bool
    n_negative : int
        Sums below zero, taken as none.
    hidden : EValue or None
        How strong an unseen cause would have to be.
    weeks : float
        After the answer.
    n : int
        Answers used.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    n_never_bought : int
        Answers left out because they came before any purchase.
    joined : tuple of str
        Groups that are not adjusted for on their own, since others say the same.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    gained: OneMorePoint | None
    table: pd.DataFrame
    hidden: EValue | None
    quantity: str
    weighted: bool
    weeks: float
    n: int
    n_negative: int
    why: Note | str
    joined: tuple[str, ...] = ()
    n_never_bought: int = 0


def worth_after(answers: Answers, tables: Tables) -> tuple[pd.DataFrame, str]:
    """Margin (revenue where none is known) in the outcome weeks after each whole window.

    Parameters
    ----------
    answers : Answers
    tables : Tables
        Uses `transactions` and `surveys`; the sums are made in the engine.

    Returns
    -------
    (DataFrame, str)
        The answers of customers who had bought, and whose window was observed to its end, with
        `worth_after`; the quantity.
    """
    weeks = answers.roles.outcome_weeks
    days = purchase_days(tables)
    quantity = "margin" if "margin" in days.columns else "revenue"
    amount = days[quantity if quantity == "margin" else "amount"]
    days = days.select("customer_id", "at", amount=amount)
    asked = tables["surveys"].select("customer_id", "at").distinct().rename(asked_at="at")
    pairs = asked.join(days, "customer_id")
    gap = days_between(pairs["at"], pairs.asked_at)
    within = pairs.filter((gap > 0) & (gap <= int(7 * weeks)))
    sums = within.group_by(["customer_id", "asked_at"]).agg(worth=ibis._.amount.sum())
    found = tables.fetch(sums, money=["worth"]).rename(columns={"asked_at": "at", "worth": WORTH})
    frame = answers.frame
    rows = frame[frame[f"observed_{weeks:g}w"] & (frame["purchases_so_far"] > 0)]
    rows = rows.merge(found, on=["customer_id", "at"], how="left")
    return rows.assign(**{WORTH: rows[WORTH].fillna(0.0)}), quantity


def margin_gained(
    followed: pd.DataFrame,
    quantity: str,
    answers: Answers,
    *,
    moderators: tuple[str, ...] = (),
    conf_level: float = 0.95,
) -> MarginGained:
    """Expected margin as answered and one point up, by Poisson pseudo-likelihood, standardised.

    Parameters
    ----------
    followed : DataFrame
        As `worth_after` gives it: `worth_after` (money), the scores, controls and groups.
    quantity : str
        'margin' or 'revenue'.
    answers : Answers
    moderators : tuple of str
        As in `months_gained`: adjusted for, and told group by group.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MarginGained

    References
    ----------
    Santos Silva & Tenreyro (2006); VanderWeele & Ding (2017).
    """
    roles = answers.roles
    groups = [*answers.groups[:1], *moderators]
    negative = int((followed[WORTH] < 0).sum())
    rows = followed.assign(**{WORTH: followed[WORTH].clip(lower=0)})
    controls = without_repeats(rows, [*dict.fromkeys((*answers.with_clock, *groups))])

    def estimate() -> tuple[RegressionFit, OneMorePoint, pd.DataFrame]:
        fit = fit_spend(
            rows,
            outcome=WORTH,
            drivers=[roles.satisfaction],
            controls=controls,
            conf_level=conf_level,
            **answers.sampled,
        )
        points = {
            name: one_more_point(
                fit,
                driver=roles.satisfaction,
                highest=answers.scales[roles.satisfaction].highest,
                by=None if name == "all" else name,
            )
            for name in ("all", *(group for group in groups if group in controls))
        }
        tables = [_gain_table(gained).assign(segment=name) for name, gained in points.items()]
        table = pd.concat(tables, ignore_index=True)[TABLE]
        return fit, points["all"], _widened(table, fit, conf_level)

    found, why = attempt(estimate)
    known = {"quantity": quantity, "weighted": answers.weight is not None}
    known |= {"weeks": roles.outcome_weeks, "n_negative": negative}
    known["n_never_bought"] = answers.never_bought
    if found is None:
        return MarginGained(None, pd.DataFrame(), None, n=len(rows), why=why, **known)
    fit, gained, table = found
    gap = gained.table[gained.table["term"].eq("difference")].iloc[0]
    hidden = e_value_of_difference(
        gap["estimate"], std_error=gap["std_error"], outcome_sd=gained.outcome_sd
    )
    known["joined"] = joined_levels(fit)
    return MarginGained(gained, table, hidden, n=fit.n, why="", **known)


def _widened(table: pd.DataFrame, fit: RegressionFit, conf_level: float) -> pd.DataFrame:
    """Intervals for few customers: t, and G / (G - k) of the variance for G customers."""
    parameters = len(fit.parameters)
    units = np.arange(fit.n) if fit.sample.units is None else fit.sample.units
    customers, alike = int(units.max()) + 1, effective_units(units)
    wide = stats.t.ppf(0.5 + conf_level / 2, max(alike - 1, 1)) / critical_value(conf_level)
    wide *= np.sqrt((customers - 1) / max(customers - parameters, 1))
    ends = table[["conf_low", "conf_high"]].sub(table["estimate"], axis=0) * wide
    return table.assign(**ends.add(table["estimate"], axis=0))


def _gain_table(gained: OneMorePoint) -> pd.DataFrame:
    table = gained.table.assign(group=gained.table["group"].astype(str))
    gap = table[table["term"].eq("difference")]
    wide = table.pivot(index="group", columns="term", values="estimate").loc[gap["group"]]
    both = {"as_answered": wide["as answered"].to_numpy(), "raised": wide["raised"].to_numpy()}
    columns = ["group", "n", "as_answered", "raised", "estimate", "conf_low", "conf_high", "note"]
    return gap.assign(**both)[columns].assign(segment="all").reset_index(drop=True)
