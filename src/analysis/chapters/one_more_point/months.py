"""What one more point of satisfaction goes with, in months of relationship.

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
from analysis.notes import Note
from analysis.params import Params
from analysis.states.answers import Answers, attempt
from analysis.states.slopes import LEAST
from analysis.units import DAYS_PER_MONTH

COMMON = 0.15
"""Share of ends from which on a hazard ratio is no risk ratio; VanderWeele & Ding (2017)."""
HELD = " held"


@dataclass(frozen=True, slots=True, eq=False)
class MonthsGained:
    """How much longer customers stay who are one point more satisfied, otherwise alike.

    Attributes
    ----------
    life : StandardisedLife or None
        None where it cannot be estimated; `why` says why not.
    table : DataFrame
        `segment` ('all', tier, stage), `group, n, as_answered, raised` (months), `estimate,
        conf_low, conf_high` (the difference), `capped` (share of answers too near the top, 0 to
        1); no rows without an estimate.
    ratio : Series or None
        `hazard_ratio, ratio_low, ratio_high, p_value` of one point.
    hidden : EValue or None
        How strong a hidden common cause would have to be.
    horizon : float
        Months.
    n, events, customers, n_inactive : int
        Answers of customers who were active; ends seen; answers of those who were not.
    weighted : bool
        Whether the survey has sampling weights; the months do not use them.
    why : Note or str
        Why nothing can be estimated; empty where something is.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

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

    def checks(self) -> pd.DataFrame:
        """Whether each rate ratio is constant over time: `term, chi2, dof, p_value, note`."""
        if self.life is None:
            return pd.DataFrame()
        return self.life.fit.proportional_hazards.table


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
        As `relationships_after` gives it: `duration` (months, 0 or more), `event`, the scores,
        controls and groups.
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
    covariates = dict.fromkeys((*answers.controls, *groups))
    covariates = [name for name in covariates if followed[name].nunique() > 1]
    used = followed.dropna(subset=[roles.satisfaction, *covariates])
    known = {
        "horizon": roles.horizon_months,
        "n": len(used),
        "events": int(used["event"].sum()),
        "customers": int(used["customer_id"].nunique()),
        "n_inactive": len(answers.frame) - len(followed),
        "weighted": answers.weight is not None,
    }
    told = [name for name in groups if used[name].nunique() > 1]
    options = {"rng": rng, "replications": replications, "conf_level": conf_level}
    life, why = attempt(lambda: _life(used, answers, covariates, told, options))
    if life is None:
        return MonthsGained(None, pd.DataFrame(), None, None, why=why, **known)
    ratio = life.fit.table.set_index("term").loc[roles.satisfaction]
    common = life.fit.events > COMMON * life.fit.n
    hidden = e_value(
        ratio["hazard_ratio"],
        conf_low=ratio["ratio_low"],
        conf_high=ratio["ratio_high"],
        kind="hazard",
        rare=not common,
    )
    return MonthsGained(
        life=life, table=_months_table(life), ratio=ratio, hidden=hidden, why="", **known
    )


def _life(
    used: pd.DataFrame, answers: Answers, covariates: list[str], groups: list[str], options: dict
) -> StandardisedLife:
    if not len(used):
        raise DataError("someone must be active when answering, but nobody was; widen the period")
    roles = answers.roles
    joined = {name: _told_levels(used[name], used["event"]) for name in covariates}
    joined = {name: column for name, column in joined.items() if column.nunique() > 1}
    grouped = {f"{name}{HELD}": used[name] for name in groups}
    life = standardised_life(
        used.assign(**grouped, **joined),
        driver=roles.satisfaction,
        highest=answers.scales[roles.satisfaction].highest,
        horizon=roles.horizon_months,
        covariates=list(joined),
        by=list(grouped),
        cluster="customer_id",
        **options,
    )
    named = life.table.assign(segment=life.table["segment"].str.removesuffix(HELD))
    return replace(life, table=named)


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


def _months_table(life: StandardisedLife) -> pd.DataFrame:
    keys = ["segment", "group"]
    gap = life.table[life.table["term"].eq("difference")]
    wide = life.table.pivot(index=keys, columns="term", values="estimate")
    wide = wide.loc[pd.MultiIndex.from_frame(gap[keys])]
    both = {"as_answered": wide["as answered"].to_numpy(), "raised": wide["raised"].to_numpy()}
    columns = [*keys, "n", "as_answered", "raised", "estimate", "conf_low", "conf_high", "capped"]
    return gap.assign(**both)[columns].reset_index(drop=True)
