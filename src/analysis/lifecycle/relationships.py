"""How long do relationships last, where their ends are seen?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.disclosure import pool_small
from analysis.methods.survival import (
    LogRankTest,
    RestrictedMeans,
    SurvivalCurve,
    follow_up,
    logrank_test,
    pairwise_tests,
    restricted_mean,
    survival_curve,
)
from analysis.methods.survival.contrasts import contrast_rows, joint_level
from analysis.methods.survival.pairwise import holm

MOST_GROUPS = 6
MARKS = (3, 6, 12, 24, 36, 48, 60, 84, 120, 180, 240)  # months at which a share is told
PAIR_COLUMNS = ["group", "reference", "difference", "difference_conf_low", "difference_conf_high"]
PAIR_COLUMNS += ["p_difference", "hazard_ratio", "ratio_conf_low", "ratio_conf_high", "p_rate"]
PAIR_COLUMNS += ["n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class RelationshipLength:
    """How long first relationships last, open ones right-censored; time in months.

    Attributes
    ----------
    curve : SurvivalCurve
        Share still customers by months since the start.
    marks : DataFrame
        `group, months, estimate, std_error, conf_low, conf_high, followed` (customers at risk
        then)`, n`: share still customers, as far as `min_cell` are at risk in every group.
    quantiles : DataFrame
        `group, ended_share, months, months_conf_low, months_conf_high, n, ended, note`: by when
        each share has ended.
    means : RestrictedMeans or None
        Months within the first `until_months`; None where nobody was followed.
    pairs : DataFrame
        One row a pair of groups: `group, reference, difference` (of the restricted means, months)`,
        difference_conf_low, difference_conf_high, p_difference, hazard_ratio, ratio_conf_low,
        ratio_conf_high, p_rate, n, note`; p-values after Holm, intervals that hold together
        (Bonferroni). One row with a note where only one group is large enough.
    test : LogRankTest or None
        Whether the groups end at the same rate; None for one group.
    follow_up : DataFrame
        Median months of follow-up by reverse Kaplan-Meier.
    horizon_months, until_months : float
        The horizon that was asked for, and the part of it that the observation reaches.
    customers, ended, entered_late : int
        First relationships, those that ended, those that began before the observation.
    """

    curve: SurvivalCurve
    marks: pd.DataFrame
    quantiles: pd.DataFrame
    means: RestrictedMeans | None
    pairs: pd.DataFrame
    test: LogRankTest | None
    follow_up: pd.DataFrame
    horizon_months: float
    until_months: float
    customers: int
    ended: int
    entered_late: int

    def summary(self) -> pd.DataFrame:
        """One row a group: customers, ends, follow-up, median and restricted mean."""
        half = self.quantiles[self.quantiles["ended_share"] == 0.5]
        columns = {"months": "median_months", "months_conf_low": "median_conf_low"}
        columns |= {"months_conf_high": "median_conf_high"}
        told = half.rename(columns=columns).drop(columns="ended_share")
        followed = self.follow_up.set_index("group")["estimate"]
        told["followed_months"] = told["group"].map(followed)
        if self.means is None:
            return told.assign(mean_months=np.nan, mean_conf_low=np.nan, mean_conf_high=np.nan)
        means = self.means.table.set_index("group")
        for column, source in (("mean_months", "estimate"), ("mean_conf_low", "conf_low")):
            told[column] = told["group"].map(means[source])
        return told.assign(mean_conf_high=told["group"].map(means["conf_high"]))


def relationship_length(
    relationships: pd.DataFrame,
    *,
    horizon_months: float,
    by: str | None = None,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> RelationshipLength:
    """Estimate how long first relationships last, and compare groups.

    Parameters
    ----------
    relationships : DataFrame
        Of `contracts.read_relationships`; columns used: `spell` (the first only), `duration,
        entry` (months), `event`, and `by`.
    horizon_months : float
        Up to which restricted means are taken; less where fewer than `min_cell` of a group are
        still at risk.
    by : str, optional
        A column known on the first day. Groups of fewer than `min_cell`, and the smallest beyond
        six, are joined; where only one remains, there is no comparison.

    Raises
    ------
    DataError
        No relationships, or a wrong column.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481; Royston & Parmar (2013), BMC Medical Research
    Methodology 13, 152; Schemper & Smith (1996), Controlled Clinical Trials 17, 343-346; Holm
    (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    first = _first(relationships, by)
    if by is not None:
        first[by] = pool_small(first[by], min_cell, most=MOST_GROUPS)
        by = by if first[by].nunique() > 1 else None
    curve = survival_curve(first, by=by, conf_level=conf_level)
    until = min(horizon_months, _reach(curve, min_cell))
    means = None
    if until > 0:
        means = restricted_mean(first, by=by, until=until, conf_level=conf_level)
    return RelationshipLength(
        curve=curve,
        marks=_marks(curve, min_cell),
        quantiles=_quantiles(curve),
        means=means,
        pairs=_pairs(first, by, means, conf_level),
        test=logrank_test(first, by=by) if by else None,
        follow_up=follow_up(first, by=by, conf_level=conf_level),
        horizon_months=horizon_months,
        until_months=until,
        customers=len(first),
        ended=int(first["event"].sum()),
        entered_late=int((first["entry"] > 0).sum()),
    )


def _first(relationships: pd.DataFrame, by: str | None) -> pd.DataFrame:
    first = relationships[relationships["spell"] == 1]
    if not len(first):
        raise DataError(
            "the study must have relationships, but none was under way while it observed; mend "
            "observed_from or the table contracts"
        )
    columns = ["duration", "entry", "event", *([by] if by else [])]
    return first[columns].assign(event=first["event"].astype(bool))


def _reach(curve: SurvivalCurve, least: int) -> float:
    """The last time at which at least so many of every group are at risk."""
    reached = []
    for sets in curve.risk_sets.values():
        enough = sets.time[sets.at_risk >= least]
        reached.append(enough[-1] if len(enough) else 0.0)
    return float(min(reached))


def _marks(curve: SurvivalCurve, least: int) -> pd.DataFrame:
    reach = _reach(curve, least)
    times = [month for month in MARKS if month <= reach]
    columns = ["group", "months", "estimate", "std_error", "conf_low", "conf_high", "followed", "n"]
    if not times:
        return pd.DataFrame(columns=columns)
    told = curve.at(times).rename(columns={"time": "months", "at_risk": "followed"})
    return told[columns]


def _quantiles(curve: SurvivalCurve) -> pd.DataFrame:
    told = curve.quantiles((0.25, 0.5, 0.75))
    names = {"share": "ended_share", "estimate": "months", "events": "ended"}
    names |= {"conf_low": "months_conf_low", "conf_high": "months_conf_high"}
    told = told.rename(columns=names)
    columns = ["group", "ended_share", "months", "months_conf_low", "months_conf_high", "n"]
    return told[[*columns, "ended", "note"]]


def _pairs(
    first: pd.DataFrame, by: str | None, means: RestrictedMeans | None, conf_level: float
) -> pd.DataFrame:
    if by is None or means is None:
        alone = {"group": "all", "n": len(first), "note": "one group only"}
        return pd.DataFrame([alone], columns=PAIR_COLUMNS)
    groups = len(means.table)
    level = joint_level(conf_level, groups * (groups - 1) // 2)
    rates = pairwise_tests(first, by=by, conf_level=level)
    rates = rates.rename(columns={"estimate": "hazard_ratio", "p_holm": "p_rate"})
    rates = rates.rename(columns={"conf_low": "ratio_conf_low", "conf_high": "ratio_conf_high"})
    rows = [
        row
        for reference in means.table["group"]
        for row in contrast_rows(means.table, reference, level)
    ]
    ahead = pd.DataFrame(rows).rename(columns={"estimate": "difference"})
    names = {"conf_low": "difference_conf_low", "conf_high": "difference_conf_high"}
    ahead = ahead.rename(columns=names)
    pairs = rates.drop(columns="n").merge(
        ahead.drop(columns=["std_error", "term", "note"]),
        on=["group", "reference"],
        suffixes=("_rate", ""),
    )
    pairs["p_difference"] = holm(pairs["p_value"].to_numpy())
    return pairs[PAIR_COLUMNS]
