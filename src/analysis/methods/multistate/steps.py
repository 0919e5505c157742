"""Movement step by step: the probability of each state one month later."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.errors import ParamsError
from analysis.methods.intervals import check_level, critical_value, wilson
from analysis.methods.multistate._paths import Paths, split_groups
from analysis.methods.multistate.occupation import labelled
from analysis.methods.multistate.transitions import TransitionProbabilities
from analysis.notes import note

JOINED = note("multistate.joined")
NOBODY = note("multistate.nobody_followed")


def step_probabilities(
    paths: pd.DataFrame,
    *,
    step: float = 1.0,
    by: str | None = None,
    least: int = 1,
    conf_level: float = 0.95,
) -> TransitionProbabilities:
    """Estimate the probability of each state one step (a month) later, pooled over time.

    Every customer is looked at at 0, step, 2 step, … and each pair of successive observations is a
    trial; the share of `from` that is in `to` one step later is the maximum likelihood estimate of
    a stationary chain (Anderson & Goodman 1957, Ann Math Stat 28, 89-110). The standard error is
    that of a ratio with customers as clusters, the interval Wilson's with the effective number of
    trials (Korn & Graubard 1998, Surv Methodol 24, 193-201).

    Moves that fewer than `least` customers made are counted with the next rarest of their state
    (a cell left empty beside its row would give them away); the notes of both cells say so.

    Parameters
    ----------
    paths : DataFrame
        `customer_id, start, stop, from, to` and optionally `count` (see `read_paths`); times in one
        unit.
    step : float
        Time between two looks, above 0.
    by : str, optional
        Column that is known at the start of a path; one estimate a group.
    least : int
        The fewest customers whose move is told apart.
    conf_level : float
        Level of the intervals, in (0, 1).

    Returns
    -------
    TransitionProbabilities

    Raises
    ------
    ParamsError
        The step is not above 0.
    DataError
        The table breaks a rule of `read_paths`.
    """
    check_level(conf_level)
    if not step > 0:
        raise ParamsError(f"step must be above 0, but {step:g} came")
    groups = split_groups(paths, by)
    parts = [labelled(_step(part, step, least, conf_level), by, label) for label, part in groups]
    return TransitionProbabilities(
        pd.concat(parts, ignore_index=True), groups[0][1].states, 0.0, "step", conf_level
    )


def observed_steps(paths: Paths, step: float) -> pd.DataFrame:
    """States of each customer at successive multiples of `step`: `customer, time, from, to`.

    Parameters
    ----------
    paths : Paths
    step : float
        In the unit of the times, above 0.

    Returns
    -------
    DataFrame
    """
    begin = np.ceil(paths.start / step - 1e-9).astype(int)
    end = np.ceil(paths.stop / step - 1e-9).astype(int)
    looks = np.maximum(end - begin, 0)
    row = np.repeat(np.arange(len(looks)), looks)
    at = begin[row] + np.arange(len(row)) - np.repeat(looks.cumsum() - looks, looks)
    final = _closing_looks(paths, end, np.abs(end * step - paths.stop) < 1e-9 * step)
    ending = np.where(paths.target >= 0, paths.target, paths.source)
    looked = pd.DataFrame(
        {
            "customer": np.concatenate([paths.customer[row], paths.customer[final]]),
            "time": np.concatenate([at, end[final]]),
            "state": np.concatenate([paths.source[row], ending[final]]),
        }
    ).sort_values(["customer", "time"], kind="stable")
    following = looked.shift(-1)
    pair = (following["customer"] == looked["customer"]) & (following["time"] == looked["time"] + 1)
    return pd.DataFrame(
        {
            "customer": looked["customer"][pair],
            "time": looked["time"][pair] * step,
            "from": looked["state"][pair],
            "to": following["state"][pair].astype(int),
        }
    )


def _closing_looks(paths: Paths, end: np.ndarray, on_time: np.ndarray) -> np.ndarray:
    last = np.ones(len(end), dtype=bool)
    last[:-1] = (paths.customer[1:] != paths.customer[:-1]) | (paths.start[1:] > paths.stop[:-1])
    absorbed = (paths.target >= 0) & ~np.isin(paths.target, paths.source)
    return np.flatnonzero(last & (on_time | absorbed))


def _step(paths: Paths, step: float, least: int, conf_level: float) -> pd.DataFrame:
    pairs = observed_steps(paths, step)
    size, states = len(paths.count), len(paths.states)
    cell = pairs["from"].to_numpy() * states + pairs["to"].to_numpy()
    moved = np.bincount(pairs["customer"] * states**2 + cell, minlength=size * states**2)
    moved = moved.reshape(size, states, states).astype(float)
    moved, joined = _join_rare(moved, paths.count, least)
    trials = moved.sum(axis=2)
    n = np.einsum("i,ih->h", paths.count, trials)
    with np.errstate(all="ignore"):
        share = np.einsum("i,ihj->hj", paths.count, moved) / n[:, None]
        rest = moved - share * trials[:, :, None]
        variance = np.einsum("i,ihj->hj", paths.count, rest**2) / n[:, None] ** 2
        effective = share * (1 - share) / variance
    customers = np.einsum("i,ih->h", paths.count, trials > 0)
    told = joined < 0
    effective = np.where(variance > 0, np.minimum(effective, n[:, None]), customers[:, None])
    low, high = wilson(share, effective, critical_value(conf_level))
    source, target = (axis.ravel() for axis in np.indices((states, states)))
    names = np.array(paths.states, dtype=object)
    return pd.DataFrame(
        {
            "from": names[source],
            "to": names[target],
            "time": step,
            "estimate": np.where(told, share, np.nan).ravel(),
            "std_error": np.where(told, np.sqrt(variance), np.nan).ravel(),
            "conf_low": np.where(told, low, np.nan).ravel(),
            "conf_high": np.where(told, high, np.nan).ravel(),
            "n": n[source].astype(int),
            "customers": customers[source].astype(int),
            "movers": np.einsum("i,ihj->hj", paths.count, moved > 0).ravel().astype(int),
            "note": np.where(n[source] > 0, _notes(joined).ravel(), NOBODY),
        }
    )


def _join_rare(moved: np.ndarray, count: np.ndarray, least: int):
    """Count rare moves with the next rarest; `joined` is -1, or the target that took a cell in."""
    states = moved.shape[1]
    joined = np.full((states, states), -1)
    for source in range(states):
        while True:
            made = np.einsum("i,ij->j", count, moved[:, source] > 0)
            order = [target for target in np.argsort(made, kind="stable") if made[target]]
            if not order or made[order[0]] >= least:
                break
            rare, host = order[0], order[1] if len(order) > 1 else order[0]
            joined[source, joined[source] == rare] = host
            joined[source, rare] = host
            if rare == host:
                break
            moved[:, source, host] += moved[:, source, rare]
            moved[:, source, rare] = 0
    return moved, joined


def _notes(joined: np.ndarray) -> np.ndarray:
    notes = np.where(joined >= 0, note("multistate.too_few"), "")
    for source, rare in zip(*np.nonzero(joined >= 0), strict=True):
        host = joined[source, rare]
        if host != rare and not notes[source, host]:
            notes[source, host] = JOINED
    return notes
