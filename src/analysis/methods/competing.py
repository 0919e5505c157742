"""Competing ends: a relationship ends in one of several ways, and each way removes it from others.

The cumulative incidence of a cause is the share that has ended by it. One minus a Kaplan-Meier
curve that treats other causes as censored is larger: it answers what would happen if nothing else
ever ended a relationship. It is offered here only to be compared.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import chi2 as chi_squared
from scipy.stats import norm

from analysis.errors import DataError, ParamsError
from analysis.methods._group_counts import count_by_group, quadratic_form, split_by
from analysis.methods._risksets import (
    Durations,
    check_choice,
    check_columns,
    check_level,
    drop_uncounted,
    read_durations,
    read_groups,
)

CONF_TYPES = ("log-log", "log", "plain")
ALIVE = "alive"


@dataclass(frozen=True, slots=True, eq=False)
class CauseCounts:
    """Counts of one group at its T distinct exit times.

    `time` (T,), `at_risk` (T,), `ends` (T, K) by cause, `censored` (T,); `follow_up` is the last
    exit, `n` how many relationships.
    """

    time: np.ndarray
    at_risk: np.ndarray
    ends: np.ndarray
    censored: np.ndarray
    follow_up: float
    n: int

    @property
    def survival(self) -> np.ndarray:
        """Share alive after each time, (T,)."""
        return np.cumprod(1 - self.ends.sum(axis=1) / self.at_risk)

    @property
    def incidence(self) -> np.ndarray:
        """Share ended by each cause after each time, (T, K): Aalen & Johansen (1978)."""
        before = np.append(1.0, self.survival[:-1])
        return np.cumsum((before / self.at_risk)[:, None] * self.ends, axis=0)


@dataclass(frozen=True, slots=True, eq=False)
class CumulativeIncidence:
    """Aalen-Johansen estimate of the share that has ended by each cause.

    Attributes
    ----------
    table : DataFrame
        One row a group, cause and distinct exit time: `group, cause, time, at_risk, events` (of
        the cause), `censored, estimate` (share), `std_error, conf_low, conf_high`.
    causes : list of str
    counts : dict of str to CauseCounts
        By group.
    notes : tuple of str
        The gap between the naive 1 - Kaplan-Meier and the incidence at the end of follow-up.
    conf_level, conf_type
    """

    table: pd.DataFrame
    causes: list[str]
    counts: dict[str, CauseCounts]
    notes: tuple[str, ...]
    conf_level: float
    conf_type: str

    def at(self, times) -> pd.DataFrame:
        """Incidence at given times, NaN and a note past follow-up.

        Columns: `group, cause, term, time, estimate, std_error, conf_low, conf_high, n, note`.
        """
        times = _read_times(times)
        names = ["estimate", "std_error", "conf_low", "conf_high"]
        rows = []
        for (group, cause), curve in self.table.groupby(["group", "cause"], observed=True):
            counts = self.counts[group]
            steps = np.vstack([[0.0, 0.0, np.nan, np.nan], curve[names].to_numpy()])
            values = steps[np.searchsorted(counts.time, times, side="right")]
            beyond = times > counts.follow_up
            values[beyond] = np.nan
            columns = dict(zip(names, values.T, strict=True))
            note = np.where(beyond, f"beyond follow-up, which ends at {counts.follow_up:g}", "")
            labels = {"group": group, "cause": cause, "term": "cumulative incidence"}
            rows.append(
                pd.DataFrame({**labels, "time": times, **columns, "n": counts.n, "note": note})
            )
        return pd.concat(rows, ignore_index=True)

    def occupation(self, times) -> pd.DataFrame:
        """Share in each state, alive or ended by a cause: `group, state, time, estimate`."""
        ended = self.at(times).rename(columns={"cause": "state"})
        ended["state"] = ended["state"].astype(str)
        total = ended.groupby(["group", "time"], observed=True, sort=False)["estimate"]
        alive = (1 - total.agg(lambda shares: shares.sum(skipna=False))).reset_index()
        joined = pd.concat([alive.assign(state=ALIVE), ended], ignore_index=True)
        return joined[["group", "state", "time", "estimate"]]

    def restricted_time(self, until: float) -> pd.DataFrame:
        """Mean time spent ended by each cause up to `until`: `group, cause, term, estimate, ...`.

        Where follow-up ends earlier with some still alive, the last share is carried forward, and
        the note says so.
        """
        (until,) = _read_times(until)
        rows = []
        for group, counts in self.counts.items():
            note = ""
            if until > counts.follow_up and counts.survival[-1] > 0:
                note = f"follow-up ends at {counts.follow_up:g}: the last share is carried forward"
            for k, cause in enumerate(self.causes):
                mean, std_error = _restricted_time(counts, k, until)
                reach = norm.ppf((1 + self.conf_level) / 2) * std_error
                rows.append(
                    {
                        "group": group,
                        "cause": cause,
                        "term": f"restricted time to {until:g}",
                        "estimate": mean,
                        "std_error": std_error,
                        "conf_low": mean - reach,
                        "conf_high": mean + reach,
                        "n": counts.n,
                        "note": note,
                    }
                )
        return pd.DataFrame(rows)

    def naive(self, times) -> pd.DataFrame:
        """For comparison only: one minus Kaplan-Meier with other causes censored.

        Columns: `group, cause, time, estimate` (incidence), `naive, excess`.
        """
        shown = self.at(times)[["group", "cause", "time", "estimate"]]
        naive = [
            _naive_share(self.counts[row.group], self.causes.index(row.cause), row.time)
            for row in shown.itertuples()
        ]
        shown = shown.assign(naive=np.where(shown["estimate"].isna(), np.nan, naive))
        return shown.assign(excess=shown["naive"] - shown["estimate"])


@dataclass(frozen=True, slots=True, eq=False)
class GrayTest:
    """Gray's test that the cumulative incidence of a cause is the same in all groups.

    `table`: one row a cause, `cause, chi2, dof, p_value, n, note`.
    """

    table: pd.DataFrame


def cumulative_incidence(
    durations: pd.DataFrame,
    *,
    by: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> CumulativeIncidence:
    """Estimate the share that has ended by each cause.

    Parameters
    ----------
    durations : DataFrame
        `duration`, `event` (1 ended, 0 open), `cause` (text, known where it ended), optional
        `entry`, `count`.
    by : str, optional
        Column of groups known at time zero.
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval of a share is symmetric.

    Raises
    ------
    DataError
        If a column is wrong, or an end has no cause.

    References
    ----------
    Aalen & Johansen (1978), Scandinavian Journal of Statistics 5, 141-150; variance by the delta
    method (Marubini & Valsecchi 1995, 10.3), equal to R's infinitesimal jackknife without late
    entry.
    """
    check_level(conf_level)
    check_choice("conf_type", conf_type, CONF_TYPES)
    columns, kind, causes, counted = read_causes(durations)
    codes, labels = read_groups(counted, by)
    counts = {
        label: _count(columns.take(codes == code), kind[codes == code], len(causes))
        for code, label in enumerate(labels)
    }
    table = pd.concat(
        [
            _curve(counts[label], k, conf_level, conf_type).assign(group=label, cause=cause)
            for label in labels
            for k, cause in enumerate(causes)
        ],
        ignore_index=True,
    )
    table["group"] = pd.Categorical(table["group"], labels, ordered=True)
    table["cause"] = pd.Categorical(table["cause"], causes)
    order = ["group", "cause", "time", "at_risk", "events", "censored", "estimate", "std_error"]
    table = table[[*order, "conf_low", "conf_high"]]
    return CumulativeIncidence(table, causes, counts, _notes(counts, causes), conf_level, conf_type)


def read_causes(
    durations: pd.DataFrame,
) -> tuple[Durations, np.ndarray, list[str], pd.DataFrame]:
    """Checked columns, the code of each row's cause (0 open), the causes, and the counted rows."""
    check_columns(durations, ["duration", "event", "cause"])
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    if not columns.event.any():
        raise DataError("event must be 1 somewhere, but no relationship ended; look further ahead")
    ended = counted["cause"][columns.event]
    if ended.isna().any():
        raise DataError(
            f"cause must be known where event is 1, but {ended.isna().sum():,} of {len(ended):,} "
            "ends have none; give them a cause of their own, or censor them"
        )
    codes, causes = read_groups(counted[columns.event], "cause")
    kind = np.zeros(len(counted), dtype=np.intp)
    kind[columns.event] = codes + 1
    return columns, kind, causes, counted


def _count(columns: Durations, kind: np.ndarray, causes: int) -> CauseCounts:
    alone = np.zeros(len(kind), dtype=np.intp)
    time, at_risk, exits = count_by_group(columns, alone, 1, kind, causes + 1, every_exit=True)
    ends, censored = exits[0, 1:].T, exits[0, 0]
    return CauseCounts(time, at_risk[0], ends, censored, float(time[-1]), columns.n)


def _curve(counts: CauseCounts, k: int, conf_level: float, conf_type: str) -> pd.DataFrame:
    share = counts.incidence[:, k]
    std_error = np.sqrt(_variance(counts, k))
    low, high = _share_interval(share, std_error, conf_level, conf_type)
    return pd.DataFrame(
        {
            "time": counts.time,
            "at_risk": counts.at_risk.astype(int),
            "events": counts.ends[:, k].astype(int),
            "censored": counts.censored.astype(int),
            "estimate": share,
            "std_error": std_error,
            "conf_low": low,
            "conf_high": high,
        }
    )


def _variance_parts(counts: CauseCounts, k: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    n, dk = counts.at_risk, counts.ends[:, k]
    d = counts.ends.sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        leaving = np.where(n > d, d / (n * (n - d)), 0.0)
    return leaving, dk * (n - dk) / n**3, dk / n**2


def _variance(counts: CauseCounts, k: int) -> np.ndarray:
    # sum (F(t) - F(s))^2 d/(n(n-d)) + S(s-)^2 dk(n-dk)/n^3 - 2 (F(t) - F(s)) S(s-) dk/n^2
    leaving, own, shared = _variance_parts(counts, k)
    before = np.append(1.0, counts.survival[:-1])
    f = counts.incidence[:, k]
    own, shared = own * before**2, shared * before
    quadratic = (
        f**2 * np.cumsum(leaving) - 2 * f * np.cumsum(leaving * f) + np.cumsum(leaving * f**2)
    )
    cross = f * np.cumsum(shared) - np.cumsum(shared * f)
    return np.maximum(quadratic + np.cumsum(own) - 2 * cross, 0)


def _share_interval(
    share: np.ndarray, std_error: np.ndarray, conf_level: float, conf_type: str
) -> tuple[np.ndarray, np.ndarray]:
    reach = norm.ppf((1 + conf_level) / 2) * std_error
    if conf_type == "plain":
        return np.maximum(share - reach, 0), np.minimum(share + reach, 1)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if conf_type == "log":
            low, high = share * np.exp(-reach / share), share * np.exp(reach / share)
            low, high = low, np.minimum(high, 1)
        else:
            factor = np.exp(reach / (share * -np.log(share)))
            low, high = share**factor, share ** (1 / factor)
    unknown = (share <= 0) | ((share >= 1) & (conf_type == "log-log"))
    return np.where(unknown, np.nan, low), np.where(unknown, np.nan, high)


def _restricted_time(counts: CauseCounts, k: int, until: float) -> tuple[float, float]:
    early = counts.time < until
    time, f = counts.time[early], counts.incidence[early, k]
    before = np.append(1.0, counts.survival[:-1])[early]
    widths = np.diff(np.append(time, until))
    after = np.cumsum((f * widths)[::-1])[::-1] - f * (until - time)
    leaving, own, shared = (part[early] for part in _variance_parts(counts, k))
    direct = before * (until - time)
    variance = (after**2 * leaving + direct**2 * own - 2 * after * direct * shared).sum()
    return float(f @ widths), float(np.sqrt(max(variance, 0)))


def _naive_share(counts: CauseCounts, k: int, time: float) -> float:
    early = counts.time <= time
    return float(1 - np.prod(1 - counts.ends[early, k] / counts.at_risk[early]))


def _notes(counts: dict[str, CauseCounts], causes: list[str]) -> tuple[str, ...]:
    if len(causes) < 2:
        return ()
    gaps = [
        (_naive_share(part, k, part.follow_up) - part.incidence[-1, k], cause, group)
        for group, part in counts.items()
        for k, cause in enumerate(causes)
    ]
    gap, cause, group = max(gaps)
    return (
        f"1 - Kaplan-Meier with other ends censored would overstate the share ended by {cause} "
        f"({group}) by {100 * gap:.1f} points at the end of follow-up: do not use it",
    )


def _read_times(times) -> np.ndarray:
    read = np.atleast_1d(np.asarray(times, dtype=float))
    if read.ndim != 1 or not len(read) or not np.isfinite(read).all() or (read < 0).any():
        raise ParamsError(f"times must be numbers of at least 0, but {times!r} came")
    return read


def gray_test(
    durations: pd.DataFrame, *, by: str, strata: str | None = None, rho: float = 0.0
) -> GrayTest:
    """Test, cause by cause, whether groups have the same cumulative incidence.

    Columns as in `cumulative_incidence`, without `entry` (the test has no risk set for those who
    enter late); `rho` >= 0 weighs by (1 - incidence)^rho.

    References
    ----------
    Gray (1988), Annals of Statistics 16, 1141-1154.
    """
    if not rho >= 0:
        raise ParamsError(f"rho must be at least 0, but {rho!r} came")
    columns, kind, causes, counted = read_causes(durations)
    if columns.entry is not None:
        raise DataError("entry must be absent for Gray's test, but rows enter late; leave it out")
    codes, labels = read_groups(counted, by)
    if len(labels) < 2:
        raise DataError(f"{by} must have two groups or more, but it has only {labels[0]!r}")
    layers = split_by(read_groups(counted, strata)[0])
    rows = []
    for k, cause in enumerate(causes, start=1):
        of_interest = np.where(kind == k, 1, np.where(kind > 0, 2, 0))
        parts = [
            _gray_sums(columns.take(row), codes[row], len(labels), of_interest[row], rho)
            for row in layers
        ]
        score, variance = (sum(part) for part in zip(*parts, strict=True))
        chi2, dof = quadratic_form(score, variance)
        rows.append(
            {
                "cause": cause,
                "chi2": chi2,
                "dof": dof,
                "p_value": chi_squared.sf(chi2, dof) if dof else np.nan,
                "n": columns.n,
                "note": "" if dof else "not estimable: groups were never at risk together",
            }
        )
    return GrayTest(pd.DataFrame(rows))


def _gray_sums(
    columns: Durations, codes: np.ndarray, groups: int, kind: np.ndarray, rho: float
) -> tuple[np.ndarray, np.ndarray]:
    # Gray's notation: h = R / S(t-) is the subdistribution risk set, F0 the pooled incidence.
    _, at_risk, exits = count_by_group(columns, codes, groups, kind, 3)
    n, d1, d2 = at_risk.T, exits[:, 1].T, exits[:, 2].T
    if not len(n):
        return np.zeros(groups), np.zeros((groups, groups))
    here = n > 0
    safe = np.where(here, n, 1.0)
    after = np.cumprod(np.where(here, 1 - (d1 + d2) / safe, 1.0), axis=0)
    before = np.vstack([np.ones(groups), after[:-1]])
    with np.errstate(divide="ignore", invalid="ignore"):
        h = np.where(here, n / before, 0.0)
    own = np.cumsum(np.where(here, before * d1 / safe, 0.0), axis=0)
    own_before = np.vstack([np.zeros(groups), own[:-1]])
    ends = d1.sum(axis=1)
    total, remaining = h.sum(axis=1), (h * (1 - own_before)).sum(axis=1)
    pooled = np.cumsum(ends / total)
    pooled_before = np.append(0.0, pooled[:-1])
    weight = (1 - pooled_before) ** rho
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(ends > 0, ends / remaining, 0.0)[:, None] * h * (1 - own_before)
    score = (weight[:, None] * (d1 - expected)).sum(axis=0)
    a = weight[:, None, None] * (
        h[:, :, None] * np.eye(groups) - h[:, :, None] * h[:, None, :] / total[:, None, None]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        step = np.where(ends > 0, ends / (total * (1 - pooled_before)), 0.0)
    c = np.cumsum(a * step[:, None, None], axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(after > 0, (1 - pooled)[:, None] / after, 0.0)
        tied = np.where(
            ends[:, None] > 1, 1 - (ends[:, None] - 1) / (total[:, None] * before - 1), 1.0
        )
        first = np.where(here, tied * before * (ends / total)[:, None] / safe, 0.0)
        tied_two = np.where(d2 > 1, 1 - (d2 - 1) / (n - 1), 1.0)
        second = np.where(here & (after > 0), tied_two * before**2 * d2 / safe**2, 0.0)
    return score, _gray_variance(a, c, 1 - left, first) + _gray_variance(0 * a, c, left, second)


def _gray_variance(
    a: np.ndarray, c: np.ndarray, share: np.ndarray, spread: np.ndarray
) -> np.ndarray:
    # Each end moves the score by a + share (c at the end - c now): sum of squares, spread-weighted.
    reach = a + share[:, None, :] * (c[-1] - c)
    return np.einsum("tik,tjk,tk->ij", reach, reach, spread)
