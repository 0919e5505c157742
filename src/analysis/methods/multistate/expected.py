"""How long customers are in each state before a horizon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods.intervals import check_level, critical_value
from analysis.methods.multistate._paths import Paths, split_groups
from analysis.methods.multistate.aalen_johansen import StdErrors, standard_errors
from analysis.methods.multistate.occupation import earliest, initial_vector, labelled
from analysis.notes import Note, note


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedTime:
    """Expected time in each state up to a horizon.

    Attributes
    ----------
    table : DataFrame
        (`group`,) `term` (the state)`, estimate, std_error, conf_low, conf_high, n, note`; the
        estimates of a group sum to `horizon` less `origin`.
    horizon, origin : float
        In the unit of the times.
    conf_level : float
        Of the intervals.
    """

    table: pd.DataFrame
    horizon: float
    origin: float
    conf_level: float


def expected_time(
    paths: pd.DataFrame,
    *,
    horizon: float,
    by: str | None = None,
    origin: float | None = None,
    initial: Mapping[str, float] | None = None,
    conf_level: float = 0.95,
    std_errors: StdErrors = "robust",
    replications: int = 200,
    rng: np.random.Generator | None = None,
) -> ExpectedTime:
    """Estimate the time spent in each state between the origin and a horizon.

    The area under each occupation curve (R survival: restricted mean time in state; mstate: ELOS).
    Where follow-up ends before the horizon the last shares are carried forward and a note says so.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    horizon : float
        After the origin, in the unit of the times.
    by : str, optional
        Column that is known at the start of a path; one estimate a group.
    origin : float, optional
        Time nought of the estimate, by default the earliest start.
    initial : mapping of state to share, optional
        Known shares at the origin; by default those of the customers seen there.
    conf_level : float
        Level of the intervals, in (0, 1).
    std_errors : {"robust", "bootstrap"}
        Infinitesimal jackknife by customer, or customers drawn anew.
    replications : int
        Bootstrap samples, 1 or more.
    rng : Generator, optional
        Needed for the bootstrap.

    Returns
    -------
    ExpectedTime

    Raises
    ------
    ParamsError
        The horizon is not after the origin.
    DataError
        The table breaks a rule of `read_paths`.
    """
    check_level(conf_level)
    groups = split_groups(paths, by)
    origin = earliest(groups) if origin is None else float(origin)
    if not horizon > origin:
        raise ParamsError(f"horizon must be after the origin ({origin:g}), but {horizon:g} came")
    z = critical_value(conf_level)
    parts = []
    for label, whole in groups:
        part = whole.after(origin)
        table = pd.DataFrame({"term": part.states})
        shares = initial_vector(part, initial)
        if not len(part.count) or (shares is None and not (part.state_at(origin) >= 0).any()):
            table[["estimate", "std_error"]] = np.nan
            table["note"] = note("multistate.nobody_there", time=origin)
        else:
            edges = np.clip(np.concatenate([[origin], part.times, [horizon]]), origin, horizon)
            value, error = standard_errors(
                part,
                np.diff(edges)[:, None],
                origin=origin,
                initial=shares,
                method=std_errors,
                replications=replications,
                rng=rng,
            )
            table["estimate"], table["std_error"] = value[0], error[0]
            table["note"] = _early_end(part, horizon)
        table["conf_low"] = np.maximum(table["estimate"] - z * table["std_error"], 0)
        table["conf_high"] = np.minimum(
            table["estimate"] + z * table["std_error"], horizon - origin
        )
        table["n"] = int(part.customers)
        order = ["term", "estimate", "std_error", "conf_low", "conf_high", "n", "note"]
        parts.append(labelled(table[order], by, label))
    return ExpectedTime(pd.concat(parts, ignore_index=True), float(horizon), origin, conf_level)


def _early_end(paths: Paths, horizon: float) -> Note | str:
    end = paths.stop.max()
    under_way = paths.target[paths.stop == end] < 0
    if end >= horizon or not under_way.any():
        return ""
    return note("survival.shares_carried", end=end, until=horizon)
