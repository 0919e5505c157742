"""Curves from a landmark on, the life that remains, and how long customers were followed.

A group that is known only later than time zero (a tier reached, a score given) may be compared only
among those still active when it is known: from that landmark on. Anything else credits the group
with time that it had to survive to get there (immortal time).
"""

import numpy as np
import pandas as pd

from analysis.errors import DataError, ParamsError
from analysis.methods._durations import align_times, drop_uncounted, read_durations
from analysis.methods.intervals import check_level
from analysis.methods.survival.contrasts import add_interval
from analysis.methods.survival.kaplan_meier import SurvivalCurve, survival_curve
from analysis.methods.survival.restricted_mean import carried_forward, mean_and_areas
from analysis.notes import note


def landmark_curve(
    durations: pd.DataFrame,
    *,
    at: float,
    by: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> SurvivalCurve:
    """Estimate survival from a landmark on, among those still active then; time counts from it.

    Those who ended or were last seen at or before `at` are left out; late entrants join when they
    enter.

    Parameters
    ----------
    durations : DataFrame
        `duration` (time units, >= 0), `event` (1 ended, 0 open), optional `entry` and `count`, as
        in `survival_curve`.
    at : float
        The landmark, 0 or later, in the unit of `duration`.
    by : str, optional
        Column of groups that are known at the landmark.
    conf_level : float
        Level of the intervals, in (0, 1).
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    SurvivalCurve

    References
    ----------
    Anderson, Cain & Gelber (1983), Journal of Clinical Oncology 1, 710-719.
    """
    return survival_curve(
        _from_landmark(durations, at), by=by, conf_level=conf_level, conf_type=conf_type
    )


def _from_landmark(durations: pd.DataFrame, at: float) -> pd.DataFrame:
    if not (np.isfinite(at) and at >= 0):
        raise ParamsError(f"at must be a time of at least 0, but {at!r} came")
    columns = read_durations(durations)
    (at,) = align_times(np.array([at], dtype=float), np.unique(columns.duration))
    active = columns.duration > at
    if not active.any():
        raise DataError(
            f"someone must be active after the landmark {at:g}, but follow-up ends at "
            f"{columns.duration.max():g}; choose an earlier one"
        )
    kept = drop_uncounted(durations)[active].copy()
    kept["duration"] = columns.duration[active] - at
    if "entry" in kept.columns:
        kept["entry"] = np.maximum(kept["entry"].to_numpy(dtype=float) - at, 0)
    return kept


def remaining_life(
    durations: pd.DataFrame,
    *,
    at,
    horizon: float,
    by: str | None = None,
    conf_level: float = 0.95,
    conf_type: str = "log-log",
) -> pd.DataFrame:
    """How much longer relationships last that are still active after given times.

    Parameters
    ----------
    durations : DataFrame
        As in `survival_curve`.
    at : float or list of float
        Times already survived.
    horizon : float
        How far ahead to look, > 0, time units.
    by : str, optional
        Column of groups that are known at each landmark.
    conf_level : float
        Level of the intervals, in (0, 1).
    conf_type : {"log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    DataFrame
        For each group and `active_since`: the share alive `horizon` later, the restricted mean
        within `horizon` and the median remaining time: `group, active_since, term, estimate,
        std_error, conf_low, conf_high, n` (active then), `note`.

    Raises
    ------
    ParamsError
        The horizon is not above 0.
    DataError
        As `survival_curve`; and nobody is active after a landmark.
    """
    check_level(conf_level)
    if not (np.isfinite(horizon) and horizon > 0):
        raise ParamsError(f"horizon must be a time above 0, but {horizon!r} came")
    tables = []
    for since in np.atleast_1d(np.asarray(at, dtype=float)):
        curve = landmark_curve(
            durations, at=since, by=by, conf_level=conf_level, conf_type=conf_type
        )
        rows = pd.concat([curve.at(horizon), _means(curve, horizon), curve.medians])
        tables.append(rows.assign(active_since=since))
    alive = note("survival.alive_later", time=horizon)
    names = {"survival": alive, "median": "median remaining"}
    shown = pd.concat(tables, ignore_index=True)
    shown["term"] = [names.get(term, term) for term in shown["term"]]
    order = ["group", "active_since", "term", "estimate", "std_error", "conf_low", "conf_high"]
    return shown[[*order, "n", "note"]]


def _means(curve: SurvivalCurve, horizon: float) -> pd.DataFrame:
    rows = []
    for group, sets in curve.risk_sets.items():
        mean, std_error, _ = mean_and_areas(sets, horizon)
        rows.append(
            {
                "group": group,
                "term": note("survival.remaining_mean", until=horizon),
                "estimate": mean,
                "std_error": std_error,
                "n": sets.n,
                "note": carried_forward(sets, horizon),
            }
        )
    return add_interval(pd.DataFrame(rows), curve.conf_level)


def follow_up(
    durations: pd.DataFrame, *, by: str | None = None, conf_level: float = 0.95
) -> pd.DataFrame:
    """Median time for which relationships were followed, by reverse Kaplan-Meier.

    Open ones count as ended and ended ones as open.

    Parameters
    ----------
    durations : DataFrame
        `duration` (time units, >= 0), `event` (1 ended, 0 open), optional `entry` and `count`, as
        in `survival_curve`.
    by : str, optional
        Column of groups that are told one by one; all together by default.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    DataFrame
        `group, term, share, estimate, std_error, conf_low, conf_high, n, events` (the open ones)`,
        note`.

    References
    ----------
    Schemper & Smith (1996), Controlled Clinical Trials 17, 343-346.
    """
    columns = read_durations(durations)
    reversed_ends = drop_uncounted(durations).assign(event=~columns.event)
    medians = survival_curve(reversed_ends, by=by, conf_level=conf_level).medians
    return medians.assign(term="median follow-up")
