"""The Aalen-Johansen estimator, its variance by customer, and intervals.

Every quantity of this package is linear in the state occupation probabilities p(t_0), …, p(t_m):
an occupation probability picks one time, an expected time weights each time by the length of its
interval. So one influence function (the infinitesimal jackknife of R survival's `survfit`) serves
them all, and a customer with many stays counts once.

References: Aalen & Johansen (1978), Scand J Stat 5, 141-150; Andersen, Borgan, Gill & Keiding
(1993), section IV.4; Therneau, Crowson & Atkinson (2024), R survival, vignette "multi-state".
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy import sparse

from analysis.errors import ParamsError
from analysis.methods.intervals import critical_value
from analysis.methods.multistate._paths import Paths

Interval = Literal["logit", "log-log", "log", "plain"]
StdErrors = Literal["robust", "bootstrap"]
CELLS_AT_ONCE = 8_000_000


def count_moves(paths: Paths, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Customers at risk in each state, and transitions made, at each time.

    Parameters
    ----------
    paths : Paths
    weights : array of shape (replications, customers), optional
        Weights of the customers; the counts themselves when absent.

    Returns
    -------
    at_risk : array of shape (replications, times, states)
    moved : array of shape (replications, times, moves)
    """
    weights = paths.count[None, :] if weights is None else weights
    rows, customers = len(paths.customer), len(paths.count)
    times, states, moves = len(paths.times), len(paths.states), max(len(paths.moves), 1)
    change = sparse.csr_matrix(
        (
            np.repeat([1.0, -1.0], rows),
            (
                np.tile(paths.customer, 2),
                np.concatenate([paths.first, paths.last]) * states + np.tile(paths.source, 2),
            ),
        ),
        shape=(customers, (times + 1) * states),
    )
    at_risk = (weights @ change).reshape(len(weights), times + 1, states).cumsum(axis=1)[:, :-1]
    ended = paths.move >= 0
    event = (paths.last[ended] - 1) * moves + paths.move[ended]
    made = sparse.csr_matrix(
        (np.ones(ended.sum()), (paths.customer[ended], event)), shape=(customers, times * moves)
    )
    moved = (weights @ made).reshape(len(weights), times, moves)
    return at_risk, moved[:, :, : len(paths.moves)]


def transition_steps(at_risk: np.ndarray, moved: np.ndarray, moves: np.ndarray) -> np.ndarray:
    """I + dA(t_k): shape (replications, times, states, states).

    Parameters
    ----------
    at_risk : array, (replications, times, states)
    moved : array, (replications, times, moves)
    moves : int array, (moves, 2)
        Codes of the states left and entered.

    Returns
    -------
    array, (replications, times, states, states)
        Its rows sum to 1.
    """
    replications, times, states = at_risk.shape
    steps = np.zeros((replications, times, states, states))
    steps[..., np.arange(states), np.arange(states)] = 1.0
    for move, (source, target) in enumerate(moves):
        hazard = _ratio(moved[:, :, move], at_risk[:, :, source])
        steps[:, :, source, target] += hazard
        steps[:, :, source, source] -= hazard
    return steps


def occupation(initial: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """p(t_k) = p(t_0) (I + dA(t_1)) … (I + dA(t_k)): shape (replications, 1 + times, states).

    Parameters
    ----------
    initial : array, (replications, states)
    steps : array, (replications, times, states, states)

    Returns
    -------
    array, (replications, 1 + times, states)
        Shares.
    """
    path = np.empty((steps.shape[0], steps.shape[1] + 1, steps.shape[2]))
    path[:, 0] = initial
    for k in range(steps.shape[1]):
        path[:, k + 1] = np.einsum("bh,bhj->bj", path[:, k], steps[:, k])
    return path


def _initial_shares(paths: Paths, origin: float, weights: np.ndarray) -> np.ndarray:
    """Shares of the states among customers under observation at the origin."""
    state = paths.state_at(origin)
    present = np.eye(len(paths.states))[np.maximum(state, 0)] * (state >= 0)[:, None]
    total = weights @ present
    return _ratio(total, total.sum(axis=1, keepdims=True))


def standard_errors(
    paths: Paths,
    pickers: np.ndarray,
    *,
    origin: float,
    initial: np.ndarray | None = None,
    method: StdErrors = "robust",
    replications: int = 200,
    rng: np.random.Generator | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Linear functionals of the occupation probabilities and their standard errors by customer.

    Parameters
    ----------
    paths : Paths
    origin : float
    replications : int
    rng : Generator, optional
    pickers : array of shape (1 + times, functionals)
        Weight of each p(t_k) in each functional.
    initial : array of shape (states,), optional
        Known shares at the origin; those of the customers seen there when absent.
    method : {"robust", "bootstrap"}
        Infinitesimal jackknife, or customers drawn with replacement (needs `rng`).

    Returns
    -------
    value, std_error : arrays of shape (functionals, states)

    Raises
    ------
    ParamsError
        The method is unknown, or a bootstrap has no `rng`.
    """
    if method == "bootstrap":
        value, drawn = _bootstrap(paths, pickers, origin, initial, replications, rng)
        return value, drawn.std(axis=0, ddof=1)
    if method != "robust":
        raise ParamsError(f"std_errors must be robust or bootstrap, but '{method}' came")
    at_risk, moved = count_moves(paths)
    steps = transition_steps(at_risk, moved, paths.moves)
    shares = _initial_shares(paths, origin, paths.count[None]) if initial is None else initial[None]
    path = occupation(shares, steps)[0]
    width = max(CELLS_AT_ONCE // (len(paths.states) * (len(paths.customer) + 1)), 1)
    squares = []
    for at in range(0, pickers.shape[1], width):
        part = pickers[:, at : at + width]
        moved_by = _influence(paths, at_risk[0], steps[0], path, part, origin, initial)
        squares.append(np.einsum("i,irs->rs", paths.count, moved_by**2))
    return pickers.T @ path, np.sqrt(np.concatenate(squares))


def _bootstrap(
    paths: Paths,
    pickers: np.ndarray,
    origin: float,
    initial: np.ndarray | None,
    replications: int,
    rng: np.random.Generator | None,
) -> tuple[np.ndarray, np.ndarray]:
    """Value, and the values over customers drawn with replacement (replications first)."""
    if rng is None:
        raise ParamsError("a bootstrap must have an rng, but none came; pass rng=default_rng(seed)")
    total = int(paths.count.sum())
    at_once = max(CELLS_AT_ONCE // ((len(paths.times) + 1) * len(paths.states) ** 2), 1)
    drawn = []
    for at in range(0, replications, at_once):
        size = min(at_once, replications - at)
        weights = rng.multinomial(total, paths.count / total, size=size).astype(float)
        drawn.append(_replicate(paths, pickers, origin, initial, weights))
    value = _replicate(paths, pickers, origin, initial, paths.count[None])
    return value[0], np.concatenate(drawn)


def conf_bounds(
    value: np.ndarray, std_error: np.ndarray, conf_level: float, interval: Interval
) -> tuple[np.ndarray, np.ndarray]:
    """Bounds of a probability; NaN where the standard error is nought or unknown.

    Parameters
    ----------
    value : array
        Probabilities.
    std_error : array
        Of the same shape.
    conf_level : float
        Level of the intervals, in (0, 1).
    interval : {"logit", "log-log", "log", "plain"}
        Scale on which the interval is symmetric.

    Returns
    -------
    low, high
        Arrays of the same shape, in 0-1.

    Raises
    ------
    ParamsError
        Another scale.
    """
    z = critical_value(conf_level)
    with np.errstate(all="ignore"):
        match interval:
            case "plain":
                low, high = value - z * std_error, value + z * std_error
            case "log":
                low, high = (value * np.exp(sign * z * std_error / value) for sign in (-1, 1))
            case "log-log":
                half = z * std_error / (value * np.log(value))
                low, high = (value ** np.exp(sign * half) for sign in (-1, 1))
                low, high = np.minimum(low, high), np.maximum(low, high)
            case "logit":
                half = z * std_error / (value * (1 - value))
                odds = np.log(value / (1 - value))
                low, high = (1 / (1 + np.exp(-odds - sign * half)) for sign in (-1, 1))
            case _:
                raise ParamsError(
                    f"interval must be logit, log-log, log or plain, but '{interval}' came"
                )
    known = (std_error > 0) & np.isfinite(low) & np.isfinite(high)
    return np.where(known, np.maximum(low, 0), np.nan), np.where(known, np.minimum(high, 1), np.nan)


def _influence(paths, at_risk, steps, path, pickers, origin, initial) -> np.ndarray:
    times, states = at_risk.shape
    functionals = pickers.shape[1]
    future = np.empty((times + 1, states, functionals * states))
    picked = np.einsum("kr,hs->khrs", pickers, np.eye(states)).reshape(future.shape)
    future[times] = picked[times]
    for k in range(times, 0, -1):
        future[k - 1] = picked[k - 1] + steps[k - 1] @ future[k]
    share = _ratio(path[:-1], at_risk)
    drift = share[:, :, None] * (steps @ future[1:] - future[1:])
    drift = np.concatenate([np.zeros((1, *drift.shape[1:])), drift.cumsum(axis=0)])
    rows = drift[paths.first, paths.source] - drift[paths.last, paths.source]
    ended = np.flatnonzero(paths.target >= 0)
    at, source, target = paths.last[ended], paths.source[ended], paths.target[ended]
    rows[ended] += share[at - 1, source, None] * (future[at, target] - future[at, source])
    belongs = sparse.csr_matrix(
        (np.ones(len(rows)), (paths.customer, np.arange(len(rows)))),
        shape=(len(paths.count), len(rows)),
    )
    total = belongs @ rows
    if initial is None:
        state = paths.state_at(origin)
        seen = state >= 0
        total[seen] += (future[0][state[seen]] - path[0] @ future[0]) / paths.count[seen].sum()
    return total.reshape(len(paths.count), functionals, states)


def _replicate(paths, pickers, origin, initial, weights) -> np.ndarray:
    at_risk, moved = count_moves(paths, weights)
    steps = transition_steps(at_risk, moved, paths.moves)
    shares = _initial_shares(paths, origin, weights) if initial is None else initial[None]
    return np.einsum("bks,kr->brs", occupation(shares, steps), pickers)


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.zeros(np.broadcast(part, whole).shape), where=whole > 0)
