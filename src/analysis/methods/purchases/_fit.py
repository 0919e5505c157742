"""Maximum likelihood of positive parameters, on the log scale.

The gradient is analytic; the observed information is its central difference. Intervals are
symmetric on the log scale, so a positive parameter never has a negative bound.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from analysis.methods.intervals import critical_value
from analysis.notes import Note, note

LOG_BOUND = 11.5
"""Parameters outside exp(-11.5) .. exp(11.5) mean that the likelihood has no inner maximum."""
STEP = 1e-5
"""Step of the central difference: the error is of the order of its square, 1e-10."""
SEARCH_TOLERANCE = 1e-5
"""Per customer; from there on Newton steps are quicker."""
GRADIENT_TOLERANCE = 1e-9
"""Per customer; a further Newton step then moves the estimate in the tenth digit."""

LONG_STEP = 1e-3
"""On the log scale; below it the information changes in the fourth digit at most."""
SETTLED = 1e-6
"""On the log scale; below it the information changes in no digit that is shown."""

FLAT = 1e-9
"""Per customer, on the log scale: below it the data do not hold a parameter."""
NO_ERRORS = (note("purchases.flat"), note("purchases.not_settled"))
"""What leaves a maximum without standard errors."""

Likelihood = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True, slots=True, eq=False)
class Maximum:
    """Where a likelihood is highest.

    Attributes
    ----------
    params : ndarray, (k,)
        On the natural scale.
    log_likelihood : float
    covariance : ndarray, (k, k)
        Of the log parameters; NaN where not estimable, 0 for a parameter that is taken as fixed.
    note : Note or str
        Why not, or what warns of it; empty: all is well.
    """

    params: np.ndarray
    log_likelihood: float
    covariance: np.ndarray
    note: Note | str


def weigh(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Sum over the last axis, weighted; not by BLAS, whose threads wait longer than this takes."""
    return np.einsum("...i,i->...", values, counts)


def maximise(likelihood: Likelihood, start: Sequence[float], customers: float) -> Maximum:
    """Find the highest point of `likelihood(params) -> (value, gradient)`, all params positive.

    BFGS first: for four parameters the threads of L-BFGS-B's BLAS cost more than all evaluations
    together. Where it finds no clear inner maximum, L-BFGS-B looks within the bounds.
    """

    def objective(logs: np.ndarray) -> tuple[float, np.ndarray]:
        outside = np.abs(logs).max() > LOG_BOUND + LONG_STEP
        params = np.exp(np.clip(logs, -LOG_BOUND, LOG_BOUND))
        value, gradient = likelihood(params)
        if outside or not np.isfinite(value) or not np.isfinite(gradient).all():
            return 1e10, np.zeros_like(logs)
        return -value / customers, -gradient * params / customers

    quick = _search(objective, start, customers, method="BFGS", options={"gtol": SEARCH_TOLERANCE})
    if not quick.note:
        return quick
    bounds = [(-LOG_BOUND, LOG_BOUND)] * len(start)
    return _search(
        objective, start, customers, method="L-BFGS-B", bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-14, "gtol": 1e-7},
    )  # fmt: skip


def _search(objective: Callable, start: Sequence[float], customers: float, **how) -> Maximum:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = optimize.minimize(objective, np.log(start), jac=True, **how)
    logs, information = _polish(objective, found.x)
    value, gradient = objective(logs)
    edge = np.abs(logs) > LOG_BOUND - 0.5
    trouble = _trouble(edge, information, gradient, customers)
    covariance = np.full(information.shape, np.nan)
    if trouble not in NO_ERRORS:
        covariance = np.zeros(information.shape)
        free = np.ix_(~edge, ~edge)
        covariance[free] = np.linalg.inv(information[free]) / customers
    return Maximum(np.exp(logs), -value * customers, covariance, trouble)


def not_estimable(terms: int, why: Note) -> Maximum:
    """A maximum that no data support, and why."""
    nothing = np.full((terms, terms), np.nan)
    return Maximum(nothing[0], np.nan, nothing, why)


def params_table(
    terms: Sequence[str], maximum: Maximum, customers: float, conf_level: float
) -> pd.DataFrame:
    """Estimates with standard errors and log-scale intervals."""
    variances = np.diag(maximum.covariance)
    errors = np.sqrt(np.where(variances > 0, variances, np.nan))
    reach = critical_value(conf_level) * errors
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": maximum.params,
            "std_error": maximum.params * errors,
            "conf_low": maximum.params * np.exp(-reach),
            "conf_high": maximum.params * np.exp(reach),
            "n": round(customers),
            "note": maximum.note,
        }
    )


def _polish(objective: Callable, logs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Newton steps to full precision, and the information matrix (per customer) there.

    The matrix is computed anew after a long step, and at the end where it lies behind.
    """
    value, gradient = objective(logs)
    information, behind = _information(objective, logs), 0.0
    for _ in range(20):
        if np.abs(gradient).max() < GRADIENT_TOLERANCE:
            break
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        trial = np.clip(logs - step, -LOG_BOUND, LOG_BOUND)
        trial_value, trial_gradient = objective(trial)
        if trial_value > value + 1e-12:
            break
        moved = np.abs(trial - logs).max()
        logs, value, gradient = trial, trial_value, trial_gradient
        behind = max(behind, moved)
        if moved > LONG_STEP:
            information, behind = _information(objective, logs), 0.0
    return logs, _information(objective, logs) if behind > SETTLED else information


def _information(objective: Callable, logs: np.ndarray) -> np.ndarray:
    steps = STEP * np.eye(len(logs))
    rows = [(objective(logs + h)[1] - objective(logs - h)[1]) / (2 * STEP) for h in steps]
    return (np.array(rows) + np.array(rows).T) / 2


def _trouble(
    edge: np.ndarray, information: np.ndarray, gradient: np.ndarray, customers: float
) -> Note | str:
    free = information[np.ix_(~edge, ~edge)]
    flat = max(FLAT, 1 / (customers * LOG_BOUND**2))  # a standard error as wide as the range
    if not np.isfinite(free).all() or not free.size or np.linalg.eigvalsh(free).min() <= flat:
        return NO_ERRORS[0]
    if np.abs(gradient[~edge]).max() > 1e-5:
        return NO_ERRORS[1]
    if edge.any():
        return note("purchases.at_the_edge", edge=int(edge.sum()), all=edge.size)
    return ""


def not_fitted(model) -> Note | str:
    """Why a model has no parameters; empty where it has (a note of its own may warn of them).

    Parameters
    ----------
    model : fitted model
        Of purchases, spend or renewals.

    Returns
    -------
    Note or str
    """
    return "" if np.isfinite(model.params).all() else model.note
