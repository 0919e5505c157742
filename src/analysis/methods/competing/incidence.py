"""Competing ends: a relationship ends in one of several ways, and each way removes it from others.

The cumulative incidence of a cause is the share that has ended by it. One minus a Kaplan-Meier
curve that treats other causes as censored is larger: it answers what would happen if nothing else
ever ended a relationship. It is offered here only to be compared.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._durations import align_times, check_choice, read_groups
from analysis.methods.competing._causes import (
    CauseCounts,
    count_causes,
    incidence_variance,
    naive_share,
    read_causes,
    restricted_time,
)
from analysis.methods.intervals import check_level, critical_value
from analysis.notes import Note, note

CONF_TYPES = ("log-log", "log", "plain")
ALIVE = "alive"


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
    notes : tuple of Note
        The gap between the naive 1 - Kaplan-Meier and the incidence at the end of follow-up.
    conf_level, conf_type
    """

    table: pd.DataFrame
    causes: list[str]
    counts: dict[str, CauseCounts]
    notes: tuple[Note, ...]
    conf_level: float
    conf_type: str

    def at(self, times) -> pd.DataFrame:
        """Incidence at given times, NaN and a note past follow-up with some still open.

        Columns: `group, cause, term, time, estimate, std_error, conf_low, conf_high, n, note`.
        """
        times = _read_times(times)
        names = ["estimate", "std_error", "conf_low", "conf_high"]
        rows = []
        for (group, cause), curve in self.table.groupby(["group", "cause"], observed=True):
            counts = self.counts[group]
            steps = np.vstack([[0.0, 0.0, np.nan, np.nan], curve[names].to_numpy()])
            known = align_times(times, counts.time)
            values = steps[np.searchsorted(counts.time, known, side="right")]
            beyond = (known > counts.follow_up) & (counts.survival[-1] > 0)
            values[beyond] = np.nan
            columns = dict(zip(names, values.T, strict=True))
            why = np.where(beyond, note("survival.beyond_follow_up", end=counts.follow_up), "")
            labels = {"group": group, "cause": cause, "term": "cumulative incidence"}
            rows.append(
                pd.DataFrame({**labels, "time": times, **columns, "n": counts.n, "note": why})
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
            carried = ""
            if until > counts.follow_up and counts.survival[-1] > 0:
                carried = note("survival.last_share", end=counts.follow_up)
            for k, cause in enumerate(self.causes):
                mean, std_error = restricted_time(counts, k, until)
                reach = critical_value(self.conf_level) * std_error
                rows.append(
                    {
                        "group": group,
                        "cause": cause,
                        "term": note("survival.restricted_time", until=until),
                        "estimate": mean,
                        "std_error": std_error,
                        "conf_low": mean - reach,
                        "conf_high": mean + reach,
                        "n": counts.n,
                        "note": carried,
                    }
                )
        return pd.DataFrame(rows)

    def naive(self, times) -> pd.DataFrame:
        """For comparison only: one minus Kaplan-Meier with other causes censored.

        Columns: `group, cause, time, estimate` (incidence), `naive, excess`.
        """
        shown = self.at(times)[["group", "cause", "time", "estimate"]]
        naive = [
            naive_share(self.counts[row.group], self.causes.index(row.cause), row.time)
            for row in shown.itertuples()
        ]
        shown = shown.assign(naive=np.where(shown["estimate"].isna(), np.nan, naive))
        return shown.assign(excess=shown["naive"] - shown["estimate"])


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
    conf_level : float
        Level of the intervals, in (0, 1).
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval of a share is symmetric.

    Returns
    -------
    CumulativeIncidence

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
        label: count_causes(columns.take(codes == code), kind[codes == code], len(causes))
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


def _curve(counts: CauseCounts, k: int, conf_level: float, conf_type: str) -> pd.DataFrame:
    share = counts.incidence[:, k]
    std_error = np.sqrt(incidence_variance(counts, k))
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


def _share_interval(
    share: np.ndarray, std_error: np.ndarray, conf_level: float, conf_type: str
) -> tuple[np.ndarray, np.ndarray]:
    reach = critical_value(conf_level) * std_error
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


def _notes(counts: dict[str, CauseCounts], causes: list[str]) -> tuple[Note, ...]:
    if len(causes) < 2:
        return ()
    gaps = [
        (naive_share(part, k, part.follow_up) - part.incidence[-1, k], cause, group)
        for group, part in counts.items()
        for k, cause in enumerate(causes)
    ]
    gap, cause, group = max(gaps)
    return (note("survival.naive_incidence", cause=cause, group=group, gap=gap),)


def _read_times(times) -> np.ndarray:
    read = np.atleast_1d(np.asarray(times, dtype=float))
    if read.ndim != 1 or not len(read) or not np.isfinite(read).all() or (read < 0).any():
        raise ParamsError(f"times must be numbers of at least 0, but {times!r} came")
    return read
