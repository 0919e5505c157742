"""In which ways do relationships end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from analysis.methods.competing import CumulativeIncidence, cumulative_incidence, gray_test
from analysis.methods.disclosure import pool_small
from analysis.methods.pairs import best_supported, compare_pairs, holm, is_known
from analysis.notes import note

MOST_CAUSES = 5
MOST_GROUPS = 6
MARKS = (6, 12, 24, 36, 48, 60, 84, 120)
OTHER = "other reasons"
MARK_COLUMNS = ["cause", "months", "estimate", "std_error", "conf_low", "conf_high", "ended"]
MARK_COLUMNS += ["n", "note"]
TEST_COLUMNS = ["segment", "cause", "high_group", "high_share", "low_group", "low_share", "chi2"]
TEST_COLUMNS += ["dof", "p_value", "p_holm", "n", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class EndsByCause:
    """In which ways first relationships end; each way removes a customer from the others.

    Attributes
    ----------
    incidence : CumulativeIncidence or None
        Aalen-Johansen share ended by each cause; None where nothing ended.
    marks : DataFrame of shape (causes x marks, 9)
        `cause, months, estimate, std_error, conf_low, conf_high, ended` (ends by the cause until
        then)`, n, note`.
    naive : DataFrame of shape (causes, 5)
        `cause, ended, estimate, naive, excess` at `until_months`: what one minus Kaplan-Meier would
        say.
    tests : DataFrame of shape (segments x causes, 12)
        Gray's test, one row a segment and cause: `segment, cause, high_group, high_share,
        low_group, low_share` (at `until_months`)`, chi2, dof, p_value, p_holm, n, note`.
    causes : list of str
        From the most frequent; causes of fewer than `min_cell` ends are joined.
    until_months : float
    customers, ended : int
    """

    COUNTED_BY: ClassVar = {"marks": "ended", "naive": "ended", "tests": "n"}

    incidence: CumulativeIncidence | None
    marks: pd.DataFrame
    naive: pd.DataFrame
    tests: pd.DataFrame
    causes: list[str]
    until_months: float
    customers: int
    ended: int


def ends_by_cause(
    relationships: pd.DataFrame,
    *,
    segments: Sequence[str],
    horizon_months: float,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> EndsByCause:
    """Estimate which share of first relationships has ended in each way.

    Parameters
    ----------
    relationships : DataFrame
        Of `states.relationships`; columns used: `spell, duration, entry` (months)`,
        event, cause` and the segments.
    segments : sequence of str
        Each is compared by Gray's test, among those followed from their first day; p-values are
        corrected for the number of tests (Holm).
    horizon_months : float
        Up to which shares are told; less where fewer than `min_cell` are still at risk.
    min_cell : int
        Causes of fewer ends, and groups of fewer customers, are joined.
    conf_level : float
        Between 0.5 and 1.

    Returns
    -------
    EndsByCause

    References
    ----------
    Aalen & Johansen (1978), Scandinavian Journal of Statistics 5, 141-150; Gray (1988), Annals of
    Statistics 16, 1141-1154.
    """
    first = relationships[relationships["spell"] == 1]
    first = first.assign(event=first["event"].astype(bool))
    ended = first["event"]
    if not ended.any():
        return _nothing_ended(first)
    told = pool_small(first.loc[ended, "cause"], min_cell, most=MOST_CAUSES, pooled=OTHER)
    causes = [str(cause) for cause in told.value_counts().index]
    first = first.assign(cause=pd.Categorical(told.astype(str).reindex(first.index), causes))
    incidence = cumulative_incidence(first, conf_level=conf_level)
    until = min(horizon_months, _reach(incidence, min_cell))
    marks = _marks(incidence, until)
    return EndsByCause(
        incidence=incidence,
        marks=marks,
        naive=incidence.naive([until])[["cause", "naive", "excess"]].merge(
            marks.loc[marks["months"] == until, ["cause", "ended", "estimate"]], on="cause"
        ),
        tests=_tests(first, segments, until, min_cell),
        causes=causes,
        until_months=until,
        customers=len(first),
        ended=int(ended.sum()),
    )


def _nothing_ended(first: pd.DataFrame) -> EndsByCause:
    marks, naive, tests = (
        pd.DataFrame(columns=names) for names in (MARK_COLUMNS, ["cause", "ended"], TEST_COLUMNS)
    )
    return EndsByCause(None, marks, naive, tests, [], np.nan, len(first), 0)


def _reach(incidence: CumulativeIncidence, least: int) -> float:
    (counts,) = incidence.counts.values()
    enough = counts.time[counts.at_risk >= least]
    return float(enough[-1]) if len(enough) else 0.0


def _marks(incidence: CumulativeIncidence, until: float) -> pd.DataFrame:
    (counts,) = incidence.counts.values()
    times = sorted({*(month for month in MARKS if month <= until), until})
    told = incidence.at(times).rename(columns={"time": "months"})
    passed = np.searchsorted(counts.time, told["months"], side="right")
    ended = np.vstack([np.zeros(counts.ends.shape[1]), np.cumsum(counts.ends, axis=0)])
    position = [incidence.causes.index(cause) for cause in told["cause"]]
    return told.assign(ended=ended[passed, position].astype(int))[MARK_COLUMNS]


def _tests(
    first: pd.DataFrame, segments: Sequence[str], until: float, min_cell: int
) -> pd.DataFrame:
    whole = first[first["entry"] <= 0].drop(columns="entry")
    rows = [row for name in segments for row in _test_rows(whole, name, until, min_cell)]
    tests = pd.DataFrame(rows)
    return tests.assign(p_holm=holm(tests["p_value"].to_numpy(float)))[TEST_COLUMNS]


def _test_rows(whole: pd.DataFrame, segment: str, until: float, min_cell: int) -> list[dict]:
    row = {"segment": segment, "cause": "", "high_group": "", "high_share": np.nan}
    row |= {"low_group": "", "low_share": np.nan, "chi2": np.nan, "dof": 0, "p_value": np.nan}
    row |= {"n": len(whole), "note": note("relationships.one_group")}
    if not whole["event"].any():
        return [row | {"note": note("relationships.nothing_ended")}]
    whole = whole[is_known(whole[segment])]
    groups = pool_small(whole[segment], min_cell, most=MOST_GROUPS)
    if groups.nunique() < 2:
        return [row]
    compared = whole.assign(**{segment: groups})
    tests = gray_test(compared, by=segment).table
    shares = cumulative_incidence(compared, by=segment).at([until])
    return [row | _extremes(shares, test) for test in tests.to_dict("records")]


def _extremes(shares: pd.DataFrame, test: dict) -> dict:
    own = shares[shares["cause"] == test["cause"]].dropna(subset=["estimate"])
    if not len(own):
        return test
    pair, share = best_supported(compare_pairs(own)), own.set_index("group")["estimate"]
    high, low = (share.idxmax(), share.idxmin()) if pair is None else pair[["group", "reference"]]
    return test | {
        "high_group": str(high),
        "high_share": share[high],
        "low_group": str(low),
        "low_share": share[low],
    }
