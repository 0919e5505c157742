"""In which ways do relationships end, and how many will end soon?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from scipy.stats import norm

from analysis.methods.competing import CumulativeIncidence, cumulative_incidence, gray_test
from analysis.methods.disclosure import pool_small
from analysis.methods.survival import SurvivalCurve, remaining_life, survival_curve
from analysis.methods.survival.pairwise import holm

DAYS_PER_MONTH = 30.4375
MOST_CAUSES = 5
MOST_GROUPS = 6
MARKS = (6, 12, 24, 36, 48, 60, 84, 120)
TENURES = (0, 6, 12, 24, 36, 60)  # months; bands begin here
OTHER = "other reasons"
MARK_COLUMNS = ["cause", "months", "estimate", "std_error", "conf_low", "conf_high", "ended"]
MARK_COLUMNS += ["n", "note"]
TEST_COLUMNS = ["segment", "cause", "high_group", "high_share", "low_group", "low_share", "chi2"]
TEST_COLUMNS += ["dof", "p_value", "p_holm", "n", "note"]
BAND_COLUMNS = ["tenure", "from", "open_now", "told", "expected", "expected_conf_low"]
BAND_COLUMNS += ["expected_conf_high", "share"]
BAND_COLUMNS += ["remaining_months", "remaining_conf_low", "remaining_conf_high", "note"]


@dataclass(frozen=True, slots=True, eq=False)
class EndsByCause:
    """In which ways first relationships end; each way removes a customer from the others.

    Attributes
    ----------
    incidence : CumulativeIncidence or None
        Aalen-Johansen share ended by each cause; None where nothing ended.
    marks : DataFrame
        `cause, months, estimate, std_error, conf_low, conf_high, ended` (ends by the cause until
        then)`, n, note`.
    naive : DataFrame
        `cause, estimate, naive, excess` at `until_months`: what one minus Kaplan-Meier would say.
    tests : DataFrame
        Gray's test, one row a segment and cause: `segment, cause, high_group, high_share,
        low_group, low_share` (at `until_months`)`, chi2, dof, p_value, p_holm, n, note`.
    causes : list of str
        From the most frequent; causes of fewer than `min_cell` ends are joined.
    until_months : float
    customers, ended : int
    """

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
        Of `read_relationships`; columns used: `spell, duration, entry` (months)`, event, cause`
        and the segments.
    segments : sequence of str
        Each is compared by Gray's test, among those followed from their first day; p-values are
        corrected for the number of tests (Holm).

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
    found = cumulative_incidence(first, conf_level=conf_level)
    until = min(horizon_months, _reach(found, min_cell))
    return EndsByCause(
        incidence=found,
        marks=_marks(found, until),
        naive=found.naive([until]).drop(columns=["group", "time"]),
        tests=_tests(first, segments, until, min_cell),
        causes=causes,
        until_months=until,
        customers=len(first),
        ended=int(ended.sum()),
    )


def _nothing_ended(first: pd.DataFrame) -> EndsByCause:
    row = {"n": len(first), "note": "nothing ended"}
    marks, tests = (pd.DataFrame([row], columns=names) for names in (MARK_COLUMNS, TEST_COLUMNS))
    return EndsByCause(None, marks, pd.DataFrame(), tests, [], np.nan, len(first), 0)


def _reach(found: CumulativeIncidence, least: int) -> float:
    (counts,) = found.counts.values()
    enough = counts.time[counts.at_risk >= least]
    return float(enough[-1]) if len(enough) else 0.0


def _marks(found: CumulativeIncidence, until: float) -> pd.DataFrame:
    (counts,) = found.counts.values()
    times = sorted({*(month for month in MARKS if month <= until), until})
    told = found.at(times).rename(columns={"time": "months"})
    passed = np.searchsorted(counts.time, told["months"], side="right")
    ended = np.vstack([np.zeros(counts.ends.shape[1]), np.cumsum(counts.ends, axis=0)])
    position = [found.causes.index(cause) for cause in told["cause"]]
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
    row |= {"n": len(whole), "note": "one group only"}
    if not whole["event"].any():
        return [row | {"note": "nothing ended"}]
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
    high, low = own.loc[own["estimate"].idxmax()], own.loc[own["estimate"].idxmin()]
    return test | {
        "high_group": str(high["group"]),
        "high_share": high["estimate"],
        "low_group": str(low["group"]),
        "low_share": low["estimate"],
    }


@dataclass(frozen=True, slots=True, eq=False)
class EndsAhead:
    """How many of the relationships open on a day are expected to end within some months.

    Attributes
    ----------
    table : DataFrame
        One row a band of tenure reached, and one for those won back: `tenure` ('12–24', months)`,
        open_now` (open then)`, told` (of these, within what the past covers)`, expected,
        expected_conf_low, expected_conf_high` (ends to come)`, share, remaining_months,
        remaining_conf_low, remaining_conf_high` (median still to come for those who have just
        reached the band)`, note`.
    expected, conf_low, conf_high : float
        Ends to come among `told`, with a prediction interval; NaN where nobody can be told.
    open_now, told, observed : int or None
        Open relationships; those predicted; how many of them did end (None while unknown).
    as_of : date
    months : float
    """

    table: pd.DataFrame
    expected: float
    conf_low: float
    conf_high: float
    open_now: int
    told: int
    observed: int | None
    as_of: date
    months: float


def ends_ahead(
    relationships: pd.DataFrame,
    *,
    as_of: date,
    months: float = 12,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> EndsAhead:
    """Predict how many open relationships end within the next months.

    Each open relationship of tenure u ends within h months with chance 1 - S(u + h) / S(u), S
    being the Kaplan-Meier curve of its kind (first, or won back). Nothing is extrapolated: where
    u + h lies past the time at which `min_cell` are at risk, the relationship is not told. The
    interval holds the uncertainty of S (Greenwood's) and of the ends themselves (binomial), and
    assumes that the coming months are like those observed.

    Parameters
    ----------
    relationships : DataFrame
        Of `read_relationships`: all relationships.
    as_of : date
        Only what was known on that day is used.

    Returns
    -------
    EndsAhead
        `observed` counts the ends that came, where the table goes on long enough to know.
    """
    known = _as_of(relationships, pd.Timestamp(as_of))
    until = pd.Timestamp(as_of) + pd.Timedelta(days=round(months * DAYS_PER_MONTH))
    known["kind"] = np.where(known["spell"] > 1, "won back", "first")
    opened = known[known["open"]].copy()
    opened["chance"], loads = np.nan, []
    for kind, own in known.groupby("kind"):
        curve = survival_curve(own[["duration", "entry", "event"]], conf_level=conf_level)
        tenure = opened.loc[opened["kind"] == kind, "duration"]
        opened.loc[tenure.index, "chance"] = _chances(curve, tenure, months, min_cell)
        loads.append((kind, curve))
    told = opened.dropna(subset=["chance"])
    rows = [
        row | _remaining(known, row["from"], months, min_cell, conf_level)
        for row in _band_rows(opened, dict(loads), months, conf_level)
    ]
    total = _expect(told, dict(loads), months, conf_level)
    return EndsAhead(
        table=pd.DataFrame(rows, columns=BAND_COLUMNS).drop(columns="from"),
        **total,
        open_now=len(opened),
        told=len(told),
        observed=_observed(told, relationships, until),
        as_of=as_of,
        months=months,
    )


def check_ends_ahead(
    relationships: pd.DataFrame,
    *,
    observed_until: date,
    gap_days: int,
    months: float = 12,
    min_cell: int = 1,
    conf_level: float = 0.95,
) -> EndsAhead | None:
    """Predict as of an earlier day whose following months are known, to be compared with them.

    The day lies `months` and `gap_days` before `observed_until`, so that every end in between is
    confirmed. None where nothing had ended by then or nobody could be told.
    """
    back = round(months * DAYS_PER_MONTH) + gap_days
    as_of = (pd.Timestamp(observed_until) - pd.Timedelta(days=back)).date()
    before = relationships["ended_at"] <= pd.Timestamp(as_of)
    if before.sum() < max(min_cell, 1):
        return None
    options = {"months": months, "min_cell": min_cell, "conf_level": conf_level}
    checked = ends_ahead(relationships, as_of=as_of, **options)
    return checked if checked.told >= max(min_cell, 1) else None


def _as_of(relationships: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """The relationships as they were known at the close of a day."""
    known = relationships[relationships["started_at"] <= day].copy()
    seen = known["started_at"] + pd.to_timedelta(known["duration"] * DAYS_PER_MONTH, unit="D")
    ended = known["ended_at"] <= day
    known["open"] = ~ended & ((known["reason"] != "may be renewed") | (seen.dt.round("D") > day))
    known["event"] = ended
    length = (day - known["started_at"]).dt.days / DAYS_PER_MONTH
    known["duration"] = np.minimum(known["duration"], length)
    observed = (known["entry"] <= 0) | (known["entry"] < known["duration"])
    return known[observed]


def _chances(curve: SurvivalCurve, tenure: pd.Series, months: float, least: int) -> np.ndarray:
    """Chance to end within the months ahead, NaN where the curve does not reach so far."""
    now = tenure.to_numpy(float)
    (sets,) = curve.risk_sets.values()
    enough = sets.time[sets.at_risk >= max(least, 1)]
    reach = enough[-1] if len(enough) else -1.0
    share = np.append(1.0, curve.table["estimate"].to_numpy())
    start = share[np.searchsorted(sets.time, now, side="right")]
    later = share[np.searchsorted(sets.time, now + months, side="right")]
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = 1 - later / start
    return np.where((now + months <= reach) & (start > 0), chance, np.nan)


def _expect(
    told: pd.DataFrame, curves: dict[str, SurvivalCurve], months: float, conf_level: float
) -> dict[str, float]:
    if not len(told):
        return {"expected": np.nan, "conf_low": np.nan, "conf_high": np.nan}
    chance = told["chance"].to_numpy()
    variance = (chance * (1 - chance)).sum()
    for kind, own in told.groupby("kind"):
        variance += _curve_variance(curves[kind], own, months)
    expected = chance.sum()
    reach = norm.ppf((1 + conf_level) / 2) * np.sqrt(variance)
    low, high = max(expected - reach, 0), min(expected + reach, len(told))
    return {"expected": expected, "conf_low": low, "conf_high": high}


def _curve_variance(curve: SurvivalCurve, told: pd.DataFrame, months: float) -> float:
    """Variance of the expected number: sum over times of W^2 d / (n (n - d)), W the shares that
    stay, summed over those whose months ahead hold the time."""
    (sets,) = curve.risk_sets.values()
    stay = 1 - told["chance"].to_numpy()
    now = told["duration"].to_numpy(float)
    size = len(sets.time) + 1
    begin = np.searchsorted(sets.time, now, side="right")
    end = np.searchsorted(sets.time, now + months, side="right")
    steps = np.bincount(begin, stay, size) - np.bincount(end, stay, size)
    load = np.cumsum(steps)[:-1]
    n, d = sets.at_risk.astype(float), sets.events
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = np.where((d > 0) & (n > d), d / (n * (n - d)), 0.0)
    return float(load**2 @ spread)


def _band_rows(
    opened: pd.DataFrame, curves: dict[str, SurvivalCurve], months: float, conf_level: float
) -> list[dict]:
    first = opened["kind"] == "first"
    rows = []
    for low, high in zip(TENURES, [*TENURES[1:], np.inf], strict=True):
        band = opened[first & (opened["duration"] >= low) & (opened["duration"] < high)]
        name = f"{low}–{high}" if np.isfinite(high) else f"{low}+"
        rows.append((name, low, band))
    rows.append(("won back", np.nan, opened[~first]))
    return [
        {"tenure": name, "from": low, "open_now": len(band)}
        | _band(band.dropna(subset=["chance"]), curves, months, conf_level)
        for name, low, band in rows
        if len(band)
    ]


def _band(
    told: pd.DataFrame, curves: dict[str, SurvivalCurve], months: float, conf_level: float
) -> dict:
    ends = _expect(told, curves, months, conf_level)
    return {
        "told": len(told),
        "expected": ends["expected"],
        "expected_conf_low": ends["conf_low"],
        "expected_conf_high": ends["conf_high"],
        "share": ends["expected"] / len(told) if len(told) else np.nan,
        "note": "" if len(told) else "longer than the past covers",
    }


def _remaining(
    known: pd.DataFrame, since: float, months: float, least: int, conf_level: float
) -> dict[str, float]:
    """Median months still to come for first relationships that have lasted so long."""
    names = ("remaining_months", "remaining_conf_low", "remaining_conf_high")
    first = known[known["kind"] == "first"]
    if np.isnan(since) or (first["duration"] > since).sum() < max(least, 1):
        return dict.fromkeys(names, np.nan)
    columns = first[["duration", "entry", "event"]]
    life = remaining_life(columns, at=since, horizon=months, conf_level=conf_level)
    median = life[life["term"] == "median remaining"].iloc[0]
    return dict(zip(names, median[["estimate", "conf_low", "conf_high"]], strict=True))


def _observed(told: pd.DataFrame, relationships: pd.DataFrame, until: pd.Timestamp) -> int | None:
    seen = relationships["started_at"] + pd.to_timedelta(
        relationships["duration"] * DAYS_PER_MONTH, unit="D"
    )
    if seen.max() < until:
        return None
    return int((relationships.loc[told.index, "ended_at"] <= until).sum())
