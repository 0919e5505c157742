"""How long customers are in a stage: expected months within a horizon, stays, and won back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.chapters.stages.paths import followed_to
from analysis.chapters.stages.rule_made import RuleMade
from analysis.methods.multistate import (
    SojournTimes,
    expected_time,
    sojourn_times,
    transition_counts,
)
from analysis.methods.pairs import best_supported, compare_pairs, is_known
from analysis.notes import Note, note
from analysis.states.segments import stack_segments

YEAR = 12
NO_RULES = RuleMade()
MONTHS = ["group", "stage", "estimate", "conf_low", "conf_high", "n", "note"]
DIFFERENCES = ["stage", "group", "reference", "estimate", "conf_low", "conf_high", "p_holm", "note"]
STAYS = ["stage", "n", "ended", "estimate", "conf_low", "conf_high", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class StageMonths:
    """Expected months in each stage, by groups known at the start.

    Attributes
    ----------
    table : DataFrame of shape (groups x stages,)
        `group, stage, estimate, conf_low, conf_high` (months)`, n, note`; no rows where nobody was
        followed for a month.
    differences : DataFrame of shape (stages,)
        `stage, group, reference, estimate, conf_low, conf_high` (months more)`, p_holm, note`: the
        two groups that differ most clearly, p-values after Holm and intervals that hold together
        (Bonferroni) over all pairs and stages.
    horizon_months, until_months : float
        What was asked for, and the part of it in which every group was followed.
    customers : int
        Customers in all groups.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    differences: pd.DataFrame
    horizon_months: float
    until_months: float
    customers: int


@dataclass(frozen=True, slots=True, eq=False)
class StageMonthsBySegment:
    """Expected months by every segment, over one common horizon.

    Attributes
    ----------
    of : dict of str to StageMonths
        By segment.
    until_months : float
        Up to where all groups of all segments are followed.
    """

    of: dict[str, StageMonths]
    until_months: float

    def summary(self) -> pd.DataFrame:
        """The months of all segments, with a column `segment`."""
        return stack_segments({name: result.table for name, result in self.of.items()})

    def differences(self) -> pd.DataFrame:
        """The groups that differ most clearly, with a column `segment`."""
        return stack_segments({name: result.differences for name, result in self.of.items()})


@dataclass(frozen=True, slots=True, eq=False)
class StageStays:
    """How long the first stay in each stage lasts, and who comes back from churn.

    Attributes
    ----------
    table : DataFrame of shape (stages,)
        `stage, n, ended, estimate, conf_low, conf_high` (median months)`, note`.
    why : {'', 'untold', 'too_few', 'nobody'}
        Why `won_back` is None: the stages do not tell them apart; too few churned; nobody did.
    won_back : dict or None
        `months, estimate, conf_low, conf_high, n` of the share won back so soon after churning;
        None where the scheme or the data do not tell it.
    """

    COUNTED_BY: ClassVar = {"table": "n"}

    table: pd.DataFrame
    won_back: dict[str, float] | None
    why: str = ""


def stage_months(
    paths: pd.DataFrame, *, horizon_months: float, min_cell: int = 1, conf_level: float = 0.95
) -> StageMonths:
    """Estimate the months in each stage up to a horizon, by `group`, and compare the groups.

    Parameters
    ----------
    paths : DataFrame
        Stays since the start with `group`.
    horizon_months : float
        Above 0; shortened to where `min_cell` customers of every group are followed.
    min_cell : int
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    StageMonths

    References
    ----------
    Beyersmann & Putter (2014), A note on computing average state occupation times, Demographic
    Research 30, 1681-1696; Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    until = min(horizon_months, followed_to(paths, min_cell))
    if not until:
        blank = (pd.DataFrame(columns=MONTHS), pd.DataFrame(columns=DIFFERENCES))
        return StageMonths(*blank, horizon_months, 0.0, 0)
    expected = expected_time(paths, horizon=until, by="group", conf_level=conf_level).table
    table = expected.rename(columns={"term": "stage"})[MONTHS]
    customers = int(table.drop_duplicates("group")["n"].sum())
    differences = _differences(expected, conf_level)
    return StageMonths(table, differences, horizon_months, until, customers)


def stage_months_by_segment(
    paths: Mapping[str, pd.DataFrame], *, horizon_months: float, min_cell: int = 1, **options
) -> StageMonthsBySegment:
    """Apply `stage_months` to the paths of every segment, up to where all groups are followed.

    Parameters
    ----------
    paths : mapping of segment to DataFrame
        Of `paths_by_segment`.
    horizon_months : float
        Above 0.
    min_cell : int
    **options
        `conf_level`, as in `stage_months`.

    Returns
    -------
    StageMonthsBySegment
    """
    reached = min(followed_to(by, min_cell) for by in paths.values())
    until = min(horizon_months, reached) or horizon_months
    months = {
        segment: stage_months(by, horizon_months=until, min_cell=min_cell, **options)
        for segment, by in paths.items()
    }
    return StageMonthsBySegment(months, min(result.until_months for result in months.values()))


def _differences(expected: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """The pair best supported of each stage; a stage that is the same for all has none."""
    told = expected[is_known(expected["group"])].dropna(subset=["estimate"])
    told = told.rename(columns={"term": "stage"})
    if told["group"].nunique() < 2:
        alone = [{"stage": "all", "note": note("stages.one_group")}]
        return pd.DataFrame(alone, columns=DIFFERENCES)
    pairs = compare_pairs(told, within=["stage"], conf_level=conf_level)
    rows = []
    for stage, own in told.groupby("stage", sort=False, observed=True):
        best = best_supported(pairs[pairs["stage"] == stage])
        row = _furthest(own) if best is None else {"note": ""} | best.to_dict()
        rows.append({"stage": stage} | row)
    differences = pd.DataFrame(rows)[DIFFERENCES]
    return differences.astype({"group": "str", "reference": "str"})


def _furthest(own: pd.DataFrame) -> dict:
    high, low = (own.loc[place] for place in (own["estimate"].idxmax(), own["estimate"].idxmin()))
    gap = {"estimate": high["estimate"] - low["estimate"], "note": note("stages.by_definition")}
    gap |= dict.fromkeys(("conf_low", "conf_high", "p_holm"), np.nan)
    if not gap["estimate"]:
        high, low = own.iloc[-1], own.iloc[0]
    return {"group": high["group"], "reference": low["group"]} | gap


def stage_stays(
    paths: pd.DataFrame,
    *,
    made: RuleMade = NO_RULES,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> StageStays:
    """Estimate how long the first stay in each stage lasts, and the share won back after churn.

    Parameters
    ----------
    paths : DataFrame
        Stays since the start (`paths_by_segment`).
    made : RuleMade
        What the rules make: a stay as long as they allow is no finding.
    min_cell : int
        The share won back is told up to where so many are followed.
    conf_level : float
        Between 0 and 1.

    Returns
    -------
    StageStays

    References
    ----------
    Kaplan & Meier (1958), Journal of the American Statistical Association 53, 457-481.
    """
    if not len(paths):
        return StageStays(pd.DataFrame(columns=STAYS), None, "nobody")
    stays = sojourn_times(paths.drop(columns="group", errors="ignore"), conf_level=conf_level)
    table = stays.table.rename(columns={"term": "stage"})
    longest = dict(made.stays)
    table = table.assign(note=[_remark(row, longest) for row in table.to_dict("records")])
    return StageStays(table[STAYS], *_won_back(paths, stays, min_cell))


def _remark(row: dict, longest: Mapping[str, float]) -> Note | str:
    """Why a median, or its interval, is blank, and what the rules make of it."""
    bound = longest.get(str(row["stage"]))
    if not row["n"]:
        return note("stages.nobody_entered")
    if np.isnan(row["estimate"]):
        return note("stages.not_reached")
    if np.isnan(row["conf_low"]) or (bound is not None and row["estimate"] >= bound):
        return note("stages.set_by_rules")
    return "" if bound is None else note("stages.at_most", months=bound)


def _won_back(
    paths: pd.DataFrame, stays: SojournTimes, min_cell: int
) -> tuple[dict[str, float] | None, str]:
    """Share who left churn within a year (or as far as enough were followed), or why not."""
    if "churned" not in set(stays.curve["state"]):
        return None, "nobody"
    exits = transition_counts(paths).query("`from` == 'churned'").dropna(subset="to")
    if len(exits) and set(exits["to"]) != {"won_back"}:
        return None, "untold"
    curve = stays.curve[stays.curve["state"] == "churned"]
    enough = curve[(curve["time"] <= YEAR) & (curve["at_risk"] >= min_cell)]
    n = int(curve["at_risk"].iloc[0]) if len(curve) else 0
    if not len(enough) or n < min_cell:
        return None, "too_few"
    row = enough.iloc[-1]
    return {
        "months": float(row["time"]),
        "estimate": 1 - row["estimate"],
        "conf_low": 1 - row["conf_high"],
        "conf_high": 1 - row["conf_low"],
        "n": n,
    }, ""
