"""What one more point of satisfaction goes with, in months of relationship.

A prediction about customers who are alike in what was known before they answered; not a promise of
what raising satisfaction would do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.data import Tables
from analysis.errors import DataError
from analysis.frames import spells
from analysis.methods.hazards.standardised import StandardisedLife, standardised_life
from analysis.methods.standardisation import EValue, e_value
from analysis.params import Params
from analysis.satisfaction.answers import NOT_ESTIMABLE, Answers, attempt

DAYS_PER_MONTH = 30.4375


@dataclass(frozen=True, slots=True, eq=False)
class MonthsGained:
    """How much longer customers stay who are one point more satisfied, otherwise alike.

    Attributes
    ----------
    life : StandardisedLife or None
        None where it cannot be estimated; `why` says why not.
    table : DataFrame
        `known_group, n_answers, stay_as_answered` (months), `stay_raised, months_longer,
        months_longer_conf_low, months_longer_conf_high` (the difference), `capped` (share of
        answers too near the top), `note`.
    ratio : Series or None
        `hazard_ratio, ratio_low, ratio_high, p_value` of one point.
    hidden : EValue or None
        How strong a hidden common cause would have to be.
    horizon : float
        Months.
    n, events, customers, n_inactive : int
        Answers of customers who were active; ends seen; answers of those who were not.
    """

    life: StandardisedLife | None
    table: pd.DataFrame
    ratio: pd.Series | None
    hidden: EValue | None
    horizon: float
    n: int
    events: int
    customers: int
    n_inactive: int
    why: str

    def checks(self) -> pd.DataFrame:
        """Whether each rate ratio is constant over time: `term, chi2, dof, p_value, note`."""
        if self.life is None:
            return pd.DataFrame([{"term": "all", "note": NOT_ESTIMABLE}])
        return self.life.fit.proportional_hazards.table


def relationships_after(answers: Answers, tables: Tables, params: Params) -> pd.DataFrame:
    """Follow each answer to the end of the relationship that was open on its day.

    Returns
    -------
    DataFrame
        The answers of customers who were active, with `duration` (months from the answer) and
        `event`. An end that is inferred falls on the day on which the silence exceeds
        `lapse_weeks`: nothing later is used.
    """
    stays = spells(tables, params)[["customer_id", "started_at", "ended_at", "event"]]
    until = pd.Timestamp(params.observed_until)
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
    replications: int = 200,
    conf_level: float = 0.95,
) -> MonthsGained:
    """Restricted mean months to the horizon, as answered and one point up, standardised."""
    roles, group = answers.roles, (answers.groups[0] if answers.groups else None)
    covariates = [name for name in answers.controls if followed[name].nunique() > 1]
    used = followed.dropna(subset=[roles.satisfaction, *covariates])
    used = _drop_unused(used, covariates)
    highest = answers.scales[roles.satisfaction].highest
    known = {
        "horizon": roles.horizon_months,
        "n": len(used),
        "events": int(used["event"].sum()),
        "customers": int(used["customer_id"].nunique()),
        "n_inactive": len(answers.frame) - len(followed),
    }
    by = group if group and len(used) and used[group].nunique() > 1 else None
    life, why = attempt(
        lambda: _life(used, roles, covariates, highest, by, rng, replications, conf_level)
    )
    if life is None:
        empty = pd.DataFrame([{"known_group": "all", "n_answers": 0, "note": NOT_ESTIMABLE}])
        return MonthsGained(None, empty, None, None, why=why, **known)
    ratio = life.fit.table.set_index("term").loc[roles.satisfaction]
    common = life.fit.events > 0.15 * life.fit.n
    hidden = e_value(
        ratio["hazard_ratio"],
        conf_low=ratio["ratio_low"],
        conf_high=ratio["ratio_high"],
        kind="hazard",
        rare=not common,
    )
    return MonthsGained(
        life=life,
        table=_months_table(life, used, group),
        ratio=ratio,
        hidden=hidden,
        why="",
        **known,
    )


def _life(used, roles, covariates, highest, by, rng, replications, conf_level) -> StandardisedLife:
    if not len(used):
        raise DataError("someone must be active when answering, but nobody was; widen the period")
    return standardised_life(
        used,
        driver=roles.satisfaction,
        highest=highest,
        horizon=roles.horizon_months,
        rng=rng,
        covariates=covariates,
        by=by,
        cluster="customer_id",
        replications=replications,
        conf_level=conf_level,
    )


def _drop_unused(used: pd.DataFrame, covariates: list[str]) -> pd.DataFrame:
    """Levels that nobody has left must not become columns."""
    named = [c for c in covariates if isinstance(used[c].dtype, pd.CategoricalDtype)]
    return used.assign(**{name: used[name].cat.remove_unused_categories() for name in named})


def _months_table(life: StandardisedLife, used: pd.DataFrame, group: str | None) -> pd.DataFrame:
    wide = life.table.pivot(index="group", columns="term", values="estimate")
    gap = life.table[life.table["term"].eq("difference")].set_index("group")
    order = list(dict.fromkeys(life.table["group"]))
    if group in used and isinstance(used[group].dtype, pd.CategoricalDtype):
        order = [
            "all",
            *(str(level) for level in used[group].cat.categories if level in wide.index),
        ]
    return pd.DataFrame(
        {
            "known_group": order,
            "n_answers": gap.loc[order, "n"].to_numpy(),
            "stay_as_answered": wide.loc[order, "as answered"].to_numpy(),
            "stay_raised": wide.loc[order, "raised"].to_numpy(),
            "months_longer": gap.loc[order, "estimate"].to_numpy(),
            "months_longer_conf_low": gap.loc[order, "conf_low"].to_numpy(),
            "months_longer_conf_high": gap.loc[order, "conf_high"].to_numpy(),
            "capped": life.share_capped.loc[order].to_numpy(),
        }
    )
