"""Kaplan-Meier: the share still alive, estimated from relationships that ended and that are open.

At each time at which one ends, the share that came so far is multiplied by one minus ended / at
risk. Open relationships count as at risk up to the day on which they were last seen.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._durations import (
    align_times,
    check_choice,
    drop_uncounted,
    read_durations,
    read_groups,
)
from analysis.methods._risksets import RiskSets, count_risk_sets
from analysis.methods.intervals import check_level
from analysis.methods.survival._product_limit import product_limit, survival_interval
from analysis.methods.survival._quantiles import quantile_row
from analysis.notes import Note, note

CONF_TYPES = ("log-log", "log", "plain")


@dataclass(frozen=True, slots=True, eq=False)
class SurvivalCurve:
    """Kaplan-Meier estimate of the share of relationships still alive.

    Attributes
    ----------
    table : DataFrame
        One row a group and distinct exit time: `group` (category), `time` (the unit of
        `duration`), `at_risk` (just before), `events`, `censored` (at that time), `estimate` (share
        in 0-1), `std_error`, `conf_low`, `conf_high`. As in R, the interval is missing where the
        share is still 1 or already 0 (log-log), as is the standard error where it is 0.
    medians : DataFrame
        One row a group: `group, term, estimate, std_error, conf_low, conf_high, n, events, note`;
        time units. Not reached is NaN and noted. `std_error` is NaN: the interval is the band's.
    notes : tuple of Note
        What to keep in mind: risk sets that ran empty, few at risk early under delayed entry.
    risk_sets : dict of str to RiskSets
        The counts behind each group's curve.
    conf_level, conf_type
        Of the pointwise intervals.
    """

    table: pd.DataFrame
    medians: pd.DataFrame
    notes: tuple[Note, ...]
    risk_sets: dict[str, RiskSets]
    conf_level: float
    conf_type: str

    @property
    def groups(self) -> list[str]:
        """Labels of the groups, in their order."""
        return list(self.risk_sets)

    def of(self, group: str) -> pd.DataFrame:
        """The rows of one group."""
        if len(self.risk_sets) == 1:
            return self.table
        return self.table[self.table["group"] == group]

    def at(self, times) -> pd.DataFrame:
        """Share alive at given times: one row a group and time.

        NaN and a note past follow-up, unless nobody was left alive.
        Columns: `group, term, time, estimate, std_error, conf_low, conf_high, at_risk, n, note`.
        """
        times = _read_times(times)
        return pd.concat([self._at(group, times) for group in self.groups], ignore_index=True)

    def _at(self, group: str, times: np.ndarray) -> pd.DataFrame:
        sets, asked = self.risk_sets[group], times
        times = align_times(times, sets.time)
        curve = self.of(group)
        before = np.nan if self.conf_type == "log-log" else 1.0
        position = np.searchsorted(sets.time, times, side="right") - 1
        names = ["estimate", "std_error", "conf_low", "conf_high"]
        values = np.column_stack([curve[name].to_numpy()[position] for name in names])
        values[position < 0] = [1.0, 0.0, before, before]
        last = sets.time[-1]
        beyond = (times > last) & (curve["estimate"].iloc[-1] > 0)
        values[beyond] = np.nan
        return pd.DataFrame(
            {
                "group": group,
                "term": "survival",
                "time": asked,
                "estimate": values[:, 0],
                "std_error": values[:, 1],
                "conf_low": values[:, 2],
                "conf_high": values[:, 3],
                "at_risk": sets.at_risk_at(times),
                "n": sets.n,
                "note": np.where(beyond, note("survival.beyond_follow_up", end=last), ""),
            }
        )

    def at_risk(self, times) -> pd.DataFrame:
        """Numbers for the rows under a curve: `group, time, at_risk, events, censored`.

        `at_risk` counts just before each time; `events` and `censored` are cumulative up to and
        with it.
        """
        times = _read_times(times)
        rows = []
        for group, sets in self.risk_sets.items():
            known = align_times(times, sets.time)
            position = np.searchsorted(sets.time, known, side="right")
            rows.append(
                pd.DataFrame(
                    {
                        "group": group,
                        "time": times,
                        "at_risk": sets.at_risk_at(known),
                        "events": np.append(0, np.cumsum(sets.events))[position],
                        "censored": np.append(0, np.cumsum(sets.censored))[position],
                    }
                )
            )
        return pd.concat(rows, ignore_index=True)

    def quantiles(self, shares=(0.25, 0.5, 0.75)) -> pd.DataFrame:
        """Times by which each share has ended, with the band inverted for the interval.

        As R's `quantile.survfit` and Brookmeyer & Crowley (1982), Biometrics 38, 29-41; where the
        curve stays on the level, the middle of that stretch. Columns:
        `group, term, share, estimate, std_error, conf_low, conf_high, n, events, note`.
        """
        shares = np.atleast_1d(np.asarray(shares, dtype=float))
        if not ((shares > 0) & (shares < 1)).all():
            raise ParamsError(f"shares must lie between 0 and 1, but {shares.tolist()} came")
        rows = [
            quantile_row(group, self.of(group), self.risk_sets[group], share)
            for group in self.groups
            for share in shares
        ]
        return pd.DataFrame(rows)


def survival_curve(
    durations: pd.DataFrame,
    *,
    by: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> SurvivalCurve:
    """Estimate how long relationships last, with open ones right-censored.

    Parameters
    ----------
    durations : DataFrame
        `duration` (time units, >= 0), `event` (1 ended, 0 open), optional `entry` (the time from
        which it was observed, below `duration`) and `count` (rows counted that often).
    by : str, optional
        Column of groups that were known at time zero.
    conf_level : float
        Level of the pointwise intervals, in (0, 1).
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    SurvivalCurve

    Raises
    ------
    DataError
        If a column is missing, not a number, negative, or enters after it ended.

    References
    ----------
    Kaplan & Meier (1958), JASA 53, 457-481; Greenwood (1926) for the variance; log-log interval:
    Kalbfleisch & Prentice (2002), The Statistical Analysis of Failure Time Data, 1.4.
    """
    check_level(conf_level)
    check_choice("conf_type", conf_type, CONF_TYPES)
    columns = read_durations(durations)
    counted = drop_uncounted(durations)
    codes, labels = read_groups(counted, by)
    risk_sets = {
        label: count_risk_sets(columns if len(labels) == 1 else columns.take(codes == code))
        for code, label in enumerate(labels)
    }
    curves = [_curve_columns(sets, conf_level, conf_type) for sets in risk_sets.values()]
    medians = [
        quantile_row(group, curve, sets, 0.5)
        for (group, sets), curve in zip(risk_sets.items(), curves, strict=True)
    ]
    table, medians = _join(list(risk_sets), curves), pd.DataFrame(medians).drop(columns="share")
    notes = tuple(note for group, sets in risk_sets.items() for note in _curve_notes(group, sets))
    return SurvivalCurve(table, medians, notes, risk_sets, conf_level, conf_type)


def _join(groups: list[str], curves: list[dict[str, np.ndarray]]) -> pd.DataFrame:
    lengths = [len(curve["time"]) for curve in curves]
    codes = np.repeat(np.arange(len(groups), dtype=np.int8 if len(groups) < 128 else int), lengths)
    group = pd.Categorical.from_codes(codes, categories=groups, ordered=True)
    joined = curves[0]
    if len(curves) > 1:
        joined = {name: np.concatenate([curve[name] for curve in curves]) for name in curves[0]}
    return pd.DataFrame({"group": group, **joined}, copy=False)


def _curve_columns(sets: RiskSets, conf_level: float, conf_type: str) -> dict[str, np.ndarray]:
    ends = np.flatnonzero(sets.events)
    estimate, log_variance = product_limit(sets.at_risk[ends], sets.events[ends])
    low, high = survival_interval(estimate, np.sqrt(log_variance), conf_level, conf_type)
    with np.errstate(invalid="ignore"):
        std_error = estimate * np.sqrt(log_variance)
    before = np.nan if conf_type == "log-log" else 1.0
    step = np.cumsum(sets.events > 0)
    values = np.empty((4, len(step)))  # one block: filling it is most of the work
    for row, first, later in zip(
        values, (1.0, 0.0, before, before), (estimate, std_error, low, high), strict=True
    ):
        np.take(np.append(first, later), step, out=row, mode="clip")
    names = ("estimate", "std_error", "conf_low", "conf_high")
    return {
        "time": sets.time,
        "at_risk": sets.at_risk,
        "events": sets.events,
        "censored": sets.censored,
        **dict(zip(names, values, strict=True)),
    }


def _curve_notes(group: str, sets: RiskSets) -> list[Note]:
    notes = []
    if not sets.events.any():
        notes.append(note("survival.stays_at_one", group=group))
    emptied = (sets.at_risk == sets.events) & (sets.events > 0)
    if emptied[:-1].any():
        number, time = sets.at_risk[emptied][0], sets.time[emptied][0]
        notes.append(note("survival.ran_empty", group=group, number=number, time=time))
    return notes


def _read_times(times) -> np.ndarray:
    read = np.atleast_1d(np.asarray(times, dtype=float))
    if read.ndim != 1 or not len(read) or not np.isfinite(read).all() or (read < 0).any():
        raise ParamsError(f"times must be numbers of at least 0, but {times!r} came")
    return read
