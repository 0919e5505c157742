"""How long customers are in a stage: expected months within a horizon, stays, and won back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.lifecycle.movement import NOBODY, followed_to
from analysis.methods.multistate import (
    ExpectedTime,
    SojournTimes,
    expected_time,
    sojourn_times,
    transition_counts,
)
from analysis.methods.survival.contrasts import joint_level
from analysis.methods.survival.pairwise import holm
from analysis.states.segments import stack_segments

YEAR = 12


@dataclass(frozen=True, slots=True, eq=False)
class StageMonths:
    """Expected months in each stage, by groups known at the start.

    Attributes
    ----------
    expected : ExpectedTime or None
    differences : DataFrame
        One row a stage: `stage, group, reference, more_months, more_conf_low,
        more_conf_high, p_difference, note`: the two groups that lie furthest apart, p-values
        after Holm and intervals that hold together (Bonferroni) over all pairs and stages.
    horizon_months, until_months : float
        What was asked for, and the part of it in which every group was followed.
    """

    expected: ExpectedTime | None
    differences: pd.DataFrame
    horizon_months: float
    until_months: float

    def summary(self) -> pd.DataFrame:
        """One row a group and stage: `group, stage, stage_months` with interval`, n, note`."""
        columns = ["group", "stage", "stage_months", "stage_months_conf_low"]
        columns += ["stage_months_conf_high", "n", "note"]
        if self.expected is None:
            blank = {"group": "all", "stage": "all", "n": 0, "note": NOBODY}
            return pd.DataFrame([blank], columns=columns)
        names = {"term": "stage", "estimate": "stage_months"}
        names |= {"conf_low": "stage_months_conf_low", "conf_high": "stage_months_conf_high"}
        return self.expected.table.rename(columns=names)[columns]


@dataclass(frozen=True, slots=True, eq=False)
class StageMonthsBySegment:
    """Expected months by every segment, over one common horizon: `of` segment, `until_months`."""

    of: dict[str, StageMonths]
    until_months: float

    def summary(self) -> pd.DataFrame:
        """The summaries of all segments, with a column `segment`."""
        return stack_segments({name: result.summary() for name, result in self.of.items()})

    def differences(self) -> pd.DataFrame:
        """The groups that lie furthest apart, with a column `segment`."""
        return stack_segments({name: result.differences for name, result in self.of.items()})


@dataclass(frozen=True, slots=True, eq=False)
class StageStays:
    """How long the first stay in each stage lasts, and who comes back from churn.

    `table`: `stage, n, stays_ended, stay_months, stay_conf_low, stay_conf_high, note`; `won_back`:
    a dict of `months, estimate, conf_low, conf_high, n` of the share won back so soon after
    churning, or None where the scheme or the data do not tell it.
    """

    table: pd.DataFrame
    won_back: dict[str, float] | None


def stage_months(
    paths: pd.DataFrame, *, horizon_months: float, min_cell: int = 1, conf_level: float = 0.95
) -> StageMonths:
    """Estimate the months in each stage up to a horizon, by `group`, and compare the groups.

    The horizon is shortened to where `min_cell` customers of every group are followed.

    References
    ----------
    Beyersmann & Putter (2014), A note on computing average state occupation times, Demographic
    Research 30, 1681-1696; Holm (1979), Scandinavian Journal of Statistics 6, 65-70.
    """
    until = min(horizon_months, followed_to(paths, min_cell))
    names = ["more_months", "more_conf_low", "more_conf_high", "p_difference", "note"]
    columns = ["stage", "group", "reference", *names]
    if not until:
        blank = pd.DataFrame([{"stage": "all", "note": NOBODY}], columns=columns)
        return StageMonths(None, blank, horizon_months, 0.0)
    expected = expected_time(paths, horizon=until, by="group", conf_level=conf_level)
    pairs = _all_pairs(expected.table, conf_level)
    if not len(pairs):
        alone = pd.DataFrame([{"stage": "all", "note": "one group only"}], columns=columns)
        return StageMonths(expected, alone, horizon_months, until)
    furthest = pairs.groupby("stage", sort=False)["more_months"].idxmax()
    order = dict.fromkeys(expected.table["term"])
    told = pairs.loc[furthest[list(order)], columns].reset_index(drop=True)
    return StageMonths(expected, told, horizon_months, until)


def stage_months_by_segment(
    paths: Mapping[str, pd.DataFrame], *, horizon_months: float, min_cell: int = 1, **options
) -> StageMonthsBySegment:
    """Apply `stage_months` to the paths of every segment, up to where all groups are followed."""
    reached = min(followed_to(by, min_cell) for by in paths.values())
    until = min(horizon_months, reached) or horizon_months
    months = {
        segment: stage_months(by, horizon_months=until, min_cell=min_cell, **options)
        for segment, by in paths.items()
    }
    return StageMonthsBySegment(months, min(result.until_months for result in months.values()))


def _all_pairs(table: pd.DataFrame, conf_level: float) -> pd.DataFrame:
    """Every pair of groups in every stage, the longer first; groups are independent customers."""
    pairs = table.merge(table, on="term", suffixes=("", "_reference"))
    ahead = pairs["estimate"] - pairs["estimate_reference"]
    later = pairs["group"].astype(str) > pairs["group_reference"].astype(str)
    pairs = pairs[(ahead > 0) | ((ahead == 0) & later)]
    error = np.hypot(pairs["std_error"], pairs["std_error_reference"]).to_numpy()
    difference = (pairs["estimate"] - pairs["estimate_reference"]).to_numpy()
    known = error > 0
    reach = norm.ppf(0.5 + joint_level(conf_level, known.sum()) / 2) * error
    z = np.divide(difference, error, out=np.full(len(error), np.nan), where=known)
    p_value = np.full(len(error), np.nan)
    if known.any():
        p_value[known] = holm(2 * norm.sf(z[known]))
    return pd.DataFrame(
        {
            "stage": pairs["term"].to_numpy(),
            "group": pairs["group"].astype(str).to_numpy(),
            "reference": pairs["group_reference"].astype(str).to_numpy(),
            "more_months": difference,
            "more_conf_low": np.where(known, difference - reach, np.nan),
            "more_conf_high": np.where(known, difference + reach, np.nan),
            "p_difference": p_value,
            "note": np.where(known, "", "the same for all by definition"),
        }
    )


def stage_stays(paths: pd.DataFrame, *, min_cell: int = 1, conf_level: float = 0.95) -> StageStays:
    """Estimate how long the first stay in each stage lasts, and the share won back after churn."""
    names = {"term": "stage", "estimate": "stay_months", "ended": "stays_ended"}
    names |= {"conf_low": "stay_conf_low", "conf_high": "stay_conf_high"}
    columns = ["stage", "n", "stays_ended", "stay_months", "stay_conf_low", "stay_conf_high"]
    columns.append("note")
    if not len(paths):
        return StageStays(pd.DataFrame([{"stage": "all", "note": NOBODY}], columns=columns), None)
    stays = sojourn_times(paths.drop(columns="group", errors="ignore"), conf_level=conf_level)
    table = stays.table.rename(columns=names)[columns]
    fixed = table["stay_months"].notna() & table["stay_conf_low"].isna()
    note = np.where(table["stay_months"].isna() & (table["n"] > 0), "not reached", "")
    note = np.where(fixed, "set by the rules", note)
    table = table.assign(note=np.where(table["n"] == 0, "nobody was seen to enter it", note))
    return StageStays(table, _won_back(paths, stays, min_cell))


def _won_back(paths: pd.DataFrame, stays: SojournTimes, least: int) -> dict[str, float] | None:
    """Share who left churn within a year (or as far as enough were followed)."""
    exits = transition_counts(paths).query("`from` == 'churned'").dropna(subset="to")
    if not len(exits) or set(exits["to"]) != {"won_back"}:
        return None
    curve = stays.curve[stays.curve["state"] == "churned"]
    enough = curve[(curve["time"] <= YEAR) & (curve["at_risk"] >= least)]
    if not len(enough):
        return None
    row = enough.iloc[-1]
    return {
        "months": float(row["time"]),
        "estimate": 1 - row["estimate"],
        "conf_low": 1 - row["conf_high"],
        "conf_high": 1 - row["conf_low"],
        "n": int(curve["at_risk"].iloc[0]),
    }
