"""How customers move: counts of transitions, probabilities between two times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods._durations import align_times
from analysis.methods.intervals import check_level
from analysis.methods.multistate._paths import Paths, split_groups
from analysis.methods.multistate.aalen_johansen import (
    Interval,
    StdErrors,
    conf_bounds,
    standard_errors,
)
from analysis.methods.multistate.occupation import labelled
from analysis.notes import note

Method = Literal["aalen-johansen", "landmark"]


@dataclass(frozen=True, slots=True, eq=False)
class TransitionProbabilities:
    """Probability of being in state `to` at `time`, for customers in state `from` at `start`.

    Attributes
    ----------
    table : DataFrame
        (`group`,) `from, to, time, estimate, std_error, conf_low, conf_high, n, note`; `n` are the
        customers seen in `from` at `start` (for steps: the pairs of observations, the `customers`
        who gave them, and the `movers` among these who were in `to` at least once). The estimates
        of a `from` and `time` sum to one.
    states : tuple of str
        In their order.
    start : float
        In the unit of the times.
    method : str
        How it was estimated.
    conf_level : float
        Of the intervals.
    """

    table: pd.DataFrame
    states: tuple[str, ...]
    start: float
    method: str
    conf_level: float


def transition_counts(paths: pd.DataFrame, *, by: str | None = None) -> pd.DataFrame:
    """Count the stays in each state by where they led.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    by : str, optional
        Column that is known at the start of a path; one estimate a group.

    Returns
    -------
    DataFrame
        (`group`,) `from, to, transitions, customers, share`: `to` is missing for stays that were
        still under way, `customers` made the transition at least once, `share` is the part of all
        stays in `from`. As mstate's `events` and R survival's `survcheck`.
    """
    return pd.concat(
        [labelled(_count(part), by, label) for label, part in split_groups(paths, by)],
        ignore_index=True,
    )


def transition_probabilities(
    paths: pd.DataFrame,
    *,
    start: float,
    times: Sequence[float],
    method: Method = "aalen-johansen",
    by: str | None = None,
    conf_level: float = 0.95,
    interval: Interval = "logit",
    std_errors: StdErrors = "robust",
    replications: int = 200,
    rng: np.random.Generator | None = None,
) -> TransitionProbabilities:
    """Estimate P(state at t | state at start), for every state seen at the start.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count`.
    start, times : float, sequence of float
        The landmark and the later times.
    method : {"aalen-johansen", "landmark"}
        Aalen-Johansen uses everybody and needs the Markov assumption. The landmark estimator of
        Putter & Spitoni (2018, Stat Methods Med Res 27, 2081-2092) follows only those who are in
        the state at the start and does not: use it where `markov_test` speaks against Markov.
    by : str, optional
        Column that is known at the start of a path; one estimate a group.
    conf_level : float
        Level of the intervals, in (0, 1).
    interval : {"logit", "log-log", "log", "plain"}
        Scale of the intervals.
    std_errors : {"robust", "bootstrap"}
        Infinitesimal jackknife by customer, or customers drawn anew.
    replications : int
        Bootstrap samples, 1 or more.
    rng : Generator, optional
        Needed for the bootstrap.

    Returns
    -------
    TransitionProbabilities

    Raises
    ------
    ParamsError
        `times` are not after `start`, or another option is out of its range.
    """
    check_level(conf_level)
    report = np.unique(np.asarray(times, dtype=float))
    if not report.size or not np.isfinite(report).all() or report[0] <= start:
        raise ParamsError(f"times must be numbers after start ({start:g}), but {times} came")
    if method not in ("aalen-johansen", "landmark"):
        raise ParamsError(f"method must be aalen-johansen or landmark, but '{method}' came")
    options = {"method": std_errors, "replications": replications, "rng": rng}
    groups = split_groups(paths, by)
    parts = [
        labelled(_between(part, start, report, method, conf_level, interval, options), by, label)
        for label, part in groups
    ]
    return TransitionProbabilities(
        pd.concat(parts, ignore_index=True), groups[0][1].states, float(start), method, conf_level
    )


def _count(paths: Paths) -> pd.DataFrame:
    names = np.array([*paths.states, None], dtype=object)
    stays = pd.DataFrame(
        {
            "from": paths.source,
            "to": np.where(paths.target < 0, len(paths.states), paths.target),
            "customer": paths.customer,
            "transitions": paths.count[paths.customer],
        }
    )
    table = stays.groupby(["from", "to"], as_index=False)["transitions"].sum()
    whose = stays.drop_duplicates(["from", "to", "customer"])
    table["customers"] = whose.groupby(["from", "to"])["transitions"].sum().to_numpy().astype(int)
    table["share"] = table["transitions"] / table.groupby("from")["transitions"].transform("sum")
    table["transitions"] = table["transitions"].astype(int)
    return table.assign(**{"from": names[table["from"]], "to": names[table["to"]]})


def _between(paths, start, report, method, conf_level, interval, options) -> pd.DataFrame:
    cut = paths.after(start)
    state = cut.state_at(start)
    tables = []
    for source in np.unique(state[state >= 0]):
        followed = cut.where(state == source) if method == "landmark" else cut
        pickers = np.zeros((len(followed.times) + 1, len(report)))
        at = np.searchsorted(followed.times, align_times(report, followed.times), side="right")
        pickers[at, np.arange(len(report))] = 1.0
        initial = np.eye(len(cut.states))[source]
        value, error = standard_errors(followed, pickers, origin=start, initial=initial, **options)
        beyond = paths.beyond(report, value, followed.stop.max())
        value[beyond] = error[beyond] = np.nan
        low, high = conf_bounds(value, error, conf_level, interval)
        table = _long(cut.states, source, report, value, error, low, high)
        tables.append(table.assign(n=int(cut.count[state == source].sum())))
    table = pd.concat(tables, ignore_index=True)
    table["note"] = np.where(
        table["estimate"].isna(),
        note("survival.not_followed"),
        np.where(table["std_error"] == 0, note("multistate.no_variation"), ""),
    )
    return table


def _long(states, source, report, value, error, low, high) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "from": states[source],
            "to": np.tile(states, len(report)),
            "time": np.repeat(report, len(states)),
            "estimate": value.ravel(),
            "std_error": error.ravel(),
            "conf_low": low.ravel(),
            "conf_high": high.ravel(),
        }
    )
