"""The maximum of Cox's partial likelihood, by Newton's method from zero."""

from dataclasses import dataclass

import numpy as np

from analysis.errors import DataError
from analysis.methods.hazards._partial_likelihood import (
    RiskRows,
    score_and_information,
    sum_risk_sets,
)
from analysis.methods.hazards.design import RUNAWAY, name_separating, refuse_collinear
from analysis.notes import note

RUNS_OFF = (
    "covariates must leave a likelihood with a maximum, but some combination of them runs off to "
    "infinity; take fewer covariates"
)
DECREMENT = 1e-10  # a Newton step below this gain is followed by one that changes nothing visible
MAX_STEPS = 50


@dataclass(frozen=True, slots=True, eq=False)
class Likelihood:
    """Log partial likelihood with its derivatives.

    Attributes
    ----------
    log_likelihood : float
    score : ndarray, (p,)
        First derivatives.
    information : ndarray, (p, p)
        Less the second derivatives.
    """

    log_likelihood: float
    score: np.ndarray
    information: np.ndarray


def evaluate(rows: RiskRows, beta: np.ndarray) -> Likelihood:
    """Log partial likelihood and derivatives at beta."""
    with np.errstate(all="ignore"):  # a step too far is halved, whatever it comes to
        sums = sum_risk_sets(rows, beta)
        return Likelihood(sums.log_likelihood, *score_and_information(rows, sums))


def maximise(rows: RiskRows, terms: list[str]) -> tuple[np.ndarray, Likelihood, Likelihood]:
    """Newton's method from zero with step halving; the estimate, and the values at both ends."""
    beta = np.zeros(len(rows.x))
    null = current = evaluate(rows, beta)
    refuse_collinear(terms, null.information)
    for _ in range(MAX_STEPS):
        if not np.isfinite(current.information).all():
            raise DataError(RUNS_OFF, why=note("reasons.singular"))
        step = np.linalg.lstsq(current.information, current.score, rcond=None)[0]
        gain = current.score @ step
        proposed = evaluate(rows, beta + step)
        while not proposed.log_likelihood >= current.log_likelihood - 1e-9 * abs(
            current.log_likelihood
        ):
            step /= 2
            proposed = evaluate(rows, beta + step)
        beta, current = beta + step, proposed
        if gain < DECREMENT:
            break
    _refuse_separation(rows, terms, current.information)
    return beta, null, current


def _refuse_separation(rows: RiskRows, terms: list[str], information: np.ndarray) -> None:
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(1 / np.clip(np.diag(information), 0, None))
    alone = error * np.ptp(rows.x, axis=1) > RUNAWAY
    if not alone.any():
        values, vectors = np.linalg.eigh(information)
        if values[0] * RUNAWAY**2 > 1e-2 or values[0] > 1e-9 * values[-1]:
            return
        alone = np.abs(vectors[:, 0]) > 0.3
    name_separating(terms, alone)
