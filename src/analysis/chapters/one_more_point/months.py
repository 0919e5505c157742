"""What one more point of satisfaction goes with, in months.

With contracts: in months of relationship after the answer. Without, the end of a relationship is a
rule about silence, and how soon it comes after an answer follows from how long after a purchase
people answer. What is looked at there is the next purchase, on the clock that runs from the last
one: customers are compared who have waited equally long, whenever they answered.

A prediction about customers who are alike in what was known before they answered; not a promise of
what raising satisfaction would do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import spells
from analysis.methods.hazards.standardised import StandardisedLife, standardised_life
from analysis.methods.standardisation import EValue, e_value
from analysis.notes import Note, note
from analysis.params import Params
from analysis.states.answers import HISTORY, SINCE, Answers, attempt
from analysis.states.repeated import join_repeated, without_repeats
from analysis.states.slopes import LEAST
from analysis.units import DAYS_PER_MONTH

COMMON = 0.15
"""Share of ends from which on a hazard ratio is no risk ratio; VanderWeele & Ding (2017)."""
HELD = " held"


@dataclass(frozen=True, slots=True, eq=False)
class MonthsGained:
    """How much longer customers stay who are one point more satisfied, otherwise alike.

    Without contracts: how much sooner they buy again.

    Attributes
    ----------
    outcome : {'months', 'sooner'}
        Whether months of relationship are told, or months to the next purchase.
    life : StandardisedLife or None
        None where it cannot be estimated; `why` says why not.
    table : DataFrame
        `segment` ('all', tier, stage), `group, n, as_answered, raised` (months), `estimate,
        conf_low, conf_high` (months longer, or sooner), `capped` (share of
        answers too near the top, 0 to 1); no rows without an estimate.
    ratio : Series or None
        `hazard_ratio, ratio_low, ratio_high, p_value` of one point.
    hidden : EValue or None
        How strong a hidden common cause would have to be.
    horizon : float
        Months.
    n, events, customers, n_inactive : int
        Answers of customers who were active (who had bought); ends (purchases) seen; answers of
        those who were not (had not).
    n_never_bought : int
        Answers that came before any purchase.
    joined : tuple of str
        Groups that are not adjusted for on their own, since others say the same.
    weighted : bool
        Whether the survey has sampling weights; the months do not use them.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    outcome: str
    life: StandardisedLife | None
    table: pd.DataFrame
    ratio: pd.Series | None
    hidden: EValue | None
    horizon: float
    n: int
    events: int
    customers: int
    n_inactive: int
    weighted: bool
    why: Note | str
    joined: tuple[str, ...] = ()
    n_never_bought: int = 0

    def checks(self) -> pd.DataFrame:
        """Whether each rate ratio is constant over time: `term, chi2, dof, p_value, note`."""
        if self.life is None:
            return pd.DataFrame()
        return self.life.fit.proportional_hazards.table


def followed_answers(answers: Answers, tables: Tables, params: Params) -> pd.DataFrame:
    """Follow each answer to the end of the relationship, or without contracts to a purchase.

    Parameters
    ----------
    answers : Answers
    tables : Tables
    params : Params
        Uses `relationship`, and what `relationships_after` uses.

    Returns
    -------
    DataFrame
        As `relationships_after` or `purchases_after` gives it.
    """
    if params.relationship == "noncontractual":
        return purchases_after(answers)
    return relationships_after(answers, tables, params)


def purchases_after(answers: Answers) -> pd.DataFrame:
    """Follow each answer to the next purchase, on the clock that runs from the last one.

    Parameters
    ----------
    answers : Answers
        Uses `purchases_so_far, days_since_purchase, days_to_next, days_followed`.

    Returns
    -------
    DataFrame
        The answers of customers who had bought and were followed for a day: `entry` (months from
        the last purchase to the answer), `duration` (to the next purchase, or to the end of the
        observation) and `event` (whether they bought again).
    """
    frame = answers.frame
    rows = frame[(frame["purchases_so_far"] > 0) & (frame["days_followed"] > 0)]
    bought = rows["days_to_next"].notna()
    waited = rows["days_to_next"].where(bought, rows["days_followed"])
    entry = rows["days_since_purchase"]
    return rows.assign(
        entry=entry / DAYS_PER_MONTH, duration=(entry + waited) / DAYS_PER_MONTH, event=bought
    )


def relationships_after(answers: Answers, tables: Tables, params: Params) -> pd.DataFrame:
    """Follow each answer to the end of the relationship that was open on its day.

    Parameters
    ----------
    answers : Answers
    tables : Tables
        Uses what `frames.spells` uses.
    params : Params
        Uses `followed_until` and what `frames.spells` uses.

    Returns
    -------
    DataFrame
        The answers of customers who were active, with `duration` (months from the answer) and
        `event`. An end that is inferred falls on the day on which the silence exceeds
        `lapse_weeks`: nothing later is used.
    """
    stays = spells(tables, params)[["customer_id", "started_at", "ended_at", "event"]]
    until = pd.Timestamp(params.followed_until)
    closed = stays["ended_at"].fillna(until)
    stays = stays.assign(closed_at=closed)
    asked = answers.frame.reset_index(names="sheet")
    pairs = asked.merge(stays, on="customer_id")
    open_then = (pairs["started_at"] <= pairs["at"]) & (pairs["at"] < pairs["closed_at"])
    followed = pairs[open_then].drop_duplicates("sheet")
    months = (followed["closed_at"] - followed["at"]).dt.days / DAYS_PER_MONTH
    return followed.assign(duration=months).set_index("sheet")


def months_gained(
    followed: pd.DataFrame,
    answers: Answers,
    *,
    rng: np.random.Generator,
    moderators: tuple[str, ...] = (),
    replications: int = 200,
    conf_level: float = 0.95,
) -> MonthsGained:
    """Restricted mean months to the horizon, as answered and one point up, standardised.

    Levels that the Cox regression cannot tell (too few, or all of one fate) are joined with their
    neighbours in it.

    Parameters
    ----------
    followed : DataFrame
        As `followed_answers` gives it: `duration` (months, 0 or more), `event`, where the clock
        runs from the last purchase `entry`, the scores, controls and groups.
    answers : Answers
    rng : Generator
    moderators : tuple of str
        Further columns known before the answer (the stage): adjusted for, and their groups told
        beside those of the first of the study's groups (the tier).
    replications : int
        Bootstrap samples of customers.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    MonthsGained

    References
    ----------
    Cox (1972); Royston & Parmar (2013); Chen & Tsiatis (2001); VanderWeele & Ding (2017).
    """
    roles = answers.roles
    groups = tuple(name for name in (*answers.groups[:1], *moderators) if name in followed)
    outcome = "sooner" if "entry" in followed else "months"
    before = answers.with_history if outcome == "sooner" else answers.controls
    covariates = dict.fromkeys((*before, *groups))
    covariates = without_repeats(followed, list(covariates))
    used = followed.dropna(subset=[roles.satisfaction, *covariates])
    known = {
        "outcome": outcome,
        "horizon": _reached(used, roles.horizon_months),
        "n": len(used),
        "events": int(used["event"].sum()),
        "customers": int(used["customer_id"].nunique()),
        "n_inactive": len(answers.frame) - len(followed),
        "weighted": answers.weight is not None,
        "n_never_bought": answers.never_bought,
    }
    told = [name for name in groups if used[name].nunique() > 1]
    options = {"rng": rng, "replications": replications, "conf_level": conf_level}
    options["horizon"] = known["horizon"]
    found, why = attempt(lambda: _life(used, answers, covariates, told, options))
    ratio = None if found is None else _ratio_of(found[0], roles.satisfaction)
    why = why if found is None or ratio is not None else note("reasons.no_error")
    if ratio is None:
        return MonthsGained(
            life=None, table=pd.DataFrame(), ratio=None, hidden=None, why=why, **known
        )
    life, joined = found
    common = life.fit.events > COMMON * life.fit.n
    hidden = e_value(
        ratio["hazard_ratio"],
        conf_low=ratio["ratio_low"],
        conf_high=ratio["ratio_high"],
        kind="hazard",
        rare=not common,
    )
    return MonthsGained(
        life=life,
        table=_months_table(life, outcome),
        ratio=ratio,
        hidden=hidden,
        why="",
        joined=joined,
        **known,
    )


def _life(
    used: pd.DataFrame, answers: Answers, covariates: list[str], groups: list[str], options: dict
) -> tuple[StandardisedLife, tuple[str, ...]]:
    if not len(used):
        raise DataError("someone must be active when answering, but nobody was; widen the period")
    roles = answers.roles
    told = {name: _told_levels(used[name], used["event"]) for name in covariates}
    told = {name: column for name, column in told.items() if column.nunique() > 1}
    grouped = {f"{name}{HELD}": used[name] for name in groups}
    rows, joined = join_repeated(used.assign(**grouped, **told), list(told))
    told = [name for name in told if rows[name].nunique() > 1]
    life = standardised_life(
        rows,
        driver=roles.satisfaction,
        highest=answers.scales[roles.satisfaction].highest,
        covariates=told,
        by=list(grouped),
        cluster="customer_id",
        **options,
    )
    named = life.table.assign(segment=life.table["segment"].str.removesuffix(HELD))
    own = {name: levels for name, levels in joined.items() if name not in (*HISTORY, *SINCE)}
    return replace(life, table=named), tuple(
        f"{name}: {level}" for name, levels in own.items() for level in levels
    )


def _ratio_of(life: StandardisedLife, driver: str) -> pd.Series | None:
    """The row of the driver's rate ratio; None where it has no interval (one customer alone)."""
    row = life.fit.table.set_index("term").loc[driver]
    ends = [row["ratio_low"], row["ratio_high"]]
    return row if np.isfinite(ends).all() else None


def _told_levels(values: pd.Series, event: pd.Series) -> pd.Series:
    """Categories whose ratio can be estimated: those that cannot join the one before (or after)."""
    if pd.api.types.is_numeric_dtype(values):
        return values
    if isinstance(values.dtype, pd.CategoricalDtype):
        order = [level for level in values.cat.categories if (values == level).any()]
    else:
        order = sorted(values.unique(), key=str)
    levels = [[level] for level in order]
    place = 0
    while place < len(levels) and len(levels) > 1:
        fates = event[values.isin(levels[place])]
        if len(fates) >= LEAST and 0 < fates.sum() < len(fates):
            place += 1
            continue
        into = max(place - 1, 0)
        levels[into : into + 2] = [levels[into] + levels[into + 1]]
        place = into
    name_of = {level: ", ".join(map(str, own)) for own in levels for level in own}
    names = list(dict.fromkeys(name_of[level] for level in order))
    return pd.Series(
        pd.Categorical(values.astype(object).map(name_of), names, ordered=True), values.index
    )


def _reached(used: pd.DataFrame, horizon: float) -> float:
    """The horizon, or where nobody was followed so long the whole months that somebody was."""
    begun = used.get("entry", 0.0)
    longest = (used["duration"] - begun).max() if len(used) else horizon
    return float(min(horizon, np.floor(longest) if longest >= 1 else longest))


def _months_table(life: StandardisedLife, outcome: str) -> pd.DataFrame:
    keys = ["segment", "group"]
    gap = life.table[life.table["term"].eq("difference")]
    wide = life.table.pivot(index=keys, columns="term", values="estimate")
    wide = wide.loc[pd.MultiIndex.from_frame(gap[keys])]
    both = {"as_answered": wide["as answered"].to_numpy(), "raised": wide["raised"].to_numpy()}
    columns = [*keys, "n", "as_answered", "raised", "estimate", "conf_low", "conf_high", "capped"]
    if outcome == "sooner":
        ends = gap[["estimate", "conf_high", "conf_low"]].to_numpy()
        both |= dict(zip(("estimate", "conf_low", "conf_high"), -ends.T, strict=True))
    return gap.assign(**both)[columns].reset_index(drop=True)
