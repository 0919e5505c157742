"""Where customers are: the share in each state over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import align_times
from analysis.methods.intervals import check_level
from analysis.methods.multistate._paths import Paths, split_groups
from analysis.methods.multistate.aalen_johansen import (
    Interval,
    StdErrors,
    conf_bounds,
    count_moves,
    standard_errors,
)
from analysis.notes import Note, note


@dataclass(frozen=True, slots=True, eq=False)
class StateOccupation:
    """Aalen-Johansen estimate of the share of customers in each state.

    Attributes
    ----------
    table : DataFrame
        Long: (`group`,) `time, state, at_risk` (customers seen in the state just before the time)`,
        events` (entries into it since the last time of the table)`, estimate, std_error, conf_low,
        conf_high, note`.
    states : tuple of str
        In their order.
    customers : int
        Counts included.
    conf_level : float
        Of the intervals.
    """

    table: pd.DataFrame
    states: tuple[str, ...]
    customers: int
    conf_level: float

    def of(self, group: object) -> StateOccupation:
        """The estimate of one group."""
        rows = self.table[self.table["group"] == group].drop(columns="group")
        opening = rows[rows["time"] == rows["time"].min()]
        return StateOccupation(rows, self.states, int(opening["at_risk"].sum()), self.conf_level)


def state_occupation(
    paths: pd.DataFrame,
    *,
    by: str | None = None,
    times: Sequence[float] | None = None,
    origin: float | None = None,
    initial: Mapping[str, float] | None = None,
    conf_level: float = 0.95,
    interval: Interval = "logit",
    std_errors: StdErrors = "robust",
    replications: int = 200,
    rng: np.random.Generator | None = None,
) -> StateOccupation:
    """Estimate the share of customers in each state over time.

    Valid without the Markov assumption as long as censoring and entry do not depend on the path
    (Datta & Satten 2001, Stat Probab Lett 55, 403-411; with delayed entry Markov is needed).

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `paths`).
    by : str, optional
        A column known at the start of the path; one estimate a group.
    times : sequence of float, optional
        When to report; by default the origin, each time of a transition and the end of follow-up.
    origin : float, optional
        Time nought of the estimate, by default the earliest start; earlier stays are forgotten.
    initial : mapping of state to share, optional
        Known shares at the origin; by default those of the customers seen there.
    conf_level : float
        Level of the intervals, in (0, 1).
    interval : {"logit", "log-log", "log", "plain"}
        Scale of the intervals; R's `survfit` uses log.
    std_errors, replications, rng
        "robust" (infinitesimal jackknife by customer) or "bootstrap" (customers drawn anew).

    Returns
    -------
    StateOccupation

    Raises
    ------
    DataError, ParamsError
        The table breaks a rule of `read_paths`, or an option is out of its range.
    """
    check_level(conf_level)
    groups = split_groups(paths, by)
    origin = earliest(groups) if origin is None else float(origin)
    parts = []
    for label, whole in groups:
        part = whole.after(origin)
        report = _report_times(part, origin, times)
        shares = initial_vector(part, initial)
        options = {"method": std_errors, "replications": replications, "rng": rng}
        if not len(part.count) or (shares is None and not (part.state_at(origin) >= 0).any()):
            table = _empty_curve(part, report, note("multistate.nobody_there", time=origin))
        else:
            table = _curve(part, report, origin, shares, conf_level, interval, options)
        parts.append(labelled(table, by, label))
    first = groups[0][1]
    total = sum(part.customers for _, part in groups)
    return StateOccupation(
        pd.concat(parts, ignore_index=True), first.states, int(total), conf_level
    )


def earliest(groups: list[tuple[Any, Paths]]) -> float:
    """The earliest start of all groups.

    Parameters
    ----------
    groups : list of (label, Paths)

    Returns
    -------
    float
    """
    return float(min(part.start.min() for _, part in groups if len(part.start)))


def initial_vector(paths: Paths, initial: Mapping[str, float] | None) -> np.ndarray | None:
    """Shares at the origin as an array in the order of the states.

    Parameters
    ----------
    paths : Paths
    initial : mapping of str to float, optional
        State to share; they sum to 1.

    Returns
    -------
    array, (states,), or None

    Raises
    ------
    ParamsError
        A state is unknown, or the shares are not a distribution.
    """
    if initial is None:
        return None
    unknown = sorted(set(initial) - set(paths.states))
    shares = np.array([float(initial.get(state, 0)) for state in paths.states])
    if unknown or (shares < 0).any() or not np.isclose(shares.sum(), 1):
        raise ParamsError(
            f"initial must give shares of the states {', '.join(paths.states)} that sum to 1, "
            f"but {dict(initial)} came"
        )
    return shares


def labelled(table: pd.DataFrame, by: str | None, label: object) -> pd.DataFrame:
    """Put the group in front of a table of estimates.

    Parameters
    ----------
    table : DataFrame
    by : str or None
        None leaves the table as it is.
    label : object

    Returns
    -------
    DataFrame
    """
    return table if by is None else table.assign(group=label)[["group", *table.columns]]


def _report_times(paths: Paths, origin: float, times: Sequence[float] | None) -> np.ndarray:
    if times is None:
        end = paths.stop.max() if len(paths.stop) else origin
        return np.unique(np.concatenate([[origin], paths.times, [end]]))
    report = np.unique(np.asarray(times, dtype=float))
    if not np.isfinite(report).all() or (report < origin).any() or not report.size:
        raise DataError(f"times must be numbers from the origin ({origin:g}) on, but {times} came")
    return report


def _curve(paths, report, origin, shares, conf_level, interval, options) -> pd.DataFrame:
    at = np.searchsorted(paths.times, align_times(report, paths.times), side="right")
    pickers = np.zeros((len(paths.times) + 1, len(report)))
    pickers[at, np.arange(len(report))] = 1.0
    value, error = standard_errors(paths, pickers, origin=origin, initial=shares, **options)
    low, high = conf_bounds(value, error, conf_level, interval)
    sure = (report == origin)[:, None] & (error == 0)
    low, high = np.where(sure, value, low), np.where(sure, value, high)
    beyond = paths.beyond(report, value, paths.stop.max())
    why = np.where(
        beyond[:, None],
        note("survival.not_followed"),
        np.where((error == 0) & ~sure, note("multistate.no_variation"), ""),
    )
    for estimates in (value, error, low, high):
        estimates[beyond] = np.nan
    return _long(paths, report, value, error, low, high, why)


def _empty_curve(paths: Paths, report: np.ndarray, why: Note) -> pd.DataFrame:
    blank = np.full((len(report), len(paths.states)), np.nan)
    return _long(paths, report, blank, blank, blank, blank, np.full(blank.shape, why, object))


def _long(paths, report, value, error, low, high, why) -> pd.DataFrame:
    states = len(paths.states)
    _, moved = count_moves(paths)
    entries = np.zeros((len(paths.times) + 1, states))
    for move, (_, target) in enumerate(paths.moves):
        entries[1:, target] += moved[0, :, move]
    at = np.searchsorted(paths.times, align_times(report, paths.times), side="right")
    events = np.diff(entries.cumsum(axis=0)[at], axis=0, prepend=0)
    return pd.DataFrame(
        {
            "time": np.repeat(report, states),
            "state": pd.Categorical(
                np.tile(paths.states, len(report)), categories=paths.states, ordered=True
            ),
            "at_risk": _at_risk(paths, report).ravel().astype(int),
            "events": events.ravel().astype(int),
            "estimate": value.ravel(),
            "std_error": error.ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
            "note": why.ravel(),
        }
    )


def _at_risk(paths: Paths, report: np.ndarray) -> np.ndarray:
    """Customers seen in each state just before the report (at the opening: just after)."""
    counts = np.zeros((len(report), len(paths.states)))
    weights = paths.count[paths.customer]
    opening = report <= (paths.start.min() if len(paths.start) else -np.inf)
    for state in range(len(paths.states)):
        rows = paths.source == state
        begun = _cumulated(paths.start[rows], weights[rows], report, opening)
        ended = _cumulated(paths.stop[rows], weights[rows], report, opening)
        counts[:, state] = begun - ended
    return counts


def _cumulated(when, weights, report, included) -> np.ndarray:
    order = np.argsort(when)
    total = np.concatenate([[0], weights[order].cumsum()])
    left, right = (np.searchsorted(when[order], report, side) for side in ("left", "right"))
    return total[np.where(included, right, left)]
