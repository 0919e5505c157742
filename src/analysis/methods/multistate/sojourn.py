"""How long customers stay in a state before they move on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods.intervals import check_level
from analysis.methods.multistate._paths import Paths, read_paths, split_groups
from analysis.methods.multistate.aalen_johansen import (
    conf_bounds,
    count_moves,
    occupation,
    standard_errors,
    transition_steps,
)
from analysis.methods.multistate.occupation import labelled
from analysis.notes import note


@dataclass(frozen=True, slots=True, eq=False)
class SojournTimes:
    """Length of the stays in each state (Kaplan-Meier, time since the state was entered).

    Attributes
    ----------
    table : DataFrame
        (`group`,) `term` (the state)`, estimate` (the median: the first time by which half have
        left; missing where it is not reached)`, conf_low, conf_high, mean` (restricted to
        `mean_to`, the longest stay seen)`, mean_to, n` (stays)`, ended, left_out` (stays begun
        before they were seen)`, note`.
    curve : DataFrame
        (`group`,) `state, time, at_risk, events, censored, estimate, std_error, conf_low,
        conf_high`: the share still in the state.
    visit : int
        Which stay of a customer.
    conf_level : float
        Of the intervals.
    """

    table: pd.DataFrame
    curve: pd.DataFrame
    visit: int
    conf_level: float


def sojourn_times(
    paths: pd.DataFrame,
    *,
    visit: int = 1,
    by: str | None = None,
    origin: float | None = None,
    conf_level: float = 0.95,
) -> SojournTimes:
    """Estimate how long a customer's first (or `visit`-th) stay in each state lasts.

    Stays are not pooled over visits: how late a customer's second stay is censored depends on the
    length of the first (Gill 1980, Nieuw Arch Wisk 28, 1-12). A first stay that begins after the
    origin had an unseen beginning and is left out. Intervals: log-log; the median's by inverting
    them (Brookmeyer & Crowley 1982, Biometrics 38, 29-41).

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count`.
    visit : int
        Which stay of a customer in a state, from 1.
    by : str, optional
        Column that is known at the start of a path; one estimate a group.
    origin : float, optional
        Where every path truly begins, by default the earliest start.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    SojournTimes

    Raises
    ------
    ParamsError
        `visit` is no whole number from 1.
    DataError
        The table breaks a rule of `read_paths`.
    """
    check_level(conf_level)
    if visit < 1 or int(visit) != visit:
        raise ParamsError(f"visit must be a whole number from 1, but {visit} came")
    groups = split_groups(paths, by)
    starts = [part.start.min() for _, part in groups if len(part.start)]
    origin = float(min(starts)) if origin is None else float(origin)
    tables, curves = [], []
    for label, part in groups:
        chosen, cut_off = _visits(part, int(visit), origin)
        for state, name in enumerate(part.states):
            stays = chosen & (part.source == state)
            unseen = int(part.count[part.customer[cut_off & (part.source == state)]].sum())
            row, curve = _state(part, stays, name, conf_level)
            tables.append(labelled(row.assign(left_out=unseen), by, label))
            curves.append(labelled(curve, by, label))
    curves = [curve for curve in curves if len(curve)] or curves[:1]
    return SojournTimes(
        pd.concat(tables, ignore_index=True)[_order(by)],
        pd.concat(curves, ignore_index=True),
        int(visit),
        conf_level,
    )


def _order(by: str | None) -> list[str]:
    names = ["term", "estimate", "conf_low", "conf_high", "mean", "mean_to", "n", "ended"]
    return [*(["group"] if by else []), *names, "left_out", "note"]


def _visits(paths: Paths, visit: int, origin: float) -> tuple[np.ndarray, np.ndarray]:
    fresh = np.ones(len(paths.customer), dtype=bool)
    fresh[1:] = paths.customer[1:] != paths.customer[:-1]
    gap = ~fresh
    gap[1:] &= paths.start[1:] > paths.stop[:-1]
    split = ~fresh & ~gap
    split[1:] &= paths.target[:-1] < 0
    number = pd.Series(~split).groupby([paths.customer, paths.source]).cumsum().to_numpy()
    unseen = (fresh & (paths.start > origin)) | gap
    began_unseen = pd.Series(unseen).groupby([paths.customer, paths.source]).cummax().to_numpy()
    return (number == visit) & ~began_unseen, (number == visit) & began_unseen


def _state(paths: Paths, stays: np.ndarray, name: str, conf_level: float):
    row = {"term": name, "n": 0, "ended": 0, "note": note("multistate.no_beginning")}
    if not stays.any():
        return pd.DataFrame([row | dict.fromkeys(_numbers(), np.nan)]), _no_curve()
    whole = _stays(paths, stays)
    part = read_paths(whole)
    at_risk, moved = count_moves(part)
    grid = np.unique(part.stop)
    at = np.searchsorted(part.times, grid, side="right")
    pickers = np.zeros((len(part.times) + 1, len(grid)))
    pickers[at, np.arange(len(grid))] = 1.0
    value, error = standard_errors(part, pickers, origin=0.0)
    low, high = conf_bounds(value, error, conf_level, "log-log")
    here = part.states.index("here")
    path = occupation(
        np.eye(len(part.states))[here][None], transition_steps(at_risk, moved, part.moves)
    )
    weight = part.count[part.customer]
    ended = np.bincount(np.searchsorted(grid, part.stop), weight * (part.target >= 0), len(grid))
    left = np.bincount(np.searchsorted(grid, part.stop), weight, len(grid))
    curve = pd.DataFrame(
        {
            "state": name,
            "time": grid,
            "at_risk": left[::-1].cumsum()[::-1].astype(int),
            "events": ended.astype(int),
            "censored": (left - ended).astype(int),
            "estimate": value[:, here],
            "std_error": error[:, here],
            "conf_low": low[:, here],
            "conf_high": high[:, here],
        }
    )
    edges = np.concatenate([[0.0], part.times, [grid[-1]]])
    row |= {
        "estimate": _crossing(curve, "estimate"),
        "conf_low": _crossing(curve, "conf_low"),
        "conf_high": _crossing(curve, "conf_high"),
        "mean_to": grid[-1],
        "mean": float(np.diff(edges) @ path[0, :, here]),
        "n": int(weight.sum()),
        "ended": int(ended.sum()),
        "note": "",
    }
    if np.isnan(row["estimate"]):
        row["note"] = note("multistate.fewer_than_half", time=grid[-1])
    return pd.DataFrame([row]), curve


def _stays(paths: Paths, stays: np.ndarray) -> pd.DataFrame:
    rows = pd.DataFrame(
        {
            "customer_id": paths.customer[stays],
            "length": (paths.stop - paths.start)[stays],
            "left": paths.target[stays] >= 0,
        }
    )
    whole = rows.groupby("customer_id", as_index=False).agg(
        length=("length", "sum"), left=("left", "any")
    )
    return pd.DataFrame(
        {
            "customer_id": whole["customer_id"],
            "start": 0.0,
            "stop": whole["length"],
            "from": "here",
            "to": np.where(whole["left"], "left", None),
            "count": paths.count[whole["customer_id"]],
        }
    )


def _crossing(curve: pd.DataFrame, column: str) -> float:
    below = curve["time"][curve[column] <= 0.5 + 1e-12]
    return float(below.iloc[0]) if len(below) else np.nan


def _numbers() -> list[str]:
    return ["estimate", "conf_low", "conf_high", "mean", "mean_to"]


def _no_curve() -> pd.DataFrame:
    names = ["state", "time", "at_risk", "events", "censored", "estimate", "std_error"]
    return pd.DataFrame(columns=[*names, "conf_low", "conf_high"])
