"""How long do relationships last, where their ends are seen?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.errors import DataError
from analysis.methods.disclosure import pool_small
from analysis.methods.pairs import holm, is_known, joint_level
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
from analysis.methods.survival.contrasts import contrast_rows
from analysis.notes import note

MOST_GROUPS = 6
MARKS = (3, 6, 12, 24, 36, 48, 60, 84, 120, 180, 240)  # months at which a share is told
PAIR_COLUMNS = ["group", "reference", "estimate", "std_error", "conf_low", "conf_high", "p_holm"]
PAIR_COLUMNS += ["hazard_ratio", "hazard_ratio_conf_low", "hazard_ratio_conf_high", "p_rate"]
PAIR_COLUMNS += ["n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class RelationshipLength:
    """How long first relationships last, open ones right-censored; time in months.

    Attributes
    ----------
    curve : SurvivalCurve
        Share still customers by months since the start.
    marks : DataFrame of shape (groups x marks, 8)
        `group, months, estimate, std_error, conf_low, conf_high, at_risk, n`: share still
        customers, as far as `min_cell` are at risk in every group.
    quantiles : DataFrame of shape (groups x 3, 10)
        `group, term, share, estimate, std_error, conf_low, conf_high, n, events, note`: months by
        which a quarter, half and three quarters have ended.
    means : RestrictedMeans or None
        Months within the first `until_months`; None where nobody was followed.
    pairs : DataFrame of shape (pairs, 13)
        `group, reference, estimate` (difference of the restricted means, months)`, std_error,
        conf_low, conf_high, p_holm, hazard_ratio, hazard_ratio_conf_low, hazard_ratio_conf_high,
        p_rate, n, note`; p-values after Holm, intervals that hold together (Bonferroni). One row
        with a note where only one group is large enough.
    test : LogRankTest or None
        Whether the groups end at the same rate; None for one group.
    follow_up : DataFrame
        Median months of follow-up by reverse Kaplan-Meier.
    horizon_months, until_months : float
        The horizon that was asked for, and the part of it that the observation reaches.
    customers, ended, entered_late : int
        First relationships, those that ended, those that began before the observation.
    """

    COUNTED_BY: ClassVar = {"marks": "at_risk", "quantiles": "n", "pairs": "n"}

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
        """One row a group: `group, n, events, median, mean, followed` (months)`, note`, with ends.

        The restricted mean is that within `until_months`; ends of intervals are `median_conf_low`,
        `median_conf_high`, `mean_conf_low` and `mean_conf_high`.
        """
        half = self.quantiles[self.quantiles["share"] == 0.5].set_index("group")
        told = half[["n", "events", "note"]].assign(
            followed=self.follow_up.set_index("group")["estimate"]
        )
        means = half[["estimate", "conf_low", "conf_high"]] * np.nan
        if self.means is not None:
            means = self.means.table.set_index("group").reindex(half.index)
        for name, source in (("median", half), ("mean", means)):
            told[name] = source["estimate"]
            told[f"{name}_conf_low"] = source["conf_low"]
            told[f"{name}_conf_high"] = source["conf_high"]
        return told.reset_index()


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
        Of `states.relationships`; columns used: `spell` (the first only), `duration,
        entry` (months), `event`, and `by`.
    horizon_months : float
        Up to which restricted means are taken; less where fewer than `min_cell` of a group are
        still at risk.
    by : str, optional
        A column known on the first day. Groups of fewer than `min_cell`, and the smallest beyond
        six, are joined; where only one remains, there is no comparison.
    min_cell : int
        The smallest group that may be told.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    RelationshipLength

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
        by = by if first.loc[is_known(first[by]), by].nunique() > 1 else None
    curve = survival_curve(first, by=by, conf_level=conf_level)
    until = min(horizon_months, _reach(curve, min_cell))
    means = None
    if until > 0:
        means = restricted_mean(first, by=by, until=until, conf_level=conf_level)
    return RelationshipLength(
        curve=curve,
        marks=_marks(curve, min_cell),
        quantiles=curve.quantiles((0.25, 0.5, 0.75)),
        means=means,
        pairs=_pairs(first, by, means, conf_level),
        test=logrank_test(first[is_known(first[by])], by=by) if by else None,
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
    columns = ["group", "months", "estimate", "std_error", "conf_low", "conf_high", "at_risk", "n"]
    times = [month for month in MARKS if month <= reach]
    if not times:
        return pd.DataFrame(columns=columns)
    return curve.at(times).rename(columns={"time": "months"})[columns]


def _pairs(
    first: pd.DataFrame, by: str | None, means: RestrictedMeans | None, conf_level: float
) -> pd.DataFrame:
    if by is None or means is None:
        why = "one_group" if by is None else "not_followed"
        alone = {"group": "all", "n": len(first), "note": note(f"relationships.{why}")}
        return pd.DataFrame([alone], columns=PAIR_COLUMNS)
    known = means.table[is_known(means.table["group"])]
    groups = list(known["group"])
    level = joint_level(conf_level, len(groups) * (len(groups) - 1) // 2)
    rates = pairwise_tests(first[is_known(first[by])], by=by, conf_level=level)
    names = {name: f"hazard_ratio_{name}" for name in ("conf_low", "conf_high")}
    names |= {"estimate": "hazard_ratio", "p_holm": "p_rate"}
    rates = rates.rename(columns=names)[["group", "reference", *names.values(), "note"]]
    rows = [row for reference in groups for row in contrast_rows(known, reference, level)]
    ahead = pd.DataFrame(rows).drop(columns="note")
    pairs = rates.merge(ahead, on=["group", "reference"])
    return pairs.assign(p_holm=holm(pairs["p_value"].to_numpy()))[PAIR_COLUMNS]
