"""What one more point of satisfaction goes with in money, within a window of weeks."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import pandas as pd

from analysis.data import Tables
from analysis.frames import purchase_days
from analysis.methods.regression import RegressionFit, fit_spend
from analysis.methods.standardisation import (
    EValue,
    OneMorePoint,
    e_value_of_difference,
    one_more_point,
)
from analysis.states.answers import NOT_ESTIMABLE, Answers, attempt

WORTH = "worth_after"


@dataclass(frozen=True, slots=True, eq=False)
class MarginGained:
    """How much more margin (or revenue) they leave in the weeks after the answer.

    Attributes
    ----------
    gained : OneMorePoint or None
    table : DataFrame
        `segment, known_group, n_answers, worth_as_answered, worth_raised, gain, gain_conf_low,
        gain_conf_high, note`, in money.
    quantity : str
        'margin', or 'revenue' where the transactions carry no margin.
    weighted : bool
    n_negative : int
        Sums below zero, taken as none.
    """

    gained: OneMorePoint | None
    table: pd.DataFrame
    hidden: EValue | None
    quantity: str
    weighted: bool
    weeks: float
    n: int
    n_negative: int
    why: str


def worth_after(answers: Answers, tables: Tables) -> tuple[pd.DataFrame, str]:
    """Margin (revenue where none is known) in the outcome weeks after each whole window.

    Returns the answers whose window was observed to its end, with `worth_after`, and the quantity.
    """
    weeks = answers.roles.outcome_weeks
    days = purchase_days(tables)
    quantity = "margin" if "margin" in days.columns else "revenue"
    amount = days[quantity if quantity == "margin" else "amount"]
    days = days.select("customer_id", "at", amount=amount)
    asked = tables["surveys"].select("customer_id", "at").distinct().rename(asked_at="at")
    pairs = asked.join(days, "customer_id")
    gap = pairs["at"].delta(pairs.asked_at, unit="day")
    within = pairs.filter((gap > 0) & (gap <= int(7 * weeks)))
    sums = within.group_by(["customer_id", "asked_at"]).agg(worth=ibis._.amount.sum())
    found = tables.fetch(sums, money=["worth"]).rename(columns={"asked_at": "at", "worth": WORTH})
    rows = answers.frame[answers.frame[f"observed_{weeks:g}w"]]
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

    `moderators` as in `months_gained`: adjusted for, and told group by group.
    """
    roles = answers.roles
    groups = [*answers.groups[:1], *moderators]
    negative = int((followed[WORTH] < 0).sum())
    rows = followed.assign(**{WORTH: followed[WORTH].clip(lower=0)})
    controls = dict.fromkeys((*answers.controls, *groups))
    controls = [name for name in controls if rows[name].nunique() > 1]

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
        return fit, points["all"], pd.concat(tables, ignore_index=True)

    found, why = attempt(estimate)
    known = {"quantity": quantity, "weighted": answers.weight is not None}
    known |= {"weeks": roles.outcome_weeks, "n_negative": negative}
    if found is None:
        empty = [{"segment": "all", "known_group": "all", "n_answers": 0, "note": NOT_ESTIMABLE}]
        return MarginGained(None, pd.DataFrame(empty), None, n=len(rows), why=why, **known)
    fit, gained, table = found
    gap = gained.table[gained.table["term"].eq("difference")].iloc[0]
    hidden = e_value_of_difference(
        gap["estimate"], std_error=gap["std_error"], outcome_sd=gained.outcome_sd
    )
    return MarginGained(gained, table, hidden, n=fit.n, why="", **known)


def _gain_table(gained: OneMorePoint) -> pd.DataFrame:
    table = gained.table.assign(group=gained.table["group"].astype(str))
    groups = list(dict.fromkeys(table["group"]))
    wide = table.pivot(index="group", columns="term", values="estimate").loc[groups]
    gap = table[table["term"].eq("difference")].set_index("group").loc[groups]
    return pd.DataFrame(
        {
            "segment": "all",
            "known_group": groups,
            "n_answers": gap["n"].to_numpy(),
            "worth_as_answered": wide["as answered"].to_numpy(),
            "worth_raised": wide["raised"].to_numpy(),
            "gain": gap["estimate"].to_numpy(),
            "gain_conf_low": gap["conf_low"].to_numpy(),
            "gain_conf_high": gap["conf_high"].to_numpy(),
            "note": gap["note"].to_numpy(),
        }
    )
